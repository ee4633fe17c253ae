//! Making a ledger: the only place where one comes into being.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::ledger::error::LedgerError;
use crate::ledger::filesystem::FilesystemKind;
use crate::ledger::lock::no_follow;
use crate::ledger::place::{LedgerFile, sync_folder};
use crate::ledger::rows::meta_checksum;
use crate::ledger::serial::{Mark, Seen};
use crate::ledger::types::NewLedger;

use super::fault::Fault;
use super::{pragmas, schema};

const FILL_META: &str = "INSERT INTO meta (id, lineage, secret, created_at, checksum)
  VALUES (1, ?1, ?2, ?3, ?4)";

/// Creates the ledger (0600; its folder 0700 when that is missing) and makes it durable.
/// Refuses when anything is at the path. Returns a file system to warn about, if it is on one.
pub(in crate::ledger) fn init(
    path: &Path,
    new: &NewLedger,
) -> Result<Option<FilesystemKind>, LedgerError> {
    let file = LedgerFile::make_room(path)?;
    let warning = file.check_filesystem()?;
    // Exclusive creation refuses what another process, or a link, put there meanwhile.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(no_follow())
        .open(&file.path)
        .map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => LedgerError::Exists { place: file.place() },
            _ => file.io("create", source),
        })?;
    if let Err(fault) = fill(&file, new) {
        // Best effort: an empty file left behind is refused as "not a ledger".
        let _ = fs::remove_file(&file.path);
        return Err(fault.at(&file.named, "create the tables"));
    }
    Seen { lineage: new.lineage.clone(), mark: Mark::start() }.keep(&file)?;
    sync_folder(&file.folder)?;
    Ok(warning)
}

fn fill(file: &LedgerFile, new: &NewLedger) -> Result<(), Fault> {
    let mut connection = open_new(&file.path, file)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    create_tables(&transaction)?;
    let (lineage, secret) = (new.lineage.as_str(), new.secret.expose().as_slice());
    let created_at = new.created_at.as_millis();
    let checksum = meta_checksum(lineage, secret, created_at);
    transaction.execute(FILL_META, (lineage, secret, created_at, checksum))?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Opens an empty file that is to be this ledger.
pub(super) fn open_new(path: &Path, file: &LedgerFile) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    pragmas::defend(&connection)?;
    pragmas::make_durable(&connection, file)?;
    Ok(connection)
}

/// Makes it a ledger without content, as part of the caller's transaction.
pub(super) fn create_tables(connection: &Connection) -> Result<(), Fault> {
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::FORMAT)?;
    Ok(connection.execute_batch(schema::CREATE)?)
}
