//! Chance that repeats: every throw is a function of the seed and what it is for.

/// Dice for one seed.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Dice(u64);

impl Dice {
    /// Dice that always fall the same for one seed.
    pub(in crate::sandbox) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A number in `0.0..1.0` for a purpose at a request.
    pub(super) fn unit(self, purpose: u64, request: u64) -> f64 {
        // 53 bits are what an f64 holds exactly.
        let bits = self.throw(purpose, request) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64")]
        let numerator = bits as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// A number in `low..=high` for a purpose at a request.
    pub(super) fn between(self, low: u64, high: u64, purpose: u64, request: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(width) => low + self.throw(purpose, request) % width,
            None => self.throw(purpose, request),
        }
    }

    /// The id of a request: looks like a random UUID (RFC 9562, version 4).
    pub(in crate::sandbox) fn uuid(self, request: u64) -> String {
        let high = self.throw(UUID_HIGH, request);
        let low = self.throw(UUID_LOW, request);
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            0x8000 | low >> 48 & 0x3fff,
            low & 0xffff_ffff_ffff,
        )
    }

    fn throw(self, purpose: u64, request: u64) -> u64 {
        mix(mix(self.0 ^ purpose).wrapping_add(request))
    }
}

/// Purposes that are not a rule's number.
pub(super) const LATENCY: u64 = u64::MAX;
pub(super) const IDLE: u64 = u64::MAX - 1;
const UUID_HIGH: u64 = u64::MAX - 2;
const UUID_LOW: u64 = u64::MAX - 3;

/// One step of `SplitMix64` (Steele, Lea, Flood 2014): every input bit reaches every output
/// bit, and no two inputs share an output.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        assert_eq!(Dice::new(7).uuid(3), Dice::new(7).uuid(3));
        assert_ne!(Dice::new(7).uuid(3), Dice::new(8).uuid(3));
    }

    #[test]
    fn ids_look_like_random_uuids_and_differ() {
        let ids: HashSet<String> = (0..10_000).map(|request| Dice::new(1).uuid(request)).collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            assert_eq!(id.len(), 36);
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn throws_spread_evenly() {
        let dice = Dice::new(42);
        let hits = (0..100_000).filter(|request| dice.unit(0, *request) < 0.01).count();
        assert!((850..1150).contains(&hits), "{hits}");
        let latencies: HashSet<u64> = (0..100).map(|r| dice.between(5, 7, LATENCY, r)).collect();
        assert_eq!(latencies, HashSet::from([5, 6, 7]));
    }
}
