//! The lease of a machine that sends beside others: renewed on a thread of its own, so that
//! neither a slow ledger nor a full terminal costs it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::patience::Patience;
use crate::clock::Clock;
use crate::event::{PauseCause, RunEvent};
use crate::ledger::{Answers, Beat, Company, LedgerError, Post, Standing};
use crate::model::{HaltReason, Rejection};
use crate::send::{FromOthers, Said, Tidings};

/// How often the lease is renewed, unless it is too short for that.
const EVERY: Duration = Duration::from_secs(1);
/// Everybody is counted at every so many beats.
const BEATS_PER_COUNT: u32 = 5;

/// A lease that is kept.
pub(super) struct Heart {
    shared: Arc<Shared>,
    clock: Clock,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    company: Mutex<Box<dyn Company>>,
    state: Mutex<State>,
    changed: Condvar,
    /// What the run says, or what holds where there is none.
    said: Said,
    /// Whether the machine has people to send to, or would take some.
    wants: AtomicBool,
}

struct State {
    /// Until when the lease is sure to hold.
    holds_until: Instant,
    /// Somebody else has taken over, or the lease could not be renewed.
    is_lost: bool,
    has_ended: bool,
    is_nudged: bool,
    /// A window of the rate, and when the last run with it ended.
    window: Duration,
    ran_until: Option<Instant>,
    /// The way to the run.
    run: Option<UnboundedSender<Tidings>>,
    pause: Option<(PauseCause, Duration)>,
    /// What was answered to earlier runs of the plan.
    answered: Answers,
    /// The newest answer, and how many there were.
    standing: Standing,
    answers: u64,
    /// Why the lease could not be renewed, the last time that it could not.
    error: Option<LedgerError>,
    rescued: u64,
}

impl Heart {
    /// Begins to keep a lease that was taken at `since` or later.
    pub(super) fn start(
        company: Box<dyn Company>,
        since: Instant,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let lease = company.lease();
        let state = State {
            holds_until: sure_end(since, lease),
            is_lost: false,
            has_ended: false,
            is_nudged: false,
            window: Duration::ZERO,
            ran_until: None,
            run: None,
            pause: None,
            answered: Answers::default(),
            standing: Standing::default(),
            answers: 0,
            error: None,
            rescued: 0,
        };
        let shared = Arc::new(Shared {
            company: Mutex::new(company),
            state: Mutex::new(state),
            changed: Condvar::new(),
            said: Said::default(),
            wants: AtomicBool::new(false),
        });
        let beating = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || beating.beat_on(lease, clock))?;
        Ok(Self { shared, clock, thread: Some(thread) })
    }

    /// Begins with a plan whose rate has this window.
    pub(super) fn enter(
        &self,
        post: &Post,
        window: Duration,
        patience: &Patience,
    ) -> Result<(), LedgerError> {
        self.with_company(patience, |company| company.enter(post))?;
        self.shared.wants.store(true, Ordering::SeqCst);
        let mut state = self.shared.state();
        state.window = state.window.max(window);
        state.answered = Answers::default();
        Ok(())
    }

    /// How things stand, asked for after this call began. `None` when the lease is lost.
    pub(super) fn look(&self) -> Option<Standing> {
        let mut state = self.shared.state();
        // The answer under way may be to an older question.
        let enough = state.answers + 2;
        while state.answers < enough && !state.is_lost {
            state.is_nudged = true;
            self.shared.changed.notify_all();
            let waited = self.shared.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        (!state.is_lost).then(|| state.standing.clone())
    }

    /// Lets a run hear what the others say.
    pub(super) fn run_begins(&self) -> (u64, FromOthers) {
        let (tell, tidings) = unbounded_channel();
        let mut state = self.shared.state();
        state.run = Some(tell);
        let part = self.shared.said.last().part.max(1);
        (part, FromOthers::new(tidings, self.shared.said.clone()))
    }

    /// The run is over; whether more people would be taken.
    pub(super) fn run_ends(&self) {
        let mut state = self.shared.state();
        state.run = None;
        let mut said = self.shared.said.last();
        state.answered = state.answered + std::mem::take(&mut said.answers);
        said.doubts = false;
        drop(said);
        state.ran_until = Some(self.clock.monotonic());
    }

    /// Tells the others of what a run ran into, unless it is from them.
    pub(super) fn hears(&self) -> impl Fn(&RunEvent) + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        move |event| {
            if let RunEvent::Paused { cause, wait, detail } = event
                && *cause != PauseCause::Daily
                && detail.as_ref().is_none_or(|detail| detail.code != Rejection::MACHINES)
            {
                let mut state = shared.state();
                state.pause = Some((*cause, *wait));
                state.is_nudged = true;
                shared.changed.notify_all();
            }
        }
    }

    /// Whether requests may be begun, as far as the lease says.
    pub(super) fn lease(&self) -> impl Fn() -> bool + Send + Sync + 'static + use<> {
        let (shared, clock) = (Arc::clone(&self.shared), self.clock);
        move || {
            let state = shared.state();
            !state.is_lost && clock.monotonic() < state.holds_until
        }
    }

    /// Stops all others who would run into the same.
    pub(super) fn halt(&self, reason: HaltReason, patience: &Patience) -> Result<(), LedgerError> {
        let (word, whole_sender) = (reason.as_str(), reason.stops_all_campaigns());
        self.with_company(patience, |company| company.halt(word, whole_sender))
    }

    /// Whether somebody still waits where nothing seems left.
    pub(super) fn reclaim(&self, patience: &Patience) -> Result<bool, LedgerError> {
        self.with_company(patience, |company| company.reclaim())
    }

    /// People on the wire of machines that died since the last call: unknown now.
    pub(super) fn rescued(&self) -> u64 {
        std::mem::take(&mut self.shared.state().rescued)
    }

    /// Why the lease is lost, if it is.
    pub(super) fn loss(&self) -> Option<LedgerError> {
        let mut state = self.shared.state();
        if state.is_lost { state.error.take() } else { None }
    }

    /// Gives back what is left of the lease. Without it the others wait for its end.
    pub(super) fn leave(mut self, patience: &Patience) -> Result<(), LedgerError> {
        self.stop();
        let window = self.shared.state().window;
        let now = self.clock.now();
        self.with_company(patience, |company| company.leave(now, window))
    }

    /// Decides something, over interruptions of the connection: what is decided twice is as
    /// if it were decided once.
    fn with_company<T>(
        &self,
        patience: &Patience,
        mut act: impl FnMut(&mut dyn Company) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut act = || {
            let mut company = self.shared.company.lock().unwrap_or_else(PoisonError::into_inner);
            act(&mut **company)
        };
        match act() {
            Err(error) if error.is_away() => patience.wait_out(error, act),
            done => done,
        }
    }

    fn stop(&mut self) {
        self.shared.state().has_ended = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat_on(&self, lease: Duration, clock: Clock) {
        let every = EVERY.min(lease / 8);
        let mut beats = 0_u32;
        loop {
            let state = self.state();
            let waited = self
                .changed
                .wait_timeout_while(state, every, |state| !state.is_nudged && !state.has_ended);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.has_ended {
                return;
            }
            state.is_nudged = false;
            let said = *self.said.last();
            let beat = Beat {
                now: clock.now(),
                held: said.part,
                wants: self.wants.load(Ordering::SeqCst),
                rests: state.run.is_none(),
                pause: state.pause.take().map(|(cause, wait)| (pause_word(cause), wait)),
                counts: beats.is_multiple_of(BEATS_PER_COUNT),
                answers: state.answered + said.answers,
                doubts: said.doubts,
            };
            drop(state);
            beats = beats.wrapping_add(1);
            let begun = clock.monotonic();
            let answer = {
                let mut company = self.company.lock().unwrap_or_else(PoisonError::into_inner);
                company.beat(&beat)
            };
            let mut state = self.state();
            match answer {
                Ok(standing) => {
                    state.holds_until = sure_end(begun, lease);
                    self.take_in(&mut state, standing, clock.monotonic());
                }
                Err(error) => {
                    let is_final = matches!(error, LedgerError::TakenOver { .. });
                    state.is_lost = is_final || clock.monotonic() >= state.holds_until;
                    state.error = Some(error);
                }
            }
            if state.is_lost
                && let Some(run) = state.run.take()
            {
                let halt = Some(HaltReason::Ledger);
                let _ = run.send(Tidings { part: 1, halt, ..Tidings::default() });
            }
            state.answers += 1;
            self.changed.notify_all();
            if state.is_lost {
                return;
            }
        }
    }

    fn take_in(&self, state: &mut State, standing: Standing, now: Instant) {
        state.rescued += standing.rescued;
        if let Some(run) = &state.run {
            let pause = standing.pause.as_ref();
            let tidings = Tidings {
                part: standing.part.max(1),
                counts: standing.counts,
                pause: pause.and_then(|(word, wait)| Some((pause_of(word)?, *wait))),
                answers: standing.answers + state.answered,
                is_held: standing.is_held,
                halt: standing.halt.as_deref().and_then(HaltReason::parse),
            };
            // The run may have ended in between.
            let _ = run.send(tidings);
        } else {
            // What was written a moment ago still counts.
            let is_quiet = state.ran_until.is_none_or(|at| now.duration_since(at) > state.window);
            let mut said = self.said.last();
            if is_quiet || standing.part > said.part {
                said.part = standing.part;
            }
            // Whoever has nothing to do leaves the rate to the others.
            self.wants.store(standing.has_work, Ordering::SeqCst);
        }
        state.standing = standing;
    }
}

/// A lease holds on the server's clock from a moment after `begun`; clocks that run apart and
/// a scheduler that is late are allowed for.
fn sure_end(begun: Instant, lease: Duration) -> Instant {
    begun + lease * 7 / 8
}

const PAUSES: [(PauseCause, &str); 4] = [
    (PauseCause::Throttled, "throttled"),
    (PauseCause::Overloaded, "overloaded"),
    (PauseCause::NoConnection, "no_connection"),
    (PauseCause::Breaker, "breaker"),
];

fn pause_word(cause: PauseCause) -> &'static str {
    PAUSES.iter().find(|(known, _)| *known == cause).map_or("daily", |(_, word)| word)
}

fn pause_of(word: &str) -> Option<PauseCause> {
    PAUSES.iter().find(|(_, known)| *known == word).map(|(cause, _)| *cause)
}
