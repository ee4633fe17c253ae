//! What the ledger knows of a campaign's people, asked person by person, from any thread.

use std::slice;

use super::action::{Action, HoldReason, SkipReason};
use super::index::Index;
use crate::ledger::{Forgotten, Known, Snapshot};
use crate::model::{ContentHash, PhoneNumber, State};

/// Everybody known of one campaign. Beyond the snapshot it borrows, it needs 8 to 16 bytes for
/// each of them.
#[derive(Debug)]
pub struct Past<'a> {
    people: &'a [Known],
    /// Whom nobody may send to; `None` where nobody is forgotten.
    forgotten: Option<&'a Forgotten>,
    /// By person, which is another order than that of the numbers.
    index: Index,
    /// Whether those whose message failed later are sent to again.
    again_after_failure: bool,
}

/// What is decided for one person, and what is known of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The decision.
    pub action: Action,
    /// Where the person stands among those known.
    pub(super) known: Option<u32>,
    /// How often the person was settled as unsent, or sent to again after a failure.
    pub(super) round: u32,
    /// Whether their message failed later.
    pub(super) failed: bool,
    /// Whether they get it again because of that.
    pub(super) again: bool,
}

impl<'a> Past<'a> {
    /// The past of the snapshot's campaign; nobody is known without one. With
    /// `again_after_failure` those whose message failed later are sent to again.
    pub(super) fn of(snapshot: Option<&'a Snapshot>, again_after_failure: bool) -> Self {
        let memory = snapshot.and_then(|snapshot| snapshot.campaign.as_ref());
        let people = memory.map(|memory| memory.known.as_slice()).unwrap_or_default();
        let index = Index::over(people.iter().map(person));
        let forgotten = snapshot.map(|snapshot| &snapshot.forgotten);
        let forgotten = forgotten.filter(|forgotten| !forgotten.is_empty());
        Self { people, forgotten, index, again_after_failure }
    }

    /// Where a person stands among those known: the same under every spelling of their number.
    pub fn place(&self, number: PhoneNumber) -> Option<u32> {
        let mut place = None;
        self.places(&[number], slice::from_mut(&mut place));
        place
    }

    /// The same for several; there are as many places as numbers.
    pub fn places(&self, numbers: &[PhoneNumber], places: &mut [Option<u32>]) {
        let is_at = |number, at: usize| self.people[at].number.is_of_person(number);
        self.index.find(numbers, is_at, places);
    }

    /// The decision for one person of the audience.
    pub fn decide(&self, number: PhoneNumber, content: ContentHash) -> Decision {
        self.decide_at(number, self.place(number), content)
    }

    /// The same for somebody whose [`Past::place`] is at hand.
    pub fn decide_at(
        &self,
        number: PhoneNumber,
        place: Option<u32>,
        content: ContentHash,
    ) -> Decision {
        if self.forgotten.is_some_and(|forgotten| forgotten.contains(number.person())) {
            let action = Action::Skip(SkipReason::Forgotten);
            return Decision { action, known: None, round: 0, failed: false, again: false };
        }
        let Some(known) = place.map(|place| &self.people[place as usize]) else {
            let action = Action::Send;
            return Decision { action, known: None, round: 0, failed: false, again: false };
        };
        let round = known.next_round();
        let (failed, again) = (known.failed, self.is_sent_again(known));
        let action = if again { Action::Send } else { decide(known, content) };
        Decision { action, known: place, round, failed, again }
    }

    /// Whether a person gets the message again because the first one failed.
    pub fn is_sent_again(&self, known: &Known) -> bool {
        self.again_after_failure && known.failed
    }

    /// Everybody, sorted by number.
    pub(super) fn people(&self) -> &'a [Known] {
        self.people
    }
}

fn person(known: &Known) -> u64 {
    known.number.person().as_u64()
}

/// The decision for a person the ledger knows.
fn decide(known: &Known, content: ContentHash) -> Action {
    match known.state {
        State::Skipped if known.settled_unsent => Action::Skip(SkipReason::SettledUnsent),
        State::Skipped if known.in_last_plan => Action::Skip(SkipReason::LeftOutBefore),
        State::Pending | State::Skipped => Action::Send,
        State::Accepted if known.content == content => Action::Same,
        State::Accepted => Action::Differs,
        State::Rejected => Action::Skip(SkipReason::RejectedBefore),
        State::Unknown => Action::Hold(HoldReason::Unknown),
        State::Attempting => Action::Hold(HoldReason::Attempting),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::CampaignMemory;
    use crate::model::{LedgerSecret, Lineage};

    fn content() -> ContentHash {
        ContentHash::from_bytes([7; 16])
    }

    fn snapshot(numbers: impl IntoIterator<Item = u64>) -> Snapshot {
        let mut known: Vec<_> = numbers
            .into_iter()
            .map(|digits| Known {
                number: PhoneNumber::from_digits(digits).expect("7 to 15 digits"),
                state: State::Accepted,
                content: content(),
                in_last_plan: true,
                code: digits,
                round: 0,
                settled_unsent: false,
                failed: false,
            })
            .collect();
        let mut seen = HashSet::new();
        known.retain(|known| seen.insert(known.number.person()));
        known.sort_unstable_by_key(|known| known.number);
        let secret = LedgerSecret::new([42; 32]);
        Snapshot {
            lineage: Lineage::from_bytes([7; 16]),
            forgotten: Forgotten::of(&secret, []),
            secret,
            api_host: None,
            sid: None,
            campaign: Some(CampaignMemory { known, ..CampaignMemory::default() }),
        }
    }

    /// Indian numbers, and Brazilian ones in both spellings, whose persons have another order.
    fn digits() -> impl Strategy<Value = u64> {
        prop_oneof![
            919_800_000_000_u64..919_800_000_400,
            551_187_650_000_u64..551_187_650_200,
            5_511_987_650_000_u64..5_511_987_650_200,
        ]
    }

    proptest! {
        #[test]
        fn everybody_known_is_found_and_nobody_else(
            known in prop::collection::vec(digits(), 0..200),
            asked in prop::collection::vec(digits(), 1..10),
        ) {
            let snapshot = snapshot(known);
            let past = Past::of(Some(&snapshot), false);
            for digits in asked {
                let number = PhoneNumber::from_digits(digits).expect("7 to 15 digits");
                let expected = past.people().iter().position(|k| k.number.person() == number.person());
                let found = past.decide(number, content());
                prop_assert_eq!(found.known.map(|at| at as usize), expected);
                prop_assert_eq!(found.action == Action::Same, expected.is_some());
            }
        }
    }

    #[test]
    fn without_a_ledger_nobody_is_known() {
        let number = PhoneNumber::from_digits(919_800_000_000).expect("12 digits");
        assert_eq!(Past::of(None, false).decide(number, content()).action, Action::Send);
    }
}
