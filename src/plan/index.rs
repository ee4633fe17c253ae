//! Positions of people in a list, found by a number of theirs, from any thread.

use crate::model::PhoneNumber;

/// How many are looked up together.
const AT_ONCE: usize = 64;

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

    /// Where each of these people stands in the list, if they do; `is_at` tells whether
    /// somebody is the person at a position.
    ///
    /// All looks at the table come first and all at the people after them, some dozens at a
    /// time: the looks of one short loop wait for memory together.
    pub(super) fn find(
        &self,
        numbers: &[PhoneNumber],
        is_at: impl Fn(PhoneNumber, usize) -> bool,
        places: &mut [Option<u32>],
    ) {
        if self.slots.is_empty() {
            return;
        }
        let mut looks = [(0, NOBODY); AT_ONCE];
        for (numbers, places) in numbers.chunks(AT_ONCE).zip(places.chunks_mut(AT_ONCE)) {
            for (look, number) in looks.iter_mut().zip(numbers) {
                let at = self.start(number.person().as_u64());
                *look = (at, self.slots[at]);
            }
            for ((number, place), look) in numbers.iter().zip(places).zip(&looks) {
                let (mut at, mut position) = *look;
                while position != NOBODY && !is_at(*number, position as usize) {
                    at = self.after(at);
                    position = self.slots[at];
                }
                *place = (position != NOBODY).then_some(position);
            }
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
        for (count, step) in [(0, 1), (1, 1), (2, 1), (63, 2), (64, 1 << 20), (1_000, 1 << 39)] {
            let number = |digits| PhoneNumber::from_digits(digits).expect("7 to 15 digits");
            let people: Vec<_> = (0..count).map(|at| number(919_800_000_000 + at * step)).collect();
            let index = Index::over(people.iter().map(|number| number.person().as_u64()));
            let asked: Vec<_> =
                [number(919_799_999_999)].into_iter().chain(people.clone()).collect();
            let mut places = vec![None; asked.len()];
            index.find(&asked, |number, at| people[at] == number, &mut places);
            let expected = [None].into_iter().chain((0..).take(people.len()).map(Some));
            assert_eq!(places, expected.collect::<Vec<_>>());
        }
    }
}
