//! From the server's errors to the ledger's.

use std::fmt;

use tokio_postgres::error::{DbError, SqlState};

use crate::ledger::address::Place;
use crate::ledger::error::{Damage, LedgerError, WriteNeed};
use crate::ledger::store_fault::StoreFault;

/// What a function of this folder fails with, before the place and the operation are known.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server refused, or the connection broke.
    Store(tokio_postgres::Error),
    /// The server did not answer in time.
    Silent,
    /// What was read cannot be what was written.
    Damaged(Damage),
    /// A rule of the ledger refused.
    Refused(LedgerError),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error)
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

    /// The server's word for what is wrong.
    pub(super) fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Store(error) => error.code(),
            _ => None,
        }
    }

    /// Names the place and the operation.
    pub(super) fn at(self, place: &Place, operation: &'static str) -> LedgerError {
        let place = place.clone();
        let code = self.code().cloned();
        match self {
            Self::Refused(error) => error,
            Self::Damaged(damage) => LedgerError::Damaged { place, damage },
            Self::Silent => {
                let source = StoreFault::of_server(ServerFault::Silent);
                LedgerError::Store { place, operation, source }
            }
            Self::Store(error) => match code {
                Some(
                    SqlState::UNDEFINED_TABLE
                    | SqlState::INVALID_SCHEMA_NAME
                    | SqlState::INVALID_CATALOG_NAME,
                ) => LedgerError::Missing { place },
                Some(SqlState::UNDEFINED_COLUMN) => {
                    LedgerError::Damaged { place, damage: Damage::Schema }
                }
                Some(SqlState::READ_ONLY_SQL_TRANSACTION) => {
                    LedgerError::ReadOnly { place, need: WriteNeed::Apply }
                }
                _ => {
                    let source = StoreFault::of_server(ServerFault::of(&error));
                    LedgerError::Store { place, operation, source }
                }
            },
        }
    }
}

/// What a server says that ends or refuses a connection and may be there again soon: it was
/// shut down, has crashed, is starting, has too many clients, or had waited too long.
const AWAY: [&str; 6] = ["57P01", "57P02", "57P03", "53300", "25P03", "57P05"];

/// What the server or the connection said, without any value: the server's details quote
/// rows, and rows are telephone numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ledger) enum ServerFault {
    /// The server's message and its code.
    Said(String, String),
    /// The server's code only, where its message could quote a value.
    Refused(String),
    /// The connection.
    Connection(String),
    /// No answer in time.
    Silent,
}

impl ServerFault {
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            return Self::said(said);
        }
        // Errors of the connection: addresses and the system's words, no values.
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(next) = source {
            let words = next.to_string();
            if !text.ends_with(&words) {
                text = format!("{text}: {words}");
            }
            source = next.source();
        }
        Self::Connection(text)
    }

    /// Whether the server is only gone for now, as far as this tells.
    pub(in crate::ledger) fn is_away(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Silent => true,
            Self::Said(_, code) => AWAY.contains(&code.as_str()) || code.starts_with("08"),
            Self::Refused(_) => false,
        }
    }

    fn said(said: &DbError) -> Self {
        let code = said.code().code().to_owned();
        // Classes 22 and 23 are about values.
        if code.starts_with("22") || code.starts_with("23") {
            return Self::Refused(code);
        }
        Self::Said(said.message().to_owned(), code)
    }
}

impl std::error::Error for ServerFault {}

impl fmt::Display for ServerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(message, code) => write!(f, "{message} (SQLSTATE {code})"),
            Self::Refused(code) => write!(f, "the server refused it (SQLSTATE {code})"),
            Self::Connection(words) => f.write_str(words),
            Self::Silent => f.write_str("the server does not answer"),
        }
    }
}
