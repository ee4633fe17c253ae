//! What settling would do, and what it costs to be wrong, before anybody agrees to it.

use std::io::{self, Write};

use super::output::Look;
use super::style::Role;
use super::text::{Align, Table, number, people, plural, safe};
use crate::model::{Timestamp, UnknownCause, UtcOffset, format_duration};

/// What a person says about unknown outcomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// They were sent.
    Sent,
    /// They were not.
    Unsent,
}

/// People to be settled by a person's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed<'a> {
    /// Of which campaign.
    pub campaign: &'a str,
    /// As what.
    pub claim: Claim,
    /// How many, by why it is unknown.
    pub causes: Vec<(UnknownCause, u64)>,
    /// The first and the last attempt.
    pub attempts: Option<(Timestamp, Timestamp)>,
    /// The wall time.
    pub now: Timestamp,
}

/// What a report tells, held against the ledger. In people, where not said otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reported<'a> {
    /// The report.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// About which campaign it was asked.
    pub campaign: &'a str,
    /// Unknown until now, and sent.
    pub unknown_sent: u64,
    /// Unknown until now, and failed.
    pub unknown_failed: u64,
    /// Settled as unsent, and sent after all.
    pub unsent_after_all: u64,
    /// Accepted, and failed later.
    pub accepted_failed: u64,
    /// Accepted, and sent, delivered or read.
    pub accepted_confirmed: u64,
    /// Nothing new.
    pub known: u64,
    /// Only about messages of other campaigns or tests.
    pub other_messages: u64,
    /// Pending, rejected or skipped here, though the report has a message.
    pub contradicted: u64,
    /// Rows about people who are not in the campaign.
    pub strangers: u64,
}

/// Counts, causes, times, and what it means if it is wrong.
pub fn write_claim(out: &mut dyn Write, look: Look, claimed: &Claimed<'_>) -> io::Result<()> {
    let count = claimed.causes.iter().map(|(_, count)| count).sum();
    let word = match claimed.claim {
        Claim::Sent => "sent",
        Claim::Unsent => "unsent",
    };
    let title = format!("Settle {} of {} as {word}", people(count), safe(claimed.campaign));
    writeln!(out, "{}", look.palette.paint(Role::Strong, &title))?;
    let mut table = Table::new(&[Align::Right, Align::Left]);
    for (cause, count) in &claimed.causes {
        table.row([number(*count), cause.to_string()]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    if let Some((first, last)) = claimed.attempts {
        let ago = |at: Timestamp| format_duration(claimed.now.since(at));
        let when = if first == last {
            format!("{}, {} ago", last.human(UtcOffset::UTC), ago(last))
        } else {
            let (from, to) = (first.human(UtcOffset::UTC), last.human(UtcOffset::UTC));
            format!("{from} to {to}, the last one {} ago", ago(last))
        };
        writeln!(out, "  tried {when}")?;
    }
    let (them, messages) =
        (people(count), plural(count, "message is paid twice", "messages are paid twice"));
    let wrong = match claimed.claim {
        Claim::Sent => {
            let get = if count == 1 { "gets" } else { "get" };
            format!("If that is wrong, {them} never {get} this offer.")
        }
        Claim::Unsent => format!(
            "If that is wrong, {them} will get it twice, and {messages}: once a new plan is \
             approved and applied. Nothing is sent now."
        ),
    };
    writeln!(out, "  {}", look.palette.paint(Role::Warning, &wrong))
}

/// Everything the report tells, also what changes nothing.
pub fn write_report(out: &mut dyn Write, look: Look, reported: &Reported<'_>) -> io::Result<()> {
    let rows = plural(reported.rows, "row", "rows");
    let title = format!("`{}`, {rows}, about {}", safe(&reported.file), safe(reported.campaign));
    writeln!(out, "{}", look.palette.paint(Role::Strong, &title))?;
    writeln!(out, "  SHA-256 {}", reported.sha256)?;
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (sign, count, words) in [
        ("+", reported.unknown_sent, "unknown: sent, so accepted now"),
        ("+", reported.unknown_failed, "unknown: Kaleyra had it and it failed; not sent again"),
        ("+", reported.unsent_after_all, "settled as unsent: sent after all, so accepted now"),
        ("!", reported.accepted_failed, "accepted: failed later; not sent again"),
        ("+", reported.accepted_confirmed, "accepted: sent, delivered or read"),
        ("=", reported.known, "nothing new"),
        ("·", reported.other_messages, "only about other messages than this campaign's"),
        ("·", reported.contradicted, "pending, rejected or skipped here: left as they are"),
        ("·", reported.strangers, "rows about people who are not in this campaign"),
    ] {
        if count > 0 {
            table.row([sign, &number(count), words]);
        }
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(claim: Claim) -> String {
        let at = Timestamp::from_millis(1_796_095_800_000);
        let claimed = Claimed {
            campaign: "diwali",
            claim,
            causes: vec![(UnknownCause::Timeout, 12), (UnknownCause::Crash, 4)],
            attempts: Some((at, at.plus(std::time::Duration::from_hours(1)))),
            now: at.plus(std::time::Duration::from_hours(3)),
        };
        let mut out = Vec::new();
        write_claim(&mut out, Look::PLAIN, &claimed).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_cost_of_being_wrong_is_said_in_plain_words() {
        insta::assert_snapshot!(claimed(Claim::Sent), @r"
        Settle 16 people of diwali as sent
          12  no answer in time
           4  the process died before the answer was recorded
          tried 2026-12-01 03:30 UTC to 2026-12-01 04:30 UTC, the last one 2 h ago
          If that is wrong, 16 people never get this offer.
        ");
        insta::assert_snapshot!(claimed(Claim::Unsent), @r"
        Settle 16 people of diwali as unsent
          12  no answer in time
           4  the process died before the answer was recorded
          tried 2026-12-01 03:30 UTC to 2026-12-01 04:30 UTC, the last one 2 h ago
          If that is wrong, 16 people will get it twice, and 16 messages are paid twice: once a new plan is approved and applied. Nothing is sent now.
        ");
    }

    #[test]
    fn all_that_a_report_tells_is_counted() {
        let reported = Reported {
            file: "report.csv".to_owned(),
            rows: 1_204,
            sha256: "ab".repeat(32),
            campaign: "diwali",
            unknown_sent: 3,
            unknown_failed: 1,
            unsent_after_all: 1,
            accepted_failed: 2,
            accepted_confirmed: 900,
            known: 281,
            other_messages: 4,
            contradicted: 2,
            strangers: 10,
        };
        let mut out = Vec::new();
        write_report(&mut out, Look::PLAIN, &reported).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        `report.csv`, 1,204 rows, about diwali
          SHA-256 abababababababababababababababababababababababababababababababab
          +    3  unknown: sent, so accepted now
          +    1  unknown: Kaleyra had it and it failed; not sent again
          +    1  settled as unsent: sent after all, so accepted now
          !    2  accepted: failed later; not sent again
          +  900  accepted: sent, delivered or read
          =  281  nothing new
          ·    4  only about other messages than this campaign's
          ·    2  pending, rejected or skipped here: left as they are
          ·   10  rows about people who are not in this campaign
        ");
    }
}
