//! Sets and maps of people, asked once or twice for each row of an audience.
//!
//! Whoever reads an audience may know of a place for each of many people in it, found on any
//! thread. A bit for each place then tells who comes twice, in an eightieth of the memory.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

/// People by their [`PersonKey`](crate::model::PersonKey)s.
pub(super) type PersonSet = HashSet<u64, PersonHash>;

/// Places that were taken.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<u64>);

impl Places {
    /// Takes one; whether nobody had it.
    pub(super) fn insert(&mut self, place: u32) -> bool {
        let (word, bit) = (place as usize / 64, 1 << (place % 64));
        if word >= self.0.len() {
            self.0.resize((word + 1).next_power_of_two(), 0);
        }
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }
}

/// Something for each person.
pub(super) type PersonMap<T> = HashMap<u64, T, PersonHash>;

/// Hashes integers with two multiplications, from another start in each process: whoever
/// writes a list cannot choose numbers that meet in one place. The standard library's hash
/// takes texts of any length and costs several times as much.
#[derive(Clone, Debug)]
pub(super) struct PersonHash {
    start: u64,
}

impl Default for PersonHash {
    fn default() -> Self {
        Self { start: RandomState::new().hash_one(0_u64) }
    }
}

impl BuildHasher for PersonHash {
    type Hasher = PersonHasher;

    fn build_hasher(&self) -> PersonHasher {
        PersonHasher(self.start)
    }
}

/// One hash being made.
pub(super) struct PersonHasher(u64);

impl Hasher for PersonHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        // The last steps of splitmix64: every bit of the input changes half of the output.
        let mut mixed = self.0 ^ value;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = mixed ^ (mixed >> 31);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_once() {
        let mut places = Places::default();
        for place in [0, 63, 64, 1_000_000, 65] {
            assert!(places.insert(place), "{place} was free");
            assert!(!places.insert(place), "{place} is taken");
        }
        assert!(places.insert(999_999));
    }

    #[test]
    fn numbers_in_a_row_and_in_steps_spread_over_all_places() {
        let hash = PersonHash::default();
        for step in [1, 1 << 7, 1 << 20, 10_000_000_000] {
            let mut low = [0_u32; 64];
            let mut high = [0_u32; 64];
            for at in 0..64_000_u64 {
                let hashed = hash.hash_one(919_800_000_000 + at * step);
                low[(hashed % 64) as usize] += 1;
                high[(hashed >> 58) as usize] += 1;
            }
            for count in low.into_iter().chain(high) {
                assert!((800..=1_200).contains(&count), "{count} of about 1,000 at step {step}");
            }
        }
    }
}
