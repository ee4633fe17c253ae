//! A journal is made, and one of a dead process is taken, while others look for such.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::entry::SLOT;
use super::place::JournalPlace;
use super::{Found, Journal};
use crate::ledger::serial::{Mark, Seen};
use crate::model::{LedgerSecret, Lineage};

fn place(folder: &Path) -> JournalPlace {
    JournalPlace { path: folder.join("x.1.journal"), folder: folder.to_path_buf() }
}

fn prepare(place: &JournalPlace) -> Journal {
    let mark = Mark { serial: 1, id: "0".repeat(32) };
    let seen = Seen { lineage: Lineage::from_bytes([7; 16]), mark };
    Journal::prepare(place, seen, &LedgerSecret::new([9; 32]), 4).expect("a journal")
}

#[test]
fn a_journal_whose_writer_lives_is_nobody_else_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(folder.path());
    let journal = prepare(&place);
    assert!(place.claim().expect("readable").is_none(), "its writer lives");
    drop(journal);
    assert!(place.claim().expect("readable").is_some(), "its writer has left");
}

#[test]
fn a_journal_that_is_taken_for_left_behind_while_it_is_made_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(folder.path());
    File::create(&place.path).expect("made, and not locked yet");
    let claim = place.claim().expect("readable").expect("it seems to be left behind");
    assert!(Found::read(&place).expect("readable").is_none(), "nothing is in it");
    thread::scope(|scope| {
        let writer = scope.spawn(|| prepare(&place));
        // Long enough for the writer to come upon the lock; a test that is too fast passes.
        thread::sleep(Duration::from_millis(100));
        place.remove().expect("removed");
        drop(claim);
        let journal = writer.join().expect("made");
        let length = fs::metadata(&place.path).expect("it stands there").len();
        assert_eq!(length, 5 * SLOT as u64);
        assert!(place.claim().expect("readable").is_none(), "and is its writer's");
        drop(journal);
    });
}

#[test]
fn a_journal_that_was_removed_meanwhile_is_nobody_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(folder.path());
    assert!(place.claim().expect("not there").is_none());
    drop(prepare(&place));
    let opened = File::open(&place.path).expect("it is there");
    place.remove().expect("removed");
    assert!(!place.locks(&opened).expect("looked at"), "gone");
    drop(prepare(&place));
    assert!(!place.locks(&opened).expect("looked at"), "another one");
    let opened = File::open(&place.path).expect("it is there");
    assert!(place.locks(&opened).expect("looked at"));
}
