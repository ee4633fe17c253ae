//! One apply at a time on one machine: an operating-system lock that dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;

use super::error::LedgerError;
use super::holder::Holder;
use super::lock_wait::{LockWait, TRY_EVERY};
use super::place::LedgerFile;

/// How often, at that interval, a lock file is read again that names nobody yet: its new
/// holder is just about to write.
const LOOKS_AT_HOLDER: u32 = 5;

/// The most bytes of a lock file that are read.
const MOST_BYTES: u64 = 1024;

/// The lock, held until dropped. The file stays: removing it would let two processes lock
/// two files of one name.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes `<ledger>.lock`, waiting at most as long as asked.
    pub(super) fn take(
        ledger: &LedgerFile,
        mut wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Self, LedgerError> {
        let path = ledger.beside(".lock");
        let io = |operation| {
            let path = path.clone();
            move |source| LedgerError::Io { path, operation, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow())
            .open(&path)
            .map_err(io("open"))?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
                Err(TryLockError::WouldBlock) if wait.is_over() => {
                    let holder = read_holder(&mut file);
                    return Err(LedgerError::Locked { place: ledger.place(), holder });
                }
                Err(TryLockError::WouldBlock) => wait.pause(|| read_holder(&mut file)),
            }
        }
        file.set_len(0).map_err(io("write"))?;
        file.write_all(holder.to_line().as_bytes()).map_err(io("write"))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    /// Takes the name out, so that nobody is told of a holder who has left.
    fn drop(&mut self) {
        // The lock goes with the file whether or not this succeeds.
        let _ = self.file.set_len(0);
    }
}

/// For the message only. Nobody is named after a while of nobody being named.
fn read_holder(file: &mut File) -> Option<Holder> {
    for _ in 1..LOOKS_AT_HOLDER {
        if let Some(holder) = read_holder_once(file) {
            return Some(holder);
        }
        std::thread::sleep(TRY_EVERY);
    }
    read_holder_once(file)
}

fn read_holder_once(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Holder::parse_line(&text)
}

/// `O_NOFOLLOW`, as the standard library wants it.
pub(super) fn no_follow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}
