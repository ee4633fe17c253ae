//! From a reply to durable outcomes, and what they say about the run.

use crate::event::{PauseCause, RunEvent};
use crate::model::{HaltReason, NotSent, Outcome, ReplySignal, RequestResult, UnknownCause};

use super::super::breaker::Certainty;
use super::super::gate::{Reach, Swing};
use super::super::protocol::{Action, BatchId, Now, Ticket};
use super::super::queue::Recipient;
use super::super::slots::Phase;
use super::{Concluding, Core, Mode, conclusions};

impl Core {
    /// A request has ended: its outcomes go to the ledger at once, its slot is free.
    pub(super) fn reply_arrives(
        &mut self,
        now: Now,
        id: BatchId,
        mut result: RequestResult,
        out: &mut Vec<Action>,
    ) {
        let Some(Phase::OnWire { writing, .. }) = self.slots.get(id).map(|batch| batch.phase)
        else {
            return; // Given up already, or a reply that nobody asked for.
        };
        let Some(batch) = self.slots.end(id) else { return };
        // One outcome for each, whatever the wire said: none missing, none too many.
        let missing = Outcome::Unknown(UnknownCause::UnreadableReply);
        result.outcomes.resize(batch.members.len(), missing);
        let unreachable = |outcome: &Outcome| *outcome == Outcome::NotSent(NotSent::NoConnection);
        let connected = !result.outcomes.iter().all(unreachable);
        if !connected {
            self.tally.requests -= 1;
        }
        match (writing, connected) {
            (true, _) => {} // Counted when it was told.
            (false, true) => self.pacer.write_starts(now.elapsed, batch.messages()),
            (false, false) => self.pacer.never_written(batch.messages()),
        }
        let changes = conclusions(&batch.members, &result.outcomes, now.wall);
        self.write(Ticket::Outcome(id), changes, out);
        self.keep_places(now, &result.outcomes);
        self.judge(now, id, &result, out);
        if !self.ledger_failed {
            let outcomes = result.outcomes;
            let concluding = Concluding { members: batch.members, outcomes, withdrawn: false };
            self.concluding.insert(id, concluding);
        }
    }

    /// Outcomes are on stable storage: now they count, and those who were not sent to are
    /// in line again.
    pub(super) fn outcome_is_durable(&mut self, id: BatchId) {
        let Some(concluded) = self.concluding.remove(&id) else { return };
        let in_group = concluded.members.len() > 1;
        let mut back = Vec::new();
        for (mut member, outcome) in concluded.members.into_iter().zip(concluded.outcomes) {
            self.tally.concluded_with(&outcome);
            let Outcome::NotSent(reason) = outcome else { continue };
            self.limit_left = self.limit_left.saturating_add(1);
            self.give_place_back();
            let sender_wide = match reason {
                NotSent::NoConnection | NotSent::Throttled => true,
                NotSent::Refused(_) | NotSent::GroupRefused => concluded.withdrawn,
            };
            if !sender_wide {
                member.alone = true;
                member.tries = member.tries.saturating_add(u8::from(!in_group));
            }
            if self.may_try_again(&member) {
                back.push(member);
            }
        }
        self.queue.put_back(back);
    }

    /// Skips are on stable storage.
    pub(super) fn skips_are_durable(&mut self, count: u64) {
        self.skipping = self.skipping.saturating_sub(count);
        self.tally.skipped(count);
    }

    fn may_try_again(&mut self, member: &Recipient) -> bool {
        if matches!(self.mode, Mode::Draining(_)) {
            return false; // The next run finds the row pending.
        }
        let may = member.tries < self.job.delivery.max_attempts.max(1);
        if !may {
            self.gave_up.push(member.row.row);
        }
        may
    }

    /// What a reply says about the whole run.
    fn judge(&mut self, now: Now, id: BatchId, result: &RequestResult, out: &mut Vec<Action>) {
        let mut too_many_rejected = false;
        for outcome in &result.outcomes {
            too_many_rejected |= self.tally.answer(outcome, self.job.failures);
        }
        let certainty = certainty(&result.outcomes);
        let trips = certainty.is_some_and(|certainty| self.breaker.record(certainty));
        let in_doubt = certainty == Some(Certainty::Unknown);
        let was_tripped = self.gate.is_tripped();
        let swing = self.gate.reply(now.elapsed, id, reach(result), in_doubt, trips);
        if was_tripped && !self.gate.is_tripped() {
            self.breaker.reset();
        }
        if let ReplySignal::Halt(reason) = result.signal {
            return self.halt(now, reason, result.detail.clone(), out);
        }
        match swing {
            Swing::Halts(reason) => return self.halt(now, reason, result.detail.clone(), out),
            Swing::Pauses(cause, wait) if self.mode == Mode::Running => {
                let detail = result.detail.clone();
                out.push(Action::Emit(RunEvent::Paused { cause, wait, detail }));
            }
            Swing::Resumes if self.mode == Mode::Running => {
                out.push(Action::Emit(RunEvent::Resumed));
            }
            Swing::Stays | Swing::Pauses(..) | Swing::Resumes => {}
        }
        if too_many_rejected {
            self.halt(now, HaltReason::FailureShare, result.detail.clone(), out);
        }
    }
}

/// How much of a reply is known; `None` when it provably sent nothing.
fn certainty(outcomes: &[Outcome]) -> Option<Certainty> {
    let unknown = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_)));
    let known = outcomes
        .iter()
        .any(|outcome| matches!(outcome, Outcome::Accepted { .. } | Outcome::Rejected(_)));
    match (known, unknown) {
        (true, true) => Some(Certainty::Mixed),
        (true, false) => Some(Certainty::Known),
        (false, true) => Some(Certainty::Unknown),
        (false, false) => None,
    }
}

fn reach(result: &RequestResult) -> Reach {
    let any = |wanted: NotSent| result.outcomes.contains(&Outcome::NotSent(wanted));
    let in_doubt = result.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_)));
    match result.signal {
        ReplySignal::Pause { retry_after } if in_doubt => {
            Reach::SlowDown { cause: PauseCause::Overloaded, retry_after }
        }
        ReplySignal::Pause { retry_after } => {
            Reach::SlowDown { cause: PauseCause::Throttled, retry_after }
        }
        ReplySignal::Continue | ReplySignal::Halt(_) => {
            if any(NotSent::NoConnection) {
                Reach::Unreachable
            } else if any(NotSent::Throttled) {
                Reach::SlowDown { cause: PauseCause::Throttled, retry_after: None }
            } else {
                Reach::Reached
            }
        }
    }
}
