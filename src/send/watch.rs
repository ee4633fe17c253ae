//! Both clocks, as the engine reads them.

use std::time::{Duration, Instant};

use crate::clock::Clock;

use super::protocol::Now;

/// Reads both clocks.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    pub(super) clock: Clock,
    /// When a pace began that may be older than this run.
    pub(super) origin: Instant,
}

impl Watch {
    pub(super) fn now(&self) -> Now {
        Now { elapsed: self.elapsed(), wall: self.clock.now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_duration_since(self.origin)
    }

    /// The instant on tokio's clock. Beyond what it can hold there is nothing to wait for.
    pub(super) fn instant(&self, elapsed: Duration) -> Option<tokio::time::Instant> {
        self.origin.checked_add(elapsed).map(Into::into)
    }
}
