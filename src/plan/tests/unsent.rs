//! People settled as unsent, and the plans that send to them.

use super::*;

/// The same, and whoever is skipped was settled as unsent.
fn settled(mut snapshot: Snapshot) -> Snapshot {
    let memory = snapshot.campaign.as_mut().expect("a campaign");
    for known in &mut memory.known {
        known.settled_unsent = known.state == State::Skipped;
    }
    snapshot
}

#[test]
fn people_settled_as_unsent_wait_until_their_plan_is_finished() {
    let (first, half) = applied([State::Accepted, State::Skipped, State::Pending]);
    let half = settled(half);
    let resumed = plan(&half, &three());
    assert_eq!(resumed.id, first.id);
    assert!(matches!(resumed.progress, Progress::Resumes(_)));
    assert_eq!((resumed.tally.send, resumed.tally.settled_unsent), (1, 1));
    assert_eq!(resumed.sends[0].number, person(3));
    assert_eq!(resumed.tally.considered(), 3);
}

#[test]
fn people_settled_as_unsent_are_sent_to_by_a_plan_of_their_own() {
    for states in [
        [State::Accepted, State::Skipped, State::Accepted],
        // The same message to all the same people: still not what was approved.
        [State::Skipped; 3],
    ] {
        let (first, done) = applied(states);
        let done = settled(done);
        let second = plan(&done, &three());
        let unsent = states.iter().filter(|state| **state == State::Skipped).count() as u64;
        assert_ne!(second.id, first.id);
        assert_eq!(second.progress, Progress::New);
        assert_eq!((second.tally.send, second.tally.settled_unsent), (unsent, 0));
        assert!(second.notices.contains(&Notice::Again(unsent)));
        assert!(second.sends.iter().any(|planned| planned.number == person(2)));
    }
}

#[test]
fn a_plan_that_sends_again_resumes_and_each_further_round_is_another() {
    let (_, done) = applied([State::Accepted, State::Skipped, State::Skipped]);
    let done = settled(done);
    let second = plan(&done, &three());
    let consumed = |states: [State; 3]| {
        let mut rows: Vec<_> =
            states.into_iter().zip(1..).map(|(s, i)| known(person(i), s, content(1))).collect();
        rows[0].in_last_plan = false;
        rows[1].round = 1;
        rows[2].round = 1;
        ledger(Some(memory(Some(&second), rows)))
    };
    let half = plan(&consumed([State::Accepted, State::Accepted, State::Pending]), &three());
    assert_eq!(half.id, second.id);
    assert!(matches!(half.progress, Progress::Resumes(_)));
    assert!(!half.notices.iter().any(|notice| matches!(notice, Notice::Again(_))));

    let over = plan(&consumed([State::Accepted, State::Accepted, State::Unknown]), &three());
    assert_eq!(over.id, second.id);
    assert!(matches!(over.progress, Progress::Finished(_)));

    let again = settled(consumed([State::Accepted, State::Skipped, State::Skipped]));
    let third = plan(&again, &three());
    assert_eq!(third.sends, second.sends);
    assert_ne!(third.id, second.id);
}
