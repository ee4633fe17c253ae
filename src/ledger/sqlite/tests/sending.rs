//! What goes on beside the writes of a send: reading ahead and carrying pages.

use super::*;
use crate::ledger::Decision;
use crate::model::NotSent;

fn with_people(people: u64) -> (World, LockedLedger, PlanRow) {
    let world = World::new();
    let mut ledger = world.lock();
    let plan =
        consume(&mut ledger, &record("diwali", 1), (1..=people).map(person)).expect("consumed");
    (world, ledger, plan)
}

/// Some rows after one.
fn page(ledger: &LockedLedger, plan: PlanRow, after: Option<RowId>, limit: usize) -> Vec<i64> {
    let page = ledger.pending(plan, after, limit).expect("pending rows");
    page.iter().map(|row| row.row.0).collect()
}

#[test]
fn pages_read_ahead_hold_everybody_once_while_others_are_sent_to() {
    let (_world, mut ledger, plan) = with_people(11);
    let (mut after, mut seen) = (None, Vec::new());
    for _ in 0..6 {
        let rows = page(&ledger, plan, after, 2);
        let changes: Vec<_> = rows.iter().map(|&row| intend(RowId(row))).collect();
        ledger.write(&changes).expect("intents");
        after = rows.last().copied().map(RowId);
        seen.extend(rows);
    }
    assert_eq!(seen, (1..=11).collect::<Vec<_>>());
}

#[test]
fn who_is_not_pending_any_more_is_not_given_out_though_they_were_read_ahead() {
    let (_world, mut ledger, plan) = with_people(9);
    assert_eq!(page(&ledger, plan, None, 2), [1, 2]);
    assert!(ledger.ahead.borrow().is_some(), "the next page is being read");
    let skip = |row| Change::Skip { row: RowId(row), at: at(30), cause: "offer_over" };
    ledger.write(&[skip(3)]).expect("a skip");
    assert_eq!(page(&ledger, plan, Some(RowId(2)), 2), [4, 5]);
    // By any other way of writing as well.
    let forgotten = number(919_800_000_006);
    let decision = Decision { by: "a test".to_owned(), at: at(40), evidence: None };
    ledger.forget(&[forgotten], &decision).expect("forgotten");
    assert_eq!(page(&ledger, plan, Some(RowId(5)), 2), [7, 8]);
}

#[test]
fn a_page_that_nobody_asked_for_ahead_is_read_at_once() {
    let (_world, ledger, plan) = with_people(9);
    assert_eq!(page(&ledger, plan, None, 3), [1, 2, 3]);
    assert_eq!(page(&ledger, plan, Some(RowId(5)), 3), [6, 7, 8], "after another row");
    assert_eq!(page(&ledger, plan, Some(RowId(8)), 5), [9], "so many");
    assert_eq!(page(&ledger, PlanRow(7), Some(RowId(3)), 3), [0; 0], "another plan");
}

fn intend_a_hundred(ledger: &mut LockedLedger, plan: PlanRow) {
    let rows = ledger.pending(plan, None, 100).expect("rows");
    let intents: Vec<_> = rows.iter().map(|row| intend(row.row)).collect();
    ledger.write(&intents).expect("intents");
}

fn closed_with_all_in_the_file(world: &World, ledger: LockedLedger, pending: &str) {
    ledger.close().expect("closed");
    assert_eq!(world.query("SELECT count(*) FROM deliveries WHERE state = 'pending'"), pending);
    assert!(!world.beside("-wal").exists(), "all is in the file");
}

/// Pages in the log after which the writer carries the rest, here.
const MOST_PAGES: u32 = 300;

#[test]
fn the_log_stays_short_however_much_is_written() {
    let (world, mut ledger, plan) = with_people(400);
    let rows: Vec<_> = pending(&ledger, plan).iter().map(|row| row.row).collect();
    ledger.reader.connection.pragma_update(None, "wal_autocheckpoint", MOST_PAGES).expect("set");
    ledger.write(&[intend(rows[0])]).expect("an intent");
    ledger.checkpoints.get_mut().as_mut().expect("it is sending").due_after = 500;
    ledger.write(&[conclude(rows[0], back())]).expect("an outcome");
    let mut log = 0;
    for _ in 0..60 {
        let intents: Vec<_> = rows.iter().map(|&row| intend(row)).collect();
        ledger.write(&intents).expect("intents");
        let outcomes: Vec<_> = rows.iter().map(|&row| conclude(row, back())).collect();
        ledger.write(&outcomes).expect("outcomes");
        log = std::fs::metadata(world.beside("-wal")).expect("a log").len().max(log);
    }
    // 120 writes of twenty pages and more. One write may come on top, and what is written
    // while the other thread is in the middle of its work.
    assert!(log < u64::from(3 * MOST_PAGES) * 4_096, "{log} bytes");
    closed_with_all_in_the_file(&world, ledger, "400");
}

#[test]
fn what_a_large_consumption_wrote_is_carried_while_the_first_are_sent_to() {
    let (world, mut ledger, plan) = with_people(30_000);
    assert!(ledger.checkpoints.borrow().is_some(), "it is being carried");
    intend_a_hundred(&mut ledger, plan);
    closed_with_all_in_the_file(&world, ledger, "29900");
}

#[test]
fn a_log_with_room_behind_it_is_whole_after_a_power_cut() {
    let (world, mut ledger, plan) = with_people(30_000);
    intend_a_hundred(&mut ledger, plan);
    let cut = World::new();
    std::fs::copy(world.beside("-wal"), cut.beside("-wal")).expect("copied");
    std::fs::copy(world.path(), cut.path()).expect("copied");
    let log = std::fs::read(cut.beside("-wal")).expect("read");
    assert!(log.ends_with(&[0; 4_096]), "there is room");
    let attempting = "SELECT count(*) FROM deliveries WHERE state = 'attempting'";
    assert_eq!(cut.query(attempting), "100");
    assert_eq!(cut.query("SELECT count(*) FROM recipients"), "30000");
}

#[test]
fn a_few_people_are_no_reason_for_a_thread() {
    let (_world, ledger, _plan) = with_people(2_000);
    assert!(ledger.checkpoints.borrow().is_none());
}

#[test]
fn checkpoints_that_keep_failing_end_the_writing() {
    let (_world, mut ledger, plan) = with_people(1);
    let row = pending(&ledger, plan)[0].row;
    ledger.write(&[intend(row)]).expect("an intent");
    let checkpoints = ledger.checkpoints.get_mut().as_mut().expect("it is sending");
    let failure = || Err(rusqlite::Error::InvalidQuery.into());
    assert!(checkpoints.ended(failure()).is_ok() && checkpoints.ended(failure()).is_ok());
    assert!(checkpoints.ended(Ok(())).is_ok(), "one that succeeds makes up for them");
    assert!(checkpoints.ended(failure()).is_ok() && checkpoints.ended(failure()).is_ok());
    assert!(checkpoints.ended(failure()).is_err());
}

fn back() -> Outcome {
    Outcome::NotSent(NotSent::Throttled)
}
