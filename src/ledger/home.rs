//! From a ledger's address to the ledger: the only place that asks where one lives.

use super::address::{LedgerAddress, Place};
use super::error::{Damage, LedgerError};
use super::filesystem::FilesystemKind;
use super::holder::Holder;
use super::lock_wait::LockWait;
use super::moving::{Incoming, Outgoing, Transfer};
use super::serial::Mark;
use super::store::{Opened, ReadLedger};
use super::types::NewLedger;
use super::{postgres, sqlite};
use crate::model::Lineage;

/// How a ledger came to its new place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moved {
    /// All of it, just now.
    Now {
        /// How many people's rows it has.
        recipients: u64,
    },
    /// It was there already.
    Before,
}

impl LedgerAddress {
    /// Creates a ledger and makes it durable. Refuses when one is there. Returns a file
    /// system to warn about, if it is on one.
    pub fn init(&self, new: &NewLedger) -> Result<Option<FilesystemKind>, LedgerError> {
        match self {
            Self::File(path) => sqlite::init(path, new),
            Self::Server(address) => postgres::init(address, new).map(|()| None),
        }
    }

    /// The statements that create the tables of a ledger in a database, for whoever keeps it.
    pub fn sql() -> String {
        postgres::sql()
    }

    /// Opens the ledger for reading. Takes no lock and writes nothing.
    pub fn read(&self) -> Result<Box<dyn ReadLedger>, LedgerError> {
        Ok(match self {
            Self::File(path) => Box::new(sqlite::ReadLedger::open(path)?),
            Self::Server(address) => Box::new(postgres::ReadLedger::open(address)?),
        })
    }

    /// Opens any copy of the ledger for reading, from whatever time.
    pub fn read_any_copy(&self) -> Result<Box<dyn ReadLedger>, LedgerError> {
        Ok(match self {
            Self::File(path) => Box::new(sqlite::ReadLedger::open_any(path)?),
            Self::Server(address) => Box::new(postgres::ReadLedger::open_any(address)?),
        })
    }

    /// Checks a whole ledger, of any size, and lists what is wrong; nothing means sound.
    /// Errors are those of opening it.
    pub fn check(&self) -> Result<Vec<Damage>, LedgerError> {
        match self {
            Self::File(path) => sqlite::ReadLedger::check(path),
            Self::Server(address) => postgres::ReadLedger::check(address),
        }
    }

    /// Takes the lock, opens the ledger for writing, refuses a copy from the past, and
    /// settles what a dead process left open: outcomes in the emergency journal are recorded,
    /// other `attempting` rows become `unknown(crash)`, before anything else happens.
    pub fn lock(&self, wait: LockWait<'_>, holder: &Holder) -> Result<Opened, LedgerError> {
        Ok(match self {
            Self::File(path) => sqlite::LockedLedger::open(path, wait, holder)?.into(),
            Self::Server(address) => postgres::LockedLedger::open(address, wait, holder)?.into(),
        })
    }

    /// The same for an apply: where other machines are sending from the ledger, it is opened
    /// beside them ([`LockedLedger::is_shared`](super::LockedLedger::is_shared)).
    pub fn lock_or_join(&self, wait: LockWait<'_>, holder: &Holder) -> Result<Opened, LedgerError> {
        Ok(match self {
            Self::File(path) => sqlite::LockedLedger::open(path, wait, holder)?.into(),
            Self::Server(address) => {
                postgres::LockedLedger::open_or_join(address, wait, holder)?.into()
            }
        })
    }

    /// The same for a copy that somebody takes over as the newest there is, naming its
    /// serial. Other copies, older and newer, are refused in this place from then on.
    pub fn adopt(
        &self,
        serial: i64,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        Ok(match self {
            Self::File(path) => sqlite::LockedLedger::adopt(path, serial, wait, holder)?.into(),
            Self::Server(address) => {
                postgres::LockedLedger::adopt(address, serial, wait, holder)?.into()
            }
        })
    }
}

impl LedgerAddress {
    /// Moves the ledger to a place where none is: everything that was sent is known there, and
    /// this place refuses from then on. Tells how far it is by table and rows. Run again with
    /// the same places, it finishes a move that was cut off.
    pub fn move_to(
        &self,
        to: &Self,
        wait: LockWait<'_>,
        holder: &Holder,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Moved, LedgerError> {
        let place = to.lasting_place()?;
        let mut from: Box<dyn Outgoing> = match self {
            Self::File(path) => {
                Box::new(sqlite::LockedLedger::open_to_move(path, &place, wait, holder)?)
            }
            Self::Server(address) => {
                Box::new(postgres::LockedLedger::open_to_move(address, &place, wait, holder)?)
            }
        };
        if from.was_moved()? && to.has_been_at(from.lineage(), &from.last_mark()?)? {
            return Ok(Moved::Before);
        }
        let incoming: Box<dyn Incoming> = match to {
            Self::File(path) => Box::new(sqlite::Incoming::begin(path)?),
            Self::Server(address) => Box::new(postgres::Incoming::begin(address)?),
        };
        let mut transfer = Transfer::new(incoming, progress);
        from.hand_over(holder.since, &place, &mut transfer)?;
        Ok(Moved::Now { recipients: transfer.finish()? })
    }

    /// Whether the ledger of that lineage is there, and has been at this mark.
    fn has_been_at(&self, lineage: &Lineage, mark: &Mark) -> Result<bool, LedgerError> {
        let found = match self {
            Self::File(path) => sqlite::ReadLedger::open_any(path)
                .and_then(|ledger| ledger.has_been_at(lineage, mark)),
            Self::Server(address) => postgres::ReadLedger::open_any(address)
                .and_then(|ledger| ledger.has_been_at(lineage, mark)),
        };
        match found {
            Err(LedgerError::Missing { .. }) => Ok(false),
            found => found,
        }
    }

    /// The place under a name that means the same wherever it is read.
    fn lasting_place(&self) -> Result<Place, LedgerError> {
        match self {
            Self::File(path) => match std::path::absolute(path) {
                Ok(path) => Ok(path.as_path().into()),
                Err(source) => {
                    let (path, operation) = (path.clone(), "find");
                    Err(LedgerError::Io { path, operation, source })
                }
            },
            Self::Server(address) => Ok((&**address).into()),
        }
    }
}

impl From<sqlite::Opened> for Opened {
    fn from(opened: sqlite::Opened) -> Self {
        let sqlite::Opened { ledger, recovered, imported, warning } = opened;
        let journal = ledger.journal_place().path().to_owned();
        Self { ledger: Box::new(ledger), recovered, imported, journal, warning }
    }
}

impl From<postgres::Opened> for Opened {
    fn from(opened: postgres::Opened) -> Self {
        let postgres::Opened { ledger, recovered, imported, journal } = opened;
        let journal = journal.path().to_owned();
        Self { ledger: Box::new(ledger), recovered, imported, journal, warning: None }
    }
}
