//! Where a ledger's emergency journal is, and whose.

use std::fmt::Display;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::ledger::error::LedgerError;
use crate::ledger::lock::no_follow;
use crate::ledger::place::{LedgerFile, sync_folder};
use crate::model::Lineage;

const ENDING: &str = ".journal";

/// Where the journals of ledgers are that are on no disk of this machine.
const FOLDER: &str = ".offercast";

/// Where a ledger's emergency journal is, or would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ledger) struct JournalPlace {
    pub(super) path: PathBuf,
    pub(super) folder: PathBuf,
}

impl JournalPlace {
    /// Beside the ledger's file.
    pub(in crate::ledger) fn beside(ledger: &LedgerFile) -> Self {
        Self { path: ledger.beside(ENDING), folder: ledger.folder.clone() }
    }

    /// In the working folder, for a ledger elsewhere: one for each of its holders, because one
    /// that was taken for dead may still write to its own.
    pub(in crate::ledger) fn of_holder(lineage: &Lineage, holder: impl Display) -> Self {
        let folder = PathBuf::from(FOLDER);
        Self { path: folder.join(format!("{lineage}.{holder}{ENDING}")), folder }
    }

    /// All those in the working folder.
    pub(in crate::ledger) fn all_of(lineage: &Lineage) -> Result<Vec<Self>, LedgerError> {
        let folder = PathBuf::from(FOLDER);
        let io = |source| LedgerError::Io { path: folder.clone(), operation: "read", source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io(source)),
        };
        let start = format!("{lineage}.");
        let mut places = Vec::new();
        for entry in entries {
            let name = entry.map_err(io)?.file_name();
            let is_ours = |name: &str| name.starts_with(&start) && name.ends_with(ENDING);
            if name.to_str().is_some_and(is_ours) {
                places.push(Self { path: folder.join(name), folder: folder.clone() });
            }
        }
        places.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(places)
    }

    /// Takes it from a process that is there no more; `None` while that one lives, and where
    /// somebody else has taken and removed it.
    pub(in crate::ledger) fn claim(&self) -> Result<Option<File>, LedgerError> {
        let path = &self.path;
        let io = |source| LedgerError::Io { path: path.clone(), operation: "open", source };
        let mut open = OpenOptions::new();
        let file = match open.read(true).write(true).custom_flags(no_follow()).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(io)?,
        };
        Ok(self.locks(&file).map_err(io)?.then_some(file))
    }

    /// Locks a file that was opened here, until it is closed; whether that was done, and it is
    /// the one that stands here still. Whoever removes a journal has it locked.
    pub(super) fn locks(&self, file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let opened = file.metadata()?;
        match fs::symlink_metadata(&self.path) {
            Ok(here) => Ok((here.dev(), here.ino()) == (opened.dev(), opened.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes it, once what it held is durable in the ledger.
    pub(in crate::ledger) fn remove(&self) -> Result<(), LedgerError> {
        let path = &self.path;
        let io = |source| LedgerError::Io { path: path.clone(), operation: "remove", source };
        fs::remove_file(path).map_err(io)?;
        sync_folder(&self.folder)
    }

    /// Makes the folder (0700), unless it is there.
    pub(super) fn make_folder(&self) -> Result<(), LedgerError> {
        let folder = &self.folder;
        if folder.is_dir() {
            return Ok(());
        }
        let io = |source| LedgerError::Io { path: folder.clone(), operation: "create", source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)
    }

    /// The file.
    pub(in crate::ledger) fn path(&self) -> &Path {
        &self.path
    }
}
