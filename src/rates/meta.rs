//! Meta's own card: the CSV that its pricing page offers for each currency. Title lines,
//! then `Market,Currency,Marketing,...` and a row for each market.

use super::card::{MarketIndex, RateCard};
use super::markets::{self, MARKETS, OTHER};
use super::read::{CardRow, Faults};
use crate::model::{CardDate, Currency, parse_micros};

pub(super) fn read(
    above: &[CardRow],
    header: &CardRow,
    rows: &[CardRow],
    faults: &mut Faults<'_>,
) -> Option<RateCard> {
    let (Some(currency), Some(rate)) = (header.position("currency"), header.position("marketing"))
    else {
        let message = "there are no columns `Currency` and `Marketing`";
        faults.add(
            Some(header.line),
            "rates/no-header",
            message,
            "take the card of Meta's pricing page as it is",
        );
        return None;
    };
    let as_of = above.iter().flat_map(CardRow::cells).find_map(effective);
    if as_of.is_none() {
        let hint = "Meta's title line ends in `effective October 1, 2026`; a line `# as_of: 2026-10-01` above the columns does too";
        faults.add(None, "rates/no-date", "the rate card does not say from when it holds", hint);
    }
    let first = rows.iter().find_map(|row| currency_of(row.cell(currency)));
    let Some(card_currency) = first else {
        faults.add(None, "rates/empty", "the rate card has no rates", "");
        return None;
    };
    let mut card = RateCard::new(as_of.or_else(|| CardDate::new(1970, 1, 1))?, card_currency);
    let mut found: Vec<(&'static str, MarketIndex)> = Vec::new();
    for row in rows.iter().filter(|row| !row.cell(0).is_empty()) {
        if row.cell(rate).is_empty() || row.cell(rate).eq_ignore_ascii_case("N/A") {
            continue;
        }
        let Some(known) = markets::find(row.cell(0)) else {
            let hint =
                "this version does not know its calling codes: use the shape `prefix,rate,market`";
            faults.add(Some(row.line), "rates/market", "this market is not known", hint);
            continue;
        };
        if currency_of(row.cell(currency)) != Some(card_currency) {
            let hint = "a card has one currency; Meta offers one file for each";
            faults.add(Some(row.line), "rates/currency", "this row is in another currency", hint);
            continue;
        }
        let Some(micros) = parse_micros(row.cell(rate)) else {
            let hint = "a decimal number with at most six digits after the point, such as `0.0118`";
            faults.add(Some(row.line), "rates/rate", "this row has no rate", hint);
            continue;
        };
        if found.iter().any(|(name, _)| *name == known.name) {
            let message = "this market has a rate already";
            faults.add(Some(row.line), "rates/twice", message, "keep one of the rows");
            continue;
        }
        let market = card.add_market(row.cell(0).to_owned(), micros)?;
        found.push((known.name, market));
    }
    place(&mut card, &found);
    Some(card)
}

/// Gives every calling code to its market, or to the region that has it in this card.
fn place(card: &mut RateCard, found: &[(&'static str, MarketIndex)]) {
    let of = |name: &str| found.iter().find(|(known, _)| *known == name).map(|(_, market)| *market);
    let other = of(OTHER);
    for known in MARKETS {
        let market = of(known.name).or_else(|| known.region.and_then(of)).or(other);
        if let Some(market) = market {
            for prefix in known.prefixes {
                card.add_prefix(prefix, market);
            }
        }
    }
    if let Some(other) = other {
        card.set_other(other);
    }
}

/// `USD`; older cards write `$US`.
fn currency_of(cell: &str) -> Option<Currency> {
    if cell == "$US" { Currency::parse("USD") } else { Currency::parse(cell) }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day in `... effective October 1, 2026`, `effective 1 October 2026`,
/// `effective 2026-10-01` or `as_of: 2026-10-01`.
fn effective(title: &str) -> Option<CardDate> {
    let lower = title.to_lowercase();
    let after = ["effective", "as_of"]
        .iter()
        .find_map(|word| lower.find(word).map(|at| &lower[at + word.len()..]))?;
    let words: Vec<_> = after
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .filter(|word| !word.is_empty() && !matches!(*word, "from" | "on" | "as" | "of"))
        .take(3)
        .collect();
    if let Some(day) = words.first().and_then(|word| CardDate::parse(word)) {
        return Some(day);
    }
    let [first, second, year] = *words.as_slice() else { return None };
    let month = |word: &str| {
        let index = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word))?;
        i8::try_from(index + 1).ok()
    };
    let day = |word: &str| word.trim_end_matches(char::is_alphabetic).parse::<i8>().ok();
    let (month, day) = match month(first) {
        Some(month) => (month, day(second)?),
        None => (month(second)?, day(first)?),
    };
    CardDate::new(year.parse().ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_read_as_titles_write_it() {
        let titles = [
            "Cost per message in USD (excluding tax), effective October 1, 2026",
            "Rates Effective: 1 October 2026",
            "effective from Oct 1st, 2026",
            "# as_of: 2026-10-01",
            "Cost per message, effective 2026-10-01",
        ];
        for title in titles {
            assert_eq!(
                effective(title).map(|d| d.to_string()).as_deref(),
                Some("2026-10-01"),
                "{title}"
            );
        }
        for title in [
            "Cost per message",
            "effective soon",
            "effective Smarch 1, 2026",
            "effective October 32, 2026",
        ] {
            assert_eq!(effective(title), None, "{title}");
        }
    }
}
