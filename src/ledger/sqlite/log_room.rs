//! Room for the write-ahead log, made at once instead of with each commit.
//!
//! A flush of a file that has grown costs three times the processor time of one whose blocks
//! were there before, and a log grows with each commit until it is as long as it gets. What
//! lies behind its last frame is never read: a frame counts with the salt and the checksum
//! that belong to those before it (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>),
//! and once a log has begun anew old frames lie there as well.
//!
//! For whoever holds the ledger's lock, and between two transactions: then nobody writes there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::pragmas::PAGES_IN_THE_LOG;

/// Logs that stay shorter need no room: some thousand messages.
const WORTH_IT: u64 = 4 << 20;
/// What a page takes in the log: itself and what stands before it.
const FRAME: u64 = 4_096 + 24;
/// As long as the log gets, and what is written until it begins anew.
const ROOM: u64 = PAGES_IN_THE_LOG.unsigned_abs() * FRAME + (1 << 20);

/// Makes room behind a log that has become long. False while it is too short for that.
///
/// A disk that is full gets back what was taken: the log then grows as it did before.
///
/// # Errors
/// When what was written cannot be brought to the disk: it may tell of that only once, so the
/// log must not be trusted any more.
pub(super) fn make(log: &Path) -> io::Result<bool> {
    let length = std::fs::metadata(log)?.len();
    if length < WORTH_IT {
        return Ok(false);
    }
    if length < ROOM {
        let log = OpenOptions::new().write(true).open(log)?;
        match fill(&log, length) {
            Ok(()) => log.sync_data()?,
            Err(_) => log.set_len(length)?,
        }
    }
    Ok(true)
}

/// With real zeros: blocks that are only promised cost as much as new ones.
fn fill(log: &File, from: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = from;
    while at < ROOM {
        let count = zeros.len().min(usize::try_from(ROOM - at).unwrap_or(usize::MAX));
        log.write_all_at(&zeros[..count], at)?;
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_log_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("ledger.db-wal");
        std::fs::write(&log, b"frames").expect("written");
        assert!(!make(&log).expect("looked at"));
        assert_eq!(std::fs::read(&log).expect("read"), b"frames");
    }

    #[test]
    fn behind_a_long_log_there_is_room_once_and_its_frames_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("ledger.db-wal");
        let frames = vec![7; 5 << 20];
        std::fs::write(&log, &frames).expect("written");
        for _ in 0..2 {
            assert!(make(&log).expect("made"));
            let found = std::fs::read(&log).expect("read");
            assert_eq!(found.len() as u64, ROOM);
            assert!(found.starts_with(&frames));
            assert!(found[frames.len()..].iter().all(|&byte| byte == 0));
        }
        let longer = vec![7; usize::try_from(ROOM).expect("small") + 1];
        std::fs::write(&log, &longer).expect("written");
        assert!(make(&log).expect("looked at"));
        assert_eq!(std::fs::read(&log).expect("read"), longer);
    }
}
