//! Whether the sender may go on: open, closed for a while, or trying with one request.

use std::time::Duration;

use crate::event::PauseCause;
use crate::model::HaltReason;

use super::backoff::{Backoff, Chance};
use super::protocol::BatchId;

/// Without any connection for this long, a run halts.
const UNREACHABLE_LIMIT: Duration = Duration::from_mins(5);
/// When for this long every request was asked to slow down, a run halts: nobody looks at a
/// pipeline that waits.
const THROTTLED_LIMIT: Duration = Duration::from_mins(30);
/// A server may not hold a run up for longer than this at a time.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Probes that leave their outcome unknown before a tripped breaker halts the run.
const FAILED_PROBES: u32 = 3;

/// The whole sender's gate. After every pause one request tries alone; only when it gets
/// through do the others follow, at the rate.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    state: State,
    chance: Chance,
    network: Backoff,
    throttled: Backoff,
    doubt: Backoff,
    unreachable_since: Option<Duration>,
    /// Since when nothing got through.
    held_up_since: Option<Duration>,
    /// The breaker has tripped and no probe has shown yet that outcomes can be known.
    tripped: bool,
    failed_probes: u32,
    /// Another machine finds out whether outcomes can be known again.
    held: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Closed { until: Duration, cause: PauseCause },
    Probing { probe: Option<BatchId> },
}

/// How many requests may be begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    /// As many as there are slots.
    All,
    /// One, with one recipient.
    Probe,
    /// None.
    Nobody,
}

/// What a reply says about the sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// No connection could be made.
    Unreachable,
    /// The server asks to slow down.
    SlowDown {
        /// 429 or 503.
        cause: PauseCause,
        /// For how long, when it said so.
        retry_after: Option<Duration>,
    },
    /// The request got through, whatever came back.
    Reached,
}

/// What a reply does to the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Swing {
    /// Nothing to tell.
    Stays,
    /// The sender pauses from now on.
    Pauses(PauseCause, Duration),
    /// The sender goes on.
    Resumes,
    /// It is no use going on.
    Halts(HaltReason),
}

impl Gate {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            state: State::Open,
            chance: Chance::seeded(seed),
            network: Backoff::starting_at(Duration::from_secs(1)),
            throttled: Backoff::starting_at(Duration::from_secs(1)),
            doubt: Backoff::starting_at(Duration::from_secs(2)),
            unreachable_since: None,
            held_up_since: None,
            tripped: false,
            failed_probes: 0,
            held: false,
        }
    }

    /// Ends a pause whose time has come.
    pub(super) fn advance(&mut self, now: Duration) {
        if let State::Closed { until, .. } = self.state
            && until <= now
        {
            self.state = State::Probing { probe: None };
        }
    }

    /// When the present pause ends.
    pub(super) fn opens_at(&self) -> Option<Duration> {
        match self.state {
            State::Closed { until, .. } => Some(until),
            State::Open | State::Probing { .. } => None,
        }
    }

    /// How many requests may be begun; after a trip the probe waits until nothing else is
    /// in flight, so that its answer is about now.
    pub(super) fn admission(&self, nothing_in_flight: bool) -> Admission {
        match self.state {
            _ if self.held => Admission::Nobody,
            State::Open => Admission::All,
            State::Probing { probe: None } if nothing_in_flight || !self.tripped => {
                Admission::Probe
            }
            State::Probing { .. } | State::Closed { .. } => Admission::Nobody,
        }
    }

    /// A request was begun as the probe.
    pub(super) fn probe_begins(&mut self, id: BatchId) {
        if self.state == (State::Probing { probe: None }) {
            self.state = State::Probing { probe: Some(id) };
        }
    }

    /// Whether a request that was begun may be put on the wire.
    pub(super) fn may_send(&self, id: BatchId) -> bool {
        match self.state {
            _ if self.held => false,
            State::Open => true,
            State::Probing { probe } => probe == Some(id),
            State::Closed { .. } => false,
        }
    }

    /// A request that was begun was taken back unsent.
    pub(super) fn withdrawn(&mut self, id: BatchId) {
        if self.is_probe(id) {
            self.state = State::Probing { probe: None };
        }
    }

    /// Takes in a reply. `in_doubt`: no outcome of it is known. `trips`: the breaker says
    /// it is one too many.
    pub(super) fn reply(
        &mut self,
        now: Duration,
        id: BatchId,
        reach: Reach,
        in_doubt: bool,
        trips: bool,
    ) -> Swing {
        let is_probe = self.is_probe(id);
        if reach != Reach::Unreachable {
            self.unreachable_since = None;
        }
        if reach == Reach::Reached {
            self.held_up_since = None;
        } else {
            let since = *self.held_up_since.get_or_insert(now);
            let throttled = matches!(reach, Reach::SlowDown { cause: PauseCause::Throttled, .. });
            if throttled && now.saturating_sub(since) >= THROTTLED_LIMIT {
                return Swing::Halts(HaltReason::Throttled);
            }
        }
        if is_probe && self.tripped && in_doubt {
            self.failed_probes += 1;
            if self.failed_probes >= FAILED_PROBES {
                return Swing::Halts(HaltReason::Breaker);
            }
            let asked = match reach {
                Reach::SlowDown { retry_after, .. } => retry_after.unwrap_or_default(),
                Reach::Reached | Reach::Unreachable => Duration::ZERO,
            };
            let wait = self.doubt.equal_jitter(&mut self.chance).max(asked);
            return self.close(now, PauseCause::Breaker, wait);
        }
        if trips && !self.tripped {
            self.tripped = true;
            self.failed_probes = 0;
            let wait = self.doubt.equal_jitter(&mut self.chance);
            return self.close(now, PauseCause::Breaker, wait);
        }
        // Requests that were under way when the gate closed say nothing new, but for a
        // server that asks for a longer pause.
        let decides = is_probe || self.state == State::Open;
        match reach {
            Reach::Unreachable => self.unreachable(now, decides),
            Reach::SlowDown { cause, retry_after: Some(wait) } => self.close(now, cause, wait),
            Reach::SlowDown { cause, retry_after: None } if decides => {
                let wait = self.throttled.equal_jitter(&mut self.chance);
                self.close(now, cause, wait)
            }
            Reach::Reached if is_probe => self.open(),
            Reach::SlowDown { .. } | Reach::Reached => Swing::Stays,
        }
    }

    /// Another machine of the same sender was told to wait. A longer wait of our own stays.
    pub(super) fn pause_with_others(
        &mut self,
        now: Duration,
        cause: PauseCause,
        wait: Duration,
    ) -> Swing {
        let until = now.saturating_add(wait);
        match self.state {
            State::Closed { until: already, .. } if already >= until => Swing::Stays,
            State::Closed { .. } | State::Open | State::Probing { .. } => {
                self.close(now, cause, wait)
            }
        }
    }

    /// Whether another machine finds out for all if outcomes can be known again; `true` when it
    /// did so. After that, too, one request tries alone.
    pub(super) fn hold(&mut self, held: bool) -> bool {
        let was_held = std::mem::replace(&mut self.held, held);
        let is_freed = was_held && !held;
        if is_freed && self.state == State::Open {
            self.state = State::Probing { probe: None };
        }
        is_freed
    }

    /// Whether the breaker's doubt has been lifted by the last reply.
    pub(super) fn is_tripped(&self) -> bool {
        self.tripped
    }

    fn is_probe(&self, id: BatchId) -> bool {
        self.state == State::Probing { probe: Some(id) }
    }

    fn unreachable(&mut self, now: Duration, decides: bool) -> Swing {
        let since = *self.unreachable_since.get_or_insert(now);
        let gone_by = now.saturating_sub(since);
        if gone_by >= UNREACHABLE_LIMIT {
            return Swing::Halts(HaltReason::NoConnection);
        }
        if !decides {
            return Swing::Stays;
        }
        let wait = self.network.full_jitter(&mut self.chance);
        // The last try comes right at the limit, not a minute after it.
        self.close(
            now,
            PauseCause::NoConnection,
            wait.min(UNREACHABLE_LIMIT.saturating_sub(gone_by)),
        )
    }

    /// Closes, or stays closed for longer; a pause is never cut short.
    fn close(&mut self, now: Duration, cause: PauseCause, wait: Duration) -> Swing {
        let wait = wait.min(LONGEST_PAUSE);
        let until = now.saturating_add(wait);
        match self.state {
            State::Closed { until: already, .. } if already >= until => {
                if cause == PauseCause::Breaker {
                    self.state = State::Closed { until: already, cause };
                    return Swing::Pauses(cause, already.saturating_sub(now));
                }
                Swing::Stays
            }
            State::Closed { .. } | State::Open | State::Probing { .. } => {
                self.state = State::Closed { until, cause };
                Swing::Pauses(cause, wait)
            }
        }
    }

    fn open(&mut self) -> Swing {
        self.state = State::Open;
        self.tripped = false;
        self.network.reset();
        self.throttled.reset();
        self.doubt.reset();
        Swing::Resumes
    }
}

#[cfg(test)]
mod tests;
