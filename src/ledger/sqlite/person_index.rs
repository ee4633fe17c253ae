//! When the index over persons is filled: row by row, or at once at the end.
//!
//! It keeps everybody in a campaign once. Adding a million rows to it one by one, in the
//! random order that numbers have in an audience, costs more than all else that is written of
//! them; building it from the finished rows costs a third of that. Both end in the same index
//! and refuse the same rows, in the same transaction.

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::rows::phone;
use crate::model::PhoneNumber;

use super::fault::Fault;
use super::pragmas;
use super::schema;

/// Below this nothing is gained without the index.
const FEW_PEOPLE: u64 = 1_000;

/// As much as SQLite keeps by itself: enough for sending, which goes through the table in order.
/// Not more, since it goes through all that is kept at the end of each transaction in which a
/// page was split.
const USUAL_CACHE_MEBIBYTES: i64 = 2;

/// Keeps the index in memory while it is filled in random order, which is slow from the disk.
const CACHE_MEBIBYTES: i64 = 64;

/// What sorting takes for each row, in bytes: a record of the key and the row's id, with what
/// SQLite keeps beside it, rounded up.
const SORTED_ROW_BYTES: i64 = 48;

/// Rows are sorted in one piece of memory where no more people come than these, and with an
/// allocation for each row where more do: slower, but never in a file.
const SORTED_AT_ONCE: u64 = 1 << 20;

/// No row has a higher id, so there are at most so many.
const MOST_ROWS: &str = "SELECT coalesce(max(id), 0) FROM recipients";

const TWICE: &str = "SELECT number FROM recipients WHERE plan = ?1
  GROUP BY campaign, person HAVING count(*) > 1 LIMIT 1";

/// The index over persons during one consumption.
pub(super) struct PersonIndex {
    /// How many people are to come, over all plans.
    people: u64,
    is_there: bool,
}

impl PersonIndex {
    /// As it is before so many people come.
    pub(super) fn of(people: u64) -> Self {
        Self { people, is_there: true }
    }

    /// Decides before the first plan. Without the index where more people come than there are
    /// and none of them can be in the ledger yet: people of older plans are found through it.
    pub(super) fn choose(&mut self, connection: &Connection, has_older: bool) -> Result<(), Fault> {
        let rows = most_rows(connection)?;
        if has_older || self.people < rows.cast_unsigned().max(FEW_PEOPLE) {
            pragmas::set_cache(connection, CACHE_MEBIBYTES)?;
        } else {
            connection.execute_batch(schema::DROP_PERSON_INDEX)?;
            self.is_there = false;
        }
        Ok(())
    }

    /// Before the transaction: SQLite sorts in one piece of memory what fits its cache, if it
    /// may use temporary files for the rest. [`PersonIndex::build`] sees to it that there is no
    /// rest.
    pub(super) fn prepare(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_sorted_at_once() {
            return Ok(());
        }
        pragmas::keep_temporary(connection, pragmas::Temporary::InFiles)
    }

    fn is_sorted_at_once(&self) -> bool {
        (FEW_PEOPLE..=SORTED_AT_ONCE).contains(&self.people)
    }

    /// Whether it is in the file, and refuses rows by itself.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Builds it, where it is missing; fails where a person is in a campaign twice.
    pub(super) fn build(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.is_there = true;
        if self.is_sorted_at_once() {
            // No more rows were there before than people came.
            let mebibytes = 1 + most_rows(connection)? * SORTED_ROW_BYTES / (1 << 20);
            pragmas::set_cache(connection, mebibytes)?;
        }
        connection.execute_batch(schema::BUILD_PERSON_INDEX)
    }
}

/// After the transaction. That the cache stays large is no reason to fail.
pub(super) fn clear_up(connection: &Connection) {
    let _ = pragmas::set_cache(connection, USUAL_CACHE_MEBIBYTES);
    let _ = pragmas::keep_temporary(connection, pragmas::Temporary::InMemory);
}

fn most_rows(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(MOST_ROWS, [], |row| row.get(0))
}

/// Somebody who is in a plan twice.
pub(super) fn twice_in(connection: &Connection, plan: i64) -> Result<Option<PhoneNumber>, Fault> {
    let number = connection.query_row(TWICE, [plan], |row| row.get(0)).optional()?;
    Ok(number.and_then(phone))
}
