//! The ledger's marks: one for each plan consumed, run begun and run ended, so that a copy
//! from the past can be told from the ledger itself. How far that goes: `docs/ledger.md`.

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::error::LedgerError;
use crate::ledger::place::LedgerFile;
use crate::ledger::serial::{Mark, Occasion, Seen};
use crate::model::{Lineage, Timestamp};

use super::fault::Fault;
use super::open::LockedLedger;

const ADD: &str = "INSERT INTO marks (serial, mark, made_at, occasion)
  SELECT coalesce(max(serial), 0) + 1, lower(hex(randomblob(16))), ?1, ?2 FROM marks
  RETURNING serial, mark";
const LAST: &str = "SELECT serial, mark FROM marks ORDER BY serial DESC LIMIT 1";
const AT: &str = "SELECT mark FROM marks WHERE serial = ?1";

impl LockedLedger {
    /// Marks the beginning of a run, before its first request.
    pub fn mark_run(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        self.mark(now, Occasion::Run)
    }

    /// Makes a mark, durable in the ledger and then beside it.
    pub(super) fn mark(&mut self, now: Timestamp, occasion: Occasion) -> Result<(), LedgerError> {
        let mark = self.transact("mark its state", |connection| add(connection, now, occasion))?;
        self.keep_mark(mark)
    }

    /// Keeps a mark beside the ledger once it is durable in it. In the other order a crash
    /// in between would leave a ledger that seems to be an old copy of itself.
    pub(super) fn keep_mark(&self, mark: Mark) -> Result<(), LedgerError> {
        Seen { lineage: self.reader.lineage().clone(), mark }.keep(&self.reader.file)
    }
}

/// Adds a mark as part of the caller's transaction.
pub(super) fn add(
    connection: &Connection,
    now: Timestamp,
    occasion: Occasion,
) -> Result<Mark, Fault> {
    let of_row = |row: &rusqlite::Row<'_>| Ok(Mark { serial: row.get(0)?, id: row.get(1)? });
    Ok(connection.query_row(ADD, (now.as_millis(), occasion.as_str()), of_row)?)
}

/// The last mark.
pub(super) fn last(connection: &Connection) -> Result<Mark, Fault> {
    let of_row = |row: &rusqlite::Row<'_>| Ok(Mark { serial: row.get(0)?, id: row.get(1)? });
    Ok(connection.query_row(LAST, [], of_row).optional()?.unwrap_or_else(Mark::start))
}

/// Whether the ledger has been at this mark.
pub(super) fn has(connection: &Connection, mark: &Mark) -> Result<bool, Fault> {
    if mark.serial == 0 {
        return Ok(true);
    }
    let found: Option<String> =
        connection.query_row(AT, [mark.serial], |row| row.get(0)).optional()?;
    Ok(found.as_ref() == Some(&mark.id))
}

/// Refuses a ledger that has not been where the ledger in its place was seen last.
pub(super) fn expect(
    connection: &Connection,
    file: &LedgerFile,
    lineage: &Lineage,
    seen: &Seen,
) -> Result<(), Fault> {
    let place = file.place();
    if seen.lineage != *lineage {
        let (expected, found) = (seen.lineage.clone(), lineage.clone());
        return Err(LedgerError::WrongLineage { place, expected, found }.into());
    }
    if has(connection, &seen.mark)? {
        return Ok(());
    }
    let (found, expected) = (last(connection)?.serial, seen.mark.serial);
    Err(if found < expected {
        LedgerError::OlderCopy { place, found, expected }.into()
    } else {
        LedgerError::Forked { place, serial: expected }.into()
    })
}
