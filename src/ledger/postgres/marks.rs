//! The ledger's marks: one for each plan consumed, run begun and run ended, each with the
//! server and the timeline it was made on, so that a ledger put back from a backup is noticed.

use crate::ledger::error::LedgerError;
use crate::ledger::serial::Mark;
use crate::ledger::serial::Occasion;
use crate::model::Timestamp;

use super::fault::Fault;
use super::open::LockedLedger;
use super::session::{Session, int, text};
use super::settings;

const ADD: &str = "INSERT INTO offercast.marks (serial, mark, made_at, occasion, server)
  SELECT coalesce(max(serial), 0) + 1, replace(gen_random_uuid()::text, '-', ''), $1, $2, $3
  FROM offercast.marks";
const LAST: &str = "SELECT serial, mark, server FROM offercast.marks ORDER BY serial DESC LIMIT 1";

impl LockedLedger {
    /// Makes a mark, durable when this returns.
    pub(super) fn mark(&mut self, now: Timestamp, occasion: Occasion) -> Result<(), LedgerError> {
        self.writing("mark its state", |session| add(session, now, occasion))
    }
}

/// Adds a mark as part of the caller's transaction.
pub(super) fn add(session: &Session, now: Timestamp, occasion: Occasion) -> Result<(), Fault> {
    let server = server(session)?;
    session.run(ADD, &[int(&now.as_millis()), text(&occasion.as_str()), text(&server)])?;
    Ok(())
}

/// The last mark, and the server it was made on.
pub(super) fn last(session: &Session) -> Result<(Mark, Option<String>), Fault> {
    Ok(match session.row(LAST, &[])? {
        Some(row) => (Mark { serial: row.get(0), id: row.get(1) }, Some(row.get(2))),
        None => (Mark::start(), None),
    })
}

/// Which server this is, and on which of its timelines.
pub(super) fn server(session: &Session) -> Result<String, Fault> {
    let row = session.row(settings::SERVER, &[])?.expect("a function has one row");
    Ok(row.get(0))
}
