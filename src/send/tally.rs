//! The counts: where everybody stands, and what this run did. Only what is durable counts.

use crate::ledger::Answers;
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
    answers: Answers,
    /// The same of other machines that send the same plan, as last heard.
    answers_of_others: Answers,
}

impl Tally {
    pub(super) fn new(counts: StateCounts) -> Self {
        Self {
            counts,
            this_run: StateCounts::default(),
            unknown: [0; UnknownCause::ALL.len()],
            requests: 0,
            answers: Answers::default(),
            answers_of_others: Answers::default(),
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
            Outcome::Rejected(_) => self.answers.rejected += 1,
            Outcome::Accepted { .. } | Outcome::Unknown(_) => {}
        }
        self.answers.outcomes += 1;
        self.too_many_rejected(allowed)
    }

    /// Takes in what was answered to all other machines; whether rejections are now more than
    /// their share of all.
    pub(super) fn hears(&mut self, others: Answers, allowed: Share) -> bool {
        self.answers_of_others = others;
        self.too_many_rejected(allowed)
    }

    /// What was answered to this run.
    pub(super) fn answers(&self) -> Answers {
        self.answers
    }

    fn too_many_rejected(&self, allowed: Share) -> bool {
        let Answers { outcomes, rejected } = self.answers + self.answers_of_others;
        outcomes >= OUTCOMES_BEFORE_JUDGING && allowed.is_exceeded_by(rejected, outcomes)
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
    fn rejections_are_judged_over_all_machines() {
        let five_percent = Share::parse("5%").expect("a share");
        let mut tally = Tally::new(StateCounts::default());
        let of = |outcomes, rejected| Answers { outcomes, rejected };
        assert!(!tally.hears(of(49, 30), five_percent));
        assert!(tally.answer(&rejected(), five_percent), "the fiftieth of all");
        assert!(!tally.hears(of(1_000, 30), five_percent), "thirty-one of 1,001");
        assert!(tally.hears(of(1_000, 51), five_percent));
        assert_eq!(tally.answers(), of(1, 1), "each machine tells its own");
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
