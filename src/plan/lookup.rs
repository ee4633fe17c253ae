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
        Self { people, index: Index::over(people.iter().map(|planned| planned.number.as_u64())) }
    }

    /// The person with this number.
    pub fn find(&self, number: PhoneNumber) -> Option<&'a Planned> {
        let found = self.index.find(number.as_u64(), |at| self.people[at].number.as_u64())?;
        Some(&self.people[found])
    }
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
            for planned in &people {
                assert_eq!(lookup.find(planned.number), Some(planned));
                assert_eq!(lookup.find(number(planned.number.as_u64() + 1)), None);
            }
            assert_eq!(lookup.find(number(919_799_999_999)), None);
        }
    }
}
