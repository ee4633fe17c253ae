//! People whom the ledger was told to forget, and plans that meet them again.

use proptest::prelude::*;

use super::*;
use crate::ledger::ForgottenRow;
use crate::model::CountryPrefix;

/// The same ledger once it has forgotten these people.
fn without(mut snapshot: Snapshot, people: &[PhoneNumber]) -> Snapshot {
    let since = Timestamp::from_millis(0);
    let persons = people.iter().map(|number| (number.person(), since));
    snapshot.forgotten = Forgotten::of(&snapshot.secret, persons);
    if let Some(memory) = &mut snapshot.campaign {
        let (gone, known) = memory.known.iter().partition(|known| people.contains(&known.number));
        memory.known = known;
        let gone: Vec<Known> = gone;
        for Known { number, state, in_last_plan, code, .. } in gone {
            let state = if state == State::Pending { State::Skipped } else { state };
            let prefix = CountryPrefix::of(number);
            memory.forgotten.push(ForgottenRow { prefix, state, in_last_plan });
            memory.taken.push(code);
        }
    }
    snapshot
}

#[test]
fn nobody_who_is_forgotten_is_sent_to_by_a_campaign_that_never_knew_them() {
    let plan = plan(&without(ledger(None), &[person(2)]), &three());
    assert_eq!((plan.tally.send, plan.tally.forgotten), (2, 1));
    assert_eq!(plan.tally.considered(), 3);
    assert!(plan.sends.iter().all(|planned| planned.number != person(2)));
}

#[test]
fn a_plan_that_was_approved_with_them_is_another_one_without_them() {
    let (first, half) = applied([State::Accepted, State::Pending, State::Pending]);
    let half = without(half, &[person(1)]);
    let now = plan(&half, &three());
    assert_ne!(now.id, first.id);
    assert_eq!(now.progress, Progress::New);
    assert_eq!((now.tally.send, now.tally.forgotten, now.tally.gone), (2, 1, 0));
    assert_eq!(plan(&half, &three()[1..]).id, now.id, "it is the same once they left the audience");
}

#[test]
fn nothing_is_left_to_do_where_everybody_else_was_sent_to() {
    let (_, done) = applied([State::Accepted; 3]);
    let plan = plan(&without(done, &[person(1)]), &three());
    assert_eq!((plan.tally.send, plan.tally.same, plan.tally.forgotten), (0, 2, 1));
    assert!(!plan.is_refused());
}

proptest! {
    #[test]
    fn forgetting_never_makes_anybody_sendable(
        states in prop::array::uniform3(prop::sample::select(State::ALL.to_vec())),
        failed in any::<bool>(),
        unsent in any::<bool>(),
        gone in prop::collection::btree_set(1_u64..=3, 0..=3),
    ) {
        let (_, mut snapshot) = applied(states);
        let memory = snapshot.campaign.as_mut().expect("a campaign");
        for known in &mut memory.known {
            known.failed = failed && known.state == State::Accepted;
            known.settled_unsent = unsent && known.state == State::Skipped;
        }
        let gone: Vec<_> = gone.into_iter().map(person).collect();
        let before = plan(&snapshot, &three());
        let after = plan(&without(snapshot, &gone), &three());
        prop_assert_eq!(after.tally.forgotten, gone.len() as u64);
        for planned in &after.sends {
            prop_assert!(!gone.contains(&planned.number));
            // Who was left out by a finished plan is asked anew by the next one.
            let could = before.sends.contains(planned)
                || before.tally.left_out_before + before.tally.settled_unsent > 0;
            prop_assert!(could);
        }
    }
}
