//! What a database said, kept out of the ledger's interface; and whether it is worth waiting.

use super::error::LedgerError;
use super::postgres::ServerFault;

impl LedgerError {
    /// Whether the server, or the way to it, is only gone for now, as far as can be told. What
    /// was asked of it may have been done.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } | Self::Store { source, .. } => source.is_away(),
            _ => false,
        }
    }
}

/// The database's own error, kept out of this module's interface.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StoreFault(Inner);

#[derive(Debug, thiserror::Error)]
enum Inner {
    #[error(transparent)]
    File(rusqlite::Error),
    #[error(transparent)]
    Server(ServerFault),
}

impl StoreFault {
    pub(super) fn of_file(error: rusqlite::Error) -> Self {
        Self(Inner::File(error))
    }

    pub(super) fn of_server(fault: ServerFault) -> Self {
        Self(Inner::Server(fault))
    }

    fn is_away(&self) -> bool {
        match &self.0 {
            Inner::File(_) => false,
            Inner::Server(fault) => fault.is_away(),
        }
    }
}
