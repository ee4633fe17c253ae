//! One person's history over all campaigns, and the list of people in doubt: for people and
//! as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::export::{code_cell, id_cell, number_text};
use super::output::Look;
use super::style::Role;
use super::text::{Align, Table, json_line, number, one_line, truncate};
use crate::ledger::{AuditRow, HistoryRow, TestSendRow};
use crate::model::{Receipt, State, Timestamp, UnknownCause, UtcOffset};

/// Columns in front of a field's value: indent, longest label, gap.
const COLUMNS_BEFORE: usize = 17;

/// The most people of a list for people; longer lists are for programs.
const MOST_LISTED: usize = 1_000;

/// All that the ledger has about one person.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Campaigns, in the order they were planned.
    pub rows: &'a [HistoryRow],
    /// What was settled by a person or a report, the latest last.
    pub decisions: &'a [AuditRow],
    /// Messages as a tester, which count nowhere.
    pub tests: &'a [TestSendRow],
    /// Since when the person is forgotten; no row is found of them then.
    pub forgotten: Option<Timestamp>,
}

/// One block per campaign, then what was settled, then test messages. Numbers and codes are
/// masked unless `reveal`.
pub fn write_human(
    out: &mut dyn Write,
    look: Look,
    history: History<'_>,
    reveal: bool,
) -> io::Result<()> {
    let History { rows, decisions, tests, forgotten } = history;
    if let Some(since) = forgotten {
        writeln!(out, "forgotten since {}: nobody sends to them again", human(since))?;
        return Ok(());
    }
    if rows.is_empty() && tests.is_empty() && decisions.is_empty() {
        return writeln!(out, "nothing is known of this recipient");
    }
    write_rows(out, look, rows, reveal)?;
    if !decisions.is_empty() {
        writeln!(out)?;
        writeln!(out, "{}", look.palette.paint(Role::Strong, "settled"))?;
        let mut table = Table::new(&[Align::Left; 5]);
        for row in decisions {
            let evidence = row.evidence.as_deref().map(|hash| format!("SHA-256 {hash:.16}…"));
            let change = format!("{} -> {}", row.from, row.to);
            let by = [row.reason.as_str(), "by", row.by.as_str()].join(" ");
            let campaign = row.campaign.as_str().to_owned();
            table.row([human(row.at), campaign, change, by, evidence.unwrap_or_default()]);
        }
        for line in table.lines(2) {
            writeln!(out, "{line}")?;
        }
    }
    if !tests.is_empty() {
        writeln!(out)?;
        let title = "test messages, which count nowhere";
        writeln!(out, "{}", look.palette.paint(Role::Strong, title))?;
        let mut table = Table::new(&[Align::Left; 4]);
        for row in tests {
            let (campaign, state) = (row.campaign.as_str().to_owned(), row.state.to_string());
            let id = row.message_id.clone().or_else(|| row.cause.clone());
            table.row([human(row.at), campaign, state, id.unwrap_or_default()]);
        }
        for line in table.lines(2) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn write_rows(
    out: &mut dyn Write,
    look: Look,
    rows: &[HistoryRow],
    reveal: bool,
) -> io::Result<()> {
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
        ("number", Some(number_text(row, reveal))),
        ("id", id_cell(row, reveal)),
        ("cause", row.cause.clone()),
        ("attempts", Some(row.attempts.to_string())),
        ("code", code_cell(row, reveal)),
        ("offer ends", row.offer_ends_at.map(human)),
        ("tried", row.attempted_at.filter(|_| row.accepted_at.is_none()).map(human)),
        ("accepted", row.accepted_at.map(|at| format!("{} ({})", human(at), delivery(row)))),
        ("message id", row.message_id.clone()),
        ("request id", row.request_id.clone()),
        ("plan", Some(row.plan.to_string())),
    ];
    fields.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

fn delivery(row: &HistoryRow) -> &'static str {
    match row.receipt {
        None => "delivery not known",
        Some(Receipt::Sent) => "handed on, delivery not known",
        Some(Receipt::Failed) => "failed later",
        Some(Receipt::Delivered) => "delivered",
        Some(Receipt::Read) => "read",
    }
}

/// People in doubt as they come, by cause and time: a line for each, masked.
#[derive(Debug)]
pub struct InDoubt {
    table: Table,
    count: usize,
}

impl InDoubt {
    /// An empty list.
    pub fn new() -> Self {
        let mut table = Table::new(&[Align::Left; 5]);
        table.row(["tried", "campaign", "number", "id", "cause"]);
        Self { table, count: 0 }
    }

    /// Adds one person.
    pub fn row(&mut self, row: &HistoryRow) {
        self.count += 1;
        if self.count > MOST_LISTED {
            return;
        }
        let cause = row.cause.as_deref().unwrap_or_default();
        let cause = UnknownCause::parse(cause).map_or(cause.to_owned(), |cause| cause.to_string());
        self.table.row([
            human(row.attempted_at.unwrap_or(row.updated_at)),
            row.campaign.as_str().to_owned(),
            number_text(row, false),
            one_line(&id_cell(row, false).unwrap_or_default(), 40),
            cause,
        ]);
    }

    /// Writes the list.
    pub fn write(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        if self.count == 0 {
            return writeln!(out, "nobody is unknown");
        }
        for (index, line) in self.table.lines(0).enumerate() {
            let line = if index == 0 { look.palette.paint(Role::Strong, &line) } else { line };
            writeln!(out, "{line}")?;
        }
        if self.count > MOST_LISTED {
            let more = number((self.count - MOST_LISTED) as u64);
            writeln!(out, "and {more} more: `--format csv` lists all")?;
        }
        Ok(())
    }
}

impl Default for InDoubt {
    fn default() -> Self {
        Self::new()
    }
}

/// One JSON object on one line. Numbers and codes are masked unless `reveal`.
pub fn write_json(out: &mut dyn Write, history: History<'_>, reveal: bool) -> io::Result<()> {
    let rows: Vec<Value> = history.rows.iter().map(|row| row_json(row, reveal)).collect();
    let decisions: Vec<Value> = history.decisions.iter().map(decision_json).collect();
    let tests: Vec<Value> = history.tests.iter().map(test_json).collect();
    let document = json!({
        "format_version": "1.0",
        "history": rows,
        "settled": decisions,
        "test_sends": tests,
        "forgotten_at": history.forgotten.map(rfc3339),
    });
    writeln!(out, "{}", json_line(&document)?)
}

fn decision_json(row: &AuditRow) -> Value {
    json!({
        "campaign": row.campaign.as_str(),
        "plan_id": row.plan.to_string(),
        "attempted_at": row.attempted_at.map(rfc3339),
        "from": row.from.as_str(),
        "from_cause": row.from_cause,
        "to": row.to.as_str(),
        "reason": row.reason,
        "evidence_sha256": row.evidence,
        "by": row.by,
        "at": rfc3339(row.at),
    })
}

fn test_json(row: &TestSendRow) -> Value {
    json!({
        "campaign": row.campaign.as_str(),
        "recipient": row.number.to_string(),
        "state": row.state.as_str(),
        "cause": row.cause,
        "message_id": row.message_id,
        "at": rfc3339(row.at),
    })
}

fn row_json(row: &HistoryRow, reveal: bool) -> Value {
    json!({
        "campaign": row.campaign.as_str(),
        "recipient": number_text(row, reveal),
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
        "receipt": row.receipt.map(Receipt::as_str),
        "attempted_at": row.attempted_at.map(rfc3339),
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

    fn of(rows: &[HistoryRow]) -> History<'_> {
        History { rows, decisions: &[], tests: &[], forgotten: None }
    }

    fn shown(reveal: bool) -> String {
        let mut out = Vec::new();
        let rows = rows();
        write_human(&mut out, Look::PLAIN, of(&rows), reveal).expect("memory takes all");
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
          accepted    2026-12-01 03:30 UTC (delivered)
          message id  3e4f:0
          request id  3e4f
          plan        abababababababababababababababab

        diwali-2026  rejected  2026-12-01 03:30 UTC
          number    +91••••••••10
          id        =HYPERLINK("http://x")\u{1b}]52;c;x\u{7}\u{d}\u{202e}
          cause     +E13001: \u{1b}[2J|`x`\u{a}::error::y wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…
          attempts  1
          code      ••••
          tried     2026-12-01 03:30 UTC
          plan      abababababababababababababababab

        diwali-2026  accepted  2026-12-01 03:30 UTC
          number      +91••••••••10
          id          91••••••••10
          attempts    1
          code        ••••••••••VB
          offer ends  2026-12-01 03:30 UTC
          accepted    2026-12-01 03:30 UTC (delivered)
          message id  3e4f:0
          request id  3e4f
          plan        abababababababababababababababab
        "#);
        let mut json = Vec::new();
        write_json(&mut json, of(&rows()), false).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(json).expect("text"), @r#"{"format_version":"1.0","history":[{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"C-1017","state":"accepted","cause":null,"attempts":1,"message_id":"3e4f:0","request_id":"3e4f","coupon_code":"••••••••••VB","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":"2026-12-01T03:30:00Z","receipt":"delivered","attempted_at":"2026-12-01T03:30:00Z","accepted_at":"2026-12-01T03:30:00Z","updated_at":"2026-12-01T03:30:00Z"},{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"=HYPERLINK(\"http://x\")\u001b]52;c;x\u0007\r\u202e","state":"rejected","cause":"+E13001: \u001b[2J|`x`\n::error::y wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww","attempts":1,"message_id":null,"request_id":null,"coupon_code":"••••","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":null,"receipt":"delivered","attempted_at":"2026-12-01T03:30:00Z","accepted_at":null,"updated_at":"2026-12-01T03:30:00Z"},{"campaign":"diwali-2026","recipient":"+91••••••••10","id":"91••••••••10","state":"accepted","cause":null,"attempts":1,"message_id":"3e4f:0","request_id":"3e4f","coupon_code":"••••••••••VB","content_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","plan_id":"abababababababababababababababab","offer_ends_at":"2026-12-01T03:30:00Z","receipt":"delivered","attempted_at":"2026-12-01T03:30:00Z","accepted_at":"2026-12-01T03:30:00Z","updated_at":"2026-12-01T03:30:00Z"}],"settled":[],"test_sends":[],"forgotten_at":null}"#);
    }

    #[test]
    fn it_shows_them_when_asked() {
        let text = shown(true);
        assert!(text.contains("+919876543210") && text.contains("DIW7K2M9QXVB"), "{text}");
    }

    #[test]
    fn what_was_settled_and_tested_stands_apart() {
        use crate::model::{CampaignName, PhoneNumber, PlanId};
        let at = Timestamp::from_millis(1_796_095_800_000);
        let campaign = CampaignName::new("diwali-2026").expect("a name");
        let decisions = [AuditRow {
            campaign: campaign.clone(),
            plan: PlanId::from_bytes([0xab; 16]),
            attempted_at: Some(at),
            from: State::Unknown,
            from_cause: Some("timeout".to_owned()),
            to: State::Accepted,
            reason: "report_read".to_owned(),
            evidence: Some("cd".repeat(32)),
            by: "github:asha".to_owned(),
            at,
        }];
        let tests = [TestSendRow {
            campaign,
            number: PhoneNumber::from_digits(919_876_543_210).expect("a number"),
            state: State::Accepted,
            cause: None,
            message_id: Some("3e4f:0".to_owned()),
            request_id: None,
            at,
        }];
        let history = History { rows: &[], decisions: &decisions, tests: &tests, forgotten: None };
        let mut out = Vec::new();
        write_human(&mut out, Look::PLAIN, history, false).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        settled
          2026-12-01 03:30 UTC  diwali-2026  unknown -> accepted  report_read by github:asha  SHA-256 cdcdcdcdcdcdcdcd…

        test messages, which count nowhere
          2026-12-01 03:30 UTC  diwali-2026  accepted  3e4f:0
        ");
        let mut json = Vec::new();
        write_json(&mut json, history, false).expect("memory takes all");
        assert!(!String::from_utf8_lossy(&json).contains("919876543210"));
    }

    #[test]
    fn people_in_doubt_are_listed_masked() {
        let mut list = InDoubt::new();
        for row in rows() {
            let cause = Some("timeout".to_owned());
            list.row(&HistoryRow { state: State::Unknown, cause, ..row });
        }
        let mut out = Vec::new();
        list.write(&mut out, Look::PLAIN).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r#"
        tried                 campaign     number         id                                        cause
        2026-12-01 03:30 UTC  diwali-2026  +91••••••••10  C-1017                                    no answer in time
        2026-12-01 03:30 UTC  diwali-2026  +91••••••••10  =HYPERLINK("http://x")\u{1b}]52;c;x\u{7…  no answer in time
        2026-12-01 03:30 UTC  diwali-2026  +91••••••••10  91••••••••10                              no answer in time
        "#);
    }
}
