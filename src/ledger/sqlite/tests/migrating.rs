//! Ledgers of earlier formats. There is none yet, so these have a made-up format 0, which is
//! format 1 without marks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::*;
use crate::ledger::place::LedgerFile;
use crate::ledger::sqlite::migrate::{Step, back_up, run, way};
use crate::ledger::sqlite::pragmas;

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

/// Names the ledger for a process of its own.
const NAMED: &str = "OFFERCAST_TEST_LEDGER";

/// Runs a program under strace, which may kill it at the nth of some system calls.
fn strace(inject: Option<&str>, program: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    command.args(inject.iter().flat_map(|inject| ["-e", inject]));
    command.arg(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_migration_killed_at_any_write_or_flush_is_whole_or_undone_and_is_done_again() {
    if !strace(None, "true".as_ref(), &[]).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIP: strace does not work on this host");
        return;
    }
    let (mut undone, mut whole) = (0, 0);
    for calls in ["pwrite64", "fsync,fdatasync", "rename", "unlink,ftruncate"] {
        for nth in 1..=40 {
            let world = format_0();
            let people = world.query("SELECT * FROM recipients");
            let inject = format!("inject={calls}:signal=KILL:when={nth}");
            let own = std::env::current_exe().expect("a test knows itself");
            let test = "ledger::sqlite::tests::migrating::the_ledger_that_is_named_is_migrated";
            let mut process = strace(Some(&inject), &own, &["--ignored", "--exact", test]);
            let survived = process.env(NAMED, world.path()).status().expect("strace runs");
            match world.query("PRAGMA user_version").as_str() {
                "0" => {
                    assert_eq!(
                        world.query("SELECT count(*) FROM sqlite_schema WHERE name = 'marks'"),
                        "0"
                    );
                    run(&raw(&world), &file(&world), 0, STEPS).expect("migrated after all");
                    undone += 1;
                }
                _ => whole += 1,
            }
            assert_eq!(world.query("SELECT * FROM recipients"), people, "{inject}");
            assert!(world.try_open().is_ok(), "{inject}");
            let copy = Connection::open(world.beside(".format-0")).expect("a database");
            let count = |sql| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("whole");
            assert_eq!(count("SELECT count(*) FROM recipients"), 1, "{inject}");
            if survived.success() {
                break;
            }
        }
    }
    println!("killed before the commit {undone} times, not or after it {whole} times");
    assert!(undone > 10 && whole >= 4, "{undone} undone, {whole} whole");
}

#[test]
#[ignore = "run by the test above in a process of its own, which is killed"]
fn the_ledger_that_is_named_is_migrated() {
    let path = PathBuf::from(std::env::var_os(NAMED).expect("a ledger is named"));
    let file = LedgerFile::find(&path).expect("a ledger");
    let connection = Connection::open(&path).expect("a database");
    pragmas::make_durable(&connection, &file).expect("durable");
    run(&connection, &file, 0, STEPS).expect("migrated");
    connection.close().expect("closed");
}
