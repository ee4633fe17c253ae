//! People and deliveries that do not belong together, and what no check of a table can see.

use super::super::snapshot::read_pending;
use super::*;
use crate::ledger::{Damage, LedgerAddress, Settlement, Verdict, Who};
use crate::model::{Receipt, UnknownCause};

/// Three people: one accepted, one unknown, one pending.
fn three() -> World {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    let rows: Vec<_> = rows(&ledger, plan).into_values().collect();
    let doubt = Outcome::Unknown(UnknownCause::Timeout);
    ledger.write(&[intend(rows[0]), intend(rows[1])]).expect("intents");
    ledger
        .write(&[conclude(rows[0], accepted(rows[0])), conclude(rows[1], doubt)])
        .expect("outcomes");
    ledger.close().expect("closed");
    world
}

#[test]
fn a_delivery_that_is_missing_or_nobodys_is_damage() {
    let world = three();
    for (change, seen_by_reading) in [
        ("DELETE FROM deliveries WHERE id = 2", true),
        ("UPDATE deliveries SET id = 9 WHERE id = 2", true),
        ("DELETE FROM deliveries WHERE id = 2; UPDATE deliveries SET id = 2 WHERE id = 3", true),
        ("DELETE FROM recipients WHERE id = 2", false),
        ("UPDATE recipients SET id = 9 WHERE id = 2", true),
    ] {
        let copy = world.changed(change);
        assert_ne!(ReadLedger::check(&copy.path()).expect("checked"), [], "{change}");
        let read = copy.read();
        let told = [
            read.snapshot(&name("diwali")).map(drop),
            read.status().map(drop),
            any(&read).history(&Who::All, None, |_| Ok(())),
            any(&read).history(&Who::Unknown, None, |_| Ok(())),
        ];
        for told in told {
            assert_eq!(told.as_ref().is_err_and(damaged), seen_by_reading, "{change}");
        }
        // Whoever writes counts them as well.
        let mut ledger = copy.lock();
        assert!(ledger.read().snapshot(&name("diwali")).is_err_and(|error| damaged(&error)));
        assert!(ledger.read().counts(&name("diwali")).is_err_and(|error| damaged(&error)));
        assert!(ledger.pending(PlanRow(1), None, 10).is_err_and(|error| damaged(&error)));
        let forgotten = ledger.forget(&[person(2).number()], &decision());
        assert!(forgotten.is_err_and(|error| damaged(&error)), "{change}");
        drop(ledger);
        let (from, to) = (LedgerAddress::File(copy.path()), copy.beside("-elsewhere"));
        let wait = LockWait::default();
        let moved = from.move_to(&LedgerAddress::File(to.clone()), wait, &holder(), &mut |_, _| ());
        assert!(moved.is_err_and(|error| damaged(&error)), "{change}");
        assert!(!to.exists(), "{change}");
    }
}

#[test]
fn a_person_whose_delivery_is_missing_is_neither_passed_over_nor_sent_to() {
    let world = three();
    let copy = world.changed("DELETE FROM deliveries WHERE id = 3");
    let read = copy.read();
    let sought = any(&read).history(&Who::Number(person(3).number()), None, |_| Ok(()));
    assert!(sought.is_err_and(|error| damaged(&error)));
    let next = read.reading("read who is next", |connection| {
        read_pending(connection, PlanRow(1), 0, 10).map(drop)
    });
    assert!(next.is_err_and(|error| damaged(&error)));
}

#[test]
fn nobody_is_counted_for_a_rate_without_being_known() {
    let copy = three().changed("DELETE FROM recipients WHERE id = 1");
    let sent = copy.read().sent_since(record("diwali", 1).sender, at(0));
    assert!(sent.is_err_and(|error| damaged(&error)));
}

#[test]
fn what_no_table_refuses_is_found_by_a_check() {
    let world = three();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("holi", 2), [person(4)]).expect("consumed");
    consume(&mut ledger, &record("holi", 3), [person(5)]).expect("consumed, without the person");
    ledger.forget(&[person(2).number()], &decision()).expect("forgotten");
    ledger.close().expect("closed");
    assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
    for (change, row) in [
        ("UPDATE deliveries SET message_id = 'req-1:1' WHERE id = 3", 1),
        ("UPDATE deliveries SET state = 'pending', cause = NULL WHERE id = 4", 4),
        ("UPDATE deliveries SET message_id = 'req-1:2' WHERE id = 2", 2),
        ("UPDATE deliveries SET request_id = 'req-1' WHERE id = 2", 2),
        ("UPDATE deliveries SET detail = 'number 91980…' WHERE id = 2", 2),
    ] {
        let found = ReadLedger::check(&world.changed(change).path()).expect("checked");
        assert_eq!(found, [Damage::Row { table: "deliveries", row }], "{change}");
    }
    // The same id in another campaign is no wonder.
    let other = world.changed("UPDATE deliveries SET message_id = 'req-1:1' WHERE id = 5");
    assert_eq!(ReadLedger::check(&other.path()).expect("checked"), []);
}

#[test]
fn nothing_is_learnt_any_more_of_somebody_who_is_forgotten() {
    let world = three();
    let mut ledger = world.lock();
    ledger.forget(&[person(2).number()], &decision()).expect("forgotten");
    let verdict =
        Verdict::Reported { receipt: Receipt::Delivered, message_id: MessageId::new("req-1:2") };
    let refused = ledger.settle(&[Settlement { row: RowId(2), verdict }], &decision());
    assert!(matches!(refused, Err(LedgerError::UnexpectedState { .. })));
    ledger
        .settle(&[Settlement { row: RowId(2), verdict: Verdict::Unsent }], &decision())
        .expect("settled");
    assert_eq!(
        world.query("SELECT state, cause, message_id FROM deliveries WHERE id = 2"),
        "skipped|forgotten|"
    );
}

#[test]
fn the_table_refuses_a_person_who_is_half_forgotten() {
    let world = three();
    let mut database = rusqlite::Connection::open(world.path()).expect("a database");
    let mut fits = |change: &str| {
        let undone = database.transaction().expect("begun");
        undone.execute(&format!("UPDATE recipients SET {change} WHERE id = 1"), []).is_ok()
    };
    let gone = "number = -91, person = -1, ext_id = NULL, coupon_code = '', params = NULL,
        url_suffix = NULL, header_url = NULL";
    assert!(fits(gone));
    for left in ["number", "person", "ext_id", "coupon_code", "params", "url_suffix"] {
        let part: Vec<_> = gone.split(',').filter(|set| !set.trim().starts_with(left)).collect();
        assert!(!fits(&part.join(",")), "{left}");
    }
}
