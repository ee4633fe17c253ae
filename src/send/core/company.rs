//! Sending beside other machines: one rate, one pause, one halt for all of them.

use std::time::Duration;

use crate::event::RunEvent;
use crate::model::{HaltReason, Rejection, StateCounts};

use super::super::company::{Saying, Tidings};
use super::super::gate::Swing;
use super::super::meter::Meter;
use super::super::protocol::{Action, Now};
use super::{Core, Mode};

/// How all machines together get on.
#[derive(Clone, Debug)]
pub(super) struct Together {
    counts: StateCounts,
    /// Concluded before this machine heard of it.
    before: u64,
    meter: Meter,
    per_second: Option<f64>,
}

impl Together {
    fn since(now: Duration, counts: StateCounts) -> Self {
        let before = concluded(counts);
        Self { counts, before, meter: Meter::starting(now), per_second: None }
    }

    fn take_in(&mut self, now: Duration, counts: StateCounts) {
        // Settled people can become fewer: a newer plan takes the skipped ones up again.
        let since = concluded(counts).saturating_sub(self.before);
        self.per_second = Some(self.meter.sample(now, since));
        self.counts = counts;
    }

    /// Where everybody stands, as last heard.
    pub(super) fn counts(&self) -> StateCounts {
        self.counts
    }

    /// Messages concluded per second; `None` before it was heard twice.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.per_second
    }
}

fn concluded(counts: StateCounts) -> u64 {
    counts.accepted + counts.rejected + counts.unknown
}

impl Core {
    /// Takes in how things stand among the machines.
    pub(super) fn hear(&mut self, now: Now, tidings: Tidings, out: &mut Vec<Action>) {
        let Tidings { part, counts, pause, answers, is_held, halt } = tidings;
        if let Some(reason) = halt {
            // What is wrong with the ledger, a machine finds by itself.
            let detail = (reason != HaltReason::Ledger).then(from_others);
            return self.halt(now, reason, detail, out);
        }
        if self.tally.hears(answers, self.job.failures) {
            return self.halt(now, HaltReason::FailureShare, Some(from_all()), out);
        }
        if self.gate.hold(is_held) && !self.gate.is_tripped() {
            // The other machine's probe came through: what was before counts no longer.
            self.breaker.reset();
        }
        self.pacer.set_part(part);
        self.held_part = self.held_part.max(part);
        if let Some(counts) = counts {
            match &mut self.together {
                Some(together) => together.take_in(now.elapsed, counts),
                None => self.together = Some(Together::since(now.elapsed, counts)),
            }
        }
        if let Some((cause, wait)) = pause
            && let Swing::Pauses(cause, wait) =
                self.gate.pause_with_others(now.elapsed, cause, wait)
            && self.mode == Mode::Running
        {
            let detail = Some(from_others());
            out.push(Action::Emit(RunEvent::Paused { cause, wait, detail }));
        }
    }

    /// A smaller part is held from when a whole window is within it: until then others must
    /// count with the larger one.
    pub(super) fn settle_part(&mut self, now: Now) {
        let part = self.pacer.most_per_request();
        if self.held_part > part
            && self.pacer.in_window(now.elapsed) <= part
            && self.slots.largest_to_come() <= part
        {
            self.held_part = part;
        }
    }

    /// What the other machines are to know.
    pub(in super::super) fn saying(&self) -> Saying {
        let (part, answers) = (self.held_part, self.tally.answers());
        Saying { part, answers, doubts: self.gate.is_tripped() }
    }
}

/// Why it is, where another machine was told.
fn from_others() -> Rejection {
    let text = "another machine of this apply ran into it";
    Rejection { code: Rejection::MACHINES.to_owned(), text: text.to_owned() }
}

/// Why it is, where all machines together are judged.
fn from_all() -> Rejection {
    let text = "more were refused to all machines of this apply than may be";
    Rejection { code: Rejection::MACHINES.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accepted: u64) -> StateCounts {
        StateCounts { accepted, pending: 3_000 - accepted, ..StateCounts::default() }
    }

    #[test]
    fn the_pace_of_all_machines_is_known_once_it_was_heard_of_twice() {
        let mut together = Together::since(Duration::from_secs(10), accepted(500));
        assert_eq!(together.per_second(), None);
        together.take_in(Duration::from_secs(15), accepted(1_000));
        assert_eq!(together.per_second(), Some(100.0));
        together.take_in(Duration::from_secs(25), accepted(1_500));
        assert_eq!(together.per_second(), Some(50.0));
        assert_eq!(together.counts(), accepted(1_500));
    }

    #[test]
    fn fewer_concluded_than_before_is_no_pace_below_zero() {
        let mut together = Together::since(Duration::ZERO, accepted(500));
        together.take_in(Duration::from_secs(5), accepted(400));
        together.take_in(Duration::from_secs(10), accepted(300));
        assert_eq!(together.per_second(), Some(0.0));
    }
}
