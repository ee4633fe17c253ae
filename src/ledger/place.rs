//! The file a ledger is, and whether nobody else can have put it there or changed it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::address::Place;
use super::error::{Exposure, LedgerError};
use super::filesystem::FilesystemKind;

/// A ledger's file: its folder resolved, its own name not, so that a link in its place
/// is noticed while links on the way there (as macOS has for `/tmp`) do no harm.
#[derive(Clone, Debug)]
pub(super) struct LedgerFile {
    /// As the user named it, for messages.
    pub(super) named: PathBuf,
    /// The resolved folder.
    pub(super) folder: PathBuf,
    /// The resolved path.
    pub(super) path: PathBuf,
}

impl LedgerFile {
    /// Finds an existing ledger and checks that only its owner can have written it.
    pub(super) fn find(named: &Path) -> Result<Self, LedgerError> {
        let missing = || LedgerError::Missing { place: named.into() };
        let file = Self::locate(named)?.ok_or_else(missing)?;
        let metadata = match fs::symlink_metadata(&file.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
            Err(source) => return Err(file.io("look at", source)),
        };
        if metadata.is_symlink() {
            return Err(file.exposed(Exposure::Symlink));
        }
        if !metadata.is_file() {
            return Err(LedgerError::NotALedger { place: file.place() });
        }
        if writable_by_all(&metadata) {
            return Err(file.exposed(Exposure::WorldWritable));
        }
        file.check_folder()?;
        Ok(file)
    }

    /// Names a ledger that is about to be made; makes its folder (0700) when that is missing.
    pub(super) fn make_room(named: &Path) -> Result<Self, LedgerError> {
        let parent = parent_of(named);
        if !parent.exists() {
            let io = |source| LedgerError::Io { path: parent.clone(), operation: "create", source };
            DirBuilder::new().recursive(true).mode(0o700).create(&parent).map_err(io)?;
            sync_folder(&parent_of(&parent))?;
        }
        let file = Self::locate(named)?
            .ok_or_else(|| LedgerError::Missing { place: parent_of(named).as_path().into() })?;
        if fs::symlink_metadata(&file.path).is_ok() {
            return Err(LedgerError::Exists { place: file.place() });
        }
        file.check_folder()?;
        Ok(file)
    }

    /// Refuses what only matters to a writer: a foreign owner, a second name.
    pub(super) fn check_owner(&self) -> Result<(), LedgerError> {
        let metadata = fs::symlink_metadata(&self.path).map_err(|e| self.io("look at", e))?;
        let user = rustix::process::geteuid();
        if !user.is_root() && metadata.uid() != user.as_raw() && metadata.uid() != 0 {
            return Err(self.exposed(Exposure::ForeignOwner));
        }
        if metadata.nlink() > 1 {
            return Err(self.exposed(Exposure::HardLink));
        }
        Ok(())
    }

    /// Refuses file systems that cannot keep a ledger; returns those to warn about.
    pub(super) fn check_filesystem(&self) -> Result<Option<FilesystemKind>, LedgerError> {
        match FilesystemKind::at(&self.folder).map_err(|e| self.io("look at", e))? {
            Some(kind) if kind.is_refused() => {
                Err(LedgerError::Filesystem { place: self.place(), kind })
            }
            kind => Ok(kind),
        }
    }

    /// The file beside the ledger whose name has this ending, such as `-wal`.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(ending);
        PathBuf::from(path)
    }

    /// The ledger as messages name it.
    pub(super) fn place(&self) -> Place {
        self.named.as_path().into()
    }

    /// An I/O error about this file.
    pub(super) fn io(&self, operation: &'static str, source: std::io::Error) -> LedgerError {
        LedgerError::Io { path: self.named.clone(), operation, source }
    }

    fn exposed(&self, exposure: Exposure) -> LedgerError {
        LedgerError::Permissions { place: self.place(), exposure }
    }

    /// `None` when the folder does not exist.
    fn locate(named: &Path) -> Result<Option<Self>, LedgerError> {
        let Some(name) = named.file_name() else {
            return Err(LedgerError::NotALedger { place: named.into() });
        };
        let folder = match fs::canonicalize(parent_of(named)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = parent_of(named);
                return Err(LedgerError::Io { path, operation: "open the folder", source });
            }
        };
        let path = folder.join(name);
        Ok(Some(Self { named: named.to_owned(), folder, path }))
    }

    fn check_folder(&self) -> Result<(), LedgerError> {
        let metadata = fs::metadata(&self.folder).map_err(|e| self.io("look at", e))?;
        let sticky = metadata.mode() & 0o1000 != 0;
        if writable_by_all(&metadata) && !sticky {
            return Err(self.exposed(Exposure::WorldWritableFolder));
        }
        Ok(())
    }
}

/// Makes names created in, or removed from, a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| LedgerError::Io {
        path: folder.to_owned(),
        operation: "write the folder",
        source,
    })
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn writable_by_all(metadata: &Metadata) -> bool {
    metadata.mode() & 0o002 != 0
}
