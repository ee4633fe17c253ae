//! From a ledger's address to the ledger: the only place that asks where one lives.

use super::address::LedgerAddress;
use super::error::{Damage, LedgerError};
use super::filesystem::FilesystemKind;
use super::sqlite;
use super::store::{Opened, ReadLedger};
use super::types::{Holder, LockTimeout, NewLedger};

impl LedgerAddress {
    /// Creates a ledger and makes it durable. Refuses when anything is there. Returns a file
    /// system to warn about, if it is on one.
    pub fn init(&self, new: &NewLedger) -> Result<Option<FilesystemKind>, LedgerError> {
        sqlite::init(self.path(), new)
    }

    /// Opens the ledger for reading. Takes no lock and writes nothing.
    pub fn read(&self) -> Result<Box<dyn ReadLedger>, LedgerError> {
        Ok(Box::new(sqlite::ReadLedger::open(self.path())?))
    }

    /// Opens any copy of the ledger for reading, from whatever time.
    pub fn read_any_copy(&self) -> Result<Box<dyn ReadLedger>, LedgerError> {
        Ok(Box::new(sqlite::ReadLedger::open_any(self.path())?))
    }

    /// Checks a whole ledger, of any size, and lists what is wrong; nothing means sound.
    /// Errors are those of opening it.
    pub fn check(&self) -> Result<Vec<Damage>, LedgerError> {
        sqlite::ReadLedger::check(self.path())
    }

    /// Takes the lock, opens the ledger for writing, refuses a copy from the past, and
    /// settles what a dead process left open: outcomes in the emergency journal are recorded,
    /// other `attempting` rows become `unknown(crash)`, before anything else happens.
    pub fn lock(&self, timeout: LockTimeout, holder: &Holder) -> Result<Opened, LedgerError> {
        Ok(sqlite::LockedLedger::open(self.path(), timeout, holder)?.into())
    }

    /// The same for a copy that somebody takes over as the newest there is, naming its
    /// serial. Other copies, older and newer, are refused in this place from then on.
    pub fn adopt(
        &self,
        serial: i64,
        timeout: LockTimeout,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        Ok(sqlite::LockedLedger::adopt(self.path(), serial, timeout, holder)?.into())
    }
}

impl From<sqlite::Opened> for Opened {
    fn from(opened: sqlite::Opened) -> Self {
        let sqlite::Opened { ledger, recovered, imported, warning } = opened;
        let journal = ledger.journal_path();
        Self { ledger: Box::new(ledger), recovered, imported, journal, warning }
    }
}
