//! The real shell against a fake wire and a fake ledger, on the real clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};

use crate::clock::Clock;
use crate::event::{RunEvent, StopReason};
use crate::ledger::{Change, RowId};
use crate::model::{HaltReason, ReplySignal, RequestResult, StateCounts, UnknownCause};

use super::super::{
    Pace, Page, Request, RunOutcome, StopSignal, Store, StoreError, Wire, Writing, run,
};
use super::ledger::ModelLedger;
use super::{accepted, job, start};

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Accepts,
    Panics,
    NeverAnswers,
}

struct FakeWire {
    manner: Manner,
    requests: AtomicUsize,
}

impl Wire for FakeWire {
    async fn send(&self, request: Request, writing: Writing) -> RequestResult {
        self.requests.fetch_add(1, Ordering::SeqCst);
        writing.starts();
        match self.manner {
            Manner::Accepts => tokio::time::sleep(Duration::from_millis(2)).await,
            Manner::Panics => panic!("the wire is broken"),
            Manner::NeverAnswers => std::future::pending().await,
        }
        let outcomes = request.recipients.iter().map(|_| accepted()).collect();
        RequestResult { outcomes, signal: ReplySignal::Continue, detail: None }
    }
}

struct FakeStore {
    ledger: Arc<Mutex<ModelLedger>>,
    commits: Arc<AtomicUsize>,
    fails_after: usize,
}

impl Store for FakeStore {
    fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if self.commits.fetch_add(1, Ordering::SeqCst) >= self.fails_after {
            return Err(StoreError::new(std::io::Error::other("disk full")));
        }
        std::thread::sleep(Duration::from_millis(1));
        self.ledger.lock().unwrap().write(changes).expect("changes fit the states");
        Ok(())
    }

    fn pending(&mut self, after: Option<RowId>, limit: usize) -> Result<Page, StoreError> {
        Ok(Page::of(self.ledger.lock().unwrap().pending(after, limit), limit))
    }
}

struct Scene {
    people: usize,
    slots: u16,
    manner: Manner,
    fails_after: usize,
}

struct Played {
    outcome: RunOutcome<FakeStore>,
    counts: StateCounts,
    requests: usize,
    commits: usize,
}

fn play(
    scene: &Scene,
    listener: impl FnMut(RunEvent) + Send + 'static,
    mut stop: Receiver<StopSignal>,
) -> Played {
    let ledger = Arc::new(Mutex::new(ModelLedger::new(scene.people, false)));
    let commits = Arc::new(AtomicUsize::new(0));
    let store = FakeStore {
        ledger: Arc::clone(&ledger),
        commits: Arc::clone(&commits),
        fails_after: scene.fails_after,
    };
    let wire = Arc::new(FakeWire { manner: scene.manner, requests: AtomicUsize::new(0) });
    let job = job(scene.people as u64, "1000000/s", scene.slots);
    let clock = Clock::starting_at(start());
    let pace = Pace::new(job.delivery.rate, &clock, None);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    let running = run(job, pace, Arc::clone(&wire), store, listener, &mut stop, clock);
    let outcome = runtime.block_on(running);
    let counts = ledger.lock().unwrap().counts();
    let requests = wire.requests.load(Ordering::SeqCst);
    Played { outcome, counts, requests, commits: commits.load(Ordering::SeqCst) }
}

fn nobody_stops() -> Receiver<StopSignal> {
    channel(1).1
}

const WELL: Scene =
    Scene { people: 3_000, slots: 64, manner: Manner::Accepts, fails_after: usize::MAX };

#[test]
fn a_campaign_runs_to_its_end_with_many_intents_in_one_commit() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let listener = move |event| sink.lock().unwrap().push(event);
    let played = play(&WELL, listener, nobody_stops());
    assert_eq!(played.outcome.report.stop, StopReason::Finished);
    assert_eq!(played.counts, StateCounts { accepted: 3_000, ..StateCounts::default() });
    assert_eq!(played.outcome.report.counts, played.counts);
    assert_eq!(played.requests, 3_000);
    assert!(played.commits < 1_500, "{} commits", played.commits);
    assert!(played.outcome.store.is_some(), "the ledger is handed back");
    let heard = heard.lock().unwrap();
    assert!(matches!(heard.first(), Some(RunEvent::Started { .. })));
    assert!(matches!(heard.last(), Some(RunEvent::Finished(_))));
}

#[test]
fn a_listener_that_hangs_does_not_hold_up_the_sending() {
    let listener = |_| std::thread::sleep(Duration::from_mins(1));
    let played = play(&WELL, listener, nobody_stops());
    assert_eq!(played.counts.accepted, 3_000);
}

#[test]
fn a_request_that_panics_is_unknown_and_the_breaker_stops_the_rest() {
    let scene = Scene { people: 50, slots: 5, manner: Manner::Panics, ..WELL };
    let (tell, stop) = channel(1);
    let listener = move |event| {
        if matches!(event, RunEvent::Paused { .. }) {
            let _ = tell.try_send(StopSignal::Terminate);
        }
    };
    let played = play(&scene, listener, stop);
    assert_eq!(played.outcome.report.stop, StopReason::Terminated);
    let unknown = played.counts.unknown;
    assert_eq!(played.outcome.report.unknown, [(UnknownCause::ConnectionLost, unknown)]);
    // Five in a row, and at most the other four slots' while the fifth was on its way.
    assert!((5..=9).contains(&unknown), "{unknown} unknown");
    assert_eq!(played.counts.pending, 50 - unknown);
}

#[test]
fn a_second_signal_leaves_at_once_and_rows_stay_attempting() {
    let scene = Scene { people: 50, slots: 4, manner: Manner::NeverAnswers, ..WELL };
    let (tell, stop) = channel(2);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        tell.blocking_send(StopSignal::Interrupt).expect("the run listens");
        tell.blocking_send(StopSignal::Interrupt).expect("the run listens");
    });
    let played = play(&scene, |_| {}, stop);
    assert_eq!(played.outcome.report.stop, StopReason::Interrupted);
    assert!(played.outcome.report.took < Duration::from_secs(5), "shorter than a drain");
    assert_eq!((played.counts.attempting, played.requests), (4, 4));
}

#[test]
fn a_signal_before_the_first_request_sends_nothing() {
    let scene = Scene { people: 50, slots: 4, manner: Manner::NeverAnswers, ..WELL };
    let (tell, stop) = channel(1);
    tell.try_send(StopSignal::Interrupt).expect("room for one");
    drop(tell);
    let played = play(&scene, |_| {}, stop);
    assert_eq!(played.outcome.report.stop, StopReason::Interrupted);
    assert_eq!((played.requests, played.counts.pending), (0, 50));
}

#[test]
fn a_ledger_that_fails_ends_the_run_and_outcomes_are_handed_out() {
    let scene = Scene { people: 50, slots: 1, fails_after: 1, ..WELL };
    let played = play(&scene, |_| {}, nobody_stops());
    assert_eq!(played.outcome.report.stop, StopReason::Halted(HaltReason::Ledger));
    assert_eq!((played.requests, played.commits), (1, 2), "a failed write is not repeated");
    let accepted = |change: &Change| matches!(change, Change::Conclude { outcome, .. } if *outcome == accepted());
    assert!(played.outcome.unwritten.iter().any(accepted));
    assert!(played.outcome.store_error.is_some());
    assert_eq!(played.counts.attempting, 1);
}
