//! What goes wrong in a world, and how often.

use std::time::Duration;

/// How bad the world is, in thousandths per request or per commit, and how slow.
#[derive(Clone, Debug)]
pub(super) struct Weather {
    pub(super) unreachable: u64,
    pub(super) throttled: u64,
    pub(super) in_doubt: u64,
    pub(super) rejected: u64,
    pub(super) halted: u64,
    pub(super) group_refused: u64,
    pub(super) never_started: u64,
    pub(super) write_fails: u64,
    pub(super) latency: (Duration, Duration),
    pub(super) connecting: Duration,
    pub(super) commit: Duration,
    /// The timer fires up to this much late.
    pub(super) timer: Duration,
}

impl Weather {
    /// Nothing goes wrong, and everything takes about as long as it does in real life.
    pub(super) fn fair() -> Self {
        Self {
            unreachable: 0,
            throttled: 0,
            in_doubt: 0,
            rejected: 0,
            halted: 0,
            group_refused: 0,
            never_started: 0,
            write_fails: 0,
            latency: (Duration::from_millis(20), Duration::from_millis(30)),
            connecting: Duration::from_millis(3),
            commit: Duration::from_millis(4),
            timer: Duration::from_micros(1_100),
        }
    }
}
