//! How long to wait before trying again: exponential, with jitter from a seeded generator.

use std::time::Duration;

/// The longest wait that is chosen here; a server may ask for more.
const LONGEST: Duration = Duration::from_mins(1);
/// The shortest wait, so that full jitter never means "at once".
const SHORTEST: Duration = Duration::from_millis(100);

/// Waits that double from failure to failure until something succeeds.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    base: Duration,
    failures: u32,
}

impl Backoff {
    /// The first wait is about `base`.
    pub(super) fn starting_at(base: Duration) -> Self {
        Self { base, failures: 0 }
    }

    /// Anything between (nearly) nothing and the full wait: for network faults, where
    /// spreading matters more than waiting.
    pub(super) fn full_jitter(&mut self, chance: &mut Chance) -> Duration {
        let wait = self.grow();
        chance.up_to(wait).max(SHORTEST)
    }

    /// At least half of the full wait: for a server that asked to slow down, where full
    /// jitter would now and then mean not slowing down at all.
    pub(super) fn equal_jitter(&mut self, chance: &mut Chance) -> Duration {
        let half = self.grow() / 2;
        half + chance.up_to(half)
    }

    /// Something got through: the next failure starts from the base again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    fn grow(&mut self) -> Duration {
        let wait = self.base.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

/// A small seeded generator (`SplitMix64`); good enough for jitter, not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the high half of a 128-bit product has 64 bits")
    }

    /// A duration from zero to `longest`, to the nanosecond.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.below(nanos.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_start_over_after_success() {
        let mut chance = Chance::seeded(7);
        let mut backoff = Backoff::starting_at(Duration::from_secs(1));
        for full in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let wait = backoff.equal_jitter(&mut chance);
            let full = Duration::from_secs(full);
            assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.equal_jitter(&mut chance) <= Duration::from_secs(1));
    }

    #[test]
    fn full_jitter_spreads_over_the_whole_wait() {
        let mut chance = Chance::seeded(1);
        let waits: Vec<_> = (0..200)
            .map(|_| Backoff::starting_at(Duration::from_secs(8)).full_jitter(&mut chance))
            .collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(2)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(6)));
        assert!(waits.iter().all(|wait| (SHORTEST..=Duration::from_secs(8)).contains(wait)));
    }
}
