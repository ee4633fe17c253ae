//! The state machine: what happened in, what to do out. No I/O, no clock, no chance.
//!
//! Every step is [`Core::handle`] for each event and then one [`Core::advance`]; in between
//! the shell sleeps until [`Core::wake_at`]. The invariants that the simulation checks after
//! every step: everybody planned is in exactly one state; a request is handed out only when
//! its intents are durable; counts and events show only what is durable; nothing is handed
//! out once a stop is decided; rows that are `attempting` on disk are never more than
//! `max_in_flight` requests.

mod company;
mod daily;
mod replies;
mod sending;
mod stopping;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Progress, RunEvent, RunReport, StopReason};
use crate::ledger::{Change, RowId};
use crate::model::{HaltReason, Outcome, Rejection, Timestamp};

use super::breaker::Breaker;
use super::commit::CommitEstimate;
use super::gate::Gate;
use super::job::Job;
use super::meter::{Meter, time_left};
use super::pacer::Pacer;
use super::places::Places;
use super::protocol::{Action, BatchId, Event, Now, Ticket};
use super::queue::{Queue, Recipient};
use super::slots::Slots;
use super::tally::Tally;
use company::Together;

/// One run of one campaign.
#[derive(Clone, Debug)]
pub(super) struct Core {
    job: Job,
    started: Now,
    mode: Mode,
    queue: Queue,
    slots: Slots,
    concluding: BTreeMap<BatchId, Concluding>,
    /// Recipients whose skips are with the writer.
    skipping: u64,
    pacer: Pacer,
    commit: CommitEstimate,
    gate: Gate,
    breaker: Breaker,
    tally: Tally,
    meter: Meter,
    /// What `delivery.daily` leaves.
    places: Option<Places>,
    /// When the next place is free, while a run waits for it.
    place_at: Option<Duration>,
    /// Until when the run waits for a place, once that was told.
    told_of_wait: Option<Duration>,
    /// How many more people may be put on the wire (`--limit`).
    limit_left: u64,
    /// People who stay pending because their tries in this run are used up.
    gave_up: Vec<RowId>,
    /// When the next intent may be written, as far as only the rate is in the way.
    intent_at: Option<Duration>,
    /// Waiting requests cannot be told an instant: one that is connecting is in the way.
    blocked_by_connecting: bool,
    /// Requests still on the wire at this instant are given up.
    drain_until: Option<Duration>,
    /// The ledger refused a write: nothing is written any more.
    ledger_failed: bool,
    unwritten: Vec<Change>,
    detail: Option<Rejection>,
    done: bool,
    /// The part of the sender's rate that may be in use, where machines share it.
    held_part: u64,
    /// How all machines together get on, as last heard.
    together: Option<Together>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Sending.
    Running,
    /// The offer is over: everybody who is still pending is skipped.
    Skipping,
    /// Nothing new is begun; what is in flight is settled.
    Draining(StopReason),
}

/// A request whose outcomes are with the writer.
#[derive(Clone, Debug)]
struct Concluding {
    members: Vec<Recipient>,
    outcomes: Vec<Outcome>,
    /// It never was on the wire.
    withdrawn: bool,
}

impl Core {
    /// A run that begins now. `pacer` carries what was sent before by the same sender.
    pub(super) fn new(mut job: Job, mut pacer: Pacer, now: Now) -> Self {
        pacer.set_rate(job.delivery.rate);
        if let Some(part) = job.part {
            pacer.set_part(part);
        }
        let sent_before = std::mem::take(&mut job.sent_before);
        let delivery = &job.delivery;
        let at_once =
            usize::from(delivery.max_in_flight) * usize::from(delivery.recipients_per_request);
        // What a machine claims no other one can send.
        let queue = Queue::new(if job.part.is_none() { at_once } else { 0 });
        Self {
            started: now,
            mode: Mode::Running,
            queue,
            slots: Slots::new(job.delivery.max_in_flight),
            concluding: BTreeMap::new(),
            skipping: 0,
            pacer,
            commit: CommitEstimate::new(),
            gate: Gate::new(job.seed),
            breaker: Breaker::default(),
            tally: Tally::new(job.counts),
            meter: Meter::starting(now.elapsed),
            places: job.delivery.daily.map(|most| Places::new(most, sent_before)),
            place_at: None,
            told_of_wait: None,
            limit_left: job.limit.unwrap_or(u64::MAX),
            gave_up: Vec::new(),
            intent_at: None,
            blocked_by_connecting: false,
            drain_until: None,
            ledger_failed: false,
            unwritten: Vec::new(),
            detail: None,
            done: false,
            held_part: job.part.unwrap_or_default(),
            together: None,
            job,
        }
    }

    /// The first words and the first page. To be called once, before anything else.
    pub(super) fn start(&mut self, now: Now, out: &mut Vec<Action>) {
        out.push(Action::Emit(RunEvent::Started {
            campaign: self.job.campaign.clone(),
            plan: self.job.plan,
            counts: self.tally.counts(),
        }));
        self.advance(now, out);
    }

    /// Takes in what happened. Nothing new is begun before [`Core::advance`].
    pub(super) fn handle(&mut self, now: Now, event: Event, out: &mut Vec<Action>) {
        if self.done {
            return;
        }
        match event {
            Event::PageLoaded(page) => {
                let in_order = self.queue.page(page).is_ok();
                if !in_order || self.queue.loaded() > self.job.counts.pending {
                    self.halt(now, HaltReason::Ledger, None, out);
                }
            }
            Event::LoadFailed => self.halt(now, HaltReason::Ledger, None, out),
            Event::Durable(Ticket::Intent(batch)) => self.intent_is_durable(now, batch),
            Event::Durable(Ticket::Outcome(batch)) => self.outcome_is_durable(batch),
            Event::Durable(Ticket::Skips(count)) => self.skips_are_durable(count),
            Event::WriteFailed => self.ledger_fails(now, out),
            Event::WritingStarted(batch) => self.writing_starts(now, batch),
            Event::ReplyArrived(batch, result) => self.reply_arrives(now, batch, result, out),
            Event::NeverStarted(batch) => self.never_started(now, batch, out),
            Event::Heard(tidings) => self.hear(now, tidings, out),
            Event::StopRequested(signal) => self.stop_requested(now, signal, out),
        }
    }

    /// Does all that is due: stops, sends, writes intents, asks for pages, ends the run.
    pub(super) fn advance(&mut self, now: Now, out: &mut Vec<Action>) {
        if self.done {
            return;
        }
        self.check_deadlines(now, out);
        self.gate.advance(now.elapsed);
        if self.mode == Mode::Running {
            self.send_due(now, out);
        }
        if self.mode == Mode::Running {
            self.begin_requests(now, out);
        }
        self.withdraw_held_back(now, out);
        if self.mode == Mode::Skipping {
            self.skip_waiting(now, out);
        }
        let together = usize::from(self.job.delivery.recipients_per_request);
        if !matches!(self.mode, Mode::Draining(_)) && self.queue.asks_for_page(together) {
            out.push(Action::LoadPage {
                after: self.queue.last_read(),
                limit: self.queue.page_size(),
            });
        }
        self.settle_part(now);
        self.tell_progress(now, out);
        self.finish_when_over(now, out);
    }

    /// When to call [`Core::advance`] again if nothing happens before.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        if self.done {
            return None;
        }
        let running = self.mode == Mode::Running;
        let send_at = self.slots.first_waiting().map(|(token, _)| token);
        let in_running = [
            send_at.filter(|_| running && !self.blocked_by_connecting),
            self.intent_at.filter(|_| running),
            self.place_at.filter(|_| running),
            self.gate.opens_at().filter(|_| running),
        ];
        let draining = matches!(self.mode, Mode::Draining(_));
        let stops = [self.deadline().filter(|_| !draining), self.drain_until];
        in_running.into_iter().chain(stops).flatten().min()
    }

    /// Whether the run is over and everything in flight settled.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Why the run is ending, once that is decided.
    pub(super) fn stopping(&self) -> Option<StopReason> {
        match self.mode {
            Mode::Running => None,
            Mode::Skipping => Some(StopReason::OfferOver),
            Mode::Draining(stop) => Some(stop),
        }
    }

    /// What the run did so far, as it would be reported now.
    pub(super) fn report(&self, now: Now, stop: StopReason) -> RunReport {
        RunReport {
            campaign: self.job.campaign.clone(),
            plan: self.job.plan,
            stop,
            detail: self.detail.clone(),
            next_at: self.next_place(stop),
            counts: self.tally.counts(),
            this_run: self.tally.this_run(),
            unknown: self.tally.unknown(),
            requests: self.tally.requests,
            started_at: self.started.wall,
            took: now.elapsed.saturating_sub(self.started.elapsed),
        }
    }

    /// Takes the machine apart: outcomes that the ledger did not take, and the pace.
    pub(super) fn into_parts(self) -> (Vec<Change>, Pacer) {
        (self.unwritten, self.pacer)
    }

    fn tell_progress(&mut self, now: Now, out: &mut Vec<Action>) {
        let concluded = self.tally.concluded();
        if !self.meter.is_due(now.elapsed, concluded) {
            return;
        }
        let per_second = self.meter.sample(now.elapsed, concluded);
        let together = self.together.as_ref();
        let counts = together.map_or_else(|| self.tally.counts(), Together::counts);
        let per_second_together = together.and_then(Together::per_second);
        let pace = if together.is_some() { per_second_together } else { Some(per_second) };
        let left = counts.pending + counts.attempting;
        out.push(Action::Emit(RunEvent::Progress(Progress {
            counts,
            concluded,
            per_second,
            per_second_together,
            time_left: pace.and_then(|pace| time_left(left, pace)),
            in_flight: self.slots.on_wire() as u64,
        })));
    }

    /// Hands changes to the writer, or keeps them for the emergency journal.
    fn write(&mut self, ticket: Ticket, changes: Vec<Change>, out: &mut Vec<Action>) {
        if self.ledger_failed {
            self.unwritten.extend(changes);
        } else {
            out.push(Action::Write { ticket, changes });
        }
    }
}

fn conclusions(members: &[Recipient], outcomes: &[Outcome], at: Timestamp) -> Vec<Change> {
    let pairs = members.iter().zip(outcomes);
    pairs
        .map(|(member, outcome)| Change::Conclude {
            row: member.row.row,
            at,
            outcome: outcome.clone(),
        })
        .collect()
}
