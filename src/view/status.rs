//! Where campaigns stand: a table for people, JSON, CSV and Markdown.

use std::io::{self, Write};

use serde_json::json;

use super::export::csv_cell;
use super::output::Look;
use super::run::{counts_json, stop_word_sentence};
use super::style::Role;
use super::text::{Align, Table, code_span, json_line, number, one_line, people};
use crate::ledger::{CampaignStatusRow, LastStop};
use crate::model::{State, Timestamp, UtcOffset};

/// Longest words of Kaleyra's that are shown, in columns.
const LONGEST_DETAIL: usize = 200;

/// The states in the order of `planned = accepted + unknown + …`.
const TERMS: [State; 6] = [
    State::Accepted,
    State::Unknown,
    State::Rejected,
    State::Pending,
    State::Attempting,
    State::Skipped,
];

/// A table that adds up line by line, then each campaign's last stop and unknown people.
pub fn write_human(out: &mut dyn Write, look: Look, rows: &[CampaignStatusRow]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "nothing was applied with this ledger yet");
    }
    let terms = terms(rows);
    let mut columns = vec![Align::Left, Align::Right];
    columns.resize(2 + terms.len(), Align::Right);
    let mut table = Table::new(&columns);
    let heads = ["campaign", "planned"].into_iter().chain(terms.iter().map(|s| s.as_str()));
    table.row(heads);
    for row in rows {
        let name = row.campaign.as_str().to_owned();
        let counts = terms.iter().map(|state| number(row.counts.get(*state)));
        table.row([name, number(row.counts.planned())].into_iter().chain(counts));
    }
    for (index, line) in table.lines(0).enumerate() {
        let line = if index == 0 { look.palette.paint(Role::Strong, &line) } else { line };
        writeln!(out, "{line}")?;
    }
    for row in rows {
        write_words(out, look, row)?;
    }
    Ok(())
}

fn write_words(out: &mut dyn Write, look: Look, row: &CampaignStatusRow) -> io::Result<()> {
    if row.plan.is_none() && row.last_stop.is_none() && row.unknown.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "{}", look.palette.paint(Role::Strong, row.campaign.as_str()))?;
    if let Some(plan) = row.plan {
        let at = row.consumed_at.map(|at| format!(", begun {}", at.human(UtcOffset::UTC)));
        writeln!(out, "  plan {plan}{}", at.unwrap_or_default())?;
    }
    if let Some(stop) = &row.last_stop {
        writeln!(out, "  {} at {}", stop_words(stop), stop.at.human(UtcOffset::UTC))?;
    }
    for (cause, count) in &row.unknown {
        let unknown = format!("unknown for {}: {cause}", people(*count));
        writeln!(out, "  {}", look.palette.paint(Role::Held, &unknown))?;
    }
    if !row.receipts.is_empty() {
        let told =
            row.receipts.iter().map(|(receipt, count)| format!("{} {receipt}", number(*count)));
        writeln!(out, "  of the accepted, reports tell: {}", told.collect::<Vec<_>>().join(", "))?;
    }
    if row.unsent > 0 {
        writeln!(out, "  {} settled as unsent: a new plan sends to them", people(row.unsent))?;
    }
    Ok(())
}

/// One JSON object on one line.
pub fn write_json(out: &mut dyn Write, rows: &[CampaignStatusRow]) -> io::Result<()> {
    let campaigns: Vec<_> = rows.iter().map(row_json).collect();
    let document = json!({ "format_version": "1.0", "campaigns": campaigns });
    writeln!(out, "{}", json_line(&document)?)
}

fn row_json(row: &CampaignStatusRow) -> serde_json::Value {
    let unknown: serde_json::Map<_, _> = row
        .unknown
        .iter()
        .map(|(cause, count)| (cause.as_str().to_owned(), json!(count)))
        .collect();
    let receipts: serde_json::Map<_, _> = row
        .receipts
        .iter()
        .map(|(receipt, count)| (receipt.as_str().to_owned(), json!(count)))
        .collect();
    let last_stop = row.last_stop.as_ref().map(
        |stop| json!({ "at": rfc3339(stop.at), "reason": stop.reason, "detail": stop.detail }),
    );
    json!({
        "campaign": row.campaign.as_str(),
        "plan_id": row.plan.map(|plan| plan.to_string()),
        "consumed_at": row.consumed_at.map(rfc3339),
        "counts": counts_json(row.counts),
        "unknown": unknown,
        "receipts": receipts,
        "settled_unsent": row.unsent,
        "last_stop": last_stop,
    })
}

/// One line per campaign after a line of column names.
pub fn write_csv(out: &mut dyn Write, rows: &[CampaignStatusRow]) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let mut heads = vec!["campaign", "plan_id", "consumed_at", "planned"];
    heads.extend(TERMS.iter().map(|state| state.as_str()));
    heads.extend(["last_stop_at", "last_stop", "last_stop_detail"]);
    csv.write_record(heads)?;
    for row in rows {
        let stop = row.last_stop.as_ref();
        let mut cells = vec![
            row.campaign.as_str().to_owned(),
            row.plan.map(|plan| plan.to_string()).unwrap_or_default(),
            row.consumed_at.map(rfc3339).unwrap_or_default(),
            row.counts.planned().to_string(),
        ];
        cells.extend(TERMS.iter().map(|state| row.counts.get(*state).to_string()));
        cells.extend([
            stop.map(|stop| rfc3339(stop.at)).unwrap_or_default(),
            stop.map(|stop| csv_cell(&stop.reason)).unwrap_or_default(),
            stop.and_then(|stop| stop.detail.as_deref()).map(csv_cell).unwrap_or_default(),
        ]);
        csv.write_record(cells)?;
    }
    csv.flush()
}

/// A GitHub-flavoured Markdown table; whatever is not ours stands in code spans.
pub fn write_markdown(out: &mut dyn Write, rows: &[CampaignStatusRow]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "Nothing was applied with this ledger yet.");
    }
    let terms = terms(rows);
    write!(out, "| campaign | planned |")?;
    for state in &terms {
        write!(out, " {state} |")?;
    }
    writeln!(out, " last stop |")?;
    writeln!(out, "| --- |{} --- |", " ---: |".repeat(terms.len() + 1))?;
    for row in rows {
        let planned = number(row.counts.planned());
        write!(out, "| {} | {planned} |", code_span(row.campaign.as_str()))?;
        for state in &terms {
            write!(out, " {} |", number(row.counts.get(*state)))?;
        }
        let stop = row.last_stop.as_ref();
        let stop = stop.map(|stop| code_span(&stop_words(stop))).unwrap_or_default();
        writeln!(out, " {stop} |")?;
    }
    Ok(())
}

/// People on the wire have a column only while there are any.
fn terms(rows: &[CampaignStatusRow]) -> Vec<State> {
    let attempting = rows.iter().any(|row| row.counts.attempting > 0);
    TERMS.into_iter().filter(|state| attempting || *state != State::Attempting).collect()
}

fn stop_words(stop: &LastStop) -> String {
    let words = stop_word_sentence(&stop.reason);
    match &stop.detail {
        Some(detail) => format!("{words} ({})", one_line(detail, LONGEST_DETAIL)),
        None => words,
    }
}

fn rfc3339(at: Timestamp) -> String {
    at.rfc3339(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CampaignName, PlanId, Receipt, StateCounts, UnknownCause};

    fn rows() -> Vec<CampaignStatusRow> {
        let name = |name| CampaignName::new(name).expect("a campaign name");
        let at = Timestamp::from_millis(1_796_095_800_000);
        vec![
            CampaignStatusRow {
                campaign: name("diwali-2026"),
                plan: Some(PlanId::from_bytes([0xab; 16])),
                consumed_at: Some(at),
                counts: StateCounts {
                    pending: 274_912,
                    attempting: 0,
                    accepted: 12_440,
                    rejected: 31,
                    unknown: 9,
                    skipped: 20,
                },
                unknown: vec![(UnknownCause::Timeout, 9)],
                receipts: vec![(Receipt::Failed, 31), (Receipt::Read, 1_200)],
                unsent: 2,
                last_stop: Some(LastStop {
                    at,
                    reason: "balance".to_owned(),
                    detail: Some("=E110 | `top up`\u{1b}[2J @team".to_owned()),
                }),
            },
            CampaignStatusRow {
                campaign: name("holi"),
                plan: None,
                consumed_at: None,
                counts: StateCounts::default(),
                unknown: Vec::new(),
                receipts: Vec::new(),
                unsent: 0,
                last_stop: None,
            },
        ]
    }

    fn shown(write: impl Fn(&mut dyn Write, &[CampaignStatusRow]) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out, &rows()).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn people_read_a_table() {
        insta::assert_snapshot!(shown(|out, rows| write_human(out, Look::PLAIN, rows)), @r"
        campaign     planned  accepted  unknown  rejected  pending  skipped
        diwali-2026  287,412    12,440        9        31  274,912       20
        holi               0         0        0         0        0        0

        diwali-2026
          plan abababababababababababababababab, begun 2026-12-01 03:30 UTC
          halted: the account's balance is used up (=E110 | `top up`\u{1b}[2J @team) at 2026-12-01 03:30 UTC
          unknown for 9 people: no answer in time
          of the accepted, reports tell: 31 failed, 1,200 read
          2 people settled as unsent: a new plan sends to them
        ");
    }

    #[test]
    fn scripts_read_json() {
        insta::assert_snapshot!(shown(|out, rows| write_json(out, rows)), @r#"{"format_version":"1.0","campaigns":[{"campaign":"diwali-2026","plan_id":"abababababababababababababababab","consumed_at":"2026-12-01T03:30:00Z","counts":{"planned":287412,"accepted":12440,"unknown":9,"rejected":31,"pending":274912,"attempting":0,"skipped":20},"unknown":{"timeout":9},"receipts":{"failed":31,"read":1200},"settled_unsent":2,"last_stop":{"at":"2026-12-01T03:30:00Z","reason":"balance","detail":"=E110 | `top up`\u001b[2J @team"}},{"campaign":"holi","plan_id":null,"consumed_at":null,"counts":{"planned":0,"accepted":0,"unknown":0,"rejected":0,"pending":0,"attempting":0,"skipped":0},"unknown":{},"receipts":{},"settled_unsent":0,"last_stop":null}]}"#);
    }

    #[test]
    fn sheets_read_csv() {
        insta::assert_snapshot!(shown(|out, rows| write_csv(out, rows)), @r"
        campaign,plan_id,consumed_at,planned,accepted,unknown,rejected,pending,attempting,skipped,last_stop_at,last_stop,last_stop_detail
        diwali-2026,abababababababababababababababab,2026-12-01T03:30:00Z,287412,12440,9,31,274912,0,20,2026-12-01T03:30:00Z,balance,'=E110 | `top up`\u{1b}[2J @team
        holi,,,0,0,0,0,0,0,0,,,
        ");
    }

    #[test]
    fn reviewers_read_markdown() {
        insta::assert_snapshot!(shown(|out, rows| write_markdown(out, rows)), @r"
        | campaign | planned | accepted | unknown | rejected | pending | skipped | last stop |
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
        | `diwali-2026` | 287,412 | 12,440 | 9 | 31 | 274,912 | 20 | ``halted: the account's balance is used up (=E110 \| `top up`\u{1b}[2J @team)`` |
        | `holi` | 0 | 0 | 0 | 0 | 0 | 0 |  |
        ");
    }

    #[test]
    fn people_on_the_wire_are_seen_while_an_apply_runs() {
        let mut rows = rows();
        rows[0].counts.attempting = 32;
        let mut out = Vec::new();
        write_human(&mut out, Look::PLAIN, &rows[..1]).expect("memory takes all");
        assert!(String::from_utf8_lossy(&out).contains("attempting"));
    }
}
