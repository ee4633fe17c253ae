//! Snapshots, histories, issued codes, plain queries.

use std::sync::Arc;

use super::*;
use crate::ledger::{Decision, HistoryRow, IssuedCode, Settlement, Verdict, Who};
use crate::model::{KeyFingerprint, NotSent, Rejection, State, UnknownCause};

fn history(ledger: &ReadLedger, who: &Who, campaign: Option<&str>) -> Vec<HistoryRow> {
    let mut found = Vec::new();
    let keep = |row| -> Result<(), LedgerError> {
        found.push(row);
        Ok(())
    };
    any(ledger).history(who, campaign.map(name).as_ref(), keep).expect("a history");
    found
}

#[test]
fn a_campaign_never_seen_has_no_past() {
    let world = World::new();
    let snapshot = world.read().snapshot(&name("diwali")).expect("a snapshot");
    assert!(snapshot.campaign.is_none() && snapshot.api_host.is_none() && snapshot.sid.is_none());
    assert_eq!(snapshot.lineage, new_ledger().lineage);
    let numbers = world.read().numbers_of(&name("diwali"), &[State::Accepted]);
    assert_eq!(numbers.expect("read"), None);
    assert!(world.read().status().expect("status").is_empty());
}

#[test]
fn a_plan_keeps_the_number_it_is_sent_from_and_another_one_is_damage() {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = PlanRecord { sender: number(912_222_333_444), ..record("diwali", 1) };
    consume(&mut ledger, &plan, [person(1)]).expect("consumed");
    let found = ledger.read().consumed(&name("diwali"), plan_id(1)).expect("read");
    assert_eq!(found.expect("consumed").plan.sender, number(912_222_333_444));
    ledger.close().expect("closed");
    world.query("UPDATE plans SET sender = 912222333445");
    let read = world.read().consumed(&name("diwali"), plan_id(1));
    assert!(matches!(read, Err(LedgerError::Damaged { .. })), "{read:?}");
}

#[test]
fn who_was_or_may_have_been_sent_to_counts_for_the_number_over_all_campaigns() {
    let world = World::new();
    let mut ledger = world.lock();
    let sender = number(919_876_543_210);
    let other = PlanRecord { sender: number(912_222_333_444), ..record("other", 3) };
    let since = |ledger: &LockedLedger, seconds: i64| {
        let sent = ledger.read().sent_since(sender, at(seconds)).expect("counted");
        sent.iter().map(|sent| (sent.at, sent.people)).collect::<Vec<_>>()
    };
    let first = consume(&mut ledger, &record("diwali", 1), (1..=6).map(person)).expect("consumed");
    let second = consume(&mut ledger, &record("holi", 2), (1..=2).map(person)).expect("consumed");
    let foreign = consume(&mut ledger, &other, (1..=2).map(person)).expect("consumed");
    let rows: Vec<_> = [first, second, foreign]
        .iter()
        .flat_map(|plan| rows(&ledger, *plan).into_values())
        .collect();
    let outcomes = [
        accepted(rows[0]),
        Outcome::Unknown(UnknownCause::Timeout),
        Outcome::Rejected(Rejection { code: "E1".to_owned(), text: String::new() }),
        Outcome::NotSent(NotSent::Throttled),
    ];
    for (row, outcome) in rows.iter().zip(outcomes) {
        ledger.write(&[intend(*row), conclude(*row, outcome)]).expect("written");
    }
    for row in &rows[6..] {
        ledger.write(&[intend(*row), conclude(*row, accepted(*row))]).expect("written");
    }
    assert_eq!(since(&ledger, 0), [(at(22), 3), (at(22), 2)], "by plan and second");
    assert_eq!(since(&ledger, 22), [], "that was longer ago");
    ledger.write(&[intend(rows[4])]).expect("on the wire");
    assert_eq!(since(&ledger, 0), [(at(21), 1), (at(22), 3), (at(22), 2)]);

    // A report that comes later does not make it later; who was settled as unsent has no place.
    let decision = Decision { by: "user:asha".to_owned(), at: at(500), evidence: None };
    let settle = |verdict| vec![Settlement { row: rows[1], verdict }];
    ledger.settle(&settle(Verdict::Sent), &decision).expect("settled");
    assert_eq!(since(&ledger, 0), [(at(21), 2), (at(22), 2), (at(22), 2)]);
}

#[test]
fn a_snapshot_knows_everybody_ever_planned_by_number() {
    let world = World::new();
    let mut ledger = world.lock();
    let key = KeyFingerprint::from_bytes([1, 2, 3, 4]);
    let first = PlanRecord { code_key: Some(key), ..record("diwali", 1) };
    let plan = consume(&mut ledger, &first, [9, 2, 5].map(person)).expect("consumed");
    let row = rows(&ledger, plan)[&919_800_000_009];
    ledger.write(&[intend(row), conclude(row, accepted(row))]).expect("accepted");
    consume(&mut ledger, &record("other", 8), [person(77)]).expect("consumed");
    let second =
        PlanRecord { code_key: Some(KeyFingerprint::from_bytes([9; 4])), ..record("diwali", 2) };
    consume(&mut ledger, &second, [5, 1].map(person)).expect("consumed");
    let memory = world.read().snapshot(&name("diwali")).expect("read").campaign.expect("known");
    assert_eq!(memory.code_key, Some(key), "the key the campaign began with");
    assert_eq!(memory.last_plan.expect("a plan").id, plan_id(2));
    let known: Vec<_> = memory
        .known
        .iter()
        .map(|known| {
            let n = known.number.as_u64() - 919_800_000_000;
            assert_eq!(known.content, message(n).content);
            assert_eq!(known.code, message(n).coupon_code.digest());
            (n, known.state, known.in_last_plan)
        })
        .collect();
    assert_eq!(
        known,
        [
            (1, State::Pending, true),
            (2, State::Skipped, false),
            (5, State::Pending, true),
            (9, State::Accepted, false),
        ]
    );
    let numbers = world.read().numbers_of(&name("diwali"), &[State::Accepted, State::Unknown]);
    assert_eq!(numbers.expect("read"), Some(vec![number(919_800_000_009)]));
}

#[test]
fn a_person_is_found_over_all_campaigns_by_number_id_or_code() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("holi", 1), (1..=3).map(person)).expect("consumed");
    let brazilian = NewRecipient::new(number(5_511_987_654_321), Some("C-2"), &message(2));
    consume(&mut ledger, &record("diwali", 2), [brazilian, person(3)]).expect("consumed");
    let ledger = world.read();
    let everybody: Vec<_> = history(&ledger, &Who::All, None)
        .into_iter()
        .map(|row| (row.campaign.as_str().to_owned(), row.id.unwrap_or_default()))
        .collect();
    let expected =
        [("holi", "C-1"), ("holi", "C-2"), ("holi", "C-3"), ("diwali", "C-2"), ("diwali", "C-3")];
    assert_eq!(everybody, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(history(&ledger, &Who::All, Some("diwali")).len(), 2);
    assert_eq!(history(&ledger, &Who::All, Some("nothing")).len(), 0);

    let other_spelling = Who::Number(number(551_187_654_321));
    let found = history(&ledger, &other_spelling, None);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].whose.number(), Some(number(5_511_987_654_321)));
    assert_eq!(found[0].plan, plan_id(2));
    assert_eq!(found[0].coupon_code, Some(message(2).coupon_code));
    assert_eq!(found[0].state, State::Pending);
    assert_eq!(history(&ledger, &Who::Id("C-2".to_owned()), None).len(), 2);
    assert_eq!(history(&ledger, &Who::Code("CODE3".to_owned()), None).len(), 2);
    assert_eq!(history(&ledger, &Who::Code("CODE'; --".to_owned()), None).len(), 0);
}

#[test]
fn a_visitor_can_stop_a_history() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    let mut visited = 0;
    let stopped: Result<(), LedgerError> = any(ledger.read()).history(&Who::All, None, |_| {
        visited += 1;
        Err(LedgerError::Incomplete)
    });
    assert!(stopped.is_err());
    assert_eq!(visited, 1);
}

#[test]
fn a_code_once_given_out_never_changes() {
    let world = World::new();
    let mut ledger = world.lock();
    let issue = |n: u64, code: &str| IssuedCode {
        number: number(919_800_000_000 + n),
        id: Some(format!("C-{n}")),
        code: CouponCode::new(code).expect("a code"),
    };
    let diwali = name("diwali");
    let mark = |ledger: &mut LockedLedger, codes: Vec<IssuedCode>| {
        ledger.mark_issued(&diwali, None, at(5), codes)
    };
    mark(&mut ledger, vec![issue(2, "CODE2"), issue(1, "CODE1")]).expect("issued");
    mark(&mut ledger, vec![issue(2, "CODE2"), issue(3, "CODE3")]).expect("issued again");
    let changed = mark(&mut ledger, vec![issue(4, "CODE4"), issue(1, "OTHER")]);
    let error = changed.expect_err("another code");
    assert!(matches!(error, LedgerError::CodeChanged { .. }));
    assert!(!error.to_string().contains("OTHER") && !error.to_string().contains("919800000001"));

    let listed = ledger.read().issued_codes(&diwali).expect("listed");
    assert_eq!(listed, [issue(1, "CODE1"), issue(2, "CODE2"), issue(3, "CODE3")]);
    consume(&mut ledger, &record("diwali", 1), [person(2)]).expect("consumed");
    let memory = ledger.read().snapshot(&diwali).expect("read").campaign.expect("known");
    let waiting: Vec<u64> =
        memory.issued.iter().map(|(number, _)| number.as_u64() - 919_800_000_000).collect();
    assert_eq!(waiting, [1, 3], "those not planned yet");
    let changed = mark(&mut ledger, vec![issue(2, "OTHER")]);
    assert!(matches!(changed, Err(LedgerError::CodeChanged { .. })), "a planned code is known too");
}

#[test]
fn the_queries_of_the_documentation_work() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    ledger.close().expect("closed");
    let page = include_str!("../../../../docs/ledger.md");
    let queries: Vec<&str> = page
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a fence closes"))
        .collect();
    assert!(queries.len() >= 5, "the page has queries");
    for query in queries {
        world.query(query.trim().trim_end_matches(';'));
    }
}

#[test]
fn every_table_and_column_is_documented() {
    let page = include_str!("../../../../docs/ledger.md");
    let world = World::new();
    let columns = world.query(
        "SELECT t.name || '.' || c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
         WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'",
    );
    for line in columns.lines() {
        let (table, column) = line.split_once('.').expect("table.column");
        let section = page.split(&format!("### `{table}`")).nth(1).unwrap_or_default();
        let section = section.split("\n#").next().unwrap_or_default();
        assert!(section.contains(&format!("`{column}`")), "{line}");
    }
}

#[test]
fn neighbours_share_a_message_only_where_all_of_it_is_the_same() {
    let world = World::new();
    let mut ledger = world.lock();
    let one = message(1);
    let messages = [
        one.clone(),
        one.clone(),
        Message { params: vec!["Ben".to_owned(), "1%".to_owned()], ..one.clone() },
        Message { params: Vec::new(), ..one.clone() },
        Message { url_suffix: None, ..one.clone() },
        Message { header_url: Some("https://cdn.example.com/a.png".to_owned()), ..one.clone() },
        Message { content: ContentHash::from_bytes([9; 16]), ..one.clone() },
        Message { coupon_code: CouponCode::new("CODE2").expect("a code"), ..one.clone() },
        one,
    ];
    let people = messages.iter().zip(1..);
    let people = people.map(|(message, n)| {
        NewRecipient::new(person(n).number(), Some(&format!("C-{n}")), message)
    });
    let plan = consume(&mut ledger, &record("diwali", 1), people).expect("consumed");
    let rows = pending(&ledger, plan);
    let read: Vec<_> = rows.iter().map(|row| (*row.message).clone()).collect();
    assert_eq!(read, messages);
    let shared = rows.windows(2).map(|pair| Arc::ptr_eq(&pair[0].message, &pair[1].message));
    assert_eq!(shared.filter(|shared| *shared).count(), 1);
}
