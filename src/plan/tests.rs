//! Tests of the decision: long, because each term and each state has its own row.

mod failed;
mod forgotten;
mod limits;
mod unsent;

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::document::LimitSourceWord;
use super::*;
use crate::ledger::{CampaignMemory, ConsumedPlan, Forgotten, Known, Snapshot};
use crate::model::{
    Allowance, Anchor, Callback, Campaign, CampaignName, CampaignStatus, ContentHash, Delivery,
    Exclude, ExpirationForm, FileFormat, GuardRule, LedgerSecret, Limits, Lineage, NumberFormat,
    Offer, OfferEnd, OfferWindow, OnDuplicate, PhoneNumber, PlanId, Rate, Region, Sender, Share,
    State, Template, TemplateName, Timestamp, UtcOffset,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const HOST: &str = "api.in.kaleyra.io";

fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("7 to 15 digits")
}

fn person(index: u64) -> PhoneNumber {
    number(12_025_550_100 + index)
}

fn content(text: u8) -> ContentHash {
    ContentHash::from_bytes([text; 16])
}

fn campaign() -> Campaign {
    Campaign {
        name: CampaignName::new("diwali").expect("a name"),
        description: None,
        status: CampaignStatus::Active,
        sender: Sender { from: person(0), api_domain: Region::In.api_domain() },
        template: Template {
            name: TemplateName::new("lto").expect("a name"),
            language: None,
            header: None,
            params: vec!["{{ first_name }}".to_owned()],
            url_suffix: None,
            has_expiration: true,
            text: None,
        },
        offer: Offer {
            coupon_code: "DIW{{ code(9) }}".to_owned(),
            unique: None,
            code_key: None,
            window: OfferWindow::For {
                window: Duration::from_hours(14 * 24),
                anchor: Anchor::FirstApply,
            },
            expiration: ExpirationForm::UnixMs,
            offset: UtcOffset::UTC,
        },
        recipients: Vec::new(),
        on_duplicate: OnDuplicate::First,
        exclude: Vec::new(),
        callback: Callback::AccountDefault,
        delivery: Delivery {
            rate: Rate::parse("20/s").expect("a rate"),
            max_in_flight: 32,
            daily: None,
            recipients_per_request: 1,
            max_attempts: 3,
            min_remaining: Duration::from_mins(15),
            number_format: NumberFormat::Digits,
        },
        limits: Limits::default(),
        allow: Vec::new(),
        path: PathBuf::from("campaigns/diwali.yaml"),
    }
}

fn ledger(campaign: Option<CampaignMemory>) -> Snapshot {
    let secret = LedgerSecret::new([9; 32]);
    Snapshot {
        lineage: Lineage::from_bytes([7; 16]),
        forgotten: Forgotten::of(&secret, []),
        secret,
        api_host: None,
        sid: None,
        campaign,
    }
}

fn memory(last_plan: Option<&Plan>, mut known: Vec<Known>) -> CampaignMemory {
    known.sort_by_key(|known| known.number);
    let last_plan = last_plan.map(|plan| ConsumedPlan {
        id: plan.id.expect("planned with a ledger"),
        sender: person(0),
        consumed_at: plan.made_at,
        offer_end: plan.schedule.offer_end,
        terms: plan.terms.pairs().to_vec(),
        planned: plan.sends.len() as u64,
    });
    CampaignMemory { code_key: None, last_plan, known, ..CampaignMemory::default() }
}

fn known(number: PhoneNumber, state: State, content: ContentHash) -> Known {
    let code = number.as_u64();
    let (in_last_plan, round) = (true, 0);
    Known {
        number,
        state,
        content,
        in_last_plan,
        code,
        round,
        settled_unsent: false,
        failed: false,
    }
}

fn plan_with(
    campaign: &Campaign,
    snapshot: Option<&Snapshot>,
    people: &[(PhoneNumber, ContentHash)],
    audience: AudienceSummary,
) -> Plan {
    let terms = Terms::of(campaign, HOST, None);
    let context = PlanningContext {
        campaign,
        snapshot,
        terms,
        rates: None,
        now: NOW,
        sent: &[],
        caps: &[],
        firm: &[],
        earlier: None,
        samples: 2,
    };
    let mut planner = Planner::new(context);
    for &(number, content) in people {
        if planner.consider(number, content) == Action::Send
            && planner.wants_sample(number, content)
        {
            let message = SampleMessage::default();
            let place = format!("row of {}", number.as_u64());
            planner.keep_sample(content, Sample { number, place, message, revealed: None });
        }
    }
    planner.finish(audience, CodeSummary::Shared)
}

fn plan(snapshot: &Snapshot, people: &[(PhoneNumber, ContentHash)]) -> Plan {
    plan_with(&campaign(), Some(snapshot), people, AudienceSummary::default())
}

fn three() -> Vec<(PhoneNumber, ContentHash)> {
    (1..=3).map(|index| (person(index), content(1))).collect()
}

#[test]
fn everybody_unknown_to_the_ledger_is_sent_to() {
    let plan = plan(&ledger(None), &three());
    assert_eq!(plan.tally.send, 3);
    assert_eq!(plan.progress, Progress::New);
    assert!(plan.blockers.is_empty());
}

#[test]
fn what_the_ledger_remembers_decides() {
    for (state, recorded, action) in [
        (State::Pending, 1, Action::Send),
        (State::Attempting, 1, Action::Hold(HoldReason::Attempting)),
        (State::Accepted, 1, Action::Same),
        (State::Accepted, 2, Action::Differs),
        (State::Rejected, 1, Action::Skip(SkipReason::RejectedBefore)),
        (State::Unknown, 1, Action::Hold(HoldReason::Unknown)),
        (State::Skipped, 1, Action::Skip(SkipReason::LeftOutBefore)),
    ] {
        let snapshot = ledger(Some(memory(None, vec![known(person(1), state, content(recorded))])));
        let campaign = campaign();
        let terms = Terms::of(&campaign, HOST, None);
        let context = PlanningContext {
            rates: None,
            campaign: &campaign,
            snapshot: Some(&snapshot),
            terms,
            now: NOW,
            sent: &[],
            caps: &[],
            firm: &[],
            earlier: None,
            samples: 0,
        };
        let mut planner = Planner::new(context);
        assert_eq!(planner.consider(person(1), content(1)), action, "{state}");
    }
}

#[test]
fn a_person_is_known_under_another_spelling() {
    let with_ninth_digit = number(5_511_987_654_321);
    let without = number(551_187_654_321);
    let past = vec![known(with_ninth_digit, State::Accepted, content(1))];
    let plan = plan(&ledger(Some(memory(None, past))), &[(without, content(1))]);
    assert_eq!((plan.tally.send, plan.tally.same, plan.tally.gone), (0, 1, 0));
}

#[test]
fn the_order_of_rows_does_not_change_the_id() {
    let mut people = three();
    let snapshot = ledger(None);
    let one = plan(&snapshot, &people);
    people.reverse();
    assert_eq!(one.id, plan(&snapshot, &people).id);
}

/// What is changed, and how.
type Change = (&'static str, Box<dyn Fn(&mut Campaign)>);

#[test]
fn every_term_is_in_the_id() {
    let snapshot = ledger(None);
    let id_of = |change: &dyn Fn(&mut Campaign)| {
        let mut campaign = campaign();
        change(&mut campaign);
        plan_with(&campaign, Some(&snapshot), &three(), AudienceSummary::default()).id
    };
    let same = id_of(&|_| {});
    let changes: Vec<Change> = vec![
        ("name", Box::new(|c| c.name = CampaignName::new("holi").expect("a name"))),
        ("sender", Box::new(|c| c.sender.from = person(99))),
        ("template", Box::new(|c| c.template.name = TemplateName::new("x").expect("a name"))),
        ("parameter", Box::new(|c| c.template.params = vec!["x".to_owned()])),
        ("suffix", Box::new(|c| c.template.url_suffix = Some("x".to_owned()))),
        ("expiration", Box::new(|c| c.template.has_expiration = false)),
        ("code", Box::new(|c| c.offer.coupon_code = "X{{ code(9) }}".to_owned())),
        ("unique", Box::new(|c| c.offer.unique = Some(true))),
        (
            "window",
            Box::new(|c| {
                c.offer.window = OfferWindow::For {
                    window: Duration::from_secs(14 * 86_400 + 1),
                    anchor: Anchor::FirstApply,
                };
            }),
        ),
        (
            "end",
            Box::new(|c| {
                c.offer.window = OfferWindow::Until { ends_at: NOW, starts_at: None };
            }),
        ),
        ("form", Box::new(|c| c.offer.expiration = ExpirationForm::DurationMs)),
        ("callback", Box::new(|c| c.callback = Callback::Profile("IN_1".to_owned()))),
        ("format", Box::new(|c| c.delivery.number_format = NumberFormat::E164)),
        ("grouping", Box::new(|c| c.delivery.recipients_per_request = 2)),
        ("recipients", Box::new(|c| c.limits.recipients = Some(10))),
        ("invalid", Box::new(|c| c.limits.invalid = Share::parse("1%").expect("a share"))),
        ("failures", Box::new(|c| c.limits.failures = Share::parse("1%").expect("a share"))),
        (
            "override",
            Box::new(|c| {
                let reason = "x".to_owned();
                c.allow.push(Allowance { rule: GuardRule::Growth, figure: 1, reason });
            }),
        ),
        (
            "late list",
            Box::new(|c| {
                c.exclude.push(Exclude::File {
                    path: "a.csv".to_owned(),
                    format: FileFormat::Csv,
                    phone: "phone".to_owned(),
                    country: None,
                    min_rows: 0,
                    late: true,
                });
            }),
        ),
    ];
    for (what, change) in &changes {
        assert_ne!(same, id_of(change), "{what}");
    }
    let harmless: Vec<Change> = vec![
        ("description", Box::new(|c| c.description = Some("x".to_owned()))),
        ("rate", Box::new(|c| c.delivery.rate = Rate::parse("1/s").expect("a rate"))),
        ("in flight", Box::new(|c| c.delivery.max_in_flight = 1)),
        ("attempts", Box::new(|c| c.delivery.max_attempts = 1)),
        ("path", Box::new(|c| c.path = PathBuf::from("elsewhere.yaml"))),
    ];
    for (what, change) in &harmless {
        assert_eq!(same, id_of(change), "{what}");
    }
}

#[test]
fn another_ledger_or_another_audience_is_another_plan() {
    let people = three();
    let one = plan(&ledger(None), &people).id;
    let mut other = ledger(None);
    other.lineage = Lineage::from_bytes([8; 16]);
    assert_ne!(one, plan(&other, &people).id);
    assert_ne!(one, plan(&ledger(None), &people[..2]).id);
    let mut changed = people;
    changed[0].1 = content(2);
    assert_ne!(one, plan(&ledger(None), &changed).id);
    assert_eq!(plan_with(&campaign(), None, &changed, AudienceSummary::default()).id, None);
}

/// A plan of three, consumed, with the states given for its people.
fn applied(states: [State; 3]) -> (Plan, Snapshot) {
    let first = plan(&ledger(None), &three());
    let rows = states.into_iter().zip(1..).map(|(state, i)| known(person(i), state, content(1)));
    let snapshot = ledger(Some(memory(Some(&first), rows.collect())));
    (first, snapshot)
}

#[test]
fn the_same_plan_resumes_until_nobody_is_left() {
    let (first, half) = applied([State::Accepted, State::Unknown, State::Pending]);
    let again = plan(&half, &three());
    assert_eq!(again.id, first.id);
    assert!(matches!(again.progress, Progress::Resumes(_)));
    assert_eq!(again.tally.send, 1);

    let (first, done) = applied([State::Accepted, State::Rejected, State::Accepted]);
    let again = plan(&done, &three());
    assert_eq!(again.id, first.id);
    assert!(matches!(again.progress, Progress::Finished(_)));
    assert_eq!(again.tally.send, 0);
}

#[test]
fn a_plan_is_another_once_people_join_leave_or_change_before_their_turn() {
    let (first, half) = applied([State::Accepted, State::Accepted, State::Pending]);
    let joined: Vec<_> = (1..=4).map(|index| (person(index), content(1))).collect();
    let mut changed = three();
    changed[2].1 = content(2);
    let left = three()[..2].to_vec();
    for (what, people, sends) in [("joined", joined, 2), ("changed", changed, 1), ("left", left, 0)]
    {
        let plan = plan(&half, &people);
        assert_ne!(plan.id, first.id, "{what}");
        assert_eq!(plan.progress, Progress::New, "{what}");
        assert_eq!(plan.tally.send, sends, "{what}");
    }
}

#[test]
fn a_change_after_acceptance_is_shown_and_changes_nothing() {
    let (first, half) = applied([State::Accepted, State::Accepted, State::Pending]);
    let mut people = three();
    people[0].1 = content(2);
    let plan = plan(&half, &people);
    assert_eq!(plan.id, first.id);
    assert_eq!((plan.tally.differs, plan.tally.same), (1, 1));
    assert!(plan.notices.contains(&Notice::Drifted(1)));
}

#[test]
fn people_left_out_when_the_offer_was_over_are_asked_again_only_by_a_new_plan() {
    let (first, over) = applied([State::Accepted, State::Skipped, State::Skipped]);
    let same = plan(&over, &three());
    assert_eq!(same.id, first.id);
    assert_eq!((same.tally.send, same.tally.left_out_before), (0, 2));

    let mut longer = campaign();
    longer.offer.window =
        OfferWindow::For { window: Duration::from_hours(20 * 24), anchor: Anchor::FirstApply };
    let new = plan_with(&longer, Some(&over), &three(), AudienceSummary::default());
    assert_ne!(new.id, first.id);
    assert_eq!((new.tally.send, new.tally.left_out_before), (2, 0));
}

#[test]
fn a_campaign_is_not_finished_with_other_content_than_it_began_with() {
    let (_, half) = applied([State::Accepted, State::Pending, State::Pending]);
    let mut other = campaign();
    other.template.params = vec!["dear {{ first_name }}".to_owned()];
    let plan = plan_with(&other, Some(&half), &three(), AudienceSummary::default());
    assert_eq!(plan.blockers.len(), 1);
    let Blocker::MixedContent { sent, fields } = &plan.blockers[0] else { panic!("mixed content") };
    assert_eq!((*sent, fields.as_slice()), (1, &["template.params[0]".to_owned()][..]));

    let mut tighter = campaign();
    tighter.limits.recipients = Some(100);
    let plan = plan_with(&tighter, Some(&half), &three(), AudienceSummary::default());
    assert!(plan.blockers.is_empty(), "limits are no content");
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn the_sender_is_masked_where_it_changed() {
    let (_, half) = applied([State::Accepted, State::Pending, State::Pending]);
    let mut other = campaign();
    other.sender.from = number(919_876_543_210);
    let plan = plan_with(&other, Some(&half), &three(), AudienceSummary::default());
    let shown = format!("{:?}", plan.changes);
    assert!(shown.contains("+91••••••••10") && !shown.contains("9876"), "{shown}");
}

#[test]
fn nothing_is_refused_when_nobody_is_left() {
    let mut over = campaign();
    over.offer.window =
        OfferWindow::Until { ends_at: NOW.minus(Duration::from_secs(1)), starts_at: None };
    let refused = plan_with(&over, Some(&ledger(None)), &three(), AudienceSummary::default());
    assert!(matches!(refused.blockers[..], [Blocker::OfferOver { .. }]));
    let settled = plan_with(&over, Some(&ledger(None)), &[], AudienceSummary::default());
    assert!(settled.blockers.is_empty());
}

#[test]
fn an_offer_that_has_not_started_cannot_be_applied_yet() {
    let start = NOW.plus(Duration::from_hours(1));
    let mut later = campaign();
    later.offer.window =
        OfferWindow::For { window: Duration::from_hours(24), anchor: Anchor::StartsAt(start) };
    let plan = plan_with(&later, Some(&ledger(None)), &three(), AudienceSummary::default());
    assert_eq!(plan.blockers, [Blocker::NotYet { starts_at: start }]);
    assert_eq!(plan.schedule.starts_at, start);
    assert_eq!(plan.schedule.offer_end, OfferEnd::At(start.plus(Duration::from_hours(24))));
}

#[test]
fn the_last_ones_are_named_when_the_offer_ends_before_their_turn() {
    let mut slow = campaign();
    slow.delivery.rate = Rate::parse("1/min").expect("a rate");
    slow.offer.window =
        OfferWindow::Until { ends_at: NOW.plus(Duration::from_mins(16)), starts_at: None };
    let plan = plan_with(&slow, Some(&ledger(None)), &three(), AudienceSummary::default());
    assert_eq!(plan.schedule.too_late, 1, "minute 0 and 1 are in time, minute 2 is not");
    assert_eq!(plan.schedule.duration(), Duration::from_mins(2));
    assert!(plan.notices.contains(&Notice::TooLate(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_means_the_same_in_any_order(
        people in proptest::collection::btree_map(1u64..10_000, 0u8..4, 0..40),
        seed in any::<u64>(),
    ) {
        let mut rows: Vec<_> =
            people.iter().map(|(&index, &text)| (person(index), content(text))).collect();
        let snapshot = ledger(None);
        let sorted = plan(&snapshot, &rows);
        rows.sort_by_key(|(number, _)| (number.as_u64() ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let shuffled = plan(&snapshot, &rows);
        prop_assert_eq!(sorted.id, shuffled.id);
        prop_assert_eq!(sorted.samples, shuffled.samples);
        prop_assert_eq!(sorted.sends, shuffled.sends);
        prop_assert_eq!(shuffled.tally.considered(), rows.len() as u64);
    }

    #[test]
    fn ids_are_read_back_as_they_are_shown(bytes in any::<[u8; 16]>()) {
        let id = PlanId::from_bytes(bytes);
        prop_assert_eq!(PlanId::parse(&id.to_string()), Some(id));
    }
}
