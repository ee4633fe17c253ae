//! From rows that name a person to rows that name nobody, for every store alike.

use std::collections::{HashMap, HashSet};

use crate::model::{CampaignName, PhoneNumber, State};

use super::forgotten::{CampaignTraces, FORGOTTEN, Forgotten, PersonHash, Traces, stored_prefix};
use super::rows::{Deciding, NO_CONTENT, NO_TEXTS, Verified, stored};
use super::settlement::UNSENT;

/// The people who are to be forgotten.
pub(super) struct People {
    numbers: Vec<PhoneNumber>,
    keys: HashSet<u64>,
}

impl People {
    /// Each person once, whatever spellings they are named by.
    pub(super) fn of(numbers: &[PhoneNumber]) -> Self {
        let mut keys = HashSet::new();
        let numbers = numbers.iter().filter(|number| keys.insert(number.person().as_u64()));
        Self { numbers: numbers.copied().collect(), keys }
    }

    /// Whether a row is about one of them, by its number or by its key of the person: where
    /// the two do not go together, either is enough to forget it.
    pub(super) fn name(&self, number: i64, person: i64) -> Option<PhoneNumber> {
        let number = u64::try_from(number).ok().and_then(PhoneNumber::from_digits)?;
        let is_named = self.keys.contains(&number.person().as_u64())
            || self.keys.contains(&person.cast_unsigned());
        is_named.then_some(number)
    }

    /// The same for a row that has no key of the person.
    pub(super) fn name_number(&self, number: i64) -> Option<PhoneNumber> {
        self.name(number, number)
    }

    /// Their keys as stored.
    pub(super) fn stored(&self) -> Vec<i64> {
        self.numbers.iter().map(|number| stored(number.person().as_u64())).collect()
    }

    /// What stands for each of them from now on.
    pub(super) fn hashes(&self, hash: &PersonHash) -> Vec<i64> {
        self.numbers.iter().map(|number| hash.of(number.person())).collect()
    }
}

/// A row that names one of them in a column for numbers and one for persons.
pub(super) struct Named {
    pub(super) id: i64,
    pub(super) campaign: i64,
    pub(super) number: PhoneNumber,
}

/// A recipient's row that names one of them.
pub(super) struct NamedRecipient {
    pub(super) id: i64,
    pub(super) number: PhoneNumber,
    campaign: i64,
    plan: i64,
    code_digest: i64,
    round: i64,
    state: State,
    cause: Option<String>,
}

/// What is to be written in its place, beside the absence of all texts.
pub(super) struct Erased {
    pub(super) id: i64,
    pub(super) number: i64,
    pub(super) person: i64,
    pub(super) checksum: i64,
    pub(super) text_checksum: i64,
    pub(super) state: State,
    pub(super) cause: Option<String>,
    /// Whether the state or its cause is another than before.
    pub(super) is_changed: bool,
}

impl NamedRecipient {
    /// A row that was found.
    pub(super) fn new(verified: &Verified<'_>, number: PhoneNumber, cause: Option<&str>) -> Self {
        let Deciding { campaign, plan, code_digest, round, .. } = verified.deciding;
        let (id, state, cause) = (verified.id, verified.state, cause.map(str::to_owned));
        Self { id, number, campaign, plan, code_digest, round, state, cause }
    }

    /// The row without the person. Nobody can be sent to from it, nor from a plan made of it.
    pub(super) fn erased(&self, hash: &PersonHash) -> Erased {
        let number = stored_prefix(self.number);
        let (state, cause) = match (self.state, self.cause.as_deref()) {
            (State::Pending | State::Attempting, _) | (State::Skipped, Some(UNSENT)) => {
                (State::Skipped, Some(FORGOTTEN.to_owned()))
            }
            (state, cause) => (state, cause.map(str::to_owned)),
        };
        let checksum = Deciding {
            campaign: self.campaign,
            plan: self.plan,
            number,
            code_digest: self.code_digest,
            content: &NO_CONTENT,
            round: self.round,
        }
        .checksum();
        Erased {
            id: self.id,
            number,
            person: hash.of(self.number.person()),
            checksum,
            text_checksum: NO_TEXTS.checksum(checksum),
            is_changed: (state, &cause) != (self.state, &self.cause),
            state,
            cause,
        }
    }
}

/// All rows that name one of them.
#[derive(Default)]
pub(super) struct Found {
    pub(super) recipients: Vec<NamedRecipient>,
    pub(super) issued: Vec<Named>,
    pub(super) tests: Vec<(i64, PhoneNumber)>,
    pub(super) audit: Vec<Named>,
}

impl Found {
    /// What they come to.
    pub(super) fn traces(
        &self,
        people: &People,
        campaigns: &HashMap<i64, CampaignName>,
        forgotten: &Forgotten,
    ) -> Traces {
        let before = people.numbers.iter().filter(|n| forgotten.contains(n.person())).count();
        let mut traces = Traces {
            people: people.numbers.len() as u64,
            before: before as u64,
            tests: self.tests.len() as u64,
            ..Traces::default()
        };
        let mut of_campaign = |row: i64, count: &dyn Fn(&mut CampaignTraces)| {
            if let Some(name) = campaigns.get(&row) {
                count(traces.campaigns.entry(name.clone()).or_default());
            }
        };
        for row in &self.recipients {
            of_campaign(row.campaign, &|traces| traces.states.add(row.state, 1));
        }
        for row in &self.issued {
            of_campaign(row.campaign, &|traces| traces.issued += 1);
        }
        let of_rows = self.issued.iter().chain(&self.audit).map(|row| row.number);
        let numbers = self.recipients.iter().map(|row| row.number).chain(of_rows);
        let numbers = numbers.chain(self.tests.iter().map(|(_, number)| *number));
        let named: HashSet<_> = numbers.map(PhoneNumber::person).collect();
        traces.named = named.len() as u64;
        traces
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::LedgerSecret;

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("7 to 15 digits")
    }

    proptest! {
        /// Whatever a row was, nobody sends from what is left of it: neither an apply, which
        /// reads pending rows, nor a plan, which asks those anew who were settled as unsent.
        #[test]
        fn forgetting_never_makes_a_row_that_can_be_sent(
            digits in 1_000_000_u64..=999_999_999_999_999,
            state in prop::sample::select(State::ALL.to_vec()),
            cause in prop::option::of(prop::sample::select(vec![
                "unsent", "offer_over", "superseded", "excluded", "timeout", "E13001", "throttled",
            ])),
        ) {
            let row = NamedRecipient {
                id: 1,
                number: number(digits),
                campaign: 1,
                plan: 1,
                code_digest: 7,
                round: 0,
                state,
                cause: cause.map(str::to_owned),
            };
            let erased = row.erased(&PersonHash::new(&LedgerSecret::new([1; 32])));
            prop_assert!(!matches!(erased.state, State::Pending | State::Attempting));
            prop_assert!(erased.cause.as_deref() != Some(UNSENT) || erased.state != State::Skipped);
            prop_assert!(erased.number < 0 && erased.person < 0);
            let kept = matches!(state, State::Accepted | State::Rejected | State::Unknown);
            prop_assert!(!kept || (erased.state, erased.is_changed) == (state, false));
        }
    }

    #[test]
    fn a_person_is_found_by_any_spelling_and_by_either_column() {
        let people = People::of(&[number(5_511_987_654_321), number(551_187_654_321)]);
        assert_eq!(people.stored().len(), 1);
        for (digits, person, is_named) in [
            (5_511_987_654_321, 551_187_654_321, true),
            (551_187_654_321, 551_187_654_321, true),
            (919_876_543_210, 551_187_654_321, true),
            (5_511_987_654_321, 919_876_543_210, true),
            (919_876_543_210, 919_876_543_210, false),
            (-55, -551_187_654_321, false),
        ] {
            assert_eq!(people.name(digits, person).is_some(), is_named, "{digits} {person}");
        }
    }
}
