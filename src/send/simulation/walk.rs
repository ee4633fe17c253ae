//! Every order of events of a tiny campaign: two slots, three people, all kinds of replies,
//! a failing write, a signal; and in every state the question what a crash would leave.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write;
use std::hash::Hasher;
use std::time::Duration;

use crate::event::{RunEvent, StopReason};
use crate::ledger::{Change, RowId, Sent};
use crate::model::{
    DAILY_WINDOW, HaltReason, NotSent, Outcome, ReplySignal, RequestResult, State, UnknownCause,
};

use super::super::core::Core;
use super::super::job::StopSignal;
use super::super::pacer::Pacer;
use super::super::ports::Page;
use super::super::protocol::{Action, BatchId, Event, Now, Ticket};
use super::ledger::ModelLedger;
use super::{accepted, job, rejected, start};

const PEOPLE: usize = 3;
const SLOTS: u16 = 2;

#[derive(Clone, Debug)]
struct Small {
    core: Core,
    ledger: ModelLedger,
    queued: VecDeque<(Ticket, Vec<Change>)>,
    write_failed: bool,
    page: Option<Event>,
    on_wire: BTreeMap<BatchId, Vec<RowId>>,
    now: Duration,
    /// Requests to each person that may have been sent.
    maybe_sent: [u8; PEOPLE],
    not_sent_left: u8,
    signals_left: u8,
    daily: bool,
    stopped: bool,
    finished: Option<StopReason>,
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Accepted,
    Rejected,
    InDoubt,
    Unreachable,
    Throttled,
    Refused,
    GroupRefused,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Page,
    CommitOne,
    CommitAll,
    FailWrite { reaches_disk: bool },
    Answer(BatchId, Reply),
    Wake,
    Signal,
}

#[test]
fn every_order_of_events_keeps_the_promises_singly() {
    let states = walk(Bounds { group: 1, not_sent: 0, signals: 1, daily: false });
    assert!(states > 20_000, "only {states} states were reached");
}

#[test]
fn every_order_of_events_keeps_the_promises_in_groups() {
    let states = walk(Bounds { group: 2, not_sent: 1, signals: 0, daily: false });
    assert!(states > 10_000, "only {states} states were reached");
}

#[test]
fn every_order_of_events_keeps_to_the_places_of_a_day() {
    for group in [1, 2] {
        let states = walk(Bounds { group, not_sent: 1, signals: 0, daily: true });
        assert!(states > 1_000, "only {states} states were reached");
    }
}

#[test]
#[ignore = "takes minutes: run it with `-- --ignored`"]
fn every_order_of_events_keeps_the_promises_with_all_faults_together() {
    for (group, daily) in [(1, false), (2, false), (1, true), (2, true)] {
        walk(Bounds { group, not_sent: 1, signals: 1, daily });
    }
}

/// What may happen on one way through.
#[derive(Clone, Copy)]
struct Bounds {
    /// Recipients in a request.
    group: u8,
    /// Replies that provably sent nothing and let the run go on.
    not_sent: u8,
    /// Signals.
    signals: u8,
    /// Two places in 24 hours, of which one is free at the start and one in a minute.
    daily: bool,
}

/// When the second place is free.
const SECOND_PLACE: Duration = Duration::from_mins(1);

/// Visits every state that can be reached; how many there are.
fn walk(bounds: Bounds) -> usize {
    let first = Small::new(bounds);
    let mut seen = HashSet::from([first.fingerprint()]);
    let mut open = vec![first];
    while let Some(small) = open.pop() {
        let moves = small.moves();
        assert_eq!(moves.is_empty(), small.finished.is_some(), "stuck: {small:#?}");
        for choice in moves {
            let mut next = small.clone();
            next.apply(choice);
            next.check();
            if seen.insert(next.fingerprint()) {
                open.push(next);
            }
        }
    }
    seen.len()
}

impl Small {
    fn new(bounds: Bounds) -> Self {
        let mut job = job(PEOPLE as u64, "1000/s", SLOTS);
        job.delivery.recipients_per_request = bounds.group;
        job.delivery.max_attempts = 2;
        if bounds.daily {
            let at = start().plus(SECOND_PLACE).minus(DAILY_WINDOW);
            job.delivery.daily = Some(2);
            job.sent_before = vec![Sent { at, people: 1 }];
        }
        let pacer = Pacer::new(job.delivery.rate);
        let now = Now { elapsed: Duration::ZERO, wall: start() };
        let mut small = Self {
            core: Core::new(job, pacer, now),
            ledger: ModelLedger::new(PEOPLE, bounds.group > 1),
            queued: VecDeque::new(),
            write_failed: false,
            page: None,
            on_wire: BTreeMap::new(),
            now: Duration::ZERO,
            maybe_sent: [0; PEOPLE],
            not_sent_left: bounds.not_sent,
            signals_left: bounds.signals,
            daily: bounds.daily,
            stopped: false,
            finished: None,
        };
        let mut actions = Vec::new();
        small.core.start(now, &mut actions);
        small.carry_out(actions);
        small
    }

    fn moves(&self) -> Vec<Move> {
        if self.finished.is_some() {
            return Vec::new();
        }
        let mut moves = Vec::new();
        if self.page.is_some() {
            moves.push(Move::Page);
        }
        if !self.queued.is_empty() && !self.write_failed {
            moves.extend([
                Move::CommitAll,
                Move::FailWrite { reaches_disk: false },
                Move::FailWrite { reaches_disk: true },
            ]);
            if self.queued.len() > 1 {
                moves.push(Move::CommitOne);
            }
        }
        for (&batch, rows) in &self.on_wire {
            let answer = |reply| Move::Answer(batch, reply);
            moves.extend([Reply::Accepted, Reply::Rejected, Reply::InDoubt].map(answer));
            moves.push(answer(Reply::Refused));
            if self.not_sent_left > 0 {
                moves.extend([Reply::Unreachable, Reply::Throttled].map(answer));
                if rows.len() > 1 {
                    moves.push(answer(Reply::GroupRefused));
                }
            }
        }
        if self.core.wake_at().is_some() {
            moves.push(Move::Wake);
        }
        if self.signals_left > 0 {
            moves.push(Move::Signal);
        }
        moves
    }

    fn apply(&mut self, choice: Move) {
        match choice {
            Move::Page => {
                let page = self.page.take().expect("a page was asked for");
                self.tell([page]);
            }
            Move::CommitOne => self.commit(1),
            Move::CommitAll => self.commit(self.queued.len()),
            Move::FailWrite { reaches_disk } => {
                if reaches_disk {
                    self.reach_disk(self.queued.len());
                }
                self.queued.clear();
                self.write_failed = true;
                self.tell([Event::WriteFailed]);
            }
            Move::Answer(batch, reply) => self.answer(batch, reply),
            Move::Wake => {
                self.now = self.now.max(self.core.wake_at().expect("something is due"));
                self.tell([]);
            }
            Move::Signal => {
                self.signals_left -= 1;
                self.tell([Event::StopRequested(StopSignal::Interrupt)]);
            }
        }
    }

    fn commit(&mut self, count: usize) {
        let tickets = self.reach_disk(count);
        self.tell(tickets.into_iter().map(Event::Durable));
    }

    fn reach_disk(&mut self, count: usize) -> Vec<Ticket> {
        let batch: Vec<_> = self.queued.drain(..count).collect();
        let changes: Vec<_> = batch.iter().flat_map(|(_, changes)| changes.clone()).collect();
        self.ledger.write(&changes).expect("changes fit the states");
        batch.into_iter().map(|(ticket, _)| ticket).collect()
    }

    fn answer(&mut self, batch: BatchId, reply: Reply) {
        let rows = self.on_wire.remove(&batch).expect("it was on the wire");
        let refused = HaltReason::Credentials;
        let pause = ReplySignal::Pause { retry_after: None };
        let (outcome, signal) = match reply {
            Reply::Accepted => (accepted(), ReplySignal::Continue),
            Reply::Rejected => (rejected(), ReplySignal::Continue),
            Reply::InDoubt => (Outcome::Unknown(UnknownCause::Timeout), ReplySignal::Continue),
            Reply::Unreachable => (Outcome::NotSent(NotSent::NoConnection), ReplySignal::Continue),
            Reply::Throttled => (Outcome::NotSent(NotSent::Throttled), pause),
            Reply::Refused => {
                (Outcome::NotSent(NotSent::Refused(refused)), ReplySignal::Halt(refused))
            }
            Reply::GroupRefused => (Outcome::NotSent(NotSent::GroupRefused), ReplySignal::Continue),
        };
        if let Outcome::NotSent(reason) = outcome {
            for row in &rows {
                self.maybe_sent[index(*row)] -= 1;
            }
            self.not_sent_left -= u8::from(!matches!(reason, NotSent::Refused(_)));
        }
        let outcomes = vec![outcome; rows.len()];
        let result = RequestResult { outcomes, signal, detail: None };
        self.tell([Event::ReplyArrived(batch, result)]);
    }

    fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
        let now = Now { elapsed: self.now, wall: start().plus(self.now) };
        let mut actions = Vec::new();
        for event in events {
            self.core.handle(now, event, &mut actions);
        }
        self.core.advance(now, &mut actions);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::LoadPage { after, limit } => {
                    let page = Page::of(self.ledger.pending(after, limit), limit);
                    self.page = Some(Event::PageLoaded(page));
                }
                Action::Write { ticket, changes } => {
                    assert!(!self.write_failed, "written after a failed write");
                    self.queued.push_back((ticket, changes));
                }
                Action::Send { batch, request } => {
                    assert!(!self.stopped, "sent after the stop");
                    let row = |digits: u64| i64::try_from(digits - 919_800_000_000);
                    let rows: Vec<_> = request
                        .recipients
                        .iter()
                        .map(|number| RowId(row(number.as_u64()).expect("a small number")))
                        .collect();
                    if self.daily {
                        let sent: u8 = self.maybe_sent.iter().sum();
                        let places = if self.now < SECOND_PLACE { 1 } else { 2 };
                        assert!(usize::from(sent) + rows.len() <= places, "{places} places");
                    }
                    for row in &rows {
                        self.maybe_sent[index(*row)] += 1;
                    }
                    self.on_wire.insert(batch, rows);
                }
                Action::Emit(RunEvent::Draining { .. }) => self.stopped = true,
                Action::Emit(_) => {}
                Action::Finish(stop) => self.finished = Some(stop),
            }
        }
    }

    /// What must hold in every state, also if the process died in it.
    fn check(&self) {
        let counts = self.ledger.counts();
        assert_eq!(counts.planned(), PEOPLE as u64);
        for rows in self.on_wire.values() {
            let durable = |row: &RowId| self.ledger.state(*row) == State::Attempting;
            let given_up = self.stopped;
            assert!(given_up || rows.iter().all(durable), "on the wire without an intent");
        }
        for (row, state) in self.ledger.rows() {
            assert!(self.maybe_sent[row] <= 1, "row {row} was sent to twice");
            // After a crash here `attempting` becomes unknown; only `pending` is sent to.
            let sent_again = state == State::Pending && self.maybe_sent[row] > 0;
            assert!(!sent_again, "row {row} would be sent to again");
        }
        if let Some(stop) = self.finished {
            let written = stop != StopReason::Halted(HaltReason::Ledger);
            assert!(!written || counts.attempting == 0);
            assert!(stop != StopReason::Finished || counts.pending == 0);
            let sent: u8 = self.maybe_sent.iter().sum();
            assert!(stop != StopReason::Daily || (self.daily && sent == 2 && counts.pending > 0));
            if !self.write_failed {
                let now = Now { elapsed: self.now, wall: start() };
                assert_eq!(self.core.report(now, stop).counts, counts);
            }
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut digest = Digest(DefaultHasher::new());
        write!(digest, "{self:?}").expect("hashing never fails");
        digest.0.finish()
    }
}

/// Hashes text as it is written, without keeping it.
struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn index(row: RowId) -> usize {
    usize::try_from(row.0).expect("row ids are positive") - 1
}
