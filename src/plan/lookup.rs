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

    /// Where the person with this number stands, under whatever spelling of it.
    pub fn place(&self, number: PhoneNumber) -> Option<u32> {
        let person_of = |at: usize| person(&self.people[at]);
        u32::try_from(self.index.find(number.person().as_u64(), person_of)?).ok()
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
            for (place, planned) in (0..).zip(&people) {
                assert_eq!(lookup.place(planned.number), Some(place));
                assert_eq!(lookup.at(place), planned);
                assert_eq!(lookup.place(number(planned.number.as_u64() + 1)), None);
            }
            assert_eq!(lookup.place(number(919_799_999_999)), None);
        }
    }
}
