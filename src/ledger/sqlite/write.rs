//! Writing while sending: compare-and-set, one transaction for each call.

use rusqlite::{Connection, TransactionBehavior};

use crate::ledger::error::LedgerError;
use crate::ledger::outcome::{GROUP_REFUSED, OutcomeWords};
use crate::ledger::rows::stored;
use crate::ledger::serial::Occasion;
use crate::ledger::types::{Change, LastStop, RowId, TestSend};
use crate::model::{CampaignName, State, Timestamp};

use super::accept;
use super::checkpoints::Checkpoints;
use super::consume::state_of;
use super::fault::Fault;
use super::marks;
use super::open::LockedLedger;
use super::snapshot::find_campaign;
use super::statements::Statements;

const INTEND: &str =
    "UPDATE OR FAIL deliveries SET state = 'attempting', cause = NULL, detail = NULL,
    attempts = attempts + 1, attempted_at = ?2, offer_ends_at = ?3, updated_at = ?2
  WHERE id BETWEEN ?1 AND ?4 AND state = 'pending'";
const ACCEPT: &str = "UPDATE deliveries SET state = 'accepted', message_id = ?3, request_id = ?4,
    accepted_at = ?2, updated_at = ?2
  WHERE id = ?1 AND state = 'attempting'";
const REJECT: &str = "UPDATE deliveries SET state = 'rejected', cause = ?3, detail = ?4,
    updated_at = ?2
  WHERE id = ?1 AND state = 'attempting'";
const DOUBT: &str = "UPDATE deliveries SET state = 'unknown', cause = ?3, updated_at = ?2
  WHERE id = ?1 AND state = 'attempting'";
// What provably did not reach the recipient does not use up an attempt, a refused group aside.
const RETURN: &str = "UPDATE deliveries SET state = 'pending', cause = ?3, offer_ends_at = NULL,
    attempts = max(attempts - ?4, 0), updated_at = ?2
  WHERE id = ?1 AND state = 'attempting'";
const SKIP: &str = "UPDATE deliveries SET state = 'skipped', cause = ?3, updated_at = ?2
  WHERE id = ?1 AND state = 'pending'";

const STOP: &str =
    "INSERT INTO stops (campaign, stopped_at, reason, detail) VALUES (?1, ?2, ?3, ?4)";

const TEST_SEND: &str = "INSERT INTO test_sends (campaign, number, coupon_code, content_hash,
    state, cause, detail, message_id, request_id, sent_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

impl LockedLedger {
    /// Writes all changes in one transaction, on stable storage when it returns. A row that
    /// is not in the state its change starts from refuses the whole call.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        self.reader.forget_survey();
        if let Some(ahead) = self.ahead.get_mut() {
            for change in changes {
                ahead.forget_from(change.row());
            }
        }
        self.transact("record outcomes", |connection| {
            let mut statements = Statements::new(connection);
            if write_all(&mut statements, connection, changes, Neighbours::Together)? {
                return Ok(());
            }
            // Which of several rows was in another state is seen when each is written by itself.
            connection.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
            write_all(&mut statements, connection, changes, Neighbours::OneByOne).map(drop)
        })?;
        self.carry_pages(changes.len())
            .map_err(|fault| fault.at(&self.reader.file.named, "carry changes into the file"))
    }

    /// Has pages carried from the log into the file when it is time.
    fn carry_pages(&mut self, changes: usize) -> Result<(), Fault> {
        let checkpoints = self.checkpoints.get_mut().get_or_insert_with(Checkpoints::new);
        checkpoints.written(&self.reader, changes)
    }

    /// Ends what goes on beside sending.
    pub(super) fn rest(&mut self) {
        self.ahead.take();
        self.checkpoints.take();
    }

    /// Records how a run of a campaign ended.
    pub fn record_stop(
        &mut self,
        campaign: &CampaignName,
        stop: &LastStop,
    ) -> Result<(), LedgerError> {
        self.writing("record how the run ended", |connection| {
            let Some((row, _)) = find_campaign(connection, campaign)? else {
                return Err(LedgerError::NoSuchCampaign { campaign: campaign.clone() }.into());
            };
            connection.execute(STOP, (row, stop.at.as_millis(), &stop.reason, &stop.detail))?;
            marks::add(connection, stop.at, Occasion::Stop)
        })
        .and_then(|mark| self.keep_mark(mark))
    }

    /// Records a message to a tester, apart from all counts.
    pub fn record_test_send(&mut self, test: &TestSend) -> Result<(), LedgerError> {
        self.writing("record a test message", |connection| {
            let words = OutcomeWords::of(&test.outcome);
            connection.execute(
                TEST_SEND,
                (
                    test.campaign.as_str(),
                    stored(test.number.as_u64()),
                    test.message.coupon_code.as_str(),
                    test.message.content.as_bytes().as_slice(),
                    words.state.as_str(),
                    words.cause,
                    words.detail,
                    words.message_id,
                    words.request_id,
                    test.at.as_millis(),
                ),
            )?;
            Ok(())
        })
    }

    /// Runs a writing function in one durable transaction, with nothing beside it.
    pub(super) fn writing<T>(
        &mut self,
        operation: &'static str,
        write: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        self.rest();
        self.transact(operation, write)
    }

    /// The same where people stay as they are: who is next may be read meanwhile, and pages may
    /// be carried.
    pub(super) fn transact<T>(
        &mut self,
        operation: &'static str,
        write: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let reader = &mut self.reader;
        reader
            .expect_sound()
            .and_then(|()| {
                let immediate = TransactionBehavior::Immediate;
                Ok(reader.connection.transaction_with_behavior(immediate)?)
            })
            .and_then(|transaction| {
                let written = write(&transaction)?;
                transaction.commit()?;
                Ok(written)
            })
            .map_err(|fault| fault.at(&reader.file.named, operation))
    }
}

/// How changes of neighbouring rows are written that differ in nothing but ids.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Neighbours {
    /// By one statement. The recipients of a request, and of requests that begin together,
    /// stand in the ledger one after the other.
    Together,
    /// By a statement for each.
    OneByOne,
}

/// Writes all changes. False when not all rows that were written together were in the state
/// that their changes start from: then nothing of this may stay.
fn write_all(
    statements: &mut Statements<'_>,
    connection: &Connection,
    changes: &[Change],
    neighbours: Neighbours,
) -> Result<bool, Fault> {
    let mut left = changes;
    while let [change, others @ ..] = left {
        let together = match neighbours {
            Neighbours::Together => 1 + alike(change, others),
            Neighbours::OneByOne => 1,
        };
        let (alike, after) = left.split_at(together);
        if apply(statements, alike)? != together {
            if together > 1 {
                return Ok(false);
            }
            let (row, expected) = (change.row(), beginning(change));
            let found = state_of(connection, row.0)?;
            return Err(LedgerError::UnexpectedState { row, expected, found }.into());
        }
        left = after;
    }
    Ok(true)
}

/// How many of the changes after this one can be written with it: the same of the rows after
/// its own.
fn alike(change: &Change, others: &[Change]) -> usize {
    match change {
        Change::Intend { row, at, offer_ends_at } => others
            .iter()
            .zip(row.0 + 1..)
            .take_while(|(other, next)| {
                let row = RowId(*next);
                **other == Change::Intend { row, at: *at, offer_ends_at: *offer_ends_at }
            })
            .count(),
        Change::Conclude { .. } => accept::neighbours(change, others),
        Change::Skip { .. } => 0,
    }
}

/// Writes changes that are alike; how many rows were in the state that they start from.
fn apply(statements: &mut Statements<'_>, alike: &[Change]) -> rusqlite::Result<usize> {
    let [change, others @ ..] = alike else { return Ok(0) };
    match change {
        Change::Intend { row, at, offer_ends_at } => {
            let last = row.0 + i64::try_from(others.len()).expect("changes are few");
            statements.run(INTEND, (row.0, at.as_millis(), offer_ends_at.as_millis(), last))
        }
        Change::Conclude { .. } if !others.is_empty() => accept::write(statements, alike),
        Change::Conclude { row, at, outcome } => {
            conclude(statements, *row, *at, &OutcomeWords::of(outcome))
        }
        Change::Skip { row, at, cause } => statements.run(SKIP, (row.0, at.as_millis(), cause)),
    }
}

/// The state that a change starts from.
fn beginning(change: &Change) -> State {
    match change {
        Change::Intend { .. } | Change::Skip { .. } => State::Pending,
        Change::Conclude { .. } => State::Attempting,
    }
}

/// Writes an outcome where the row still is `attempting`; how many rows that was.
pub(super) fn conclude(
    statements: &mut Statements<'_>,
    row: RowId,
    at: Timestamp,
    words: &OutcomeWords<'_>,
) -> rusqlite::Result<usize> {
    let (row, at) = (row.0, at.as_millis());
    match words.state {
        State::Accepted => statements.run(ACCEPT, (row, at, words.message_id, words.request_id)),
        State::Rejected => statements.run(REJECT, (row, at, words.cause, words.detail)),
        State::Unknown => statements.run(DOUBT, (row, at, words.cause)),
        State::Pending => {
            let given_back = i64::from(words.cause != Some(GROUP_REFUSED));
            statements.run(RETURN, (row, at, words.cause, given_back))
        }
        State::Attempting | State::Skipped => Ok(0),
    }
}
