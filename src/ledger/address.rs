//! Where a ledger is.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a ledger is: `--ledger` or `OFFERCAST_LEDGER`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerAddress(PathBuf);

/// A ledger as messages name it: never with a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place(String);

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self(path.display().to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no usable address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("the ledger's address is empty")]
    Empty,
    /// PostgreSQL is planned; this version has SQLite only. The address may hold a
    /// password, so it is not repeated.
    #[error("a ledger in PostgreSQL is not supported yet, only the path of a file is")]
    PostgresNotYet,
    /// Something like `mysql://…`.
    #[error("a ledger's address is the path of a file, not a URL")]
    UnknownScheme,
}

impl LedgerAddress {
    /// Reads a path or, one day, a `postgres://` URL.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            _ if text.is_empty() => Err(AddressError::Empty),
            Some(("postgres" | "postgresql", _)) => Err(AddressError::PostgresNotYet),
            Some((scheme, _)) if !scheme.contains('/') => Err(AddressError::UnknownScheme),
            _ => Ok(Self(PathBuf::from(text))),
        }
    }

    /// A ledger in a file.
    pub fn of_file(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for LedgerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_and_postgres_is_not_yet() {
        let path = LedgerAddress::parse(".offercast/ledger.db").expect("a path");
        assert_eq!(path.path(), Path::new(".offercast/ledger.db"));
        for (text, error) in [
            ("", AddressError::Empty),
            ("postgres://user:word@host/db", AddressError::PostgresNotYet),
            ("postgresql://host/db", AddressError::PostgresNotYet),
            ("mysql://host/db", AddressError::UnknownScheme),
        ] {
            assert_eq!(LedgerAddress::parse(text), Err(error), "{text}");
            assert!(!error.to_string().contains("word"));
        }
    }
}
