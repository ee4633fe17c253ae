//! People whose message was accepted and failed later, and the plans that send to them again.

use super::*;
use crate::model::{Allowance, GuardRule};

fn allowing(figure: u64, reason: &str) -> Campaign {
    let mut campaign = campaign();
    let reason = reason.to_owned();
    campaign.allow = vec![Allowance { rule: GuardRule::Failed, figure, reason }];
    campaign
}

/// The plan of three, all accepted, of whom the second and third failed later.
fn failed_later() -> Snapshot {
    let (_, mut done) = applied([State::Accepted; 3]);
    for known in &mut done.campaign.as_mut().expect("a campaign").known[1..] {
        known.failed = true;
    }
    done
}

fn plan_of(campaign: &Campaign, snapshot: &Snapshot) -> Plan {
    plan_with(campaign, Some(snapshot), &three(), AudienceSummary::default())
}

#[test]
fn without_a_rule_they_stay_as_they_are() {
    let plan = plan_of(&campaign(), &failed_later());
    assert!(matches!(plan.progress, Progress::Finished(_)));
    assert_eq!((plan.tally.send, plan.tally.same, plan.tally.after_failure), (0, 3, 0));
}

#[test]
fn only_the_exact_figure_sends_to_them_again() {
    for (figure, is_right) in [(1, false), (2, true), (3, false)] {
        let plan = plan_of(&allowing(figure, "paused"), &failed_later());
        assert_eq!(plan.progress, Progress::New);
        assert_eq!((plan.tally.send, plan.tally.after_failure), (2, 2));
        assert_eq!(plan.blockers.is_empty(), is_right, "{figure}");
        if !is_right {
            assert_eq!(plan.blockers, [Blocker::Failed { people: 2 }]);
        }
        assert!(!plan.notices.iter().any(|notice| matches!(notice, Notice::Again(_))));
    }
}

#[test]
fn what_was_allowed_is_used_up_by_its_plan() {
    let campaign = allowing(2, "paused");
    let second = plan_of(&campaign, &failed_later());
    let consumed = |states: [State; 2], failed: bool| {
        let mut rows: Vec<_> = [State::Accepted, states[0], states[1]]
            .into_iter()
            .zip(1..)
            .map(|(state, i)| known(person(i), state, content(1)))
            .collect();
        rows[0].in_last_plan = false;
        for row in &mut rows[1..] {
            row.round = 1;
            row.failed = failed && row.state == State::Accepted;
        }
        ledger(Some(memory(Some(&second), rows)))
    };
    let half = plan_of(&campaign, &consumed([State::Accepted, State::Pending], false));
    assert_eq!(half.id, second.id);
    assert!(matches!(half.progress, Progress::Resumes(_)));
    let over = plan_of(&campaign, &consumed([State::Accepted, State::Accepted], false));
    assert!(matches!(over.progress, Progress::Finished(_)));

    // The same two fail again: the figure is the same, and it allows nothing any more.
    let again = consumed([State::Accepted, State::Accepted], true);
    let same = plan_of(&campaign, &again);
    assert!(matches!(same.progress, Progress::Finished(_)));
    assert_eq!(same.tally.send, 0);
    assert!(same.notices.contains(&Notice::FailedSince(2)));
    let third = plan_of(&allowing(2, "paused once more"), &again);
    assert_eq!((third.tally.send, third.blockers.len()), (2, 0));
    assert_ne!(third.id, second.id);
}
