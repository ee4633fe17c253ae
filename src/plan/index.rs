//! Positions of people in a list, found by a number of theirs, from any thread.

/// No position.
const NOBODY: u32 = u32::MAX;

/// A table of positions, at most half full. A search among a million people is all waiting
/// for memory: here it is one look at the table, and one at the person.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// As many as a power of two; none when nobody is listed.
    slots: Vec<u32>,
}

impl Index {
    /// Over a list in which these are everybody's keys, in order, each once.
    pub(super) fn over(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let count = u32::try_from(keys.len()).ok().filter(|count| *count < NOBODY / 2);
        let count = count.expect("there are fewer telephone numbers in a campaign than 2^31");
        if count == 0 {
            return Self::default();
        }
        let mut index = Self { slots: vec![NOBODY; (2 * count as usize).next_power_of_two()] };
        for (position, key) in (0..).zip(keys) {
            let mut at = index.start(key);
            while index.slots[at] != NOBODY {
                at = index.after(at);
            }
            index.slots[at] = position;
        }
        index
    }

    /// Where the key stands in the list; `key_at` gives the key at a position.
    pub(super) fn find(&self, key: u64, key_at: impl Fn(usize) -> u64) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mut at = self.start(key);
        loop {
            let position = self.slots[at];
            if position == NOBODY {
                return None;
            }
            if key_at(position as usize) == key {
                return Some(position as usize);
            }
            at = self.after(at);
        }
    }

    /// Where the search for a key begins (the mixing steps of splitmix64).
    fn start(&self, key: u64) -> usize {
        let mut mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32 as usize & (self.slots.len() - 1)
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_and_nobody_else() {
        for (count, step) in [(0, 1), (1, 1), (2, 1), (63, 2), (64, 1 << 20), (1_000, 1 << 40)] {
            let keys: Vec<u64> = (0..count).map(|at| 919_800_000_000 + at * step).collect();
            let index = Index::over(keys.iter().copied());
            for (at, key) in keys.iter().enumerate() {
                assert_eq!(index.find(*key, |at| keys[at]), Some(at));
            }
            assert_eq!(index.find(919_799_999_999, |at| keys[at]), None);
        }
    }
}
