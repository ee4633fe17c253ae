//! Outcomes that the ledger did not take, on their way through the emergency journal.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};

use super::*;
use crate::ledger::{Imported, Journal};
use crate::model::{NotSent, Rejection, UnknownCause};

/// A ledger that died with these many people attempting, and the journal made before.
fn dead(count: u64, room: u64) -> (World, Journal, Vec<RowId>) {
    let world = World::new();
    let mut ledger = world.lock();
    let journal = ledger.journal(room).expect("room");
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=count).map(person)).expect("plan");
    let rows: Vec<_> = rows(&ledger, plan).into_values().collect();
    let intents: Vec<_> = rows.iter().copied().map(intend).collect();
    ledger.write(&intents).expect("intents");
    drop(ledger);
    (world, journal, rows)
}

fn states(world: &World) -> String {
    world.query("SELECT state, coalesce(cause, message_id), attempts FROM deliveries ORDER BY id")
}

#[test]
fn outcomes_in_the_journal_are_recorded_before_anything_is_taken_for_unknown() {
    let (world, mut journal, rows) = dead(5, 8);
    let rejection = Rejection { code: "E13001".into(), text: "no such person".into() };
    let changes = [
        conclude(rows[0], accepted(rows[0])),
        conclude(rows[1], Outcome::Rejected(rejection)),
        conclude(rows[2], Outcome::Unknown(UnknownCause::Timeout)),
        conclude(rows[3], Outcome::NotSent(NotSent::NoConnection)),
    ];
    assert_eq!(journal.keep(&changes), (4, vec![]));
    let opened = world.open();
    assert_eq!(opened.imported, Imported { recorded: 4, ..Imported::default() });
    assert_eq!(opened.recovered, 1, "the fifth");
    drop(opened);
    assert_eq!(
        states(&world),
        "accepted|req-1:1|1\nrejected|E13001|1\nunknown|timeout|1\npending|no_connection|0\n\
         unknown|crash|1"
    );
    let again = world.open();
    assert_eq!((again.imported, again.recovered), (Imported::default(), 0), "it is empty now");
}

#[test]
fn rows_that_are_settled_keep_what_they_have() {
    let (world, mut journal, rows) = dead(2, 8);
    world.query("UPDATE deliveries SET state = 'unknown', cause = 'crash' WHERE id = 1");
    let twice = [accepted(rows[1]), Outcome::Unknown(UnknownCause::Timeout)];
    let twice = twice.map(|outcome| conclude(rows[1], outcome));
    journal.keep(&[conclude(rows[0], accepted(rows[0]))]);
    journal.keep(&twice);
    let imported = world.open().imported;
    assert_eq!(imported, Imported { recorded: 1, settled: 2, unusable: 0 });
    assert_eq!(states(&world), "unknown|crash|1\naccepted|req-1:2|1");
}

#[test]
fn a_crash_after_the_import_imports_again_and_changes_nothing() {
    let (world, mut journal, rows) = dead(1, 8);
    journal.keep(&[conclude(rows[0], accepted(rows[0]))]);
    let full = fs::read(world.beside(".journal")).expect("readable");
    drop(world.open());
    fs::write(world.beside(".journal"), full).expect("put back");
    let opened = world.open();
    assert_eq!(opened.imported, Imported { settled: 1, ..Imported::default() });
    assert_eq!(states(&world), "accepted|req-1:1|1");
}

#[test]
fn flipped_and_cut_off_outcomes_are_not_believed() {
    let (world, mut journal, rows) = dead(3, 8);
    let changes: Vec<_> = rows.iter().map(|row| conclude(*row, accepted(*row))).collect();
    journal.keep(&changes);
    let file = fs::OpenOptions::new().write(true).open(world.beside(".journal")).expect("there");
    file.write_all_at(b"2", 1024 + 17 + 7).expect("row 1 becomes row 2");
    file.write_all_at(&[0; 1000], 2 * 1024 + 24).expect("torn");
    let opened = world.open();
    assert_eq!(opened.imported, Imported { recorded: 1, settled: 0, unusable: 2 });
    drop(opened);
    assert_eq!(states(&world), "unknown|crash|1\nunknown|crash|1\naccepted|req-1:3|1");
}

#[test]
fn a_journal_of_another_ledger_is_put_aside() {
    let (world, mut journal, rows) = dead(1, 8);
    journal.keep(&[conclude(rows[0], accepted(rows[0]))]);
    let other = World { folder: TempDir::new().expect("a temporary folder") };
    let new = NewLedger { lineage: Lineage::from_bytes([8; 16]), ..new_ledger() };
    init(&other.path(), &new).expect("a new ledger");
    fs::copy(world.beside(".journal"), other.beside(".journal")).expect("copied");
    assert_eq!(other.open().imported, Imported { unusable: 1, ..Imported::default() });
    assert!(other.beside(".journal.foreign").exists() && !other.beside(".journal").exists());
}

#[test]
fn what_has_no_room_is_told_and_what_was_sent_comes_first() {
    let (world, mut journal, rows) = dead(4, 2);
    let mut changes: Vec<_> = rows.iter().map(|row| conclude(*row, accepted(*row))).collect();
    changes[0] = conclude(rows[0], Outcome::NotSent(NotSent::NoConnection));
    let (kept, lost) = journal.keep(&changes);
    assert_eq!((kept, lost.len()), (2, 1), "the fourth was never sent: nothing to tell");
    assert!(lost[0].to_string().contains("\"message_id\":\"req-1:4\""), "{}", lost[0]);
    assert_eq!(world.open().imported.recorded, 2);
}

#[test]
fn all_its_room_is_taken_at_once_and_only_its_owner_reads_it() {
    let (world, _journal, _) = dead(1, 8);
    let metadata = fs::metadata(world.beside(".journal")).expect("there");
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (9 * 1024, 0o600));
    assert!(metadata.blocks() * 512 >= metadata.len(), "no holes");
}

#[test]
fn a_link_or_a_folder_in_its_place_is_refused() {
    let world = World::new();
    std::os::unix::fs::symlink("/dev/null", world.beside(".journal")).expect("linked");
    assert!(matches!(world.try_open(), Err(LedgerError::Io { .. })));
    fs::remove_file(world.beside(".journal")).expect("removed");
    fs::create_dir(world.beside(".journal")).expect("made");
    assert!(matches!(world.try_open(), Err(LedgerError::Io { .. })));
}
