//! Where a ledger is.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::postgres::{PassfileError, ServerAddress, ServerAddressError};

/// Where a ledger is: `--ledger` or `OFFERCAST_LEDGER`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LedgerAddress {
    /// A file on this machine.
    File(PathBuf),
    /// A database, perhaps shared by several machines.
    Server(Box<ServerAddress>),
}

/// A ledger as messages name it: never with a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place(String);

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self(path.display().to_string())
    }
}

impl From<&ServerAddress> for Place {
    fn from(address: &ServerAddress) -> Self {
        Self(address.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no usable address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("the ledger's address is empty")]
    Empty,
    /// Something like `mysql://…`. It may hold a password, so it is not repeated.
    #[error("a ledger's address is the path of a file or a `postgres://` URL")]
    UnknownScheme,
    /// A `postgres://` URL that cannot be used.
    #[error(transparent)]
    Server(#[from] ServerAddressError),
}

impl LedgerAddress {
    /// Reads a path or a `postgres://` URL.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            _ if text.is_empty() => Err(AddressError::Empty),
            Some(("postgres" | "postgresql", rest)) => {
                Ok(Self::Server(Box::new(ServerAddress::parse(rest)?)))
            }
            Some((scheme, _)) if !scheme.contains('/') => Err(AddressError::UnknownScheme),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

impl LedgerAddress {
    /// Whether a password stands in it.
    pub fn has_password(&self) -> bool {
        matches!(self, Self::Server(address) if address.has_password())
    }

    /// The same with a password for the database, when it needs one and has none: this one, or
    /// that of a password file.
    pub fn with_login(
        self,
        password: Option<SecretString>,
        passfile: Option<&Path>,
    ) -> Result<Self, PassfileError> {
        let address = match self {
            Self::Server(address) if !address.has_password() => address,
            other => return Ok(other),
        };
        let address = match (password, passfile) {
            (Some(password), _) => address.with_password(password),
            (None, Some(file)) => address.with_passfile(file)?,
            (None, None) => *address,
        };
        Ok(Self::Server(Box::new(address)))
    }
}

impl fmt::Display for LedgerAddress {
    /// Never with a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_the_url_of_a_database() {
        let path = LedgerAddress::parse(".offercast/ledger.db").expect("a path");
        assert_eq!(path, LedgerAddress::File(".offercast/ledger.db".into()));
        for scheme in ["postgres", "postgresql"] {
            let url = format!("{scheme}://user:word@host/db");
            let address = LedgerAddress::parse(&url).expect("a URL");
            assert_eq!(address.to_string(), "postgres://user@host/db");
        }
        assert_eq!(LedgerAddress::parse(""), Err(AddressError::Empty));
        let error = LedgerAddress::parse("mysql://user:word@host/db").expect_err("not ours");
        assert_eq!(error, AddressError::UnknownScheme);
        assert!(!error.to_string().contains("word"));
    }
}
