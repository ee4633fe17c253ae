//! The engine wired up: Kaleyra on one side, the ledger on the other, signals and views
//! around it.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::super::context::Context;
use super::super::error::CommandError;
use super::Work;
use super::far_side::Account;
use super::heart::Heart;
use super::patience::Patience;
use super::record::Events;
use super::store::LedgerStore;
use super::telling::{self, Shared, Telling, listener};
use super::wire::{KaleyraWire, LeasedWire};
use crate::cli::{ApplyArgs, Environment, variables};
use crate::clock::{Clock, random_bytes};
use crate::event::{RunReport, StopReason};
use crate::kaleyra::{Client, ClientOptions, Timeouts};
use crate::ledger::{FoundPlan, Journal, LockedLedger, UnrecordedOutcome};
use crate::model::{DAILY_WINDOW, PhoneNumber, PlanId, Rate, SharedContent, State, StateCounts};
use crate::send::{self, Job, Pace, RunOutcome, StopSignal, StoreError};
use crate::view::run::{Bar, PlainLines};

/// How often a line is printed where there is no bar.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Shorter, and healthy replies become unknown; longer, and a hung server holds a pipeline.
const RESPONSE_TIMEOUTS: RangeInclusive<Duration> =
    Duration::from_secs(5)..=Duration::from_mins(10);

/// What all campaigns of an invocation share.
pub(super) struct Engine<'a> {
    runtime: Runtime,
    clock: Clock,
    args: &'a ApplyArgs,
    started: Instant,
    timeouts: Timeouts,
    stop: Mutex<Receiver<StopSignal>>,
    /// When the first signal came.
    asked_to_stop: Arc<OnceLock<Instant>>,
    lease: Duration,
    paces: Mutex<HashMap<PhoneNumber, Pace>>,
    may_redraw: bool,
    events: Option<Events>,
    seed: u64,
    /// Its lease, where other machines send too.
    pub(super) heart: Option<Heart>,
}

/// When an invocation began what, and how long it waits for others.
pub(super) struct Times {
    pub(super) started: Instant,
    /// When the ledger's lock was had.
    pub(super) held_since: Instant,
    pub(super) timeouts: Timeouts,
    pub(super) lease: Duration,
}

/// One campaign's run, with the ledger handed back.
pub(super) struct Ran {
    pub(super) report: RunReport,
    /// Whether the ledger took every outcome.
    pub(super) is_recorded: bool,
    /// Outcomes that are in the emergency journal instead.
    pub(super) kept: u64,
    /// Outcomes that not even the journal took.
    pub(super) lost: Vec<UnrecordedOutcome>,
    pub(super) store_error: Option<StoreError>,
    pub(super) store: Option<Box<dyn LockedLedger>>,
}

impl<'a> Engine<'a> {
    /// Starts the runtime and listens for signals.
    pub(super) fn start(
        context: &Context,
        args: &'a ApplyArgs,
        work: &[Work<'_>],
        ledger: &dyn LockedLedger,
        Times { started, held_since, timeouts, lease }: Times,
        events: Option<Events>,
    ) -> Result<Self, CommandError> {
        let runtime = running(Builder::new_current_thread().enable_all().build())?;
        let (tell, stop) = channel(8);
        let asked = Arc::default();
        let listening =
            runtime.block_on(async { listen_for_signals(&tell, &asked, context.clock) });
        listening.map_err(|source| CommandError::System {
            what: "signals cannot be listened for",
            source: source.into(),
        })?;
        let seed = random_bytes::<8>().map_or(0, u64::from_le_bytes);
        let last_send = ledger.read().last_attempt_at()?;
        let paces = slowest_rates(work)
            .into_iter()
            .map(|(sender, rate)| {
                let pace = Pace::new(rate, &context.clock, last_send);
                let ended = ledger.holder_before_has_ended();
                (sender, if ended { pace.alone_since(held_since) } else { pace })
            })
            .collect();
        Ok(Self {
            runtime,
            clock: context.clock,
            args,
            started,
            timeouts,
            stop: Mutex::new(stop),
            asked_to_stop: asked,
            lease,
            paces: Mutex::new(paces),
            may_redraw: context.output.interaction().may_redraw,
            events,
            seed,
            heart: None,
        })
    }

    /// Sends one campaign, or as many of its people as this machine gets. `people_before` were
    /// put on the wire by campaigns before it.
    pub(super) fn run(
        &self,
        item: &Work<'_>,
        account: &Account,
        mut ledger: Box<dyn LockedLedger>,
        journal: &mut Journal,
        people_before: u64,
        telling: &Telling,
    ) -> Result<Ran, CommandError> {
        let beside = self.heart.as_ref();
        let campaign = &item.prepared.entry.campaign;
        let plan = plan_id(item);
        let patience = self.patience().telling(telling);
        let found = find_plan(item, &mut *ledger, &patience)?;
        let mut counts =
            patience.keep_on(&mut *ledger, |ledger, _| ledger.read().counts(&campaign.name))?;
        if beside.is_some() {
            // Whoever is on another machine's wire may yet come to this one.
            counts.shift(State::Attempting, State::Pending, counts.attempting);
        }
        let (part, from_others) = beside.map(Heart::run_begins).unzip();
        let offer_end = found.plan.offer_end;
        let delivery = &campaign.delivery;
        let sent_before = match delivery.daily {
            Some(_) => {
                let since = self.clock.now().minus(DAILY_WINDOW);
                let sent_since = |ledger: &mut dyn LockedLedger, _| {
                    ledger.read().sent_since(campaign.sender.from, since)
                };
                patience.keep_on(&mut *ledger, sent_since)?
            }
            None => Vec::new(),
        };
        let job = Job {
            campaign: campaign.name.clone(),
            plan,
            delivery: delivery.clone(),
            sent_before,
            failures: campaign.limits.failures,
            offer_end,
            counts,
            part,
            limit: self.args.limit.map(|limit| limit.saturating_sub(people_before)),
            deadline: self.args.deadline.map(|deadline| {
                deadline.saturating_sub(self.clock.monotonic().duration_since(self.started))
            }),
            seed: self.seed,
        };
        let options = ClientOptions {
            timeouts: self.timeouts,
            max_in_flight: campaign.delivery.max_in_flight,
            system_proxy: false,
        };
        let client = Client::new(&item.prepared.endpoint, &account.sid, &account.key, &options)
            .map_err(|source| CommandError::System {
                what: "no client could be made",
                source: source.into(),
            })?;
        let wire = KaleyraWire {
            client,
            shared: SharedContent::of(campaign),
            offer: campaign.offer.clone(),
            clock: self.clock,
        };
        let wire =
            LeasedWire { wire, is_held: beside.map(|heart| Box::new(heart.lease()) as Box<_>) };
        let store = LedgerStore {
            ledger,
            plan: found.row,
            late: item.prepared.exclusions.late(),
            clock: self.clock,
            patience,
        };
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces
            .remove(&campaign.sender.from)
            .unwrap_or_else(|| Pace::new(campaign.delivery.rate, &self.clock, None));
        let RunOutcome { report, unwritten, pace, store_error, store } =
            self.runtime.block_on(send::run_with_others(
                job,
                pace,
                Arc::new(wire),
                store,
                listener(telling, beside),
                &mut stop,
                self.clock,
                from_others,
            ));
        if let Some(heart) = beside {
            heart.run_ends();
        }
        paces.insert(campaign.sender.from, pace);
        let (kept, lost) = journal.keep(&unwritten);
        let store = store.map(|store| store.ledger);
        Ok(Ran { report, is_recorded: unwritten.is_empty(), kept, lost, store_error, store })
    }

    /// How long the ledger is waited for when it is away.
    pub(super) fn patience(&self) -> Patience {
        let deadline = self.args.deadline.and_then(|deadline| self.started.checked_add(deadline));
        let patience = Patience::new(self.clock, self.lease);
        let patience = patience.until_stopped(&self.asked_to_stop, deadline);
        match &self.heart {
            Some(heart) => patience.while_held(heart.lease()),
            None => patience,
        }
    }

    /// What a machine tells that has sent nothing.
    pub(super) fn empty_report(&self, item: &Work<'_>, stop: StopReason) -> RunReport {
        RunReport {
            campaign: item.prepared.entry.campaign.name.clone(),
            plan: plan_id(item),
            stop,
            detail: None,
            next_at: None,
            counts: StateCounts::default(),
            this_run: StateCounts::default(),
            unknown: Vec::new(),
            requests: 0,
            started_at: self.clock.now(),
            took: Duration::ZERO,
        }
    }

    /// Why a machine that has nothing to do is not to wait any longer.
    pub(super) fn asked_to_stop(&self) -> Option<StopReason> {
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(signal) = stop.try_recv() {
            return Some(match signal {
                StopSignal::Interrupt => StopReason::Interrupted,
                StopSignal::Terminate => StopReason::Terminated,
            });
        }
        let passed = self.clock.monotonic().duration_since(self.started);
        let is_over = self.args.deadline.is_some_and(|deadline| passed >= deadline);
        is_over.then_some(StopReason::Deadline)
    }

    /// Whom a campaign's sending is told to.
    pub(super) fn telling(&self) -> Telling {
        let clock = self.clock;
        let now = Box::new(move || clock.now());
        telling::begin(match &self.events {
            Some(events) => Box::new(Shared(Arc::clone(events))),
            None if self.may_redraw => Box::new(Bar::on_stderr(now)),
            None => Box::new(PlainLines::new(Box::new(std::io::stderr()), LINE_INTERVAL, now)),
        })
    }
}

impl Ran {
    /// A part in which nothing was sent.
    pub(super) fn of(report: RunReport) -> Self {
        let (kept, lost) = (0, Vec::new());
        Self { report, is_recorded: true, kept, lost, store_error: None, store: None }
    }
}

/// The consumed plan of a campaign, unless a newer one has taken its people over.
pub(super) fn find_plan(
    item: &Work<'_>,
    ledger: &mut dyn LockedLedger,
    patience: &Patience,
) -> Result<FoundPlan, CommandError> {
    let campaign = &item.prepared.entry.campaign.name;
    let plan = plan_id(item);
    let found = patience.keep_on(ledger, |ledger, _| ledger.read().consumed(campaign, plan))?;
    found
        .filter(|found| found.superseded_by.is_none())
        .ok_or_else(|| CommandError::Superseded(campaign.to_string()))
}

fn plan_id(item: &Work<'_>) -> PlanId {
    item.decided.plan.id.expect("an apply plans with a ledger")
}

/// A runtime for a client or a server whose caller does other things in between. (The engine
/// needs no threads for its requests: the ledger and the listener have their own, and handing
/// each message from thread to thread would cost more than sending it.)
pub(in crate::commands) fn runtime() -> Result<Runtime, CommandError> {
    running(Builder::new_multi_thread().worker_threads(2).enable_all().build())
}

fn running(runtime: std::io::Result<Runtime>) -> Result<Runtime, CommandError> {
    runtime.map_err(|source| CommandError::System {
        what: "the asynchronous runtime could not be started",
        source: source.into(),
    })
}

/// How long to wait for what, as the environment says. Read before anything is sent.
pub(in crate::commands) fn timeouts(environment: &Environment) -> Result<Timeouts, CommandError> {
    let timeouts = Timeouts::default();
    let Some(text) = environment.get(variables::RESPONSE_TIMEOUT) else { return Ok(timeouts) };
    match humantime::parse_duration(text) {
        Ok(response) if RESPONSE_TIMEOUTS.contains(&response) => {
            Ok(Timeouts { response, ..timeouts })
        }
        _ => Err(CommandError::Usage {
            message: format!("`{}` is not a time to wait", variables::RESPONSE_TIMEOUT),
            hint: Some("a duration from `5s` to `10min`; unset it to wait for a minute".into()),
        }),
    }
}

/// The first signal drains, the second leaves: the engine knows, this only passes them on.
fn listen_for_signals(
    tell: &Sender<StopSignal>,
    asked: &Arc<OnceLock<Instant>>,
    clock: Clock,
) -> std::io::Result<()> {
    let kinds = [
        (SignalKind::interrupt(), StopSignal::Interrupt),
        (SignalKind::terminate(), StopSignal::Terminate),
    ];
    for (kind, stop) in kinds {
        let mut signals = signal(kind)?;
        let (tell, asked) = (tell.clone(), Arc::clone(asked));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                asked.get_or_init(|| clock.monotonic());
                // A full channel has more signals waiting than will be looked at.
                let _ = tell.try_send(stop);
            }
        });
    }
    Ok(())
}

/// Campaigns of one sender share one rate: the slowest that any of them states.
fn slowest_rates(work: &[Work<'_>]) -> HashMap<PhoneNumber, Rate> {
    let mut rates: HashMap<PhoneNumber, Rate> = HashMap::new();
    for item in work.iter().filter(|item| item.is_open()) {
        let campaign = &item.prepared.entry.campaign;
        let rate = campaign.delivery.rate;
        let slowest = rates.entry(campaign.sender.from).or_insert(rate);
        if rate.interval() > slowest.interval() {
            *slowest = rate;
        }
    }
    rates
}
