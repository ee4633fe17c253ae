//! The end of a run in words that add up.

use std::io::{self, Write};

use super::stop::{stop_sentence, why_it_ended};
use crate::event::{RunReport, StopReason};
use crate::model::{State, StateCounts, UtcOffset, format_duration};
use crate::view::output::Look;
use crate::view::style::Role;
use crate::view::text::{Align, Table, number, people, plural, safe};

/// Writes what became of everybody planned, what this run did, why it ended, and the
/// command that goes on, if there is one.
pub fn write_summary(
    out: &mut dyn Write,
    look: Look,
    report: &RunReport,
    next: Option<&str>,
) -> io::Result<()> {
    let palette = look.palette;
    let role = match report.stop {
        StopReason::Finished => Role::Strong,
        StopReason::Halted(_) => Role::Error,
        _ => Role::Warning,
    };
    let headline = format!("{}: {}", report.campaign, stop_sentence(report.stop));
    writeln!(out, "{}", palette.paint(role, &headline))?;
    if let Some(detail) = &report.detail {
        let (who, words) = why_it_ended(detail);
        writeln!(out, "  {who}{}", safe(&words))?;
    }
    writeln!(out)?;
    for line in sum(report.counts).lines(2) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    writeln!(out, "This run: {}", this_run(report))?;
    write_unknown(out, look, report)?;
    if let Some(next) = next {
        writeln!(out)?;
        if let Some(at) = report.next_at {
            writeln!(out, "The next message may go out at {}.", at.rfc3339(UtcOffset::UTC))?;
        }
        writeln!(out, "To go on:  {}", palette.paint(Role::Hint, &safe(next)))?;
    }
    Ok(())
}

/// `planned = accepted + unknown + rejected + pending + skipped`, one term a line. People
/// still on the wire have a line only while there are any.
fn sum(counts: StateCounts) -> Table {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Right, Align::Left]);
    table.row(["", "planned", &number(counts.planned()), ""]);
    let terms = [
        (State::Accepted, "accepted by Kaleyra (delivery not known)"),
        (State::Unknown, "outcome not known: held, never sent again by itself"),
        (State::Rejected, "refused by Kaleyra"),
        (State::Pending, "not sent to yet"),
        (State::Attempting, "on the wire"),
        (State::Skipped, "left out: the offer was over or nearly so"),
    ];
    let shown = |state, count| state != State::Attempting || count > 0;
    let terms = terms
        .into_iter()
        .map(|(state, words)| (state, counts.get(state), words))
        .filter(|(state, count, _)| shown(*state, *count));
    for (index, (state, count, words)) in terms.enumerate() {
        let sign = if index == 0 { "=" } else { "+" };
        let words = if count > 0 { words } else { "" };
        table.row([sign, state.as_str(), &number(count), words]);
    }
    table
}

fn this_run(report: &RunReport) -> String {
    let counts = report.this_run;
    if report.requests == 0 && counts.planned() == 0 {
        return "no request was made".to_owned();
    }
    let done = [State::Accepted, State::Unknown, State::Rejected, State::Skipped]
        .into_iter()
        .filter(|state| counts.get(*state) > 0)
        .map(|state| format!("{} {state}", number(counts.get(state))));
    let mut words: Vec<String> = done.collect();
    if words.is_empty() {
        words.push("nobody settled".to_owned());
    }
    let requests = plural(report.requests, "request", "requests");
    format!("{}; {requests} in {}", words.join(", "), format_duration(report.took))
}

fn write_unknown(out: &mut dyn Write, look: Look, report: &RunReport) -> io::Result<()> {
    if report.unknown.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let total = report.unknown.iter().map(|(_, count)| count).sum();
    let unknown = format!(
        "This run left the outcome of {} unknown; they may have the message:",
        people(total)
    );
    writeln!(out, "{}", look.palette.paint(Role::Held, &unknown))?;
    let mut table = Table::new(&[Align::Right, Align::Left]);
    for (cause, count) in &report.unknown {
        table.row([number(*count), cause.to_string()]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples::report;
    use super::*;
    use crate::model::HaltReason;

    fn shown(report: &RunReport, next: Option<&str>) -> String {
        let mut out = Vec::new();
        write_summary(&mut out, Look::PLAIN, report, next).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_stopped_run_adds_up_and_says_how_to_go_on() {
        let next = "offercast apply --approve abab campaigns/diwali.yaml";
        insta::assert_snapshot!(shown(&report(StopReason::Limit), Some(next)), @r"
        diwali-2026: stopped: `--limit` is reached

             planned   287,412
          =  accepted   12,440  accepted by Kaleyra (delivery not known)
          +  unknown         9  outcome not known: held, never sent again by itself
          +  rejected       31  refused by Kaleyra
          +  pending   274,912  not sent to yet
          +  skipped        20  left out: the offer was over or nearly so

        This run: 12,400 accepted, 8 unknown, 31 rejected, 20 skipped; 12,439 requests in 2 min 36 s

        This run left the outcome of 8 people unknown; they may have the message:
          6  no answer in time
          2  server error

        To go on:  offercast apply --approve abab campaigns/diwali.yaml
        ");
    }

    #[test]
    fn a_day_that_is_over_says_when_the_next_one_begins() {
        let mut report = report(StopReason::Daily);
        report.next_at = Some(crate::model::Timestamp::from_millis(1_796_182_200_000));
        let shown = shown(&report, Some("offercast apply"));
        assert!(shown.starts_with("diwali-2026: stopped: `delivery.daily` is reached"), "{shown}");
        let end = "\n\nThe next message may go out at 2026-12-02T03:30:00Z.\nTo go on:  offercast apply\n";
        assert!(shown.ends_with(end), "{shown}");
    }

    #[test]
    fn a_halt_repeats_what_kaleyra_said_harmlessly() {
        let halted = report(StopReason::Halted(HaltReason::Template));
        insta::assert_snapshot!(shown(&halted, None).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
        diwali-2026: halted: Kaleyra refused the template
          Kaleyra says WA401: template \u{1b}[31mpaused\u{d}
        ");
    }

    #[test]
    fn a_run_with_nothing_to_do_says_so() {
        let mut report = report(StopReason::Finished);
        report.counts = StateCounts { accepted: 250, ..StateCounts::default() };
        report.this_run = StateCounts::default();
        report.unknown.clear();
        report.requests = 0;
        report.took = Duration::from_millis(3);
        insta::assert_snapshot!(shown(&report, None), @r"
        diwali-2026: finished: nobody is left to send to

             planned   250
          =  accepted  250  accepted by Kaleyra (delivery not known)
          +  unknown     0
          +  rejected    0
          +  pending     0
          +  skipped     0

        This run: no request was made
        ");
    }

    #[test]
    fn the_terms_add_up_to_the_planned() {
        let counts = StateCounts {
            pending: 1,
            attempting: 2,
            accepted: 3,
            rejected: 4,
            unknown: 5,
            skipped: 6,
        };
        let figures: Vec<u64> = sum(counts)
            .lines(0)
            .filter_map(|line| line.split_whitespace().find_map(|word| word.parse().ok()))
            .collect();
        assert_eq!(figures[0], figures[1..].iter().sum::<u64>());
    }
}
