//! The ledger's server is away: what is in hand is kept, nothing new is begun, and the server
//! is asked for again until it is back or waiting is no use any more.

use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::telling::{Telling, tell};
use crate::clock::Clock;
use crate::event::{PauseCause, RunEvent};
use crate::ledger::{LedgerError, LockedLedger};

/// How long is waited between two tries: twice as long each time, from and to.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// How long the ledger is still waited for once the run is to stop, as requests on the wire
/// are.
const STOPPING: Duration = Duration::from_secs(6);

/// How long the ledger is waited for.
pub(super) struct Patience {
    clock: Clock,
    /// From when the server was first found away.
    most: Duration,
    /// As far as the lease says, where there is one.
    is_held: Option<Box<dyn Fn() -> bool + Send>>,
    /// When somebody asked the run to stop.
    asked_to_stop: Arc<OnceLock<Instant>>,
    /// When `--deadline` is.
    deadline: Option<Instant>,
    telling: Option<Telling>,
}

/// Whether something is done for the first time, or perhaps once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Nothing of it was asked of the ledger before.
    First,
    /// It was asked before, and there was no answer.
    Again,
}

impl Patience {
    /// Waits at most so long.
    pub(super) fn new(clock: Clock, most: Duration) -> Self {
        let (is_held, deadline, telling) = (None, None, None);
        Self { clock, most, is_held, asked_to_stop: Arc::default(), deadline, telling }
    }

    /// Waits no longer than the lease holds.
    pub(super) fn while_held(mut self, is_held: impl Fn() -> bool + Send + 'static) -> Self {
        self.is_held = Some(Box::new(is_held));
        self
    }

    /// Waits for a few seconds only once the run is to stop.
    pub(super) fn until_stopped(
        mut self,
        asked: &Arc<OnceLock<Instant>>,
        deadline: Option<Instant>,
    ) -> Self {
        self.asked_to_stop = Arc::clone(asked);
        self.deadline = deadline;
        self
    }

    /// Tells of waiting.
    pub(super) fn telling(mut self, telling: &Telling) -> Self {
        self.telling = Some(Arc::clone(telling));
        self
    }

    /// Does something with the ledger, over interruptions of its connection.
    pub(super) fn keep_on<T>(
        &self,
        ledger: &mut dyn LockedLedger,
        mut act: impl FnMut(&mut dyn LockedLedger, Turn) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        match act(ledger, Turn::First) {
            Err(error) if error.is_away() => {
                self.go_on(ledger, error, |ledger| act(ledger, Turn::Again))
            }
            done => done,
        }
    }

    /// Goes on after this error, which is of the connection.
    pub(super) fn go_on<T>(
        &self,
        ledger: &mut dyn LockedLedger,
        error: LedgerError,
        mut act: impl FnMut(&mut dyn LockedLedger) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.wait_out(error, || ledger.come_back().and_then(|()| act(ledger)))
    }

    /// Tries until it is done, waiting is no use any more, or something else is wrong.
    pub(super) fn wait_out<T>(
        &self,
        mut error: LedgerError,
        mut attempt: impl FnMut() -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let since = self.clock.monotonic();
        let mut pause = SHORTEST;
        let mut has_told = false;
        while self.goes_on(since) {
            match attempt() {
                // Whoever holds the ledger alone either lets go of it or takes it over.
                Err(again) if again.is_away() || matches!(again, LedgerError::Locked { .. }) => {
                    error = again;
                }
                done => {
                    if has_told {
                        self.tell(&RunEvent::Resumed);
                    }
                    return done;
                }
            }
            if !has_told {
                has_told = true;
                let (cause, wait) = (PauseCause::Ledger, self.most);
                self.tell(&RunEvent::Paused { cause, wait, detail: None });
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST);
        }
        Err(error)
    }

    fn goes_on(&self, since: Instant) -> bool {
        let now = self.clock.monotonic();
        let past = |at: Option<Instant>| at.is_some_and(|at| now >= at + STOPPING);
        now.duration_since(since) < self.most
            && self.is_held.as_ref().is_none_or(|is_held| is_held())
            && !past(self.asked_to_stop.get().copied())
            && !past(self.deadline)
    }

    fn tell(&self, event: &RunEvent) {
        if let Some(telling) = &self.telling {
            tell(telling, event);
        }
    }
}
