//! Consuming plans.

use super::super::survey::Survey;
use super::*;
use crate::model::State;

fn states(world: &World) -> String {
    world.query(
        "SELECT c.name, p.plan_id LIKE '01%', r.number - 919800000000, d.state, d.cause
         FROM recipients AS r JOIN deliveries AS d ON d.id = r.id JOIN campaigns AS c ON c.id = r.campaign
         JOIN plans AS p ON p.id = r.plan ORDER BY c.name, r.number",
    )
}

#[test]
fn a_plan_is_written_with_its_people_in_sending_order() {
    let world = World::new();
    let mut ledger = world.lock();
    let people = [5, 3, 9, 1];
    let plan = consume(&mut ledger, &record("diwali", 1), people.map(person)).expect("consumed");
    let page = pending(&ledger, plan);
    let order: Vec<u64> = page.iter().map(|row| row.number.as_u64() - 919_800_000_000).collect();
    assert_eq!(order, people);
    assert!(
        page.iter().zip(people).all(|(row, n)| *row.message == message(n) && row.attempts == 0)
    );
    let second = ledger.pending(plan, Some(page[1].row), 1).expect("a page");
    assert_eq!(second[0].row, page[2].row);
    assert_eq!(second.len(), 1);

    let found = ledger.read().consumed(&name("diwali"), plan_id(1)).expect("read").expect("there");
    assert_eq!(found.row, plan);
    assert_eq!(found.superseded_by, None);
    assert_eq!(found.plan.planned, 4);
    assert_eq!(found.plan.offer_end, record("diwali", 1).offer_end);
    assert_eq!(found.plan.terms, record("diwali", 1).terms);
    assert_eq!(ledger.read().consumed(&name("diwali"), plan_id(2)).expect("read"), None);
}

#[test]
fn a_dropped_consumption_leaves_no_trace() {
    let world = World::new();
    let mut ledger = world.lock();
    let mut consumption = ledger.begin_consumption(1).expect("begun");
    let plan = consumption.plan(&record("diwali", 1)).expect("a plan");
    consumption.recipient(plan, &person(1)).expect("a recipient");
    drop(consumption);
    for table in ["campaigns", "plans", "recipients"] {
        assert_eq!(world.query(&format!("SELECT count(*) FROM {table}")), "0");
    }
    assert_eq!(world.query("SELECT api_host, (SELECT count(*) FROM marks) FROM meta"), "|0");
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("the ledger goes on working");
    assert_eq!(
        world.query("SELECT api_host, (SELECT count(*) FROM marks) FROM meta"),
        "api.in.kaleyra.io|1"
    );
}

#[test]
fn all_campaigns_of_an_apply_are_consumed_or_none() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("b", 1), [person(7)]).expect("consumed");
    let row = rows(&ledger, PlanRow(1))[&919_800_000_007];
    ledger.write(&[intend(row), conclude(row, accepted(row))]).expect("accepted");
    let mut consumption = ledger.begin_consumption(1).expect("begun");
    let a = consumption.plan(&record("a", 2)).expect("a plan");
    consumption.recipient(a, &person(1)).expect("a recipient");
    let b = consumption.plan(&record("b", 3)).expect("a plan");
    let error = consumption.recipient(b, &person(7)).expect_err("accepted before");
    assert!(matches!(error, LedgerError::Settled { state: State::Accepted, .. }), "{error}");
    assert!(!error.to_string().contains("919800000007"), "{error}");
    let error = consumption.commit().expect_err("an earlier step failed");
    assert!(matches!(error, LedgerError::Incomplete));
    assert_eq!(states(&world), "b|1|7|accepted|");
}

#[test]
fn an_older_plans_pending_people_are_replanned_or_superseded() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    consume(&mut ledger, &record("diwali", 2), [person(4), person(2)]).expect("consumed");
    assert_eq!(
        states(&world),
        "diwali|1|1|skipped|superseded\ndiwali|0|2|pending|\n\
         diwali|1|3|skipped|superseded\ndiwali|0|4|pending|"
    );
    let old = ledger.read().consumed(&name("diwali"), plan_id(1)).expect("read").expect("there");
    assert_eq!(old.superseded_by, Some(plan_id(2)));
    assert!(pending(&ledger, old.row).is_empty());
    // A superseded person may be planned again, in the new plan's order.
    let third = consume(&mut ledger, &record("diwali", 3), [person(3), person(4)]);
    let order: Vec<u64> = pending(&ledger, third.expect("consumed"))
        .iter()
        .map(|row| row.number.as_u64() - 919_800_000_000)
        .collect();
    assert_eq!(order, [3, 4]);
    drop(ledger);
    assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
}

#[test]
fn only_absent_pending_and_skipped_people_can_be_planned() {
    use crate::model::{Rejection, UnknownCause};
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=4).map(person)).expect("consumed");
    let rows: Vec<RowId> = rows(&ledger, plan).into_values().collect();
    let rejection = Rejection { code: "E13001".to_owned(), text: "no such number".to_owned() };
    ledger.write(&rows.iter().map(|row| intend(*row)).collect::<Vec<_>>()).expect("intents");
    ledger
        .write(&[
            conclude(rows[0], accepted(rows[0])),
            conclude(rows[1], Outcome::Rejected(rejection)),
            conclude(rows[2], Outcome::Unknown(UnknownCause::Timeout)),
        ])
        .expect("outcomes");
    for (n, state) in [State::Accepted, State::Rejected, State::Unknown, State::Attempting]
        .into_iter()
        .enumerate()
    {
        let again = consume(&mut ledger, &record("diwali", 2), [person(n as u64 + 1)]);
        match again.expect_err("settled") {
            LedgerError::Settled { state: found, .. } => assert_eq!(found, state),
            other => panic!("{other}"),
        }
    }
    consume(&mut ledger, &record("holi", 3), (1..=4).map(person)).expect("another campaign");
}

#[test]
fn one_person_is_never_planned_twice_whatever_the_spelling() {
    let world = World::new();
    let mut ledger = world.lock();
    let spelled = |digits| NewRecipient::new(number(digits), Some("C-1"), &message(1));
    let (with_nine, without) = (5_511_987_654_321, 551_187_654_321);
    let both = consume(&mut ledger, &record("diwali", 1), [spelled(with_nine), spelled(without)]);
    assert!(matches!(both, Err(LedgerError::TwiceInPlan { .. })));
    let plan = consume(&mut ledger, &record("diwali", 1), [spelled(with_nine)]).expect("consumed");
    // Still pending: the new plan's spelling takes its place.
    let plan2 = consume(&mut ledger, &record("diwali", 2), [spelled(without)]).expect("replanned");
    assert!(pending(&ledger, plan).is_empty());
    let row = rows(&ledger, plan2)[&without];
    ledger.write(&[intend(row), conclude(row, accepted(row))]).expect("accepted");
    let again = consume(&mut ledger, &record("diwali", 3), [spelled(with_nine)]);
    assert!(matches!(again, Err(LedgerError::Settled { .. })));
}

#[test]
fn a_plan_with_people_left_is_resumed_and_not_consumed_again() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("consumed");
    let again = consume(&mut ledger, &record("diwali", 1), [person(1)]);
    assert!(matches!(again, Err(LedgerError::AlreadyConsumed { .. })));
    let mut consumption = ledger.begin_consumption(1).expect("begun");
    consumption.plan(&record("diwali", 2)).expect("a plan");
    let twice = consumption.plan(&record("diwali", 3));
    assert!(matches!(twice, Err(LedgerError::CampaignTwice { .. })));
}

#[test]
fn a_ledger_stays_with_the_host_and_account_of_its_first_apply() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("consumed");
    let elsewhere = PlanRecord { api_host: "api.eu.kaleyra.io".to_owned(), ..record("holi", 2) };
    let error = consume(&mut ledger, &elsewhere, [person(1)]).expect_err("another host");
    let text = error.to_string();
    assert!(text.contains("api.in.kaleyra.io") && text.contains("api.eu.kaleyra.io"), "{text}");
    let foreign = PlanRecord { sid: SidFingerprint::new("ffff"), ..record("holi", 2) };
    let error = consume(&mut ledger, &foreign, [person(1)]).expect_err("another account");
    assert!(matches!(error, LedgerError::OtherAccount));
    assert_eq!(world.query("SELECT count(*) FROM plans"), "1");
    let snapshot = ledger.read().snapshot(&name("diwali")).expect("a snapshot");
    assert_eq!(snapshot.api_host.as_deref(), Some("api.in.kaleyra.io"));
    assert_eq!(snapshot.sid, Some(record("diwali", 1).sid));
}

#[test]
fn a_window_counted_from_each_send_is_kept_as_such() {
    let world = World::new();
    let mut ledger = world.lock();
    let offer_end = OfferEnd::AfterSend(Duration::from_mins(90));
    let each_send = PlanRecord { offer_end, ..record("diwali", 1) };
    consume(&mut ledger, &each_send, [person(1)]).expect("consumed");
    let snapshot = ledger.read().snapshot(&name("diwali")).expect("a snapshot");
    let memory = snapshot.campaign.expect("known");
    assert_eq!(memory.last_plan.expect("a plan").offer_end, offer_end);
}

#[test]
fn a_hundred_thousand_people_are_consumed_and_read_back() {
    let world = World::new();
    let mut ledger = world.lock();
    // Scattered numbers: the unique indexes are filled out of order.
    let people = (0..100_000_u64).map(|n| person(n * 48_271 % 99_999_989));
    consume(&mut ledger, &record("diwali", 1), people).expect("consumed");
    let snapshot = ledger.read().snapshot(&name("diwali")).expect("a snapshot");
    let known = snapshot.campaign.expect("known").known;
    assert_eq!(known.len(), 100_000);
    assert!(known.is_sorted_by(|a, b| a.number < b.number));
    ledger.close().expect("closed");
}

/// So many that their index is built last.
const MANY: u64 = 1_000_000;

#[test]
fn the_index_of_a_large_consumption_is_built_last_and_is_the_same() {
    let world = World::new();
    let indexes = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name";
    let before = world.query(indexes);
    let mut ledger = world.lock();
    let mut consumption = ledger.begin_consumption(MANY).expect("begun");
    let plan = consumption.plan(&record("diwali", 1)).expect("a plan");
    for n in [5, 3, 9] {
        consumption.recipient(plan, &person(n)).expect("a recipient");
    }
    consumption.commit().expect("consumed");
    ledger.close().expect("closed");
    assert_eq!(world.query(indexes), before);
    assert!(before.contains("recipients_person"), "{before}");
    assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
    assert_eq!(pending(&world.lock(), plan).len(), 3);
}

#[test]
fn nobody_is_twice_in_a_large_plan_either() {
    let world = World::new();
    let mut ledger = world.lock();
    let mut consumption = ledger.begin_consumption(MANY).expect("begun");
    let plan = consumption.plan(&record("diwali", 1)).expect("a plan");
    for n in [1, 2, 1] {
        consumption.recipient(plan, &person(n)).expect("not looked for yet");
    }
    let error = consumption.commit().expect_err("a person twice");
    assert!(matches!(error, LedgerError::TwiceInPlan { .. }), "{error}");
    assert_eq!(world.query("SELECT count(*) FROM recipients"), "0");
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("the ledger goes on working");
}

#[test]
fn a_large_plan_beside_one_that_takes_people_over_is_consumed_with_it() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("b", 1), (1..=3).map(person)).expect("consumed");
    let mut consumption = ledger.begin_consumption(MANY).expect("begun");
    let new = consumption.plan(&record("a", 2)).expect("a plan");
    for n in 1..=3 {
        consumption.recipient(new, &person(n)).expect("a recipient");
    }
    let over = consumption.plan(&record("b", 3)).expect("a plan");
    consumption.recipient(over, &person(2)).expect("taken over");
    consumption.commit().expect("consumed");
    let expected = "a|0|1|pending|\na|0|2|pending|\na|0|3|pending|\n\
         b|1|1|skipped|superseded\nb|0|2|pending|\nb|1|3|skipped|superseded";
    assert_eq!(states(&world), expected);
    ledger.close().expect("closed");
    assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
}

#[test]
fn what_is_known_of_everybody_after_a_consumption_is_what_a_new_look_would_tell() {
    let world = World::new();
    let mut ledger = world.lock();
    let kept = |ledger: &LockedLedger| ledger.reader.surveyed.take();
    let new_look = |ledger: &LockedLedger| Survey::take(&ledger.reader.connection).expect("a look");

    let diwali = consume(&mut ledger, &record("diwali", 1), [5, 3, 9].map(person)).expect("done");
    assert_eq!(kept(&ledger), Some(new_look(&ledger)));
    let rows = rows(&ledger, diwali);
    let first = rows[&919_800_000_005];
    ledger.write(&[intend(first)]).expect("written");
    ledger.write(&[conclude(first, accepted(first))]).expect("written");

    assert_eq!(pending(&ledger, diwali).len(), 2);
    let mut consumption = ledger.begin_consumption(3).expect("begun");
    let holi = consumption.plan(&record("holi", 2)).expect("a plan");
    let pongal = consumption.plan(&record("pongal", 3)).expect("a plan");
    for (plan, n) in [(holi, 7), (pongal, 7), (holi, 2)] {
        consumption.recipient(plan, &person(n)).expect("a recipient");
    }
    consumption.commit().expect("committed");
    let survey = kept(&ledger);
    assert_eq!(survey, Some(new_look(&ledger)));
    let first_pending = survey.map(|survey| survey.first_pending.into_values().collect::<Vec<_>>());
    let firsts = [rows[&919_800_000_003].0, pending(&ledger, holi)[0].row.0];
    assert_eq!(first_pending.expect("a look")[..2], firsts);

    // A plan that takes over from an older one changes rows that were there.
    consume(&mut ledger, &record("holi", 4), [person(7)]).expect("consumed");
    assert_eq!(kept(&ledger), None);
    // One that is given up leaves nothing to be known.
    let mut consumption = ledger.begin_consumption(1).expect("begun");
    let plan = consumption.plan(&record("onam", 5)).expect("a plan");
    consumption.recipient(plan, &person(1)).expect("a recipient");
    drop(consumption);
    assert_eq!(kept(&ledger), None);
}
