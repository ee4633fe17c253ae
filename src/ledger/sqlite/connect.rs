//! Opening a ledger's file without making, following or locking anything.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::ledger::place::LedgerFile;

/// How a ledger is opened for reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadMode {
    /// Beside a writer, through the shared memory that the folder has room for.
    Shared,
    /// The file alone, which nobody can be writing to.
    Immutable,
}

impl ReadMode {
    /// Opens it so.
    pub(super) fn connect(self, file: &LedgerFile) -> rusqlite::Result<Connection> {
        let read = OpenFlags::SQLITE_OPEN_READ_ONLY;
        match self {
            Self::Shared => Connection::open_with_flags(&file.path, flags(read)),
            Self::Immutable => {
                let read = read | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(immutable_uri(&file.path), flags(read))
            }
        }
    }

    /// SQLite reads a write-ahead log only where it can write. Ignoring the log
    /// (`immutable`) is right only when there is nothing in it.
    pub(super) fn choose(folder_writable: bool, wal_bytes: u64) -> Option<Self> {
        match (folder_writable, wal_bytes) {
            (true, _) => Some(Self::Shared),
            (false, 0) => Some(Self::Immutable),
            (false, _) => None,
        }
    }
}

/// What every opening of a ledger asks for beside its access.
pub(super) fn flags(access: OpenFlags) -> OpenFlags {
    access
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_EXRESCODE
}

/// A URI that means exactly this path (<https://www.sqlite.org/uri.html>).
fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_ahead_log_is_ignored_only_when_it_is_empty_and_nobody_can_write() {
        assert_eq!(ReadMode::choose(true, 0), Some(ReadMode::Shared));
        assert_eq!(ReadMode::choose(true, 4096), Some(ReadMode::Shared));
        assert_eq!(ReadMode::choose(false, 0), Some(ReadMode::Immutable));
        assert_eq!(ReadMode::choose(false, 4096), None);
    }

    #[test]
    fn a_path_cannot_smuggle_parameters_into_the_uri() {
        let uri = immutable_uri(Path::new("/a b/x?mode=rwc#%.db"));
        assert_eq!(uri, "file:/a%20b/x%3Fmode%3Drwc%23%25.db?immutable=1");
    }
}
