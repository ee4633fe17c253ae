//! Coming back after the connection was lost: as the same holder, or not at all.
//!
//! Nothing is taken up before the server has ended the old connection, so that no statement
//! which it may still have of it takes effect later. What had no answer is then looked for
//! in the rows themselves.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

use crate::ledger::error::LedgerError;
use crate::ledger::types::{Change, RowId};
use crate::model::{State, Timestamp};

use super::fault::Fault;
use super::hold;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::session::{Backend, Session, int, ints, since};
use super::settings;
use super::write::{ends_of, row_of};

const OPERATION: &str = "come back";

/// How often the server is asked whether the old connection is there still, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 250;

const END: &str = concat!(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND ",
    since!(),
    " = $2"
);
const IS_THERE: &str =
    concat!("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND ", since!(), " = $2");

const READ_BACK: &str = "SELECT id, state, updated_at, epoch FROM offercast.recipients
  WHERE id = ANY ($1)";

impl LockedLedger {
    /// Connects again, if nobody has taken the ledger over meanwhile and the server is the one
    /// that it was.
    pub(super) fn connect_again(&mut self) -> Result<(), LedgerError> {
        let reader = ReadLedger::open(&self.address)?;
        self.take_up(&reader).map_err(|fault| fault.at(reader.session.place(), OPERATION))?;
        self.reader = reader;
        self.may_have_claimed = true;
        Ok(())
    }

    fn take_up(&self, reader: &ReadLedger) -> Result<(), Fault> {
        let (session, place) = (&reader.session, reader.session.place().clone());
        if reader.lineage != self.reader.lineage {
            let (expected, found) = (self.reader.lineage.clone(), reader.lineage.clone());
            return Err(LedgerError::WrongLineage { place, expected, found }.into());
        }
        settings::expect_durable(session)?;
        let (mark, server) = marks::last(session)?;
        if server.is_some() && server != Some(marks::server(session)?) {
            return Err(LedgerError::Restored { place, serial: mark.serial }.into());
        }
        if let Some(patience) = self.patience {
            session.hurry(patience)?;
        }
        end(session, self.reader.session.backend())?;
        if !hold::take_again(session, &reader.lineage, self.hold.company)? {
            // Whoever has it alone raises the epoch and removes the machines, but not at once.
            self.hold.stay(session)?;
            return Err(LedgerError::Locked { place, holder: None }.into());
        }
        self.hold.stay(session)
    }

    /// Whether changes that were handed over without an answer are in the ledger: all of them
    /// or none, since they are written in one transaction.
    pub(super) fn has_taken(&self, changes: &[Change]) -> Result<bool, LedgerError> {
        let session = &self.reader.session;
        let rows: Vec<_> = changes.iter().map(row_of).collect();
        let found = session.rows(READ_BACK, &[ints(&rows)]);
        let found = found.map_err(|fault| self.reader.fail(fault, OPERATION))?;
        let found: HashMap<i64, Found> =
            found.iter().map(|row| (row.get(0), Found::of(row))).collect();
        let mut journeys: HashMap<i64, Journey> = HashMap::new();
        for change in changes {
            let (from, to) = ends_of(change);
            let journey = Journey { from, to, at: at(change) };
            journeys
                .entry(row_of(change))
                .and_modify(|known| *known = Journey { from: known.from, ..journey })
                .or_insert(journey);
        }
        let epoch = self.hold.epoch;
        let is = |judge: fn(&Found, &Journey, i64) -> bool| {
            journeys.iter().all(|(row, journey)| {
                found.get(row).is_some_and(|found| judge(found, journey, epoch))
            })
        };
        if is(Found::has_arrived) {
            return Ok(true);
        }
        if is(Found::has_not_left) {
            return Ok(false);
        }
        let strange = journeys.iter().find(|(row, journey)| {
            found.get(row).is_none_or(|found| !found.has_not_left(journey, epoch))
        });
        let (row, journey) = strange.expect("not all are as they were");
        let (row, expected) = (RowId(*row), journey.from);
        let found = found.get(&row.0).and_then(|found| found.state);
        Err(LedgerError::UnexpectedState { row, expected, found })
    }
}

/// What all changes of one row in a write come to.
#[derive(Clone, Copy)]
struct Journey {
    from: State,
    to: State,
    /// Of the last of them.
    at: Timestamp,
}

/// A row as it is.
struct Found {
    state: Option<State>,
    updated_at: i64,
    epoch: Option<i64>,
}

impl Found {
    fn of(row: &tokio_postgres::Row) -> Self {
        Self { state: State::parse(row.get(1)), updated_at: row.get(2), epoch: row.get(3) }
    }

    fn has_arrived(&self, journey: &Journey, epoch: i64) -> bool {
        self.is(journey.to, epoch) && self.updated_at == journey.at.as_millis()
    }

    fn has_not_left(&self, journey: &Journey, epoch: i64) -> bool {
        self.is(journey.from, epoch)
    }

    /// Somebody else's attempt is never ours.
    fn is(&self, state: State, epoch: i64) -> bool {
        self.state == Some(state) && (state != State::Attempting || self.epoch == Some(epoch))
    }
}

fn at(change: &Change) -> Timestamp {
    match change {
        Change::Intend { at, .. } | Change::Conclude { at, .. } | Change::Skip { at, .. } => *at,
    }
}

/// Ends an old connection and waits until the server is done with it.
fn end(session: &Session, old: Backend) -> Result<(), Fault> {
    let params = [int(&old.process), int(&old.since)];
    session.rows(END, &params)?;
    for _ in 0..LOOKS {
        if session.row(IS_THERE, &params)?.is_none() {
            return Ok(());
        }
        sleep(LOOK_EVERY);
    }
    Err(Fault::Silent)
}
