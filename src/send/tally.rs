//! The counts: where everybody stands, and what this run did. Only what is durable counts.

use crate::model::{Outcome, Share, State, StateCounts, UnknownCause};

/// Rejections halt a run only when at least so many outcomes are there to judge by.
const OUTCOMES_BEFORE_JUDGING: u64 = 50;

/// All counts of one run.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    counts: StateCounts,
    this_run: StateCounts,
    unknown: [u64; UnknownCause::ALL.len()],
    /// Requests put on the wire.
    pub(super) requests: u64,
    /// Outcomes as they were answered, durable or not: for the failure share only.
    answered: u64,
    answered_rejected: u64,
}

impl Tally {
    pub(super) fn new(counts: StateCounts) -> Self {
        Self {
            counts,
            this_run: StateCounts::default(),
            unknown: [0; UnknownCause::ALL.len()],
            requests: 0,
            answered: 0,
            answered_rejected: 0,
        }
    }

    /// Where everybody stands.
    pub(super) fn counts(&self) -> StateCounts {
        self.counts
    }

    /// What this run concluded.
    pub(super) fn this_run(&self) -> StateCounts {
        self.this_run
    }

    /// Messages this run concluded, one way or another.
    pub(super) fn concluded(&self) -> u64 {
        self.this_run.accepted + self.this_run.rejected + self.this_run.unknown
    }

    /// What this run left unknown, by cause.
    pub(super) fn unknown(&self) -> Vec<(UnknownCause, u64)> {
        let all = UnknownCause::ALL.into_iter().zip(self.unknown);
        all.filter(|&(_, count)| count > 0).collect()
    }

    /// Intents are durable.
    pub(super) fn intended(&mut self, count: u64) {
        self.shift(State::Pending, State::Attempting, count);
    }

    /// One outcome is durable.
    pub(super) fn concluded_with(&mut self, outcome: &Outcome) {
        let state = match outcome {
            Outcome::Accepted { .. } => State::Accepted,
            Outcome::Rejected(_) => State::Rejected,
            Outcome::NotSent(_) => State::Pending,
            Outcome::Unknown(cause) => {
                let place = UnknownCause::ALL.iter().position(|known| known == cause);
                self.unknown[place.expect("`ALL` holds every cause")] += 1;
                State::Unknown
            }
        };
        self.shift(State::Attempting, state, 1);
        if state != State::Pending {
            self.this_run.add(state, 1);
        }
    }

    /// Skips are durable.
    pub(super) fn skipped(&mut self, count: u64) {
        self.shift(State::Pending, State::Skipped, count);
        self.this_run.add(State::Skipped, count);
    }

    /// Takes in the answer for one recipient; whether rejections are now more than their
    /// share.
    pub(super) fn answer(&mut self, outcome: &Outcome, allowed: Share) -> bool {
        match outcome {
            Outcome::NotSent(_) => return false,
            Outcome::Rejected(_) => self.answered_rejected += 1,
            Outcome::Accepted { .. } | Outcome::Unknown(_) => {}
        }
        self.answered += 1;
        self.answered >= OUTCOMES_BEFORE_JUDGING
            && allowed.is_exceeded_by(self.answered_rejected, self.answered)
    }

    fn shift(&mut self, from: State, to: State, count: u64) {
        let planned = self.counts.planned();
        self.counts.shift(from, to, count);
        assert_eq!(self.counts.planned(), planned, "everybody planned is in one state");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rejection;

    fn rejected() -> Outcome {
        Outcome::Rejected(Rejection { code: "E1".into(), text: String::new() })
    }

    #[test]
    fn rejections_are_judged_from_the_fiftieth_outcome_on() {
        let five_percent = Share::parse("5%").expect("a share");
        let mut tally = Tally::new(StateCounts::default());
        let exceeded: Vec<_> =
            (1..=60).filter(|_| tally.answer(&rejected(), five_percent)).collect();
        assert_eq!(exceeded.first(), Some(&50));
    }

    #[test]
    fn only_what_this_run_concluded_is_counted_for_it() {
        let mut tally = Tally::new(StateCounts { pending: 3, accepted: 7, ..Default::default() });
        tally.intended(2);
        tally.concluded_with(&Outcome::Unknown(UnknownCause::Timeout));
        tally.concluded_with(&rejected());
        tally.skipped(1);
        assert_eq!(tally.concluded(), 2);
        assert_eq!(tally.counts().planned(), 10);
        assert_eq!(tally.unknown(), [(UnknownCause::Timeout, 1)]);
        let this_run = StateCounts { rejected: 1, unknown: 1, skipped: 1, ..Default::default() };
        assert_eq!(tally.this_run(), this_run);
    }
}
