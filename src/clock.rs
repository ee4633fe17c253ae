//! The only reader of time and randomness.
//!
//! Wall time is for what people and Kaleyra read (deadlines, the ledger's dates);
//! durations are measured on the monotonic clock, so that a clock set back or forth
//! neither hurries nor stalls the sending.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The wall clock: real, or started at a given instant by `OFFERCAST_NOW` for reproducible
/// output.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// The wall instant that `started` stands for; `None` asks the system each time, since
    /// the monotonic clock stands still while the machine sleeps and offers end meanwhile.
    pretended: Option<Timestamp>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { started: monotonic(), pretended: None }
    }

    /// A clock that shows `wall` now and runs on from there.
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { started: monotonic(), pretended: Some(wall) }
    }

    /// The wall time now.
    pub fn now(&self) -> Timestamp {
        match self.pretended {
            Some(wall) => wall.plus(self.started.elapsed()),
            None => system_time(),
        }
    }

    /// The monotonic clock: for durations and for waiting.
    pub fn monotonic(&self) -> Instant {
        monotonic()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
fn monotonic() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
fn system_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
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
