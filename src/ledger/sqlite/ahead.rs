//! Who is next, read while the ledger's thread writes.
//!
//! A page is asked for on a connection of its own as soon as the one before it was given out.
//! It is still true when it is wanted: rows after those given out are changed by nobody but
//! this writer, which forgets the page when it does; and an intent is only written where its
//! row still is pending.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use crate::ledger::types::{PendingRow, PlanRow, RowId};

use super::fault::Fault;
use super::open::ReadLedger;
use super::pragmas;
use super::snapshot::read_pending;

/// Which page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) plan: PlanRow,
    /// The last row given out.
    pub(super) after: RowId,
    pub(super) limit: usize,
}

/// A thread that reads the next page.
#[derive(Debug)]
pub(super) struct Ahead {
    /// Dropped first, which ends the thread.
    ask: Option<Sender<Wanted>>,
    pages: Receiver<Result<Vec<PendingRow>, Fault>>,
    /// What it was asked last, until that is taken.
    asked: Option<Wanted>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Starts it.
    pub(super) fn of(ledger: &ReadLedger) -> Result<Self, Fault> {
        let connection = ledger.mode.connect(&ledger.file)?;
        pragmas::defend(&connection)?;
        let (ask, wanted) = channel();
        let (give, pages) = channel();
        let thread = Builder::new().name("ledger-ahead".to_owned());
        let thread = thread.spawn(move || read_all(&connection, &wanted, &give)).ok();
        Ok(Self { ask: Some(ask), pages, asked: None, thread })
    }

    /// Begins to read a page. Whatever was read before is forgotten.
    pub(super) fn begin(&mut self, wanted: Wanted) {
        self.forget();
        let asked = self.ask.as_ref().is_some_and(|ask| ask.send(wanted).is_ok());
        self.asked = asked.then_some(wanted);
    }

    /// The page, when it is the one that was asked for and could be read.
    pub(super) fn take(&mut self, wanted: Wanted) -> Option<Vec<PendingRow>> {
        if self.asked != Some(wanted) {
            return None;
        }
        self.asked = None;
        // Whoever reads it anew comes to know why it could not be read.
        self.pages.recv().ok()?.ok()
    }

    /// Forgets what was read if it may hold this row.
    pub(super) fn forget_from(&mut self, row: RowId) {
        if self.asked.is_some_and(|wanted| row > wanted.after) {
            self.forget();
        }
    }

    /// Forgets what was read.
    pub(super) fn forget(&mut self) {
        if self.asked.take().is_some() {
            let _ = self.pages.recv();
        }
    }
}

impl Drop for Ahead {
    /// The file is at rest when the ledger is closed.
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // What it has read nobody wants any more.
            let _ = thread.join();
        }
    }
}

fn read_all(
    connection: &Connection,
    wanted: &Receiver<Wanted>,
    give: &Sender<Result<Vec<PendingRow>, Fault>>,
) {
    while let Ok(Wanted { plan, after, limit }) = wanted.recv() {
        if give.send(read_pending(connection, plan, after.0, limit)).is_err() {
            return;
        }
    }
}
