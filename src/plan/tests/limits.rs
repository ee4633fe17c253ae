//! Plans that are refused for how many they reach, and what lets one through.

use super::*;

#[test]
fn limits_bind_people_and_invalid_rows() {
    let mut tight = campaign();
    tight.limits.recipients = Some(2);
    let audience =
        AudienceSummary { rows: 100, filtered: 60, invalid: 3, ..AudienceSummary::default() };
    let plan = plan_with(&tight, Some(&ledger(None)), &three(), audience);
    let breached: Vec<_> = plan.limits.iter().filter(|c| c.breached).map(|c| c.limit).collect();
    assert_eq!(breached, ["recipients", "invalid"], "3 of the 40 rows wanted are 7.5 %");
    assert_eq!(plan.blockers.len(), 2);
}

#[test]
fn an_override_holds_for_its_exact_figure_only() {
    let (_, half) = applied([State::Accepted, State::Pending, State::Pending]);
    let mut other = campaign();
    other.template.params = vec!["dear {{ first_name }}".to_owned()];
    let allowing = |figure| {
        let mut campaign = other.clone();
        let reason = "reviewed".to_owned();
        campaign.allow = vec![Allowance { rule: GuardRule::MixedContent, figure, reason }];
        plan_with(&campaign, Some(&half), &three(), AudienceSummary::default())
    };
    let exact = allowing(1);
    assert!(exact.blockers.is_empty());
    let allowed = |n: &Notice| matches!(n, Notice::Allowed { figure: 1, .. });
    assert!(exact.notices.iter().any(allowed));
    let wrong = allowing(2);
    assert_eq!(wrong.blockers.len(), 1);
    let rule = GuardRule::MixedContent;
    assert!(wrong.notices.contains(&Notice::AllowedOther { rule, allowed: 2, figure: 1 }));
    assert_ne!(exact.id, wrong.id, "what is allowed is part of what is approved");

    let mut needless = campaign();
    needless.allow = vec![Allowance { rule, figure: 1, reason: "x".to_owned() }];
    let plan = plan_with(&needless, Some(&ledger(None)), &three(), AudienceSummary::default());
    assert!(plan.notices.contains(&Notice::AllowedInVain(rule)));
}

#[test]
fn a_plan_out_of_proportion_to_the_last_one_is_refused() {
    let (first, done) = applied([State::Accepted; 3]);
    assert_eq!(first.tally.send, 3);
    let mut longer = campaign();
    longer.limits.recipients = Some(10_000);
    for (more, refused) in [(98, false), (103, true)] {
        let people: Vec<_> = (1..=3 + more).map(|i| (person(i), content(1))).collect();
        let plan = plan_with(&longer, Some(&done), &people, AudienceSummary::default());
        let growth = Blocker::Growth { people: more, before: 3 };
        assert_eq!(plan.blockers.contains(&growth), refused, "{more} more");
    }
}

#[test]
fn an_exclude_list_that_lost_rows_is_noticed() {
    let (_, mut half) = applied([State::Accepted, State::Pending, State::Pending]);
    let list = |rows| AudienceSummary {
        excluded: vec![ExcludeSummary {
            name: "opt-outs.csv".to_owned(),
            late: false,
            rows,
            people: 0,
            digest: None,
        }],
        ..AudienceSummary::default()
    };
    let memory = half.campaign.as_mut().expect("a campaign");
    let consumed = memory.last_plan.as_mut().expect("a plan");
    consumed.terms = Terms::of(&campaign(), HOST, None).record(&list(1_000));
    for (rows, refused) in [(1_000, false), (1_200, false), (990, false), (989, true)] {
        let plan = plan_with(&campaign(), Some(&half), &three(), list(rows));
        assert_eq!(!plan.blockers.is_empty(), refused, "{rows} rows");
        assert!(plan.changes.is_empty(), "{:?}", plan.changes);
    }
}

#[test]
fn a_cap_binds_beside_the_campaigns_own_limit() {
    let campaign = campaign();
    let snapshot = ledger(None);
    let caps = [Cap { most: Most::Recipients(2), set_by: LimitSourceWord::Environment }];
    let terms = Terms::of(&campaign, HOST, None);
    let context = PlanningContext {
        campaign: &campaign,
        snapshot: Some(&snapshot),
        terms,
        now: NOW,
        rates: None,
        sent: &[],
        caps: &caps,
        firm: &[],
        earlier: None,
        samples: 0,
    };
    let mut planner = Planner::new(context);
    for (number, content) in three() {
        planner.consider(number, content);
    }
    let plan = planner.finish(AudienceSummary::default(), CodeSummary::Shared);
    assert_eq!(plan.blockers.len(), 1);
    let unbound = plan_with(&campaign, Some(&snapshot), &three(), AudienceSummary::default());
    assert_eq!(plan.id, unbound.id, "who caps a plan does not change what it means");
}
