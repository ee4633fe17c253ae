//! Bringing a write-ahead log to the disk while something else is done. What a large
//! transaction has spilled into it is many times what a disk writes at once, and a commit waits
//! for all of it.
//!
//! Nothing rests on it: the commit flushes the log itself, and only then is anything durable.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread::{self, Builder};

use crate::ledger::error::LedgerError;

/// Does the work, and meanwhile brings to the disk what is in the log by now.
///
/// # Errors
/// When that fails: a disk may report a failure once and to one asker only, so whoever heard
/// of it must not let the commit ask again.
pub(super) fn beside<T>(log: &Path, work: impl FnOnce() -> T) -> Result<T, LedgerError> {
    let (done, written) = thread::scope(|scope| {
        let writer = Builder::new().name("ledger-disk".to_owned());
        let writer = writer.spawn_scoped(scope, || write_back(log));
        let done = work();
        // Without the thread the commit waits longer, and that is all.
        let written = writer
            .map_or(Ok(()), |writer| writer.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (done, written)
    });
    let path = || log.to_owned();
    written.map_err(|source| LedgerError::Io { path: path(), operation: "write", source })?;
    Ok(done)
}

fn write_back(log: &Path) -> io::Result<()> {
    match File::open(log) {
        Ok(log) => log.sync_data(),
        // All fits the memory so far.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_done_whether_there_is_a_log_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("ledger.db-wal");
        assert_eq!(beside(&log, || 1).expect("nothing to write"), 1);
        std::fs::write(&log, b"frames").expect("written");
        assert_eq!(beside(&log, || 2).expect("written"), 2);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_heard_of() {
        let folder = tempfile::tempdir().expect("a folder");
        // A name below a file can be opened by nobody.
        let file = folder.path().join("file");
        std::fs::write(&file, b"").expect("written");
        let error = beside(&file.join("log"), || ()).expect_err("no such folder");
        assert!(matches!(error, LedgerError::Io { operation: "write", .. }));
    }
}
