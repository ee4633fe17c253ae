//! From a free slot to a request on the wire: token, intent, instant, send.

use std::sync::Arc;
use std::time::Duration;

use crate::ledger::Change;
use crate::model::{NotSent, OfferEnd, Outcome, Timestamp};

use super::super::gate::Admission;
use super::super::pacer::Room;
use super::super::ports::Request;
use super::super::protocol::{Action, BatchId, Now, Ticket};
use super::super::slots::{Batch, Phase};
use super::{Concluding, Core, Mode, conclusions};

/// How much later than planned for a token may still be used.
const LATE: Duration = Duration::from_millis(10);
/// An offer that runs from each send may have lost this much of its window between the
/// intent that states its end and the send.
const STALE: Duration = Duration::from_secs(5);

impl Core {
    /// Sends what is durable and whose instant has come.
    pub(super) fn send_due(&mut self, now: Now, out: &mut Vec<Action>) {
        self.blocked_by_connecting = false;
        while let Some((token, id)) = self.slots.first_waiting()
            && token <= now.elapsed
        {
            if !self.gate.may_send(id) {
                self.withdraw(now, id, out);
                continue;
            }
            let Some(batch) = self.slots.get(id) else { return };
            let (messages, ends_at) = (batch.messages(), batch.offer_ends_at);
            if self.is_over_before_sending(ends_at, now.wall) {
                self.withdraw(now, id, out);
                if matches!(self.job.offer_end, OfferEnd::At(_)) {
                    self.mode = Mode::Skipping;
                    return;
                }
                continue;
            }
            if now.elapsed.saturating_sub(token) > self.commit.lead() + LATE {
                let token = self.pacer.reserve(now.elapsed, messages);
                self.slots.set_phase(id, Phase::Waiting { token });
                continue;
            }
            match self.pacer.room(now.elapsed, messages) {
                Room::Now => self.send(now, id, out),
                Room::At(instant) => {
                    self.pacer.delay(instant.saturating_sub(token));
                    self.slots.set_phase(id, Phase::Waiting { token: instant });
                }
                Room::AfterWriting => {
                    self.blocked_by_connecting = true;
                    return;
                }
            }
        }
    }

    /// Writes intents for as many requests as slots, rate, gate and limit allow.
    pub(super) fn begin_requests(&mut self, now: Now, out: &mut Vec<Action>) {
        self.intent_at = None;
        self.place_at = None;
        while self.slots.has_free() && self.limit_left > 0 && self.queue.has_waiting() {
            let places = self.places_left(now);
            if places == 0 {
                self.wait_for_place(now, out);
                return;
            }
            let most = match self.gate.admission(self.slots.is_empty()) {
                Admission::All => self.largest_group(places),
                Admission::Probe => 1,
                Admission::Nobody => return,
            };
            let Some(count) = self.queue.ready(most) else { return };
            let token = self.pacer.peek(now.elapsed);
            let ahead = token.saturating_sub(now.elapsed);
            if self.is_over(now.wall.plus(ahead)) {
                self.mode = Mode::Skipping;
                return;
            }
            let lead = self.commit.lead();
            if ahead > lead {
                self.intent_at = Some(token.saturating_sub(lead));
                return;
            }
            self.begin(now, count, out);
        }
    }

    /// Takes back what is durable but must not be sent any more, or not for a while.
    pub(super) fn withdraw_held_back(&mut self, now: Now, out: &mut Vec<Action>) {
        for id in self.slots.waiting() {
            if self.mode != Mode::Running || !self.gate.may_send(id) {
                self.withdraw(now, id, out);
            }
        }
    }

    /// The shell held a request for too long to start it: nothing was sent.
    pub(super) fn never_started(&mut self, now: Now, id: BatchId, out: &mut Vec<Action>) {
        let Some(batch) = self.slots.get(id) else { return };
        if let Phase::OnWire { writing: false, .. } = batch.phase {
            self.pacer.never_written(batch.messages());
            self.tally.requests -= 1;
            self.withdraw(now, id, out);
        }
    }

    /// The first byte goes out: this is what the rate is measured by.
    pub(super) fn writing_starts(&mut self, now: Now, id: BatchId) {
        let Some(batch) = self.slots.get(id) else { return };
        if let Phase::OnWire { since, writing: false } = batch.phase {
            self.pacer.write_starts(now.elapsed, batch.messages());
            self.slots.set_phase(id, Phase::OnWire { since, writing: true });
        }
    }

    /// An intent is on stable storage: its request may go out from its instant on.
    pub(super) fn intent_is_durable(&mut self, now: Now, id: BatchId) {
        let Some(batch) = self.slots.get(id) else { return };
        if let Phase::Intending { token, since } = batch.phase {
            self.tally.intended(batch.members.len() as u64);
            self.commit.record(now.elapsed.saturating_sub(since));
            self.slots.set_phase(id, Phase::Waiting { token });
        }
    }

    /// Whether a message sent at `at` would come too late for its reader.
    fn is_over(&self, at: Timestamp) -> bool {
        let end = self.job.offer_end.instant(at);
        end <= at || end.since(at) < self.job.delivery.min_remaining
    }

    /// The same for a message whose end is already stated in its intent.
    fn is_over_before_sending(&self, ends_at: Timestamp, at: Timestamp) -> bool {
        let tolerated = match self.job.offer_end {
            OfferEnd::At(_) => Duration::ZERO,
            OfferEnd::AfterSend(_) => STALE,
        };
        let left = ends_at.since(at);
        left.is_zero() || left + tolerated < self.job.delivery.min_remaining
    }

    fn largest_group(&self, places: u64) -> usize {
        let configured = u64::from(self.job.delivery.recipients_per_request).max(1);
        let most = configured.min(self.pacer.most_per_request()).min(self.limit_left).min(places);
        usize::try_from(most).unwrap_or(1)
    }

    fn begin(&mut self, now: Now, count: usize, out: &mut Vec<Action>) {
        let members = self.queue.take(count);
        let messages = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let token = self.pacer.reserve(now.elapsed, messages);
        self.limit_left -= u64::from(messages);
        self.take_places(u64::from(messages), out);
        let offer_ends_at = self.job.offer_end.instant(now.wall);
        let intents = members
            .iter()
            .map(|member| Change::Intend { row: member.row.row, at: now.wall, offer_ends_at })
            .collect();
        let phase = Phase::Intending { token, since: now.elapsed };
        let id = self.slots.begin(Batch { members, offer_ends_at, phase });
        self.gate.probe_begins(id);
        self.write(Ticket::Intent(id), intents, out);
    }

    fn send(&mut self, now: Now, id: BatchId, out: &mut Vec<Action>) {
        let Some(batch) = self.slots.get(id) else { return };
        let Some(first) = batch.members.first() else { return };
        let request = Request {
            recipients: batch.members.iter().map(|member| member.row.number).collect(),
            message: Arc::clone(&first.row.message),
            offer_ends_at: batch.offer_ends_at,
        };
        self.pacer.hand_over(batch.messages());
        self.tally.requests += 1;
        self.slots.set_phase(id, Phase::OnWire { since: now.elapsed, writing: false });
        out.push(Action::Send { batch: id, request });
    }

    /// Takes a request back that never was on the wire. Its recipients are pending again
    /// once that is durable.
    fn withdraw(&mut self, now: Now, id: BatchId, out: &mut Vec<Action>) {
        let Some(batch) = self.slots.end(id) else { return };
        self.gate.withdrawn(id);
        // No connection was made for it: the nearest of the ledger's words.
        let outcomes = vec![Outcome::NotSent(NotSent::NoConnection); batch.members.len()];
        let changes = conclusions(&batch.members, &outcomes, now.wall);
        if !self.ledger_failed {
            let concluding = Concluding { members: batch.members, outcomes, withdrawn: true };
            self.concluding.insert(id, concluding);
        }
        self.write(Ticket::Outcome(id), changes, out);
    }
}
