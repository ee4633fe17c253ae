//! One simulated campaign: the machine, the writer, the wire and the server behind it, on
//! virtual clocks. Every promise is checked after every step.
//!
//! It is long because it is a whole world: clock, ledger, network and the rules they obey.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::clock::Clock;
use crate::event::{PauseCause, RunEvent, StopReason};
use crate::ledger::{Change, RowId};
use crate::model::{
    HaltReason, NotSent, OfferEnd, Outcome, ReplySignal, RequestResult, State, Timestamp,
    UnknownCause,
};

use super::super::backoff::Chance;
use super::super::core::Core;
use super::super::job::{Job, StopSignal};
use super::super::pacer::Pace;
use super::super::ports::{Page, Request};
use super::super::protocol::{Action, BatchId, Event, Now, Ticket};
use super::ledger::ModelLedger;
use super::weather::Weather;
use super::{accepted, rejected, start};

/// What is on its way to happen.
#[derive(Clone, Debug)]
enum Coming {
    /// A commit ends.
    Committed,
    /// Something for the machine.
    Told(Event),
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) job: Job,
    pub(super) ledger: ModelLedger,
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    /// Since [`start`], over all runs.
    pub(super) now: Duration,
    /// When each message began to be written, over all runs.
    pub(super) writes: Vec<(Duration, u32)>,
    /// When each message began to be written that was, or may have been, taken.
    pub(super) reached: Vec<(Duration, u64)>,
    /// When `delivery.daily` lets a run go on.
    pub(super) next_at: Option<Timestamp>,
    /// How often the server took each recipient's message.
    server: Vec<u32>,
    run: Option<Run>,
}

/// What dies with a process.
#[derive(Clone, Debug)]
struct Run {
    core: Core,
    /// The world's time at the machine's zero.
    origin: Duration,
    coming: BTreeMap<(Duration, u64), Coming>,
    sequence: u64,
    queued: VecDeque<(Ticket, Vec<Change>)>,
    committing: Option<Vec<(Ticket, Vec<Change>)>>,
    write_failed: bool,
    flying: BTreeMap<BatchId, Flight>,
    /// Some once nothing may be sent any more.
    stopped: bool,
    paused_until: Option<Duration>,
    since_pause: BTreeSet<BatchId>,
    finished: Option<StopReason>,
}

#[derive(Clone, Debug)]
struct Flight {
    rows: Vec<RowId>,
    result: RequestResult,
}

impl World {
    pub(super) fn new(job: Job, weather: Weather, seed: u64) -> Self {
        let people = usize::try_from(job.counts.pending).expect("a small audience");
        let shared = job.delivery.recipients_per_request > 1;
        Self {
            job,
            ledger: ModelLedger::new(people, shared),
            chance: Chance::seeded(seed),
            weather,
            now: Duration::ZERO,
            writes: Vec::new(),
            reached: Vec::new(),
            next_at: None,
            server: vec![0; people],
            run: None,
        }
    }

    /// Starts the process: recovery, then the machine.
    pub(super) fn start(&mut self) {
        let unknown = self.ledger.recover(self.wall());
        let bound = self.job.delivery.most_unknown_after_a_crash();
        assert!(unknown <= bound, "{unknown} unknown after a crash, at most {bound} promised");
        let mut job = self.job.clone();
        job.counts = self.ledger.counts();
        job.sent_before = self.ledger.sent();
        let clock = Clock::starting_at(self.wall());
        let pace = Pace::new(job.delivery.rate, &clock, self.ledger.last_intent);
        let now = Now { elapsed: Duration::ZERO, wall: self.wall() };
        let mut run = Run {
            core: Core::new(job, pace.pacer, now),
            origin: self.now,
            coming: BTreeMap::new(),
            sequence: 0,
            queued: VecDeque::new(),
            committing: None,
            write_failed: false,
            flying: BTreeMap::new(),
            stopped: false,
            paused_until: None,
            since_pause: BTreeSet::new(),
            finished: None,
        };
        let mut actions = Vec::new();
        run.core.start(now, &mut actions);
        self.run = Some(run);
        self.carry_out(actions);
    }

    /// One step; the reason of the end when the run is over.
    pub(super) fn step(&mut self) -> Option<StopReason> {
        let run = self.run.as_mut().expect("a process runs");
        if let Some(stop) = run.finished {
            return Some(stop);
        }
        let next = run.coming.keys().next().map(|&(at, _)| at);
        let timer = self.weather.timer;
        let wake = run.core.wake_at().map(|at| run.origin + at);
        let late = self.chance.up_to(timer);
        let wake = wake.map(|at| at.max(self.now) + late);
        let at = match (next, wake) {
            (Some(next), Some(wake)) => next.min(wake),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => panic!("nothing will ever happen again: {run:#?}"),
        };
        self.now = self.now.max(at);
        let mut events = Vec::new();
        while let Some(entry) = run.coming.first_entry()
            && entry.key().0 <= self.now
        {
            events.push(entry.remove());
        }
        for coming in events {
            match coming {
                Coming::Committed => self.commit_ends(),
                Coming::Told(event) => self.tell(event),
            }
        }
        let now = self.machine_now();
        let run = self.run.as_mut().expect("a process runs");
        let mut actions = Vec::new();
        run.core.advance(now, &mut actions);
        self.carry_out(actions);
        self.check();
        None
    }

    /// A signal.
    pub(super) fn signal(&mut self, signal: StopSignal) {
        self.tell(Event::StopRequested(signal));
        self.check();
    }

    /// kill -9: what was being written may or may not be on disk, what was on the wire may
    /// or may not arrive (the server has decided that already).
    pub(super) fn crash(&mut self) {
        let run = self.run.take().expect("a process runs");
        for (at, _) in &mut self.reached {
            // A dead process makes no connection that it writes to later.
            *at = self.now.min(*at);
        }
        if let Some(batch) = run.committing
            && self.chance.below(2) == 0
        {
            let changes: Vec<_> = batch.into_iter().flat_map(|(_, changes)| changes).collect();
            self.ledger.write(&changes).expect("changes fit the states");
        }
        self.check_rows();
    }

    /// Nothing happens until the next place is free.
    pub(super) fn rest(&mut self) {
        let next_at = self.next_at.expect("a day that is over says when the next one begins");
        assert!(next_at.since(self.wall()) > Duration::from_mins(5), "that would be waited for");
        self.now = next_at.since(start());
    }

    /// The process ends in order: its report fits the ledger, its journal is imported.
    pub(super) fn end(&mut self) -> StopReason {
        let run = self.run.take().expect("a process runs");
        let stop = run.finished.expect("the run is over");
        let elapsed = self.now - run.origin;
        let now = Now { elapsed, wall: self.wall() };
        let report = run.core.report(now, stop);
        let (unwritten, _) = run.core.into_parts();
        if run.write_failed {
            assert_eq!(stop, StopReason::Halted(HaltReason::Ledger));
            self.ledger.import(&unwritten);
        } else {
            assert_eq!(unwritten, []);
            assert_eq!(report.counts, self.ledger.counts());
            assert_eq!(report.counts.attempting, 0);
        }
        self.next_at = report.next_at;
        if stop == StopReason::Finished {
            assert_eq!(report.counts.pending, 0);
        }
        self.check_rows();
        stop
    }

    fn wall(&self) -> Timestamp {
        start().plus(self.now)
    }

    fn machine_now(&self) -> Now {
        let origin = self.run.as_ref().expect("a process runs").origin;
        Now { elapsed: self.now - origin, wall: self.wall() }
    }

    fn tell(&mut self, event: Event) {
        let now = self.machine_now();
        let run = self.run.as_mut().expect("a process runs");
        if let Event::ReplyArrived(batch, _) | Event::NeverStarted(batch) = &event {
            run.flying.remove(batch);
            run.since_pause.remove(batch);
        }
        if let Event::WritingStarted(batch) = &event
            && let Some(flight) = run.flying.get(batch)
        {
            self.writes.push((self.now, u32::try_from(flight.rows.len()).expect("a small group")));
        }
        let mut actions = Vec::new();
        run.core.handle(now, event, &mut actions);
        self.carry_out(actions);
    }

    fn later(&mut self, after: Duration, coming: Coming) {
        let run = self.run.as_mut().expect("a process runs");
        run.sequence += 1;
        run.coming.insert((self.now + after, run.sequence), coming);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::LoadPage { after, limit } => {
                    let page = Page::of(self.ledger.pending(after, limit), limit);
                    let wait = self.chance.up_to(self.weather.commit);
                    self.later(wait, Coming::Told(Event::PageLoaded(page)));
                }
                Action::Write { ticket, changes } => {
                    let run = self.run.as_mut().expect("a process runs");
                    assert!(!run.write_failed || run.committing.is_none());
                    run.queued.push_back((ticket, changes));
                    self.commit_begins();
                }
                Action::Send { batch, request } => self.send(batch, &request),
                Action::Emit(event) => self.hear(&event),
                Action::Finish(stop) => {
                    let run = self.run.as_mut().expect("a process runs");
                    assert!(run.finished.is_none(), "a run ends once");
                    assert!(run.flying.is_empty() || run.stopped, "replies are waited for");
                    run.finished = Some(stop);
                }
            }
        }
    }

    fn commit_begins(&mut self) {
        let run = self.run.as_mut().expect("a process runs");
        if run.committing.is_some() || run.queued.is_empty() || run.write_failed {
            return;
        }
        run.committing = Some(run.queued.drain(..).collect());
        let commit = self.weather.commit;
        let wait = commit / 2 + self.chance.up_to(commit);
        self.later(wait, Coming::Committed);
    }

    fn commit_ends(&mut self) {
        let fails = self.happens(self.weather.write_fails);
        let run = self.run.as_mut().expect("a process runs");
        let batch = run.committing.take().expect("a commit was under way");
        let changes: Vec<_> = batch.iter().flat_map(|(_, changes)| changes.clone()).collect();
        if fails {
            run.write_failed = true;
            if self.chance.below(2) == 0 {
                self.ledger.write(&changes).expect("changes fit the states");
            }
            self.tell(Event::WriteFailed);
            return;
        }
        self.ledger.write(&changes).expect("changes fit the states");
        for (ticket, _) in batch {
            self.tell(Event::Durable(ticket));
        }
        self.commit_begins();
    }

    fn send(&mut self, batch: BatchId, request: &Request) {
        let rows: Vec<_> = request
            .recipients
            .iter()
            .map(|number| RowId(i64::try_from(number.as_u64() - 919_800_000_000).expect("small")))
            .collect();
        let left = request.offer_ends_at.since(self.wall());
        let needed = match self.job.offer_end {
            OfferEnd::At(_) => self.job.delivery.min_remaining,
            OfferEnd::AfterSend(_) => Duration::ZERO,
        };
        assert!(left >= needed, "sent with {left:?} left");
        for &row in &rows {
            assert_eq!(self.ledger.state(row), State::Attempting, "intents are durable first");
        }
        let run = self.run.as_mut().expect("a process runs");
        assert!(!run.stopped, "sent after the stop");
        assert!(!run.write_failed, "sent after the ledger failed");
        if let Some(until) = run.paused_until {
            assert!(self.now >= until, "sent in a pause");
            assert!(run.since_pause.is_empty(), "more than one probe");
            run.since_pause.insert(batch);
        }
        if self.happens(self.weather.never_started) {
            self.fly(batch, rows, Vec::new(), ReplySignal::Continue);
            return self.later(Duration::from_secs(6), Coming::Told(Event::NeverStarted(batch)));
        }
        let (outcomes, signal) = self.server_takes(&rows);
        let connected = outcomes.iter().any(|o| *o != Outcome::NotSent(NotSent::NoConnection));
        let may_be_sent = |outcome: &&Outcome| !matches!(outcome, Outcome::NotSent(_));
        let reached = outcomes.iter().filter(may_be_sent).count() as u64;
        self.fly(batch, rows, outcomes, signal);
        let connecting = self.chance.up_to(self.weather.connecting);
        self.reached.push((self.now + connecting, reached));
        if connected {
            self.later(connecting, Coming::Told(Event::WritingStarted(batch)));
        }
        let (least, most) = self.weather.latency;
        let latency = connecting + least + self.chance.up_to(most - least);
        let run = self.run.as_ref().expect("a process runs");
        let result = run.flying[&batch].result.clone();
        self.later(latency, Coming::Told(Event::ReplyArrived(batch, result)));
    }

    fn fly(
        &mut self,
        batch: BatchId,
        rows: Vec<RowId>,
        outcomes: Vec<Outcome>,
        signal: ReplySignal,
    ) {
        let result = RequestResult { outcomes, signal, detail: None };
        let run = self.run.as_mut().expect("a process runs");
        assert!(run.flying.insert(batch, Flight { rows, result }).is_none());
        let most = usize::from(self.job.delivery.max_in_flight);
        assert!(run.flying.len() <= most, "more in flight than allowed");
    }

    /// What the server does with a request, and what comes back.
    fn server_takes(&mut self, rows: &[RowId]) -> (Vec<Outcome>, ReplySignal) {
        let all = |outcome: Outcome| vec![outcome; rows.len()];
        let go_on = ReplySignal::Continue;
        if self.happens(self.weather.unreachable) {
            return (all(Outcome::NotSent(NotSent::NoConnection)), go_on);
        }
        if self.happens(self.weather.throttled) {
            let seconds = self.chance.below(4);
            let retry_after = (seconds > 0).then(|| Duration::from_secs(seconds));
            let pause = ReplySignal::Pause { retry_after };
            return (all(Outcome::NotSent(NotSent::Throttled)), pause);
        }
        if self.happens(self.weather.halted) {
            let reason = HaltReason::Balance;
            return (all(Outcome::NotSent(NotSent::Refused(reason))), ReplySignal::Halt(reason));
        }
        if self.happens(self.weather.group_refused) {
            return (all(Outcome::NotSent(NotSent::GroupRefused)), go_on);
        }
        if self.happens(self.weather.in_doubt) {
            if self.chance.below(2) == 0 {
                for &row in rows {
                    self.server_accepts(row);
                }
            }
            let signal = match self.chance.below(3) {
                0 => ReplySignal::Pause { retry_after: None },
                _ => go_on,
            };
            return (all(Outcome::Unknown(UnknownCause::Timeout)), signal);
        }
        let outcomes = rows.iter().map(|&row| {
            if self.happens(self.weather.rejected) {
                return rejected();
            }
            self.server_accepts(row);
            if rows.len() > 1 && self.happens(self.weather.in_doubt) {
                return Outcome::Unknown(UnknownCause::Unlisted);
            }
            accepted()
        });
        (outcomes.collect(), go_on)
    }

    fn server_accepts(&mut self, row: RowId) {
        let count = &mut self.server[usize::try_from(row.0).expect("small") - 1];
        *count += 1;
        assert_eq!(*count, 1, "row {} was sent to twice", row.0);
    }

    fn hear(&mut self, event: &RunEvent) {
        let durable = self.ledger.counts();
        let run = self.run.as_mut().expect("a process runs");
        match event {
            RunEvent::Progress(progress) => {
                for state in [State::Accepted, State::Rejected, State::Unknown, State::Skipped] {
                    assert!(progress.counts.get(state) <= durable.get(state), "shown too early");
                }
                assert_eq!(progress.counts.planned(), durable.planned());
            }
            RunEvent::Paused { cause, wait, .. } => {
                let until = self.now + *wait;
                run.paused_until = run.paused_until.max(Some(until));
                run.since_pause.clear();
                assert!(*cause == PauseCause::Breaker || *wait <= Duration::from_mins(15));
            }
            RunEvent::Resumed => run.paused_until = None,
            RunEvent::Draining { .. } => run.stopped = true,
            RunEvent::Started { .. } | RunEvent::Finished(_) => {}
        }
    }

    fn happens(&mut self, thousandths: u64) -> bool {
        self.chance.below(1_000) < thousandths
    }

    fn check(&self) {
        let counts = self.ledger.counts();
        assert_eq!(counts.planned(), self.server.len() as u64, "nobody is lost");
        let bound = self.job.delivery.most_unknown_after_a_crash();
        assert!(counts.attempting <= bound, "{} attempting of {bound}", counts.attempting);
    }

    /// Server and ledger agree as far as they can.
    pub(super) fn check_rows(&self) {
        for (row, state) in self.ledger.rows() {
            let taken = self.server[row] == 1;
            match state {
                State::Accepted => assert!(taken, "row {row} counts as accepted but was not"),
                State::Pending | State::Rejected | State::Skipped => {
                    assert!(!taken, "row {row} is {state} but was accepted");
                }
                State::Attempting | State::Unknown => {}
            }
        }
    }
}
