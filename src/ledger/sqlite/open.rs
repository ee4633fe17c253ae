//! Opening a ledger: every reason not to trust the file is looked for before it is used.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::Access;

use crate::ledger::error::{Damage, LedgerError, WriteNeed};
use crate::ledger::filesystem::FilesystemKind;
use crate::ledger::holder::Holder;
use crate::ledger::journal::{Journal, JournalPlace};
use crate::ledger::lock::Lock;
use crate::ledger::lock_wait::LockWait;
use crate::ledger::place::LedgerFile;
use crate::ledger::rows::meta_checksum;
use crate::ledger::serial::Occasion;
use crate::ledger::serial::Seen;
use crate::ledger::types::Imported;
use crate::model::{LedgerSecret, Lineage, Timestamp};

use super::ahead::Ahead;
use super::checkpoints::Checkpoints;
use super::connect::{ReadMode, flags};
use super::fault::Fault;
use super::import;
use super::marks;
use super::soundness::Soundness;
use super::survey::Survey;
use super::{migrate, moving, pragmas, schema};

/// Files below these sizes are checked page by page when opened (measured: under 3 s for
/// the 199 MB of a million recipients). Larger ones rely on the row checksums, which every
/// read verifies, and on `ledger check`.
const CHECK_BELOW_FOR_WRITING: u64 = 256 << 20;
const CHECK_BELOW_FOR_READING: u64 = 32 << 20;

const READ_META: &str = "SELECT lineage, secret, created_at, checksum FROM meta WHERE id = 1";

/// A ledger open for reading; works while an apply writes to it.
#[derive(Debug)]
pub struct ReadLedger {
    pub(super) connection: Connection,
    pub(super) file: LedgerFile,
    /// How further connections are opened for reading.
    pub(super) mode: ReadMode,
    lineage: Lineage,
    secret: LedgerSecret,
    soundness: Soundness,
    /// Whether nobody else can write.
    pub(super) is_locked: bool,
    pub(super) surveyed: RefCell<Option<Survey>>,
}

/// The ledger open for writing. Holding it is holding the lock.
#[derive(Debug)]
pub struct LockedLedger {
    // All of these are dropped before the lock, so that the file is at rest when the next
    // apply opens it.
    pub(super) ahead: RefCell<Option<Ahead>>,
    pub(super) checkpoints: RefCell<Option<Checkpoints>>,
    pub(super) reader: ReadLedger,
    _lock: Lock,
}

/// What opening for writing found.
#[derive(Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: LockedLedger,
    /// Recipients whose attempt a dead process left open; they are `unknown(crash)` now.
    pub recovered: u64,
    /// Outcomes that an apply whose ledger failed left in the emergency journal.
    pub imported: Imported,
    /// A file system to warn about.
    pub warning: Option<FilesystemKind>,
}

impl ReadLedger {
    /// Opens a ledger for reading. Takes no lock and writes nothing to the ledger's file
    /// (SQLite may leave an empty `-wal` and a `-shm` beside it).
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        // Read before the ledger: an apply may be making marks, in the ledger first.
        let seen = Seen::read(&LedgerFile::find(path)?)?;
        let ledger = Self::open_any(path)?;
        if let Some(seen) = &seen {
            ledger.expect(seen).map_err(|fault| fault.at(&ledger.file.named, "open it"))?;
        }
        moving::expect_here(&ledger.connection, &ledger.file, None)
            .map_err(|fault| fault.at(&ledger.file.named, "open it"))?;
        Ok(ledger)
    }

    /// Opens any copy of a ledger, from whatever time.
    pub fn open_any(path: &Path) -> Result<Self, LedgerError> {
        Self::open_checked(path, CHECK_BELOW_FOR_READING)
    }

    /// Opens it without reading every page first, for a check of its own.
    pub(super) fn open_checked(path: &Path, check_below: u64) -> Result<Self, LedgerError> {
        let file = LedgerFile::find(path)?;
        file.check_filesystem()?;
        let wal = fs::metadata(file.beside("-wal")).map_or(0, |metadata| metadata.len());
        let folder_writable = rustix::fs::access(&file.folder, Access::WRITE_OK).is_ok();
        let Some(mode) = ReadMode::choose(folder_writable, wal) else {
            let (place, need) = (file.place(), WriteNeed::Unsettled);
            return Err(LedgerError::ReadOnly { place, need });
        };
        let named = file.named.clone();
        mode.connect(&file)
            .map_err(Fault::from)
            .and_then(|connection| Self::examine(connection, file, check_below, mode, false))
            .map_err(|fault| fault.at(&named, "open it"))
    }

    /// Looks for every reason not to trust the file.
    fn examine(
        connection: Connection,
        file: LedgerFile,
        check_below: u64,
        mode: ReadMode,
        writing: bool,
    ) -> Result<Self, Fault> {
        pragmas::defend(&connection)?;
        if connection.pragma_query_one::<i64>(None, "application_id")? != schema::APPLICATION_ID {
            return Err(LedgerError::NotALedger { place: file.place() }.into());
        }
        let found = connection.pragma_query_one::<i64>(None, "user_version")?;
        if found > schema::FORMAT {
            let known = schema::FORMAT;
            return Err(LedgerError::Newer { place: file.place(), found, known }.into());
        }
        if writing {
            pragmas::make_durable(&connection, &file)?;
        }
        if found != schema::FORMAT {
            bring_up_to_date(&connection, &file, found, writing)?;
        }
        if !schema::is_intact(&connection)? {
            return Err(Fault::Damaged(Damage::Schema));
        }
        names_check(&connection)?;
        let size = fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
        let soundness = if size < check_below {
            Soundness::begin(mode.connect(&file)?)?
        } else {
            Soundness::unasked()
        };
        let (lineage, secret) = read_meta(&connection)?;
        let surveyed = RefCell::default();
        let is_locked = writing;
        Ok(Self { connection, file, mode, lineage, secret, soundness, is_locked, surveyed })
    }

    /// Which ledger this is.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Keys plan ids.
    pub fn secret(&self) -> &LedgerSecret {
        &self.secret
    }

    /// Refuses a ledger that has not been where this place's ledger was seen last.
    fn expect(&self, seen: &Seen) -> Result<(), Fault> {
        marks::expect(&self.connection, &self.file, &self.lineage, seen)
    }

    /// Runs a reading function on one consistent state of the ledger.
    pub(super) fn reading<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let answer = self
            .connection
            .unchecked_transaction()
            .map_err(Fault::from)
            .and_then(|transaction| read(&transaction));
        self.soundness.expect().and(answer).map_err(|fault| fault.at(&self.file.named, operation))
    }

    /// Waits until the structure of the file is known to be sound.
    pub(super) fn expect_sound(&self) -> Result<(), Fault> {
        self.soundness.expect()
    }
}

impl LockedLedger {
    /// Takes the lock, opens the ledger for writing, refuses a copy from the past, and
    /// settles what a dead process left open: outcomes in the emergency journal are recorded,
    /// other `attempting` rows become `unknown(crash)`, before anything else happens.
    pub fn open(path: &Path, wait: LockWait<'_>, holder: &Holder) -> Result<Opened, LedgerError> {
        Self::open_as(path, wait, holder, Trust::Newest)
    }

    /// The same for a copy that somebody takes over as the newest there is, naming its
    /// serial. Other copies, older and newer, are refused in this place from then on.
    pub fn adopt(
        path: &Path,
        serial: i64,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        let mut opened = Self::open_as(path, wait, holder, Trust::Stated(serial))?;
        let mark = opened.ledger.writing("take it over", |connection| {
            moving::stay(connection)?;
            marks::add(connection, holder.since, Occasion::Adopted)
        })?;
        opened.ledger.keep_mark(mark)?;
        Ok(opened)
    }

    /// The same for a ledger that is to be moved there, perhaps once more.
    pub(super) fn open_moving(
        path: &Path,
        to: &str,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Opened, LedgerError> {
        Self::open_as(path, wait, holder, Trust::Moving(to))
    }

    fn open_as(
        path: &Path,
        wait: LockWait<'_>,
        holder: &Holder,
        trust: Trust<'_>,
    ) -> Result<Opened, LedgerError> {
        let file = LedgerFile::find(path)?;
        file.check_owner()?;
        let warning = file.check_filesystem()?;
        let writable = [&file.path, &file.folder]
            .into_iter()
            .all(|path| rustix::fs::access(path, Access::WRITE_OK).is_ok());
        if !writable {
            let need = WriteNeed::Apply;
            return Err(LedgerError::ReadOnly { place: file.place(), need });
        }
        let lock = Lock::take(&file, wait, holder)?;
        let named = file.named.clone();
        let (reader, imported, recovered) = Self::open_locked(file, holder.since, trust)
            .map_err(|fault| fault.at(&named, "open it for writing"))?;
        let ledger = Self {
            ahead: RefCell::default(),
            checkpoints: RefCell::default(),
            reader,
            _lock: lock,
        };
        Ok(Opened { ledger, recovered, imported, warning })
    }

    fn open_locked(
        file: LedgerFile,
        now: Timestamp,
        trust: Trust<'_>,
    ) -> Result<(ReadLedger, Imported, u64), Fault> {
        let seen = Seen::read(&file)?;
        let connection =
            Connection::open_with_flags(&file.path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
        let reader =
            ReadLedger::examine(connection, file, CHECK_BELOW_FOR_WRITING, ReadMode::Shared, true)?;
        let place = || reader.file.place();
        let mark = marks::last(&reader.connection)?;
        match (trust, &seen) {
            (Trust::Stated(stated), _) if stated != mark.serial => {
                let (place, found) = (place(), mark.serial);
                return Err(LedgerError::OtherSerial { place, found, stated }.into());
            }
            (Trust::Newest | Trust::Moving(_), Some(seen)) => reader.expect(seen)?,
            (Trust::Newest | Trust::Moving(_), None) if mark.serial > 0 => {
                return Err(LedgerError::Unproven { place: place(), serial: mark.serial }.into());
            }
            (_, None) | (Trust::Stated(_), _) => {}
        }
        match trust {
            Trust::Newest => moving::expect_here(&reader.connection, &reader.file, None)?,
            Trust::Moving(to) => moving::expect_here(&reader.connection, &reader.file, Some(to))?,
            Trust::Stated(_) => {}
        }
        let (imported, rescued) = import::settle(&reader, now)?;
        // A crash between the ledger's own mark and the one beside it is made good.
        let now_seen = Seen { lineage: reader.lineage.clone(), mark };
        if !matches!(trust, Trust::Stated(_)) && seen.as_ref() != Some(&now_seen) {
            now_seen.keep(&reader.file)?;
        }
        Ok((reader, imported, rescued))
    }

    /// Takes room on the disk for so many outcomes, for the case that the ledger cannot be
    /// written to when they arrive.
    pub fn journal(&self, outcomes: u64) -> Result<Journal, LedgerError> {
        let ReadLedger { connection, file, lineage, secret, .. } = &self.reader;
        let mark =
            marks::last(connection).map_err(|fault| fault.at(&file.named, "read its last mark"))?;
        let seen = Seen { lineage: lineage.clone(), mark };
        Journal::prepare(&JournalPlace::beside(file), seen, secret, outcomes)
    }

    /// Where outcomes go that the ledger does not take.
    pub(in crate::ledger) fn journal_place(&self) -> JournalPlace {
        JournalPlace::beside(&self.reader.file)
    }

    /// What reading offers, on the state that this writer sees.
    pub fn read(&self) -> &ReadLedger {
        &self.reader
    }

    /// Moves everything from the `-wal` into the file and closes it. Dropping the ledger
    /// does the same, but has no way to tell of an error.
    pub fn close(self) -> Result<(), LedgerError> {
        let Self { ahead, checkpoints, reader, _lock } = self;
        let ReadLedger { connection, file, soundness, .. } = reader;
        // Their connections would hold the last pages back.
        drop((ahead, checkpoints, soundness));
        // A busy reader only leaves the -wal longer than need be.
        let checkpoint = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        checkpoint
            .and_then(|()| connection.close().map_err(|(_, error)| error))
            .map_err(|error| Fault::from(error).at(&file.named, "write the last pages"))
    }
}

/// Which copy of a ledger a writer takes the file for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trust<'t> {
    /// The newest, as the mark beside it must prove.
    Newest,
    /// The newest, if it was not moved to another place than this.
    Moving(&'t str),
    /// One with this serial, on somebody's word.
    Stated(i64),
}

fn bring_up_to_date(
    connection: &Connection,
    file: &LedgerFile,
    found: i64,
    writing: bool,
) -> Result<(), Fault> {
    match migrate::way(migrate::STEPS, found) {
        Some(way) if writing => migrate::run(connection, file, found, way),
        Some(_) => {
            let (place, known) = (file.place(), schema::FORMAT);
            Err(LedgerError::OlderFormat { place, found, known }.into())
        }
        None => Err(Fault::Damaged(Damage::Schema)),
    }
}

/// Campaigns carry no checksum, but their names stand in the table and in its index: one
/// that reads otherwise in one of them would be a campaign that nobody was sent to yet.
fn names_check(connection: &Connection) -> Result<(), Fault> {
    let check = "PRAGMA integrity_check('campaigns')";
    let verdict: String = connection.query_row(check, [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Fault::Damaged(Damage::Structure(verdict))) }
}

fn read_meta(connection: &Connection) -> Result<(Lineage, LedgerSecret), Fault> {
    let damaged = || Fault::row("meta", 1);
    let mut statement = connection.prepare(READ_META)?;
    let mut rows = statement.query([])?;
    let row = rows.next()?.ok_or_else(damaged)?;
    let (lineage, secret) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_blob()?);
    if meta_checksum(lineage, secret, row.get(2)?) != row.get::<_, i64>(3)? {
        return Err(damaged());
    }
    let lineage = Lineage::parse(lineage).ok_or_else(damaged)?;
    let secret = LedgerSecret::new(secret.try_into().map_err(|_| damaged())?);
    Ok((lineage, secret))
}
