//! Ledgers put back from backups, and ledgers of which there are two.

use std::fs;

use super::*;
use crate::ledger::LedgerError::{Forked, OlderCopy, OtherSerial, Unproven, WrongLineage};

/// A ledger whose first plan is consumed, at rest.
fn applied() -> World {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("consumed");
    ledger.close().expect("closed");
    world
}

/// One more run: a mark, as sending makes one.
fn run(world: &World) {
    let mut ledger = world.lock();
    ledger.mark_run(at(30)).expect("marked");
    ledger.close().expect("closed");
}

fn adopt(world: &World, serial: i64) -> Result<Opened, LedgerError> {
    LockedLedger::adopt(&world.path(), serial, LockWait::default(), &holder())
}

#[test]
fn a_copy_from_before_the_last_run_is_refused_to_writers_and_readers() {
    let world = applied();
    let old = fs::read(world.path()).expect("readable");
    run(&world);
    run(&world);
    assert!(world.try_open().is_ok(), "the newest one is fine");
    fs::write(world.path(), old).expect("put back");
    let older = |error| matches!(error, OlderCopy { found: 1, expected: 3, .. });
    assert!(older(world.try_open().expect_err("refused")));
    assert!(older(ReadLedger::open(&world.path()).expect_err("refused")));
}

#[test]
fn of_two_copies_that_went_different_ways_only_the_own_one_is_accepted() {
    let here = applied();
    let there = World { folder: TempDir::new().expect("a temporary folder") };
    for ending in ["", ".serial"] {
        fs::copy(here.beside(ending), there.beside(ending)).expect("copied");
    }
    run(&here);
    for _ in 0..3 {
        run(&there);
    }
    fs::copy(there.path(), here.path()).expect("brought over");
    let error = here.try_open().expect_err("refused");
    assert!(matches!(error, Forked { serial: 2, .. }), "although its serial is higher: {error}");
}

#[test]
fn a_ledger_without_proof_of_being_the_newest_is_refused_once_it_was_applied() {
    let fresh = World::new();
    fs::remove_file(fresh.beside(".serial")).expect("removed");
    assert!(fresh.try_open().is_ok(), "nothing can have been forgotten");
    let world = applied();
    for text in ["", "0123", "whatever\n"] {
        fs::write(world.beside(".serial"), text).expect("written");
        assert!(matches!(world.try_open(), Err(Unproven { serial: 1, .. })), "{text:?}");
    }
    fs::remove_file(world.beside(".serial")).expect("removed");
    assert!(matches!(world.try_open(), Err(Unproven { serial: 1, .. })));
    assert!(ReadLedger::open(&world.path()).is_ok(), "reading it does no harm");
}

#[test]
fn a_crash_between_the_two_marks_is_made_good() {
    let world = applied();
    let before = fs::read(world.beside(".serial")).expect("readable");
    run(&world);
    let after = fs::read(world.beside(".serial")).expect("readable");
    fs::write(world.beside(".serial"), before).expect("put back");
    assert!(world.try_open().is_ok());
    assert_eq!(fs::read(world.beside(".serial")).expect("readable"), after);
}

#[test]
fn another_ledger_in_its_place_is_refused() {
    let world = applied();
    let other = World { folder: TempDir::new().expect("a temporary folder") };
    let new = NewLedger { lineage: Lineage::from_bytes([8; 16]), ..new_ledger() };
    init(&other.path(), &new).expect("a new ledger");
    fs::copy(other.path(), world.path()).expect("copied");
    assert!(matches!(world.try_open(), Err(WrongLineage { .. })));
}

#[test]
fn an_old_copy_is_adopted_by_its_serial_and_the_newer_one_is_refused_afterwards() {
    let world = applied();
    let old = fs::read(world.path()).expect("readable");
    run(&world);
    let newer = fs::read(world.path()).expect("readable");
    fs::write(world.path(), &old).expect("put back");
    assert!(matches!(adopt(&world, 2), Err(OtherSerial { found: 1, stated: 2, .. })));
    assert!(matches!(world.try_open(), Err(OlderCopy { .. })), "a slip changes nothing");
    drop(adopt(&world, 1).expect("adopted"));
    assert!(world.try_open().is_ok());
    fs::write(world.path(), newer).expect("put back");
    assert!(matches!(world.try_open(), Err(Forked { serial: 2, .. })));
}

#[test]
fn the_file_beside_it_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(applied().beside(".serial")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
