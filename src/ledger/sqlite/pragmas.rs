//! The settings durability rests on: set, read back, refused if they did not take.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;

use crate::ledger::error::LedgerError;
use crate::ledger::place::LedgerFile;

use super::fault::Fault;

/// How long a statement waits for another connection's short lock.
const BUSY: Duration = Duration::from_secs(5);

/// Name, value set, value read back. `synchronous` 2 is FULL: every commit is flushed
/// (<https://www.sqlite.org/pragma.html#pragma_synchronous>). The two `fullfsync` make macOS
/// flush the drive too and do nothing elsewhere.
const DURABLE: [(&str, &str, &str); 6] = [
    ("journal_mode", "wal", "wal"),
    ("synchronous", "full", "2"),
    ("fullfsync", "on", "1"),
    ("checkpoint_fullfsync", "on", "1"),
    ("foreign_keys", "on", "1"),
    ("cell_size_check", "on", "1"),
];

/// Pages in the write-ahead log after which the writer itself carries into the file what
/// nobody carried yet (`super::checkpoints`), some 32 MiB.
pub(super) const PAGES_IN_THE_LOG: i64 = 8_000;

/// Makes any connection, also a reading one, distrust the file it is about to read.
pub(super) fn defend(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    keep_temporary(connection, Temporary::InMemory)
}

/// Where SQLite keeps what a statement needs only while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Temporary {
    /// Never on a disk.
    InMemory,
    /// In files without a name, once it outgrows the cache.
    InFiles,
}

/// Sets where that is.
pub(super) fn keep_temporary(connection: &Connection, place: Temporary) -> rusqlite::Result<()> {
    let place = match place {
        Temporary::InMemory => "memory",
        Temporary::InFiles => "file",
    };
    connection.pragma_update(None, "temp_store", place)
}

/// Makes a writing connection keep what it commits.
pub(super) fn make_durable(connection: &Connection, file: &LedgerFile) -> Result<(), Fault> {
    for (setting, value, wanted) in DURABLE {
        connection.pragma_update(None, setting, value)?;
        let found = match connection.pragma_query_one::<Value>(None, setting)? {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text,
            other => format!("{:?}", other.data_type()),
        };
        if found != wanted {
            let place = file.place();
            return Err(LedgerError::Setting { place, setting, wanted, found }.into());
        }
    }
    Ok(carry_at_commit(connection, true)?)
}

/// Has a commit leave what it wrote in the log, or carry it into the file where it is much.
pub(super) fn carry_at_commit(connection: &Connection, carries: bool) -> rusqlite::Result<()> {
    let pages = if carries { PAGES_IN_THE_LOG } else { 0 };
    connection.pragma_update(None, "wal_autocheckpoint", pages)
}

/// Sets how much of the file is kept in memory.
pub(super) fn set_cache(connection: &Connection, mebibytes: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -1024 * mebibytes)
}
