//! The shell around the machine: timer, workers, writer thread, listener.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep_until;

use crate::clock::Clock;
use crate::event::{RunEvent, StopReason};
use crate::model::HaltReason;

use super::company::FromOthers;
use super::core::Core;
use super::job::{Job, RunOutcome, StopSignal};
use super::listener::Teller;
use super::pacer::Pace;
use super::ports::{Store, StoreError, Wire};
use super::protocol::{Action, Event};
use super::watch::Watch;
use super::workers::Workers;
use super::writer::{self, Writer};

/// Events taken in before the machine acts on them.
const EVENTS_AT_ONCE: usize = 1_024;
/// How long the ledger's thread may take to hand the ledger back.
const HAND_BACK: Duration = Duration::from_secs(5);
/// The same after a second signal.
const HAND_BACK_IN_A_HURRY: Duration = Duration::from_millis(500);

/// Sends one campaign, until nobody is left or something stops it.
///
/// The first signal on `stop` drains (no new requests, those on the wire are waited for up
/// to 6 s), the second leaves at once: rows then stay `attempting`, and the next run turns
/// them to unknown. `listener` runs on a thread of its own and never holds up the work.
pub async fn run<W: Wire, S: Store>(
    job: Job,
    pace: Pace,
    wire: Arc<W>,
    store: S,
    listener: impl FnMut(RunEvent) + Send + 'static,
    stop: &mut Receiver<StopSignal>,
    clock: Clock,
) -> RunOutcome<S> {
    run_with_others(job, pace, wire, store, listener, stop, clock, None).await
}

/// The same beside other machines that send the same plan.
#[expect(clippy::too_many_arguments, reason = "the outside world is that large")]
pub async fn run_with_others<W: Wire, S: Store>(
    job: Job,
    pace: Pace,
    wire: Arc<W>,
    store: S,
    listener: impl FnMut(RunEvent) + Send + 'static,
    stop: &mut Receiver<StopSignal>,
    clock: Clock,
    mut others: Option<FromOthers>,
) -> RunOutcome<S> {
    let (tell, events) = unbounded_channel();
    let watch = Watch { clock, origin: pace.origin };
    let core = Core::new(job, pace.pacer, watch.now());
    let teller = Teller::spawn(listener);
    let writer = match Writer::spawn(store, tell.clone()) {
        Ok(writer) => writer,
        Err(error) => {
            return without_a_thread(core, watch, teller, StoreError::new(error)).await;
        }
    };
    let workers = Workers::new(wire, tell.clone(), watch);
    let mut shell = Shell { core, watch, workers, writer, tell, teller };
    let stop = shell.work(events, stop, others.as_mut()).await;
    shell.leave(stop).await
}

struct Shell<W, S> {
    core: Core,
    watch: Watch,
    workers: Workers<W>,
    writer: Writer<S>,
    tell: UnboundedSender<Event>,
    teller: Teller,
}

impl<W: Wire, S: Store> Shell<W, S> {
    /// Runs to the end; the reason of it.
    async fn work(
        &mut self,
        mut events: UnboundedReceiver<Event>,
        stop: &mut Receiver<StopSignal>,
        mut others: Option<&mut FromOthers>,
    ) -> StopReason {
        let mut actions = Vec::new();
        let mut happened = Vec::with_capacity(EVENTS_AT_ONCE);
        let mut signals = 0;
        let mut signals_open = true;
        self.core.start(self.watch.now(), &mut actions);
        loop {
            if let Some(stop) = self.carry_out(&mut actions) {
                return stop;
            }
            let wake = self.core.wake_at().and_then(|at| self.watch.instant(at));
            let timer = async {
                match wake {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let heard = async {
                match others.as_deref_mut() {
                    Some(others) => others.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                signal = stop.recv(), if signals_open => match signal {
                    Some(signal) => {
                        signals += 1;
                        if signals > 1 {
                            return self.core.stopping().unwrap_or(reason(signal));
                        }
                        happened.push(Event::StopRequested(signal));
                    }
                    None => signals_open = false,
                },
                _ = events.recv_many(&mut happened, EVENTS_AT_ONCE) => {}
                tidings = heard => happened.push(Event::Heard(tidings)),
                () = timer => {}
            }
            let now = self.watch.now();
            for event in happened.drain(..) {
                self.core.handle(now, event, &mut actions);
            }
            self.core.advance(now, &mut actions);
            if let Some(others) = &others {
                others.tell(self.core.saying());
            }
        }
    }

    fn carry_out(&mut self, actions: &mut Vec<Action>) -> Option<StopReason> {
        let mut finished = None;
        let mut job = writer::Job::default();
        for action in actions.drain(..) {
            match action {
                Action::LoadPage { after, limit } => job.load = Some((after, limit)),
                Action::Write { ticket, changes } => job.writes.push((ticket, changes)),
                Action::Send { batch, request } => self.workers.make(batch, request),
                Action::Emit(event) => self.teller.tell(event),
                Action::Finish(stop) => finished = Some(stop),
            }
        }
        self.to_writer(job);
        finished
    }

    fn to_writer(&self, job: writer::Job) {
        let is_empty = job.writes.is_empty() && job.load.is_none();
        if !is_empty && self.writer.jobs.send(job).is_err() {
            // Its thread died. It said so itself, but saying it twice does no harm.
            let _ = self.tell.send(Event::WriteFailed);
        }
    }

    /// Hands everything back. A request that outlasted the drain is cut off here.
    async fn leave(self, stop: StopReason) -> RunOutcome<S> {
        let Self { core, watch, writer, teller, mut workers, .. } = self;
        workers.abort_all();
        let Writer { jobs, ended, errors } = writer;
        drop(jobs);
        let hand_back = if core.is_done() { HAND_BACK } else { HAND_BACK_IN_A_HURRY };
        let store = tokio::time::timeout(hand_back, ended).await.ok().and_then(Result::ok);
        let report = core.report(watch.now(), stop);
        if !core.is_done() {
            teller.tell(RunEvent::Finished(report.clone()));
        }
        let (unwritten, pacer) = core.into_parts();
        teller.finish().await;
        RunOutcome {
            report,
            unwritten,
            pace: Pace { pacer, origin: watch.origin },
            store_error: errors.try_recv().ok(),
            store,
        }
    }
}

fn reason(signal: StopSignal) -> StopReason {
    match signal {
        StopSignal::Interrupt => StopReason::Interrupted,
        StopSignal::Terminate => StopReason::Terminated,
    }
}

/// The system gave no thread for the ledger: nothing was sent.
async fn without_a_thread<S>(
    core: Core,
    watch: Watch,
    teller: Teller,
    error: StoreError,
) -> RunOutcome<S> {
    let report = core.report(watch.now(), StopReason::Halted(HaltReason::Ledger));
    teller.tell(RunEvent::Finished(report.clone()));
    teller.finish().await;
    let (unwritten, pacer) = core.into_parts();
    let pace = Pace { pacer, origin: watch.origin };
    RunOutcome { report, unwritten, pace, store_error: Some(error), store: None }
}
