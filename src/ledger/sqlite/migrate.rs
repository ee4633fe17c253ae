//! Bringing a ledger of an earlier format up to date: a copy first, then all steps in one
//! transaction. Killed anywhere, the ledger is what it was or what it is to be.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::place::{LedgerFile, sync_folder};

use super::fault::Fault;
use super::schema;

/// The way from one format to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The format it starts from; it leads to the one after.
    pub(super) from: i64,
    /// What it does.
    pub(super) sql: &'static str,
}

/// All steps there are, in order. Format 1 is the first.
pub(super) const STEPS: &[Step] = &[];

/// The steps that lead from a format to the present one, if there is a way.
pub(super) fn way(steps: &[Step], found: i64) -> Option<&[Step]> {
    let start = steps.iter().position(|step| step.from == found)?;
    let way = &steps[start..];
    let unbroken = (found..schema::FORMAT).eq(way.iter().map(|step| step.from));
    unbroken.then_some(way)
}

/// Goes that way. Needs the ledger's lock.
pub(super) fn run(
    connection: &Connection,
    file: &LedgerFile,
    found: i64,
    way: &[Step],
) -> Result<(), Fault> {
    back_up(connection, file, found)?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for step in way {
        transaction.execute_batch(step.sql)?;
    }
    transaction.pragma_update(None, "user_version", schema::FORMAT)?;
    if !schema::is_intact(&transaction)? {
        return Err(Fault::Damaged(Damage::Schema));
    }
    transaction.commit()?;
    Ok(())
}

/// Copies the ledger to `<ledger>.format-N`, under that name only once it is whole and on
/// stable storage.
pub(super) fn back_up(connection: &Connection, file: &LedgerFile, found: i64) -> Result<(), Fault> {
    let partial = file.beside(&format!(".format-{found}.partial"));
    let path = file.beside(&format!(".format-{found}"));
    // A leftover of an attempt that was cut off; SQLite fills an empty file only.
    let _ = fs::remove_file(&partial);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(|source| io(&partial, source))?;
    connection.execute("VACUUM INTO ?1", [text(&partial)?])?;
    File::open(&partial)
        .and_then(|copy| copy.sync_all())
        .and_then(|()| fs::rename(&partial, &path))
        .map_err(|source| io(&partial, source))?;
    sync_folder(&file.folder)?;
    Ok(())
}

fn io(path: &Path, source: std::io::Error) -> LedgerError {
    LedgerError::Io { path: path.to_owned(), operation: "write the copy", source }
}

/// SQLite takes names in UTF-8 only.
fn text(path: &Path) -> Result<&str, LedgerError> {
    let odd = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "its path is not UTF-8");
    path.to_str().ok_or_else(|| io(&PathBuf::from(path), odd()))
}
