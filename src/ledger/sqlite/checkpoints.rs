//! Carrying pages from the write-ahead log into the file while the ledger's thread writes.
//!
//! Another connection does it, on a thread of its own, whenever so much was written: reading,
//! writing and flushing some thousands of pages would hold up every write meanwhile. A
//! checkpoint is SQLite's own affair and safe at any moment
//! (<https://www.sqlite.org/wal.html#ckpt>): what it does not manage stays in the log.
//!
//! While the log grows it cannot begin anew at its start. So the writer finishes the work
//! itself when the log is [`pragmas::PAGES_IN_THE_LOG`] long, when little is left to carry.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, OpenFlags};

use super::connect::flags;
use super::fault::Fault;
use super::log_room;
use super::open::ReadLedger;
use super::pragmas;

/// Changes after which it is time: with a hundred recipients per request some 6 MiB in the log.
const CHANGES: usize = 30_000;

/// Checkpoints that may fail one after the other before nothing is written any more: the log
/// would grow for as long as there is a disk.
const FAILURES: usize = 3;

/// When pages are carried, and by whom.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Nobody, until it is time for the first.
    carrier: Option<Carrier>,
    /// Changes since the last one began.
    changes: usize,
    /// Changes after which the next one begins.
    pub(super) due_after: usize,
    /// How many failed, one after the other.
    failures: usize,
    /// Whether the log has all the room that it will need.
    has_room: bool,
}

impl Checkpoints {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { carrier: None, changes: 0, due_after: CHANGES, failures: 0, has_room: false }
    }

    /// Begins with what so many changes left in the log. `None` where they are few, and where
    /// there is no thread for it: then the next that is written carries it first.
    pub(super) fn begun(ledger: &ReadLedger, changes: u64) -> Option<Self> {
        if changes < CHANGES as u64 {
            return None;
        }
        let mut carrier = Carrier::of(ledger).ok()?;
        carrier.begin().then(|| Self { carrier: Some(carrier), ..Self::new() })
    }

    /// So many changes more are in the log. An error when checkpoints keep failing.
    pub(super) fn written(&mut self, ledger: &ReadLedger, changes: usize) -> Result<(), Fault> {
        self.changes += changes;
        if !self.has_room {
            self.has_room = log_room::make(&ledger.file.beside("-wal"))
                .map_err(|source| ledger.file.io("write the log of", source))?;
        }
        if let Some(how) = self.carrier.as_mut().and_then(Carrier::ended) {
            self.ended(how)?;
        }
        if self.changes >= self.due_after {
            if self.carrier.is_none() {
                // Where there is no thread for it the writer carries all pages itself.
                self.carrier = Carrier::of(ledger).ok();
            }
            if self.carrier.as_mut().is_some_and(Carrier::begin) {
                self.changes = 0;
            }
        }
        Ok(())
    }

    /// One has ended so.
    pub(super) fn ended(&mut self, how: Result<(), Fault>) -> Result<(), Fault> {
        match how {
            Ok(()) => {
                self.failures = 0;
                Ok(())
            }
            Err(fault) => {
                self.failures += 1;
                if self.failures < FAILURES { Ok(()) } else { Err(fault) }
            }
        }
    }
}

/// A thread that carries pages.
#[derive(Debug)]
struct Carrier {
    /// Dropped first, which ends the thread.
    ask: Option<Sender<()>>,
    ended: Receiver<Result<(), Fault>>,
    is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl Carrier {
    /// Starts it, with a connection that keeps what it writes.
    fn of(ledger: &ReadLedger) -> Result<Self, Fault> {
        let write = flags(OpenFlags::SQLITE_OPEN_READ_WRITE);
        let connection = Connection::open_with_flags(&ledger.file.path, write)?;
        pragmas::defend(&connection)?;
        pragmas::make_durable(&connection, &ledger.file)?;
        let (ask, asked) = channel();
        let (tell, ended) = channel();
        let thread = Builder::new().name("ledger-pages".to_owned());
        let thread = thread.spawn(move || carry(&connection, &asked, &tell)).ok();
        Ok(Self { ask: Some(ask), ended, is_busy: false, thread })
    }

    /// Begins a checkpoint, unless one is under way.
    fn begin(&mut self) -> bool {
        let begins = !self.is_busy && self.ask.as_ref().is_some_and(|ask| ask.send(()).is_ok());
        self.is_busy |= begins;
        begins
    }

    /// How the last one ended, told once.
    fn ended(&mut self) -> Option<Result<(), Fault>> {
        let ended = self.ended.try_recv().ok()?;
        self.is_busy = false;
        Some(ended)
    }
}

impl Drop for Carrier {
    /// The file is at rest when the ledger is closed.
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // Closing carries the rest, and tells when that fails.
            let _ = thread.join();
        }
    }
}

fn carry(connection: &Connection, asked: &Receiver<()>, tell: &Sender<Result<(), Fault>>) {
    while asked.recv().is_ok() {
        // Pages that a reader still needs in the log are left there: that is no error.
        let carried = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if tell.send(carried.map_err(Fault::from)).is_err() {
            return;
        }
    }
}
