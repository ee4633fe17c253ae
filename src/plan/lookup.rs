//! The people of a plan, found by their numbers.

use super::planner::Planned;
use crate::model::PhoneNumber;

/// People between two of [`Lookup::steps`].
const STEP: usize = 64;

/// Finds people of a plan, from any thread. A search among a million people is mostly waiting
/// for memory; it begins among every 64th of them, which the processor has at hand.
#[derive(Debug)]
pub struct Lookup<'a> {
    people: &'a [Planned],
    steps: Vec<PhoneNumber>,
}

impl<'a> Lookup<'a> {
    /// Over people sorted by number.
    pub fn over(people: &'a [Planned]) -> Self {
        Self { people, steps: people.iter().step_by(STEP).map(|planned| planned.number).collect() }
    }

    /// The person with this number.
    pub fn find(&self, number: PhoneNumber) -> Option<&'a Planned> {
        let step = self.steps.partition_point(|step| *step <= number).checked_sub(1)?;
        let start = step * STEP;
        let people = &self.people[start..self.people.len().min(start + STEP)];
        let found = people.binary_search_by_key(&number, |planned| planned.number).ok()?;
        Some(&people[found])
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
