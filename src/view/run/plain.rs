//! A run as plain lines, for CI logs: one every few seconds, and one for each turn.

use std::io::Write;
use std::time::Duration;

use super::lines::Lines;
use super::stop::{pause_sentence, stop_sentence};
use super::{Now, RunListener};
use crate::event::{Progress, RunEvent};
use crate::model::{StateCounts, Timestamp};
use crate::view::text::{number, people, per_second, plural, roughly};

/// Writes lines that stand for themselves: no colour, nothing redrawn.
pub struct PlainLines {
    lines: Lines,
    now: Now,
    interval: Duration,
    campaign: String,
    last: Option<Timestamp>,
}

impl PlainLines {
    /// Writes progress to `out` no more often than every `interval`.
    pub fn new(out: Box<dyn Write + Send>, interval: Duration, now: Now) -> Self {
        Self { lines: Lines::new(out), now, interval, campaign: String::new(), last: None }
    }

    fn say(&mut self, words: &str) {
        self.lines.line(&format!("{}  {words}", self.campaign));
    }

    fn is_due(&mut self) -> bool {
        let now = (self.now)();
        let due = self.last.is_none_or(|last| now.since(last) >= self.interval);
        if due {
            self.last = Some(now);
        }
        due
    }
}

impl RunListener for PlainLines {
    fn on(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started { campaign, counts, .. } => {
                campaign.as_str().clone_into(&mut self.campaign);
                self.last = Some((self.now)());
                let settled = settled(*counts);
                let planned = counts.planned();
                self.say(&if settled == 0 {
                    format!("sending to {}", people(planned))
                } else {
                    format!("going on: {} of {} are settled", number(settled), number(planned))
                });
            }
            RunEvent::Progress(progress) => {
                if self.is_due() {
                    self.say(&progress_words(progress));
                }
            }
            RunEvent::Paused { cause, wait, detail } => {
                let why = pause_sentence(*cause, detail.as_ref());
                self.say(&format!("pausing for {}: {why}", roughly(*wait)));
            }
            RunEvent::Resumed => self.say("going on"),
            RunEvent::Draining { stop, in_flight } => {
                let waiting = match in_flight {
                    0 => String::new(),
                    n => format!("; waiting for {} on the wire", plural(*n, "request", "requests")),
                };
                self.say(&format!("{}{waiting}", stop_sentence(*stop)));
            }
            RunEvent::Finished(report) => self.say(&stop_sentence(report.stop)),
        }
    }
}

/// People about whom nothing more will happen in this run.
pub(super) fn settled(counts: StateCounts) -> u64 {
    counts.planned() - counts.pending - counts.attempting
}

/// `12,480 of 287,412  accepted 12,440  rejected 31  unknown 9  80/s  57 min left`.
pub(super) fn progress_words(progress: &Progress) -> String {
    let counts = progress.counts;
    let mut words = vec![
        format!("{} of {}", number(settled(counts)), number(counts.planned())),
        format!("accepted {}", number(counts.accepted)),
        format!("rejected {}", number(counts.rejected)),
        format!("unknown {}", number(counts.unknown)),
    ];
    if counts.skipped > 0 {
        words.push(format!("skipped {}", number(counts.skipped)));
    }
    let here = per_second(progress.per_second);
    words.push(match progress.per_second_together {
        Some(together) => format!("{here} here, {} in all", per_second(together)),
        None => here,
    });
    if let Some(left) = progress.time_left {
        words.push(format!("{} left", roughly(left)));
    }
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Paper, TestClock, progress, report, started};
    use super::*;
    use crate::event::{PauseCause, StopReason};

    #[test]
    fn a_run_reads_as_a_few_lines() {
        let (paper, clock) = (Paper::default(), TestClock::default());
        let interval = Duration::from_secs(5);
        let mut lines = PlainLines::new(Box::new(paper.clone()), interval, clock.now());
        lines.on(&started("diwali-2026"));
        for step in 1..=40_u64 {
            clock.advance(250);
            lines.on(&progress(step * 20 + 40));
        }
        lines.on(&RunEvent::Paused {
            cause: PauseCause::Throttled,
            wait: Duration::from_millis(7_300),
            detail: None,
        });
        lines.on(&RunEvent::Resumed);
        lines.on(&RunEvent::Draining { stop: StopReason::Interrupted, in_flight: 1 });
        lines.on(&RunEvent::Finished(report(StopReason::Interrupted)));
        insta::assert_snapshot!(paper.text(), @r"
        diwali-2026  sending to 287,412 people
        diwali-2026  440 of 287,412  accepted 400  rejected 31  unknown 9  80/s  57 min left
        diwali-2026  840 of 287,412  accepted 800  rejected 31  unknown 9  80/s  57 min left
        diwali-2026  pausing for 8 s: Kaleyra asks to slow down (429)
        diwali-2026  going on
        diwali-2026  stopped by Ctrl-C (SIGINT); waiting for 1 request on the wire
        diwali-2026  stopped by Ctrl-C (SIGINT)
        ");
    }

    #[test]
    fn beside_other_machines_both_paces_are_told() {
        let RunEvent::Progress(mut alone) = progress(12_480) else { panic!("it is progress") };
        alone.per_second_together = Some(240.4);
        assert_eq!(
            progress_words(&alone),
            "12,480 of 287,412  accepted 12,440  rejected 31  unknown 9  80/s here, 240/s in all  57 min left"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_reason_to_stop() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        let clock = TestClock::default();
        let mut lines = PlainLines::new(Box::new(Closed), Duration::ZERO, clock.now());
        lines.on(&started("diwali-2026"));
        lines.on(&progress(100));
    }
}
