//! Opening a ledger: every reason not to trust the server or the tables is looked for before
//! they are used.

use std::time::Duration;

use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::holder::Holder;
use crate::ledger::journal::{Journal, JournalPlace};
use crate::ledger::lock_wait::LockWait;
use crate::ledger::rows::meta_checksum;
use crate::ledger::serial::Occasion;
use crate::ledger::serial::{Mark, Seen};
use crate::ledger::types::Imported;
use crate::model::{LedgerSecret, Lineage};

use super::address::ServerAddress;
use super::company::{self, Membership};
use super::fault::Fault;
use super::hold::{self, Company, Hold};
use super::marks;
use super::session::Session;
use super::{import, moving, schema, settings};

const OPEN: &str = "open it for writing";

const READ_META: &str = "SELECT format, lineage, secret, created_at, checksum
  FROM offercast.meta WHERE id = 1";

/// A ledger open for reading.
#[derive(Debug)]
pub(in crate::ledger) struct ReadLedger {
    pub(super) session: Session,
    pub(super) lineage: Lineage,
    pub(super) secret: LedgerSecret,
}

/// The ledger open for writing. Holding it is holding the lock, until another process takes
/// it over: then every write is refused.
#[derive(Debug)]
pub(in crate::ledger) struct LockedLedger {
    pub(super) reader: ReadLedger,
    pub(super) hold: Hold,
    pub(super) address: ServerAddress,
    /// How long an answer may take beside other machines.
    pub(super) patience: Option<Duration>,
    /// The ranges that this machine knows it has claimed.
    pub(super) claimed: Vec<i64>,
    /// There may be one more: the connection was lost since.
    pub(super) may_have_claimed: bool,
}

/// What opening for writing found.
pub(in crate::ledger) struct Opened {
    pub(in crate::ledger) ledger: LockedLedger,
    pub(in crate::ledger) recovered: u64,
    pub(in crate::ledger) imported: Imported,
    pub(in crate::ledger) journal: JournalPlace,
}

/// Which copy of a ledger a writer takes it for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trust<'t> {
    /// The newest, as the server it was last seen on must prove.
    Newest,
    /// The newest, if it was not moved to another place than this.
    Moving(&'t str),
    /// One with this serial, on somebody's word.
    Stated(i64),
}

impl ReadLedger {
    /// Opens a ledger for reading. Needs the right to read and nothing else.
    pub(in crate::ledger) fn open(address: &ServerAddress) -> Result<Self, LedgerError> {
        let ledger = Self::open_any(address)?;
        let place = ledger.session.place();
        moving::expect_here(&ledger.session, None).map_err(|fault| fault.at(place, "open it"))?;
        Ok(ledger)
    }

    /// Opens any copy of a ledger, also one that was moved.
    pub(in crate::ledger) fn open_any(address: &ServerAddress) -> Result<Self, LedgerError> {
        let session = Session::open(address)?;
        let place = session.place().clone();
        Self::examine(session).map_err(|fault| fault.at(&place, "open it"))
    }

    fn examine(session: Session) -> Result<Self, Fault> {
        settings::expect_primary(&session)?;
        let place = session.place().clone();
        let damaged = || Fault::row("meta", 1);
        let missing = LedgerError::Missing { place: place.clone() };
        let row = session.row(READ_META, &[])?.ok_or(missing)?;
        let format: i64 = row.get(0);
        if format != schema::FORMAT {
            let known = schema::FORMAT;
            return Err(LedgerError::Newer { place, found: format, known }.into());
        }
        if !schema::is_intact(&session)? {
            return Err(Fault::Damaged(Damage::Schema));
        }
        let (lineage, secret): (&str, &[u8]) = (row.get(1), row.get(2));
        if meta_checksum(lineage, secret, row.get(3)) != row.get::<_, i64>(4) {
            return Err(damaged());
        }
        let lineage = Lineage::parse(lineage).ok_or_else(damaged)?;
        let secret = LedgerSecret::new(secret.try_into().map_err(|_| damaged())?);
        Ok(Self { session, lineage, secret })
    }

    /// Runs a reading function on one consistent state of the ledger.
    pub(super) fn reading<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let session = &self.session;
        let read = || -> Result<T, Fault> {
            session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            let found = read(session)?;
            session.batch("COMMIT")?;
            Ok(found)
        };
        read().map_err(|fault| self.fail(fault, operation))
    }

    /// Ends the transaction that a fault came up in.
    pub(super) fn fail(&self, fault: Fault, operation: &'static str) -> LedgerError {
        // Where the connection is gone, so is the transaction.
        let _ = self.session.batch("ROLLBACK");
        fault.at(self.session.place(), operation)
    }
}

impl LockedLedger {
    /// Takes the lock, opens the ledger for writing, refuses a server that was put back, and
    /// settles what a dead process left open.
    pub(in crate::ledger) fn open(
        address: &ServerAddress,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        Self::open_as(address, wait, holder, Trust::Newest)
    }

    /// The same for a copy that somebody takes over as the newest there is.
    pub(in crate::ledger) fn adopt(
        address: &ServerAddress,
        serial: i64,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        let opened = Self::open_as(address, wait, holder, Trust::Stated(serial))?;
        opened.ledger.writing("take it over", |session| {
            moving::stay(session)?;
            marks::add(session, holder.since, Occasion::Adopted)
        })?;
        Ok(opened)
    }

    /// The same for a ledger that is to be moved there, perhaps once more.
    pub(super) fn open_moving(
        address: &ServerAddress,
        to: &str,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        Self::open_as(address, wait, holder, Trust::Moving(to))
    }

    fn open_as(
        address: &ServerAddress,
        wait: LockWait<'_>,
        holder: &Holder,
        trust: Trust<'_>,
    ) -> Result<Opened, LedgerError> {
        let reader = ReadLedger::open_any(address)?;
        let place = reader.session.place().clone();
        settings::expect_durable(&reader.session).map_err(|fault| fault.at(&place, OPEN))?;
        hold::wait(&reader.session, &reader.lineage, wait)?;
        Self::begin(reader, address, holder, trust, Company::None)
    }

    /// Opens the ledger for writing alone, or beside machines that are sending from it.
    pub(in crate::ledger) fn open_or_join(
        address: &ServerAddress,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        let reader = ReadLedger::open(address)?;
        let place = reader.session.place().clone();
        settings::expect_durable(&reader.session).map_err(|fault| fault.at(&place, OPEN))?;
        let company = hold::wait_or_join(&reader.session, &reader.lineage, wait)?;
        Self::begin(reader, address, holder, Trust::Newest, company)
    }

    /// Lets other machines send beside this one what is consumed.
    pub(super) fn let_others_in(&mut self, lease: Duration) -> Result<Membership, LedgerError> {
        const OPERATION: &str = "let other machines in";
        let (ReadLedger { session, lineage, .. }, Hold { epoch, company, .. }) =
            (&self.reader, &self.hold);
        match company {
            Company::None => {
                self.writing(OPERATION, |session| company::add(session, *epoch, lease))?;
                hold::let_in(session, lineage)
                    .map_err(|fault| self.reader.fail(fault, OPERATION))?;
                self.hold.company = Company::Machines;
            }
            // The session lock is shared with the others since the ledger was opened.
            Company::Machines => company::add(session, *epoch, lease)
                .map_err(|fault| self.reader.fail(fault, OPERATION))?,
        }
        // Short of the lease, so that there is time to come back within it.
        let patience = lease / 2;
        session.hurry(patience).map_err(|fault| self.reader.fail(fault, OPERATION))?;
        self.patience = Some(patience);
        Membership::new(&self.address, self.hold.epoch, lease, patience)
    }

    fn begin(
        reader: ReadLedger,
        address: &ServerAddress,
        holder: &Holder,
        trust: Trust<'_>,
        company: Company,
    ) -> Result<Opened, LedgerError> {
        let place = reader.session.place().clone();
        reader.session.batch("BEGIN").map_err(|fault| fault.at(&place, OPEN))?;
        let opened = Self::open_locked(&reader, holder, trust, company);
        let (hold, imported, recovered, found) =
            opened.map_err(|fault| reader.fail(fault, OPEN))?;
        import::clear(found)?;
        let journal = JournalPlace::of_holder(&reader.lineage, "*");
        let ledger = Self {
            reader,
            hold,
            address: address.clone(),
            patience: None,
            claimed: Vec::new(),
            may_have_claimed: false,
        };
        Ok(Opened { ledger, recovered, imported, journal })
    }

    fn open_locked(
        reader: &ReadLedger,
        holder: &Holder,
        trust: Trust<'_>,
        company: Company,
    ) -> Result<(Hold, Imported, u64, Vec<import::Left>), Fault> {
        let ReadLedger { session, lineage, .. } = reader;
        match company {
            Company::None => company::forget_all(session)?,
            Company::Machines => session.batch(company::DECIDE)?,
        }
        let hold = hold::begin(session, holder, company)?;
        let (mark, server) = marks::last(session)?;
        let place = session.place().clone();
        match trust {
            Trust::Stated(stated) if stated != mark.serial => {
                let found = mark.serial;
                return Err(LedgerError::OtherSerial { place, found, stated }.into());
            }
            Trust::Newest | Trust::Moving(_)
                if server.is_some() && server != Some(marks::server(session)?) =>
            {
                return Err(LedgerError::Restored { place, serial: mark.serial }.into());
            }
            Trust::Stated(_) => {}
            Trust::Newest => moving::expect_here(session, None)?,
            Trust::Moving(to) => moving::expect_here(session, Some(to))?,
        }
        let (found, imported) = import::settle(session, lineage)?;
        let recovered = match company {
            Company::None => import::rescue(session, &hold, holder.since)?,
            // What is open may be on another machine's wire.
            Company::Machines => 0,
        };
        session.batch("COMMIT")?;
        Ok((hold, imported, recovered, found))
    }

    /// Takes room on the disk for so many outcomes.
    pub(super) fn prepare_journal(&self, outcomes: u64) -> Result<Journal, LedgerError> {
        let ReadLedger { lineage, secret, .. } = &self.reader;
        let mark = Mark { serial: self.hold.epoch, id: self.hold.mark.clone() };
        let seen = Seen { lineage: lineage.clone(), mark };
        let place = JournalPlace::of_holder(lineage, self.hold.epoch);
        Journal::prepare(&place, seen, secret, outcomes)
    }

    /// Runs a writing function in one durable transaction, as long as the ledger is held.
    pub(super) fn writing<T>(
        &self,
        operation: &'static str,
        write: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let session = &self.reader.session;
        let write = || -> Result<T, Fault> {
            session.batch("BEGIN")?;
            self.hold.expect(session)?;
            let written = write(session)?;
            session.batch("COMMIT")?;
            Ok(written)
        };
        write().map_err(|fault| self.reader.fail(fault, operation))
    }
}
