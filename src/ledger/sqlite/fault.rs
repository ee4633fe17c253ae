//! From the database's errors to the ledger's.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::types::FromSqlError;

use crate::ledger::error::{Damage, LedgerError, WriteNeed};
use crate::ledger::store_fault::StoreFault;

/// What a function of this folder fails with, before the path and the operation are known.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database refused.
    Store(rusqlite::Error),
    /// What was read cannot be what was written.
    Damaged(Damage),
    /// A rule of the ledger refused.
    Refused(LedgerError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<FromSqlError> for Fault {
    fn from(error: FromSqlError) -> Self {
        Self::Store(error.into())
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    /// A row that cannot be as it was written.
    pub(super) fn row(table: &'static str, row: i64) -> Self {
        Self::Damaged(Damage::Row { table, row })
    }

    /// Names the path and the operation.
    pub(super) fn at(self, path: &Path, operation: &'static str) -> LedgerError {
        let place = path.into();
        match self {
            Self::Refused(error) => error,
            Self::Damaged(damage) => LedgerError::Damaged { place, damage },
            Self::Store(error) if is_damage(&error) => {
                LedgerError::Damaged { place, damage: Damage::Structure(error.to_string()) }
            }
            Self::Store(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                LedgerError::NotALedger { place }
            }
            Self::Store(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                LedgerError::ReadOnly { place, need: WriteNeed::Apply }
            }
            Self::Store(error) => {
                LedgerError::Store { place, operation, source: StoreFault::of_file(error) }
            }
        }
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
        || matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        )
}
