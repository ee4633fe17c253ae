//! Reads a rate card file, in either shape, with all its faults at once.

use csv::{ReaderBuilder, StringRecord};

use super::card::RateCard;
use super::{meta, simple};
use crate::diagnostic::{Diagnostic, Place};

/// The largest card: Meta's has 47 rows, a card of all prefixes of the world some thousands.
pub const MAX_CARD_BYTES: u64 = 1 << 20;

/// The most faults told of one card.
const MOST_FAULTS: usize = 20;

/// Reads a card from the bytes of a file; `name` is how its faults call the file.
pub fn read_card(name: &str, bytes: &[u8]) -> Result<RateCard, Vec<Diagnostic>> {
    let mut faults = Faults { name, listed: Vec::new() };
    let card = read(bytes, &mut faults);
    match card {
        Some(card) if faults.listed.is_empty() => Ok(card),
        _ => Err(faults.listed),
    }
}

fn read(bytes: &[u8], faults: &mut Faults<'_>) -> Option<RateCard> {
    if bytes.len() as u64 > MAX_CARD_BYTES {
        faults.add(None, "rates/too-long", "the rate card is longer than 1 MiB", NO_HINT);
        return None;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let message = "this is a spreadsheet, whatever its name says";
        faults.add(None, "rates/not-csv", message, "open it and save the sheet as CSV (UTF-8)");
        return None;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        let hint = "save it as CSV with the encoding UTF-8";
        faults.add(None, "rates/not-csv", "the rate card is no UTF-8 text", hint);
        return None;
    };
    let rows = rows(text.strip_prefix('\u{feff}').unwrap_or(text), faults)?;
    let header = rows.iter().position(|row| {
        let first = row.cell(0).to_ascii_lowercase();
        row.cells.len() > 1 && matches!(first.as_str(), "prefix" | "market")
    });
    let Some(header) = header else {
        let hint = "the shapes are `prefix,rate[,market]` and Meta's own, whose header begins with `Market,Currency,Marketing`";
        faults.add(None, "rates/no-header", "no line names the columns", hint);
        return None;
    };
    let (above, rows) = rows.split_at(header);
    let (header, rows) = rows.split_first()?;
    if header.cell(0).eq_ignore_ascii_case("prefix") {
        simple::read(above, header, rows, faults)
    } else {
        meta::read(above, header, rows, faults)
    }
}

const NO_HINT: &str = "";

/// One record of the file.
#[derive(Debug)]
pub(super) struct CardRow {
    /// The 1-based line on which it begins.
    pub(super) line: u64,
    cells: StringRecord,
}

impl CardRow {
    /// A cell without the spaces around it; empty when there is none.
    pub(super) fn cell(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or_default().trim()
    }

    /// Its cells.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }

    /// Where the first cell of that name stands, in any case.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.cells().position(|cell| cell.eq_ignore_ascii_case(name))
    }
}

fn rows(text: &str, faults: &mut Faults<'_>) -> Option<Vec<CardRow>> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(cells) => {
                let line = cells.position().map_or(1, csv::Position::line);
                rows.push(CardRow { line, cells });
            }
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                faults.add(line, "rates/not-csv", "this row cannot be read", NO_HINT);
                return None;
            }
        }
    }
    Some(rows)
}

/// What is wrong with a card so far.
#[derive(Debug)]
pub(super) struct Faults<'n> {
    name: &'n str,
    listed: Vec<Diagnostic>,
}

impl Faults<'_> {
    /// Adds a fault of a line, or of the whole file.
    pub(super) fn add(
        &mut self,
        line: Option<u64>,
        rule: &'static str,
        message: impl Into<String>,
        hint: &str,
    ) {
        if self.listed.len() == MOST_FAULTS {
            return;
        }
        let file = self.name.to_owned();
        let place = match line {
            Some(line) => Place::Line { file, line, column: None },
            None => Place::File(file),
        };
        let diagnostic = Diagnostic::error(rule, place, message);
        self.listed.push(if hint.is_empty() { diagnostic } else { diagnostic.hint(hint) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PhoneNumber;

    const SIMPLE: &str = "# Our contract with Kaleyra, marketing\n# as_of: 2026-10-01\n# currency: INR\nprefix,rate,market\n91,0.8631,India\n1,2.1,\n+1809,6,Dominican Republic\n,5.25,Everybody else\n";

    const META: &str = "\"Cost per message in USD (excluding tax), effective October 1, 2026\",,,,,,\n,,,,,,\nMarket,Currency,Marketing,Utility,Authentication,\"Authentication-\nInternational\",Service\nIndia,USD,0.0118,0.0014,0.0014,0.0304,n/a\nChile,$US,0.0889,0.0200,0.0200,n/a,n/a\nRussia,USD,0.0802,0.0400,0.0400,n/a,n/a\nRest of Africa,USD,0.0225,0.0040,0.0040,n/a,n/a\nOther,USD,0.0604,0.0077,0.0077,n/a,n/a\n";

    fn price(card: &RateCard, digits: u64) -> Option<String> {
        let number = PhoneNumber::from_digits(digits).expect("a number");
        let market = card.market_of(number)?;
        let name = &card.markets()[market.place()].name;
        Some(format!("{name} {}", card.price(market)))
    }

    fn faults(text: &str) -> Vec<String> {
        let faults = read_card("rates.csv", text.as_bytes()).expect_err("faults");
        faults
            .iter()
            .map(|fault| {
                let line = match &fault.place {
                    Place::Line { line, .. } => line.to_string(),
                    _ => "-".to_owned(),
                };
                format!("{line} {}: {}", fault.rule.0, fault.message)
            })
            .collect()
    }

    #[test]
    fn a_card_of_prefixes_is_read() {
        let card = read_card("rates.csv", SIMPLE.as_bytes()).expect("a card");
        assert_eq!(
            (card.as_of().to_string(), card.currency().to_string()),
            ("2026-10-01".into(), "INR".into())
        );
        assert_eq!(price(&card, 919_812_345_678).as_deref(), Some("India 0.8631 INR"));
        assert_eq!(price(&card, 12_125_551_234).as_deref(), Some("+1 2.1 INR"));
        assert_eq!(price(&card, 18_095_551_234).as_deref(), Some("Dominican Republic 6 INR"));
        assert_eq!(price(&card, 33_612_345_678).as_deref(), Some("Everybody else 5.25 INR"));
    }

    #[test]
    fn meta_s_card_is_read_as_published() {
        let card = read_card("rates.csv", META.as_bytes()).expect("a card");
        assert_eq!(
            (card.as_of().to_string(), card.currency().to_string()),
            ("2026-10-01".into(), "USD".into())
        );
        assert_eq!(price(&card, 919_812_345_678).as_deref(), Some("India 0.0118 USD"));
        assert_eq!(price(&card, 56_912_345_678).as_deref(), Some("Chile 0.0889 USD"));
        assert_eq!(price(&card, 254_712_345_678).as_deref(), Some("Rest of Africa 0.0225 USD"));
        // No row for Morocco: it belongs to its region, as before October 2026.
        assert_eq!(price(&card, 212_612_345_678).as_deref(), Some("Rest of Africa 0.0225 USD"));
        // Kazakhstan without a row of its own must not fall to Russia, whose 7 it begins with.
        assert_eq!(price(&card, 77_011_234_567).as_deref(), Some("Other 0.0604 USD"));
        assert_eq!(price(&card, 79_161_234_567).as_deref(), Some("Russia 0.0802 USD"));
        assert_eq!(price(&card, 4_915_112_345_678).as_deref(), Some("Other 0.0604 USD"));
    }

    #[test]
    fn a_card_reads_back_from_its_own_text() {
        for text in [SIMPLE, META] {
            let card = read_card("rates.csv", text.as_bytes()).expect("a card");
            let again = read_card("ledger", card.to_text().as_bytes()).expect("its own text");
            assert_eq!(again.to_text(), card.to_text());
            for digits in [919_812_345_678, 18_095_551_234, 77_011_234_567, 4_915_112_345_678] {
                assert_eq!(price(&again, digits), price(&card, digits));
            }
        }
    }

    #[test]
    fn faults_name_the_line_and_all_are_told() {
        let text = "# currency: usd\nprefix,rate,market\n91,a lot,India\n+9x,1,\n91,2,\n91,3,\n,1,\n,2,\n33\n";
        insta::assert_snapshot!(faults(text).join("\n"), @r"
        - rates/no-date: the rate card does not say from when it holds
        - rates/no-currency: the rate card does not say its currency
        3 rates/rate: this row has no rate
        4 rates/prefix: this is no prefix of a telephone number
        6 rates/twice: the prefix `91` has a rate already
        8 rates/twice: there is a rate for all others already
        9 rates/rate: this row has no rate
        ");
    }

    #[test]
    fn faults_of_meta_s_card_name_the_line() {
        let text = "Cost per message\nMarket,Currency,Marketing\nIndia,USD,0.0118\nIndia,USD,0.02\nAtlantis,USD,1\nChile,EUR,1\nPeru,USD,free\n";
        insta::assert_snapshot!(faults(text).join("\n"), @r"
        - rates/no-date: the rate card does not say from when it holds
        4 rates/twice: this market has a rate already
        5 rates/market: this market is not known
        6 rates/currency: this row is in another currency
        7 rates/rate: this row has no rate
        ");
    }

    #[test]
    fn what_is_no_card_is_told_in_one_line() {
        let table = [
            ("", "- rates/no-header: no line names the columns"),
            ("PK\u{3}\u{4}...", "- rates/not-csv: this is a spreadsheet, whatever its name says"),
            ("a,b\n1,2\n", "- rates/no-header: no line names the columns"),
            (
                "# as_of: 2026-10-01\n# currency: USD\nprefix,rate\n",
                "- rates/empty: the rate card has no rates",
            ),
        ];
        for (text, fault) in table {
            assert_eq!(faults(text), [fault], "{text}");
        }
    }
}
