//! The ledger as a file for other tools: CSV and NDJSON, row by row.
//!
//! Spreadsheets run cells that look like formulas, and some cells here were written by
//! strangers: such cells get a leading apostrophe, and numbers stand without their `+`.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::text::{json_line, safe};
use crate::ledger::HistoryRow;
use crate::model::{PhoneNumber, Receipt, Timestamp, UtcOffset};

/// The columns, in order; additions go to the end.
const COLUMNS: [&str; 14] = [
    "campaign",
    "recipient",
    "id",
    "state",
    "cause",
    "attempts",
    "message_id",
    "coupon_code",
    "content_hash",
    "plan_id",
    "accepted_at",
    "updated_at",
    "attempted_at",
    "receipt",
];

/// Writes rows as CSV (RFC 4180, with a header).
pub struct CsvExport<W: Write> {
    csv: csv::Writer<W>,
    reveal: bool,
}

/// Writes rows as one JSON object per line.
#[derive(Debug)]
pub struct NdjsonExport<W: Write> {
    out: W,
    reveal: bool,
}

/// One exported row. The order of the fields is the order of the columns.
#[derive(Serialize)]
struct Record<'a> {
    campaign: &'a str,
    recipient: String,
    id: Option<String>,
    state: &'static str,
    cause: Option<&'a str>,
    attempts: u32,
    message_id: Option<&'a str>,
    coupon_code: Option<String>,
    content_hash: String,
    plan_id: String,
    accepted_at: Option<String>,
    updated_at: String,
    attempted_at: Option<String>,
    receipt: Option<&'static str>,
}

impl<W: Write> CsvExport<W> {
    /// Begins a file with its header. Numbers and codes are masked unless `reveal`.
    pub fn new(out: W, reveal: bool) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS)?;
        Ok(Self { csv, reveal })
    }

    /// Writes one row.
    pub fn row(&mut self, row: &HistoryRow) -> io::Result<()> {
        let record = Record::new(row, self.reveal);
        let cell = |text: Option<&str>| text.map(csv_cell).unwrap_or_default();
        self.csv.write_record([
            csv_cell(record.campaign),
            record.recipient,
            cell(record.id.as_deref()),
            record.state.to_owned(),
            cell(record.cause),
            record.attempts.to_string(),
            cell(record.message_id),
            cell(record.coupon_code.as_deref()),
            record.content_hash,
            record.plan_id,
            record.accepted_at.unwrap_or_default(),
            record.updated_at,
            record.attempted_at.unwrap_or_default(),
            cell(record.receipt),
        ])?;
        Ok(())
    }

    /// Writes out what is buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

impl<W: Write> fmt::Debug for CsvExport<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvExport").field("reveal", &self.reveal).finish_non_exhaustive()
    }
}

impl<W: Write> NdjsonExport<W> {
    /// Begins a file. Numbers and codes are masked unless `reveal`.
    pub fn new(out: W, reveal: bool) -> Self {
        Self { out, reveal }
    }

    /// Writes one row.
    pub fn row(&mut self, row: &HistoryRow) -> io::Result<()> {
        writeln!(self.out, "{}", json_line(&Record::new(row, self.reveal))?)
    }

    /// Writes out what is buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<'a> Record<'a> {
    fn new(row: &'a HistoryRow, reveal: bool) -> Self {
        Self {
            campaign: row.campaign.as_str(),
            recipient: number_cell(row, reveal),
            id: id_cell(row, reveal),
            state: row.state.as_str(),
            cause: row.cause.as_deref(),
            attempts: row.attempts,
            message_id: row.message_id.as_deref(),
            coupon_code: code_cell(row, reveal),
            content_hash: row.content.to_string(),
            plan_id: row.plan.to_string(),
            accepted_at: row.accepted_at.map(rfc3339),
            updated_at: rfc3339(row.updated_at),
            attempted_at: row.attempted_at.map(rfc3339),
            receipt: row.receipt.map(Receipt::as_str),
        }
    }
}

/// A cell that no spreadsheet runs (OWASP, CSV injection) and no terminal obeys.
pub fn csv_cell(text: &str) -> String {
    let runs =
        |c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let text_is_formula = text.starts_with(runs);
    let shown = safe(text);
    if text_is_formula { format!("'{shown}") } else { shown.into_owned() }
}

/// The number without its `+`, or what is there in its place.
pub(super) fn number_cell(row: &HistoryRow, reveal: bool) -> String {
    let Some(number) = row.whose.number() else { return "forgotten".to_owned() };
    if reveal {
        return number.digits();
    }
    let masked = number.to_string();
    masked.strip_prefix('+').unwrap_or(&masked).to_owned()
}

/// The number with its `+`, or what is there in its place.
pub(super) fn number_text(row: &HistoryRow, reveal: bool) -> String {
    let sign = if row.whose.number().is_some() { "+" } else { "" };
    format!("{sign}{}", number_cell(row, reveal))
}

/// The audience's own id, unless that is the number itself in some spelling.
pub(super) fn id_cell(row: &HistoryRow, reveal: bool) -> Option<String> {
    let id = row.id.as_deref()?;
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    let Some(number) = row.whose.number().map(PhoneNumber::digits) else {
        return Some(id.to_owned());
    };
    // Seven digits in common are a number without its country code, too.
    let is_number = digits.contains(&number) || (digits.len() >= 7 && number.ends_with(&digits));
    let shown = if is_number && !reveal { number_cell(row, false) } else { id.to_owned() };
    Some(shown)
}

/// The coupon code.
pub(super) fn code_cell(row: &HistoryRow, reveal: bool) -> Option<String> {
    let code = row.coupon_code.as_ref()?;
    Some(if reveal { code.as_str().to_owned() } else { code.masked() })
}

fn rfc3339(at: Timestamp) -> String {
    at.rfc3339(UtcOffset::UTC)
}

#[cfg(test)]
pub(super) mod samples {
    //! Rows that the tests of exports and histories share.

    use crate::ledger::{HistoryRow, RowId, Whose};
    use crate::model::{
        CampaignName, ContentHash, CouponCode, PhoneNumber, PlanId, Receipt, State, Timestamp,
    };

    pub(in crate::view) fn rows() -> Vec<HistoryRow> {
        let at = Timestamp::from_millis(1_796_095_800_000);
        let accepted = HistoryRow {
            row: RowId(7),
            campaign: CampaignName::new("diwali-2026").expect("a campaign name"),
            whose: Whose::Number(PhoneNumber::from_digits(919_876_543_210).expect("a number")),
            id: Some("C-1017".to_owned()),
            state: State::Accepted,
            cause: None,
            attempts: 1,
            message_id: Some("3e4f:0".to_owned()),
            request_id: Some("3e4f".to_owned()),
            coupon_code: Some(CouponCode::new("DIW7K2M9QXVB").expect("a code")),
            content: ContentHash::from_bytes([0xcd; 16]),
            plan: PlanId::from_bytes([0xab; 16]),
            offer_ends_at: Some(at),
            receipt: Some(Receipt::Delivered),
            attempted_at: Some(at),
            accepted_at: Some(at),
            updated_at: at,
        };
        let hostile = HistoryRow {
            id: Some("=HYPERLINK(\"http://x\")\u{1b}]52;c;x\u{7}\r\u{202e}".to_owned()),
            state: State::Rejected,
            cause: Some("+E13001: \u{1b}[2J|`x`\n::error::y ".to_owned() + &"w".repeat(300)),
            message_id: None,
            request_id: None,
            coupon_code: Some(CouponCode::new("-2+3").expect("a code")),
            offer_ends_at: None,
            accepted_at: None,
            ..accepted.clone()
        };
        let number_as_id =
            HistoryRow { id: Some("+91 98765 43210".to_owned()), ..accepted.clone() };
        vec![accepted, hostile, number_as_id]
    }
}

#[cfg(test)]
mod tests {
    use super::samples::rows;
    use super::*;

    fn csv(reveal: bool) -> String {
        let mut out = Vec::new();
        let mut export = CsvExport::new(&mut out, reveal).expect("memory takes all");
        for row in rows() {
            export.row(&row).expect("memory takes all");
        }
        export.finish().expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    fn ndjson(reveal: bool) -> String {
        let mut out = Vec::new();
        let mut export = NdjsonExport::new(&mut out, reveal);
        for row in rows() {
            export.row(&row).expect("memory takes all");
        }
        export.finish().expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn an_export_is_masked() {
        insta::assert_snapshot!(csv(false), @r#"
        campaign,recipient,id,state,cause,attempts,message_id,coupon_code,content_hash,plan_id,accepted_at,updated_at,attempted_at,receipt
        diwali-2026,91••••••••10,C-1017,accepted,,1,3e4f:0,••••••••••VB,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd,abababababababababababababababab,2026-12-01T03:30:00Z,2026-12-01T03:30:00Z,2026-12-01T03:30:00Z,delivered
        diwali-2026,91••••••••10,"'=HYPERLINK(""http://x"")\u{1b}]52;c;x\u{7}\u{d}\u{202e}",rejected,'+E13001: \u{1b}[2J|`x`\u{a}::error::y wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww,1,,••••,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd,abababababababababababababababab,,2026-12-01T03:30:00Z,2026-12-01T03:30:00Z,delivered
        diwali-2026,91••••••••10,91••••••••10,accepted,,1,3e4f:0,••••••••••VB,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd,abababababababababababababababab,2026-12-01T03:30:00Z,2026-12-01T03:30:00Z,2026-12-01T03:30:00Z,delivered
        "#);
        for text in [csv(false), ndjson(false)] {
            for secret in ["9876543210", "98765 43210", "DIW7K2M9QXVB"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }

    #[test]
    fn an_export_shows_what_was_asked_for() {
        let text = csv(true);
        assert!(text.contains("diwali-2026,919876543210,C-1017,accepted"), "{text}");
        assert!(ndjson(true).contains(r#""coupon_code":"DIW7K2M9QXVB""#));
    }

    #[test]
    fn json_keeps_hostile_text_exactly() {
        let line = ndjson(false).lines().nth(1).expect("a second row").to_owned();
        let record: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(record["id"].as_str(), rows()[1].id.as_deref());
        insta::assert_snapshot!(line.replace(&"w".repeat(300), "www"), @r#"{"campaign":"diwali-2026","recipient":"91••••••••10","id":"=HYPERLINK(\"http://x\")\u001b]52;c;x\u0007\r\u202e","state":"rejected","cause":"+E13001: \u001b[2J|`x`\n::error::y www","attempts":1,"message_id":null,"coupon_code":"••••","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","accepted_at":null,"updated_at":"2026-12-01T03:30:00Z","attempted_at":"2026-12-01T03:30:00Z","receipt":"delivered"}"#);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"] {
            assert!(csv_cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(csv_cell("C-1017"), "C-1017");
    }
}
