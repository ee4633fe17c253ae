//! The people of a plan, found by their numbers.

use super::index::Index;
use super::planner::Planned;
use crate::model::PhoneNumber;

/// Finds people of a plan, from any thread. Memory: 8 to 16 bytes a person.
#[derive(Debug)]
pub struct Lookup<'a> {
    people: &'a [Planned],
    index: Index,
}

impl<'a> Lookup<'a> {
    /// Over people who are there once each.
    pub fn over(people: &'a [Planned]) -> Self {
        Self { people, index: Index::over(people.iter().map(person)) }
    }

    /// Where the people with these numbers stand, under whatever spelling; there are as many
    /// places as numbers.
    pub fn places(&self, numbers: &[PhoneNumber], places: &mut [Option<u32>]) {
        let is_at = |number, at: usize| self.people[at].number.is_of_person(number);
        self.index.find(numbers, is_at, places);
    }

    /// What is planned for the person at a place.
    pub fn at(&self, place: u32) -> &'a Planned {
        &self.people[place as usize]
    }
}

fn person(planned: &Planned) -> u64 {
    planned.number.person().as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContentHash;

    #[test]
    fn everybody_is_found_and_nobody_else() {
        let number = |digits| PhoneNumber::from_digits(digits).expect("7 to 15 digits");
        for count in [0, 1, 63, 64, 65, 128, 1_000] {
            let content = ContentHash::from_bytes([7; 16]);
            let people: Vec<_> = (0..count)
                .map(|n| Planned { number: number(919_800_000_000 + 2 * n), content })
                .collect();
            let lookup = Lookup::over(&people);
            let place = |number| {
                let mut place = [None];
                lookup.places(&[number], &mut place);
                place[0]
            };
            for (at, planned) in (0..).zip(&people) {
                assert_eq!(place(planned.number), Some(at));
                assert_eq!(lookup.at(at), planned);
                assert_eq!(place(number(planned.number.as_u64() + 1)), None);
            }
            assert_eq!(place(number(919_799_999_999)), None);
        }
    }
}
