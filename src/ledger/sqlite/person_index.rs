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

/// Keeps the index in memory while it is filled in random order, which is slow from the disk.
const CACHE_MEBIBYTES: i64 = 64;

/// Threads that help to sort.
const SORTERS: i64 = 2;

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
        let rows: i64 = connection.query_row(MOST_ROWS, [], |row| row.get(0))?;
        if has_older || self.people < rows.cast_unsigned().max(FEW_PEOPLE) {
            pragmas::set_cache(connection, CACHE_MEBIBYTES)?;
        } else {
            connection.execute_batch(schema::DROP_PERSON_INDEX)?;
            self.is_there = false;
        }
        Ok(())
    }

    /// Builds it where it is missing; fails where a person is in a campaign twice.
    pub(super) fn build(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.is_there {
            self.is_there = true;
            // Sorting is most of it.
            connection.pragma_update(None, "threads", SORTERS)?;
            connection.execute_batch(schema::BUILD_PERSON_INDEX)?;
        }
        Ok(())
    }
}

/// Somebody who is in a plan twice.
pub(super) fn twice_in(connection: &Connection, plan: i64) -> Result<Option<PhoneNumber>, Fault> {
    let number = connection.query_row(TWICE, [plan], |row| row.get(0)).optional()?;
    Ok(number.and_then(phone))
}
