//! Positions of people in a list, found by a number of theirs, from any thread.

use std::thread::{self, ScopedJoinHandle};

use crate::model::PhoneNumber;

/// How many are looked up together.
const AT_ONCE: usize = 64;

/// Fewer people are taken into a table sooner by one thread.
const MANY: usize = 1 << 17;
/// More threads than this wait for the same memory.
const MOST_PARTS: usize = 4;

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
    pub(super) fn over(keys: impl ExactSizeIterator<Item = u64> + Clone + Send) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let parts = if keys.len() < MANY { 1 } else { cores.min(MOST_PARTS) };
        Self::in_parts(keys, parts)
    }

    /// The same, with a thread for each part of the table: it takes in those whose search begins
    /// there, and leaves over whom the part has no room for until its end.
    fn in_parts(keys: impl ExactSizeIterator<Item = u64> + Clone + Send, parts: usize) -> Self {
        let count = u32::try_from(keys.len()).ok().filter(|count| *count < NOBODY / 2);
        let count = count.expect("there are fewer telephone numbers in a campaign than 2^31");
        if count == 0 {
            return Self::default();
        }
        let mut index = Self { slots: vec![NOBODY; (2 * count as usize).next_power_of_two()] };
        let last = index.slots.len() - 1;
        let length = index.slots.len().div_ceil(parts);
        let left_over = if parts == 1 {
            fill(&mut index.slots, 0, keys, last)
        } else {
            thread::scope(|scope| {
                let parts = index.slots.chunks_mut(length).enumerate();
                let fill_part = |(part, slots)| {
                    let keys = keys.clone();
                    scope.spawn(move || fill(slots, part * length, keys, last))
                };
                let threads: Vec<_> = parts.map(fill_part).collect();
                let ended = threads.into_iter().map(ScopedJoinHandle::join);
                ended.flat_map(|left_over| left_over.expect("filling does not panic")).collect()
            })
        };
        for (position, mut at) in left_over {
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
                let at = start(number.person().as_u64(), self.slots.len() - 1);
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

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

/// Where the search for a key begins in a table whose last slot this is (the mixing steps of
/// splitmix64).
fn start(key: u64, last: usize) -> usize {
    let mut mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 32) as u32 as usize & last
}

/// Fills the part of a table that begins at slot `first`. Who finds no room in it is left over,
/// with the slot where the search began.
fn fill(
    part: &mut [u32],
    first: usize,
    keys: impl Iterator<Item = u64>,
    last: usize,
) -> Vec<(u32, usize)> {
    let mut left_over = Vec::new();
    for (position, key) in (0..).zip(keys) {
        let at = start(key, last);
        let Some(offset) = at.checked_sub(first).filter(|offset| *offset < part.len()) else {
            continue;
        };
        match part[offset..].iter_mut().find(|slot| **slot == NOBODY) {
            Some(slot) => *slot = position,
            None => left_over.push((position, at)),
        }
    }
    left_over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_and_nobody_else() {
        for (count, step) in [(0, 1), (1, 1), (2, 1), (63, 2), (64, 1 << 20), (1_000, 1 << 39)] {
            let number = |digits| PhoneNumber::from_digits(digits).expect("7 to 15 digits");
            let people: Vec<_> = (0..count).map(|at| number(919_800_000_000 + at * step)).collect();
            let asked: Vec<_> =
                [number(919_799_999_999)].into_iter().chain(people.clone()).collect();
            let expected = [None].into_iter().chain((0..).take(people.len()).map(Some));
            let expected: Vec<_> = expected.collect();
            let keys = people.iter().map(|number| number.person().as_u64());
            for parts in [1, 2, 3, 4] {
                let index = Index::in_parts(keys.clone(), parts);
                let mut places = vec![None; asked.len()];
                index.find(&asked, |number, at| people[at] == number, &mut places);
                assert_eq!(places, expected, "{count} people in {parts} parts");
            }
        }
    }
}
