//! How long an intent takes to become durable.

use std::time::Duration;

/// A running estimate of the time from handing an intent over to its being durable, kept
/// like TCP's round-trip estimate (RFC 6298): a mean and a mean deviation.
#[derive(Clone, Debug)]
pub(super) struct CommitEstimate {
    mean: Duration,
    deviation: Duration,
}

/// The lead never grows beyond this: a disk that hangs is no reason to plan for hanging.
const LONGEST_LEAD: Duration = Duration::from_millis(250);
const SHORTEST_LEAD: Duration = Duration::from_millis(1);

impl CommitEstimate {
    /// Before anything is known: a few milliseconds, as an SSD takes.
    pub(super) fn new() -> Self {
        Self { mean: Duration::from_millis(4), deviation: Duration::from_millis(1) }
    }

    /// Takes in one commit.
    pub(super) fn record(&mut self, took: Duration) {
        let difference = took.abs_diff(self.mean);
        self.deviation = (self.deviation * 3 + difference) / 4;
        self.mean = (self.mean * 7 + took) / 8;
    }

    /// How long before its instant an intent is written, so that it is durable in time.
    pub(super) fn lead(&self) -> Duration {
        (self.mean + self.deviation * 3).clamp(SHORTEST_LEAD, LONGEST_LEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_follows_the_disk_within_bounds() {
        let mut estimate = CommitEstimate::new();
        for _ in 0..100 {
            estimate.record(Duration::from_millis(20));
        }
        let steady = estimate.lead();
        assert!((Duration::from_millis(19)..Duration::from_millis(24)).contains(&steady));
        estimate.record(Duration::from_secs(5));
        assert_eq!(estimate.lead(), LONGEST_LEAD);
        for _ in 0..200 {
            estimate.record(Duration::ZERO);
        }
        assert_eq!(estimate.lead(), SHORTEST_LEAD);
    }
}
