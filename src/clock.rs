//! The only reader of time and randomness.
//!
//! Wall time is for what people and Kaleyra read (deadlines, the ledger's dates);
//! durations are measured on the monotonic clock, so that a clock set back or forth
//! neither hurries nor stalls the sending.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The wall clock: real, or fixed by `OFFERCAST_NOW` for reproducible output.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The wall instant that `started` stands for.
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
    pub fn system() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Self { wall: Timestamp::from_millis(millis), started: Instant::now() }
    }

    /// A clock that shows `wall` now and runs on from there.
    #[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall, started: Instant::now() }
    }

    /// The wall time now.
    pub fn now(&self) -> Timestamp {
        self.wall.plus(self.started.elapsed())
    }

    /// The wall time when this clock was made.
    pub fn at_start(&self) -> Timestamp {
        self.wall
    }

    /// The monotonic clock.
    #[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
    pub fn monotonic(&self) -> Instant {
        Instant::now()
    }
}

/// Bytes from the system's random generator.
///
/// # Errors
/// When the system has none to give; nothing can be made safely then.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system's random generator failed")]
pub struct NoRandomness(#[source] getrandom::Error);
