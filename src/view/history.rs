//! One person's history over all campaigns: for people and as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::export::{code_cell, id_cell, number_cell};
use super::output::Look;
use super::style::Role;
use super::text::{Align, Table, json_line, one_line, truncate};
use crate::ledger::HistoryRow;
use crate::model::{State, Timestamp, UtcOffset};

/// Columns in front of a field's value: indent, longest label, gap.
const COLUMNS_BEFORE: usize = 17;

/// One block per campaign. Numbers and codes are masked unless `reveal`.
pub fn write_human(
    out: &mut dyn Write,
    look: Look,
    rows: &[HistoryRow],
    reveal: bool,
) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "nothing is known of this recipient");
    }
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let state = look.palette.paint(role(row.state), row.state.as_str());
        let name = look.palette.paint(Role::Strong, row.campaign.as_str());
        writeln!(out, "{name}  {state}  {}", human(row.updated_at))?;
        let mut table = Table::new(&[Align::Left, Align::Left]);
        let columns = look.width.saturating_sub(COLUMNS_BEFORE).max(20);
        for (label, value) in fields(row, reveal) {
            table.row([label, &truncate(&one_line(&value, columns), columns)]);
        }
        for line in table.lines(2) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn fields(row: &HistoryRow, reveal: bool) -> Vec<(&'static str, String)> {
    let fields = [
        ("number", Some(format!("+{}", number_cell(row, reveal)))),
        ("id", id_cell(row, reveal)),
        ("cause", row.cause.clone()),
        ("attempts", Some(row.attempts.to_string())),
        ("code", code_cell(row, reveal)),
        ("offer ends", row.offer_ends_at.map(human)),
        ("accepted", row.accepted_at.map(|at| format!("{} (delivery not known)", human(at)))),
        ("message id", row.message_id.clone()),
        ("request id", row.request_id.clone()),
        ("plan", Some(row.plan.to_string())),
    ];
    fields.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

/// One JSON object on one line. Numbers and codes are masked unless `reveal`.
pub fn write_json(out: &mut dyn Write, rows: &[HistoryRow], reveal: bool) -> io::Result<()> {
    let history: Vec<Value> = rows.iter().map(|row| row_json(row, reveal)).collect();
    let document = json!({ "format_version": "1.0", "history": history });
    writeln!(out, "{}", json_line(&document)?)
}

fn row_json(row: &HistoryRow, reveal: bool) -> Value {
    json!({
        "campaign": row.campaign.as_str(),
        "recipient": format!("+{}", number_cell(row, reveal)),
        "id": id_cell(row, reveal),
        "state": row.state.as_str(),
        "cause": row.cause,
        "attempts": row.attempts,
        "message_id": row.message_id,
        "request_id": row.request_id,
        "coupon_code": code_cell(row, reveal),
        "content_hash": row.content.to_string(),
        "plan_id": row.plan.to_string(),
        "offer_ends_at": row.offer_ends_at.map(rfc3339),
        "accepted_at": row.accepted_at.map(rfc3339),
        "updated_at": rfc3339(row.updated_at),
    })
}

fn role(state: State) -> Role {
    match state {
        State::Accepted => Role::Send,
        State::Rejected => Role::Error,
        State::Unknown | State::Attempting => Role::Held,
        State::Pending => Role::Warning,
        State::Skipped => Role::Faint,
    }
}

fn human(at: Timestamp) -> String {
    at.human(UtcOffset::UTC)
}

fn rfc3339(at: Timestamp) -> String {
    at.rfc3339(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::super::export::samples::rows;
    use super::*;

    fn shown(reveal: bool) -> String {
        let mut out = Vec::new();
        write_human(&mut out, Look::PLAIN, &rows(), reveal).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_history_masks_numbers_and_codes() {
        insta::assert_snapshot!(shown(false), @r#"
        diwali-2026  accepted  2026-12-01 03:30 UTC
          number      +91••••••••10
          id          C-1017
          attempts    1
          code        ••••••••••VB
          offer ends  2026-12-01 03:30 UTC
          accepted    2026-12-01 03:30 UTC (delivery not known)
          message id  3e4f:0
          request id  3e4f
          plan        abababababababababababababababab

        diwali-2026  rejected  2026-12-01 03:30 UTC
          number    +91••••••••10
          id        =HYPERLINK("http://x")\u{1b}]52;c;x\u{7}\u{d}\u{202e}
          cause     +E13001: \u{1b}[2J|`x`\u{a}::error::y wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…
          attempts  1
          code      ••••
          plan      abababababababababababababababab

        diwali-2026  accepted  2026-12-01 03:30 UTC
          number      +91••••••••10
          id          91••••••••10
          attempts    1
          code        ••••••••••VB
          offer ends  2026-12-01 03:30 UTC
          accepted    2026-12-01 03:30 UTC (delivery not known)
          message id  3e4f:0
          request id  3e4f
          plan        abababababababababababababababab
        "#);
        let mut json = Vec::new();
        write_json(&mut json, &rows(), false).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(json).expect("text"), @r#"{"format_version":"1.0","history":[{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"C-1017","state":"accepted","cause":null,"attempts":1,"message_id":"3e4f:0","request_id":"3e4f","coupon_code":"••••••••••VB","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":"2026-12-01T03:30:00Z","accepted_at":"2026-12-01T03:30:00Z","updated_at":"2026-12-01T03:30:00Z"},{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"=HYPERLINK(\"http://x\")\u001b]52;c;x\u0007\r\u202e","state":"rejected","cause":"+E13001: \u001b[2J|`x`\n::error::y wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww","attempts":1,"message_id":null,"request_id":null,"coupon_code":"••••","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":null,"accepted_at":null,"updated_at":"2026-12-01T03:30:00Z"},{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"91••••••••10","state":"accepted","cause":null,"attempts":1,"message_id":"3e4f:0","request_id":"3e4f","coupon_code":"••••••••••VB","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":"2026-12-01T03:30:00Z","accepted_at":"2026-12-01T03:30:00Z","updated_at":"2026-12-01T03:30:00Z"}]}"#);
    }

    #[test]
    fn it_shows_them_when_asked() {
        let text = shown(true);
        assert!(text.contains("+919876543210") && text.contains("DIW7K2M9QXVB"), "{text}");
    }
}
