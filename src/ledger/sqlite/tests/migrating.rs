//! Ledgers of earlier formats. There is none yet, so these have a made-up format 0, which is
//! format 1 without marks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::*;
use crate::ledger::place::LedgerFile;
use crate::ledger::sqlite::migrate::{Step, back_up, run, way};

const MARKS: &str = "CREATE TABLE marks (
  serial INTEGER PRIMARY KEY,
  mark TEXT NOT NULL CHECK (length(mark) = 32),
  made_at INTEGER NOT NULL,
  occasion TEXT NOT NULL
) STRICT;";
const STEPS: &[Step] = &[Step { from: 0, sql: MARKS }];

/// A ledger of format 0 with one person in it.
fn format_0() -> World {
    let world = World::new();
    consume(&mut world.lock(), &record("diwali", 1), [person(1)]).expect("consumed");
    let raw = raw(&world);
    raw.execute_batch("DROP TABLE marks; PRAGMA user_version = 0").expect("format 0");
    raw.close().expect("closed");
    fs::remove_file(world.beside(".serial")).expect("removed");
    world
}

fn raw(world: &World) -> Connection {
    Connection::open(world.path()).expect("a database")
}

fn file(world: &World) -> LedgerFile {
    LedgerFile::find(&world.path()).expect("a ledger")
}

#[test]
fn an_older_format_is_brought_up_to_date_after_a_private_copy() {
    let world = format_0();
    let steps = way(STEPS, 0).expect("a way");
    run(&raw(&world), &file(&world), 0, steps).expect("migrated");
    assert!(world.try_open().is_ok());
    assert_eq!(world.query("SELECT count(*) FROM recipients"), "1");
    let copy = world.beside(".format-0");
    let mode = fs::metadata(&copy).expect("a copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let copy = Connection::open(copy).expect("a database");
    let count = |sql| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(count("PRAGMA user_version"), 0);
    assert_eq!(count("SELECT count(*) FROM recipients"), 1);
}

#[test]
fn a_migration_that_fails_leaves_the_ledger_as_it_was() {
    let bad_steps: [&[Step]; 2] = [
        &[Step { from: 0, sql: "CREATE TABLE marks (serial INTEGER); SELECT nonsense" }],
        // It runs, but what it makes is not format 1.
        &[Step { from: 0, sql: "CREATE TABLE marks (serial INTEGER)" }],
    ];
    for steps in bad_steps {
        let world = format_0();
        let schema = world.query("SELECT name, sql FROM sqlite_schema ORDER BY name");
        run(&raw(&world), &file(&world), 0, steps).expect_err("refused");
        assert_eq!(world.query("PRAGMA user_version"), "0");
        assert_eq!(world.query("SELECT name, sql FROM sqlite_schema ORDER BY name"), schema);
    }
}

#[test]
fn one_that_was_cut_off_is_begun_again() {
    let world = format_0();
    back_up(&raw(&world), &file(&world), 0).expect("copied, and then the process died");
    fs::write(world.beside(".format-0.partial"), "half a copy").expect("written");
    run(&raw(&world), &file(&world), 0, STEPS).expect("migrated");
    assert!(world.try_open().is_ok());
    assert!(!world.beside(".format-0.partial").exists());
}

#[test]
fn only_an_unbroken_way_to_the_present_is_gone() {
    assert!(way(STEPS, 0).is_some());
    assert!(way(STEPS, -1).is_none());
    assert!(way(&[Step { from: -1, sql: "" }], -1).is_none(), "a step is missing");
}

#[test]
fn a_format_that_never_was_is_refused() {
    let world = format_0();
    assert!(matches!(world.try_open(), Err(LedgerError::Damaged { .. })));
    assert!(matches!(ReadLedger::open(&world.path()), Err(LedgerError::Damaged { .. })));
}
