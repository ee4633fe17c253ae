//! People whom the ledger was told to forget: no row names them any more, and nobody sends to
//! them again.
//!
//! What stays of a person is a keyed hash, by which somebody who turns up in an audience is
//! recognised, and how their number begins, by which what they cost is known. Where a row has
//! room for a number it has the beginning as a negative integer, and where it has room for a
//! person the hash, which is negative too: neither can be taken for a number.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::model::{
    CampaignName, CountryPrefix, LedgerSecret, PersonKey, PhoneNumber, State, StateCounts,
    Timestamp,
};

/// The cause of people who were pending, or settled as unsent, when they were forgotten.
pub(super) const FORGOTTEN: &str = "forgotten";

/// Whom a row is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Whoever has this number.
    Number(PhoneNumber),
    /// Somebody who was forgotten, whose number began so.
    Forgotten(CountryPrefix),
}

impl Whose {
    /// The number, unless it was forgotten.
    pub fn number(self) -> Option<PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Forgotten(_) => None,
        }
    }

    /// Reads what stands in a row's place for a number.
    pub(super) fn of_stored(stored: i64) -> Option<Self> {
        match u64::try_from(stored) {
            Ok(digits) => PhoneNumber::from_digits(digits).map(Self::Number),
            Err(_) => CountryPrefix::from_digits(stored.unsigned_abs()).map(Self::Forgotten),
        }
    }
}

/// What stands in the place of a number that was forgotten: its beginning, as a negative
/// integer.
pub(super) fn stored_prefix(number: PhoneNumber) -> i64 {
    -CountryPrefix::of(number).as_u64().cast_signed()
}

/// Tells the people apart whom a ledger has forgotten.
///
/// 63 bits of HMAC-SHA-256, keyed by the ledger's secret: with a million people forgotten and
/// an audience of a billion, one in 9,000 such ledgers would leave out one person too many, and
/// none would send to one. Whoever has the secret can try numbers; without it nothing is
/// learned from them.
#[derive(Clone)]
pub(super) struct PersonHash(Hmac<Sha256>);

impl PersonHash {
    pub(super) fn new(secret: &LedgerSecret) -> Self {
        Self(secret.start_mac(b"offercast forgotten person v1"))
    }

    /// Negative, so that no person's key is equal to it.
    pub(super) fn of(&self, person: PersonKey) -> i64 {
        let mut mac = self.0.clone();
        mac.update(&person.as_u64().to_be_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first) | i64::MIN
    }
}

/// Everybody whom a ledger has forgotten, to be asked person by person, from any thread.
#[derive(Clone)]
pub struct Forgotten {
    hash: PersonHash,
    people: HashMap<i64, Timestamp>,
}

impl Forgotten {
    /// Those with these hashes, and since when.
    pub(super) fn new(
        secret: &LedgerSecret,
        people: impl IntoIterator<Item = (i64, Timestamp)>,
    ) -> Self {
        Self { hash: PersonHash::new(secret), people: people.into_iter().collect() }
    }

    /// These people, forgotten by a ledger with this secret, and since when.
    pub fn of(
        secret: &LedgerSecret,
        people: impl IntoIterator<Item = (PersonKey, Timestamp)>,
    ) -> Self {
        let hash = PersonHash::new(secret);
        let people = people.into_iter().map(|(person, since)| (hash.of(person), since)).collect();
        Self { hash, people }
    }

    /// Since when a person is forgotten, if they are. Costs nothing where nobody is.
    pub fn since(&self, person: PersonKey) -> Option<Timestamp> {
        if self.people.is_empty() {
            return None;
        }
        self.people.get(&self.hash.of(person)).copied()
    }

    /// Whether a person is forgotten.
    pub fn contains(&self, person: PersonKey) -> bool {
        self.since(person).is_some()
    }

    /// How many people they are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody was ever forgotten.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

impl fmt::Debug for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forgotten").field("people", &self.people.len()).finish_non_exhaustive()
    }
}

/// What is still known of a forgotten person's row in one campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ForgottenRow {
    /// How their number began.
    pub prefix: CountryPrefix,
    /// Where they stand.
    pub state: State,
    /// Whether their row belongs to the plan consumed last.
    pub in_last_plan: bool,
}

/// What a ledger has of people who are to be forgotten.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traces {
    /// How many people were named.
    pub people: u64,
    /// Of those, people whom the ledger names anywhere.
    pub named: u64,
    /// Of those, people who were forgotten before.
    pub before: u64,
    /// Where they stand, campaign by campaign.
    pub campaigns: BTreeMap<CampaignName, CampaignTraces>,
    /// Test messages to them.
    pub tests: u64,
}

/// What one campaign has of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CampaignTraces {
    /// Where they stand before they are forgotten.
    pub states: StateCounts,
    /// Codes given out to them by the `codes` command.
    pub issued: u64,
}

/// How forgetting ended, once the ledger names nobody of them any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forgetting {
    /// What there was.
    pub traces: Traces,
    /// Why what was written before may still stand in freed parts of the ledger; `None` when
    /// it was written over.
    pub remains: Option<Remains>,
}

/// Why bytes of what was forgotten may still be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Remains {
    /// Another process reads an earlier state of the file.
    #[error("another process is reading the ledger")]
    Read,
    /// Rewriting failed, for want of room or time.
    #[error("the ledger could not be written anew")]
    NotRewritten,
    /// Only the owner of the tables may rewrite them.
    #[error("the tables belong to another role")]
    NotOwner,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("7 to 15 digits")
    }

    fn secret(byte: u8) -> LedgerSecret {
        LedgerSecret::new([byte; 32])
    }

    proptest! {
        #[test]
        fn what_stands_for_a_forgotten_person_is_no_number(
            digits in 1_000_000_u64..=999_999_999_999_999,
        ) {
            let stored = stored_prefix(number(digits));
            let expected = Whose::Forgotten(CountryPrefix::of(number(digits)));
            prop_assert_eq!(Whose::of_stored(stored), Some(expected));
            prop_assert_eq!(expected.number(), None);
            let hash = PersonHash::new(&secret(1)).of(number(digits).person());
            prop_assert!(hash < 0, "{hash}");
            prop_assert_eq!(u64::try_from(hash).ok().and_then(PhoneNumber::from_digits), None);
        }
    }

    #[test]
    fn all_spellings_of_a_person_are_forgotten_and_nobody_else() {
        let one = number(5_511_987_654_321);
        let since = Timestamp::from_millis(7);
        let forgotten = Forgotten::of(&secret(1), [(one.person(), since)]);
        assert_eq!(forgotten.since(number(551_187_654_321).person()), Some(since));
        assert!(!forgotten.contains(number(551_187_654_322).person()));
    }

    #[test]
    fn ledgers_do_not_share_what_they_remember() {
        let person = number(919_876_543_210).person();
        assert_ne!(PersonHash::new(&secret(1)).of(person), PersonHash::new(&secret(2)).of(person));
    }

    #[test]
    fn the_hash_of_format_1_stays_what_it_is() {
        let person = number(919_876_543_210).person();
        assert_eq!(PersonHash::new(&secret(42)).of(person), -1_067_667_813_477_703_946);
    }
}
