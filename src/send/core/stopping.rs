//! All the ways a run ends.

use std::time::Duration;

use crate::event::{RunEvent, StopReason};
use crate::ledger::Change;
use crate::model::{HaltReason, NotSent, Outcome, Rejection, UnknownCause};

use super::super::job::StopSignal;
use super::super::protocol::{Action, BatchId, Now, Ticket};
use super::super::slots::Phase;
use super::{Core, Mode, conclusions};

/// How long requests on the wire are waited for after a wish to stop (GitHub kills a
/// cancelled job 10 s after its first signal).
const DRAIN: Duration = Duration::from_secs(6);

impl Core {
    /// Sending more would be wrong or useless. What is in flight is waited for; its own
    /// timeouts end it.
    pub(super) fn halt(
        &mut self,
        now: Now,
        reason: HaltReason,
        detail: Option<Rejection>,
        out: &mut Vec<Action>,
    ) {
        if !matches!(self.mode, Mode::Draining(_)) {
            self.detail = detail;
        }
        self.drain(now, StopReason::Halted(reason), None, out);
    }

    /// Somebody wants the run to stop.
    pub(super) fn stop_requested(&mut self, now: Now, signal: StopSignal, out: &mut Vec<Action>) {
        let stop = match signal {
            StopSignal::Interrupt => StopReason::Interrupted,
            StopSignal::Terminate => StopReason::Terminated,
        };
        self.drain(now, stop, Some(now.elapsed.saturating_add(DRAIN)), out);
    }

    /// The ledger refused a write, so nothing may be sent and nothing can be recorded: the
    /// outcomes still to come are kept for the emergency journal. A failed fsync is never
    /// tried again.
    pub(super) fn ledger_fails(&mut self, now: Now, out: &mut Vec<Action>) {
        if self.ledger_failed {
            return;
        }
        self.ledger_failed = true;
        self.skipping = 0;
        for (_, concluding) in std::mem::take(&mut self.concluding) {
            let changes = conclusions(&concluding.members, &concluding.outcomes, now.wall);
            self.unwritten.extend(changes);
        }
        for id in self.slots.in_phase(|phase| !matches!(phase, Phase::OnWire { .. })) {
            self.keep_unsent(now, id);
        }
        let until = Some(now.elapsed.saturating_add(DRAIN));
        self.drain(now, StopReason::Halted(HaltReason::Ledger), until, out);
        self.mode = Mode::Draining(StopReason::Halted(HaltReason::Ledger));
    }

    /// Stops at the run's deadline and gives up on requests that outlast a drain.
    pub(super) fn check_deadlines(&mut self, now: Now, out: &mut Vec<Action>) {
        let draining = matches!(self.mode, Mode::Draining(_));
        if !draining && self.deadline().is_some_and(|at| at <= now.elapsed) {
            let until = Some(now.elapsed.saturating_add(DRAIN));
            self.drain(now, StopReason::Deadline, until, out);
        }
        if self.drain_until.is_some_and(|until| until <= now.elapsed) {
            self.drain_until = None;
            for id in self.slots.in_phase(|phase| matches!(phase, Phase::OnWire { .. })) {
                self.give_up_on(now, id, out);
            }
        }
    }

    /// The instant of `--deadline`.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.job.deadline.map(|after| self.started.elapsed.saturating_add(after))
    }

    /// Skips everybody loaded; the pages after that follow one by one.
    pub(super) fn skip_waiting(&mut self, now: Now, out: &mut Vec<Action>) {
        if self.skipping > 0 {
            return;
        }
        let skip = |row| Change::Skip { row, at: now.wall, cause: "offer_over" };
        let waiting = self.queue.take_any();
        let rows = waiting.iter().map(|recipient| recipient.row.row);
        let changes: Vec<_> = rows.chain(self.gave_up.drain(..)).map(skip).collect();
        if changes.is_empty() {
            return;
        }
        self.skipping = changes.len() as u64;
        self.write(Ticket::Skips(self.skipping), changes, out);
    }

    /// Ends the run when nothing is left to do or to wait for.
    pub(super) fn finish_when_over(&mut self, now: Now, out: &mut Vec<Action>) {
        let quiet = self.slots.is_empty() && self.concluding.is_empty() && self.skipping == 0;
        if !quiet {
            return;
        }
        let day_is_over = self.mode == Mode::Running && self.is_day_over(now);
        let stop = match self.mode {
            Mode::Draining(stop) => stop,
            Mode::Skipping if self.queue.is_drained() => StopReason::OfferOver,
            Mode::Running if self.queue.is_drained() && self.gave_up.is_empty() => {
                StopReason::Finished
            }
            Mode::Running if self.queue.is_drained() => StopReason::AttemptsUsedUp,
            Mode::Running if self.limit_left == 0 && self.queue.has_waiting() => StopReason::Limit,
            Mode::Running if self.queue.has_waiting() && day_is_over => StopReason::Daily,
            Mode::Running | Mode::Skipping => return,
        };
        self.done = true;
        out.push(Action::Emit(RunEvent::Finished(self.report(now, stop))));
        out.push(Action::Finish(stop));
    }

    fn drain(
        &mut self,
        now: Now,
        stop: StopReason,
        until: Option<Duration>,
        out: &mut Vec<Action>,
    ) {
        if let Some(until) = until {
            self.drain_until = Some(self.drain_until.map_or(until, |set| set.min(until)));
        }
        if matches!(self.mode, Mode::Draining(_)) {
            return; // The first reason stands.
        }
        self.mode = Mode::Draining(stop);
        self.withdraw_held_back(now, out);
        let in_flight = self.slots.on_wire() as u64;
        out.push(Action::Emit(RunEvent::Draining { stop, in_flight }));
    }

    /// A request outlasted the drain: what became of it will not be known.
    fn give_up_on(&mut self, now: Now, id: BatchId, out: &mut Vec<Action>) {
        let Some(batch) = self.slots.end(id) else { return };
        if let Phase::OnWire { writing: false, .. } = batch.phase {
            self.pacer.write_starts(now.elapsed, batch.messages());
        }
        let outcomes = vec![Outcome::Unknown(UnknownCause::Stopped); batch.members.len()];
        self.keep_places(now, &outcomes);
        let changes = conclusions(&batch.members, &outcomes, now.wall);
        if !self.ledger_failed {
            let members = batch.members;
            let concluding = super::Concluding { members, outcomes, withdrawn: false };
            self.concluding.insert(id, concluding);
        }
        self.write(Ticket::Outcome(id), changes, out);
    }

    /// An intent that may or may not be on disk, and whose request was never made.
    fn keep_unsent(&mut self, now: Now, id: BatchId) {
        let Some(batch) = self.slots.end(id) else { return };
        let outcomes = vec![Outcome::NotSent(NotSent::NoConnection); batch.members.len()];
        self.unwritten.extend(conclusions(&batch.members, &outcomes, now.wall));
    }
}
