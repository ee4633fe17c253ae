//! Making and opening a ledger, and every reason to refuse one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::ledger::{Damage, Exposure};

fn open_error(world: &World) -> LedgerError {
    let locked = LockedLedger::open(&world.path(), LockWait::default(), &holder());
    locked.expect_err("the ledger is refused")
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("it exists").permissions().mode() & 0o777
}

#[test]
fn a_new_ledger_is_for_its_owner_only_and_keeps_its_lineage() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("made/here/ledger.db");
    init(&path, &new_ledger()).expect("a new ledger");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("made")), 0o700);
    assert_eq!(mode(&folder.path().join("made/here")), 0o700);
    let ledger = ReadLedger::open(&path).expect("it opens");
    assert_eq!(*ledger.lineage(), new_ledger().lineage);
    assert_eq!(ledger.secret().expose(), &[42; 32]);
    assert!(ReadLedger::check(&path).expect("it can be checked").is_empty());
}

#[test]
fn a_ledger_is_never_made_over_anything() {
    let world = World::new();
    let before = fs::read(world.path()).expect("readable");
    assert!(matches!(init(&world.path(), &new_ledger()), Err(LedgerError::Exists { .. })));
    assert_eq!(fs::read(world.path()).expect("readable"), before);

    let dangling = world.folder.path().join("dangling.db");
    symlink("nowhere.db", &dangling).expect("a link");
    assert!(matches!(init(&dangling, &new_ledger()), Err(LedgerError::Exists { .. })));
    assert!(!world.folder.path().join("nowhere.db").exists());
}

#[test]
fn a_missing_ledger_is_an_error_and_stays_missing() {
    let folder = TempDir::new().expect("a temporary folder");
    for path in [folder.path().join("ledger.db"), folder.path().join("no/folder/ledger.db")] {
        let error = ReadLedger::open(&path).expect_err("nothing there");
        assert!(matches!(error, LedgerError::Missing { .. }));
        assert!(error.to_string().contains("ledger.db"), "{error}");
        let error = LockedLedger::open(&path, LockWait::default(), &holder());
        assert!(matches!(error, Err(LedgerError::Missing { .. })));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn other_files_are_no_ledgers() {
    let world = World::new();
    for bytes in [&b""[..], b"hello", &[0; 8192]] {
        fs::write(world.path(), bytes).expect("written");
        assert!(matches!(open_error(&world), LedgerError::NotALedger { .. }), "{}", bytes.len());
        let error = ReadLedger::open(&world.path()).expect_err("no ledger");
        assert!(matches!(error, LedgerError::NotALedger { .. }));
        assert_eq!(fs::read(world.path()).expect("readable"), bytes, "left alone");
    }
    let other = world.folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).expect("a database");
    connection.execute_batch("CREATE TABLE t (x)").expect("a table");
    drop(connection);
    let error = ReadLedger::open(&other).expect_err("another program's database");
    assert!(matches!(error, LedgerError::NotALedger { .. }));
    let error = ReadLedger::open(world.folder.path()).expect_err("a folder");
    assert!(matches!(error, LedgerError::NotALedger { .. }));
}

#[test]
fn a_newer_format_and_altered_tables_are_refused() {
    let world = World::new();
    let alter = |sql: &str| {
        let connection = rusqlite::Connection::open(world.path()).expect("a database");
        connection.execute_batch(sql).expect("altered");
    };
    alter("PRAGMA user_version = 2");
    assert!(matches!(open_error(&world), LedgerError::Newer { found: 2, known: 1, .. }));
    alter("PRAGMA user_version = 1");
    drop(world.lock());
    alter("CREATE TRIGGER t AFTER INSERT ON plans BEGIN DELETE FROM plans; END");
    let error = open_error(&world);
    assert!(matches!(error, LedgerError::Damaged { damage: Damage::Schema, .. }), "{error}");
    alter("DROP TRIGGER t; CREATE INDEX extra ON plans (plan_id)");
    assert!(matches!(open_error(&world), LedgerError::Damaged { damage: Damage::Schema, .. }));
}

#[test]
fn what_others_could_have_written_is_refused() {
    let world = World::new();
    let chmod = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
    };
    let exposure = |error: LedgerError| match error {
        LedgerError::Permissions { exposure, .. } => exposure,
        other => panic!("{other}"),
    };
    chmod(&world.path(), 0o602);
    assert_eq!(exposure(open_error(&world)), Exposure::WorldWritable);
    chmod(&world.path(), 0o600);

    chmod(world.folder.path(), 0o777);
    assert_eq!(exposure(open_error(&world)), Exposure::WorldWritableFolder);
    chmod(world.folder.path(), 0o1777);
    drop(world.lock());
    chmod(world.folder.path(), 0o700);

    let link = world.folder.path().join("link.db");
    symlink(world.path(), &link).expect("a link");
    let error = ReadLedger::open(&link).expect_err("a link");
    assert_eq!(exposure(error), Exposure::Symlink);

    fs::hard_link(world.path(), world.folder.path().join("second.db")).expect("a second name");
    assert_eq!(exposure(open_error(&world)), Exposure::HardLink);
}

#[test]
fn a_second_apply_is_told_who_holds_the_ledger() {
    let world = World::new();
    let first = world.lock();
    let error = open_error(&world);
    assert!(
        matches!(&error, LedgerError::Locked { holder: Some(found), .. } if *found == holder())
    );
    let text = error.to_string();
    let holder = "in use, held by pid 4711 on build-7 since 2026-12-01T03:30:01Z";
    assert!(text.contains(holder), "{text}");
    drop(first);
    drop(world.lock());
}

#[test]
fn a_lock_that_is_let_go_in_time_is_taken() {
    let world = World::new();
    let first = world.lock();
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            LockedLedger::open(
                &world.path(),
                LockWait::at_most(Duration::from_secs(20), &mut |_| {}),
                &holder(),
            )
        });
        std::thread::sleep(Duration::from_millis(120));
        drop(first);
        waiting.join().expect("no panic")
    });
    waiting.expect("the lock was taken after the first let go");
}

#[test]
fn a_lock_file_of_a_dead_process_or_with_nonsense_locks_nobody_out() {
    let world = World::new();
    fs::write(world.folder.path().join("ledger.db.lock"), "\u{1b}[31m nonsense").expect("written");
    drop(world.lock());
    assert_eq!(mode(&world.folder.path().join("ledger.db.lock")) & 0o022, 0);
}

#[test]
fn a_ledger_can_be_read_while_an_apply_holds_it() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    let reader = world.read();
    assert_eq!(reader.counts(&name("diwali")).expect("counts").pending, 3);
    assert_eq!(*reader.lineage(), new_ledger().lineage);
}

#[test]
fn what_a_dead_apply_left_open_is_unknown_first_thing() {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=5).map(person)).expect("consumed");
    let rows: Vec<RowId> = pending(&ledger, plan).iter().map(|row| row.row).collect();
    ledger.write(&[intend(rows[0]), intend(rows[1]), intend(rows[2])]).expect("intents");
    ledger.write(&[conclude(rows[0], accepted(rows[0]))]).expect("an outcome");
    drop(ledger);
    let Opened { ledger, recovered, .. } = world.open();
    assert_eq!(recovered, 2);
    let counts = ledger.read().counts(&name("diwali")).expect("counts");
    assert_eq!((counts.pending, counts.accepted, counts.unknown), (2, 1, 2));
    let status = ledger.read().status().expect("status");
    assert_eq!(status[0].unknown, [(crate::model::UnknownCause::Crash, 2)]);
    drop(ledger);
    assert_eq!(world.open().recovered, 0);
}

#[test]
fn closing_leaves_the_file_the_lock_and_the_serial() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    ledger.close().expect("closed");
    let mut left: Vec<_> = fs::read_dir(world.folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    left.sort();
    assert_eq!(left, ["ledger.db", "ledger.db.lock", "ledger.db.serial"]);
}

#[test]
fn the_ledger_can_move_to_the_writer_thread() {
    fn moves<T: Send>() {}
    moves::<LockedLedger>();
    moves::<LedgerError>();
}

#[test]
fn no_text_shows_the_secret() {
    let world = World::new();
    let ledger = world.lock();
    assert!(!format!("{ledger:?}").contains("42, 42"));
}
