//! Writing while sending: compare-and-set, one statement and one round trip for each call.

use std::collections::{HashMap, HashSet};

use tokio_postgres::error::SqlState;

use crate::ledger::error::LedgerError;
use crate::ledger::outcome::{GROUP_REFUSED, OutcomeWords};
use crate::ledger::rows::stored;
use crate::ledger::serial::Occasion;
use crate::ledger::types::{Change, LastStop, RowId, TestSend};
use crate::model::{CampaignName, State};

use super::fault::Fault;
use super::hold::{Company, Hold};
use super::marks;
use super::open::LockedLedger;
use super::session::{Session, bytes, int, ints, text, texts};
use super::snapshot::find_campaign;

// A row that is not in the state its change starts from, or another holder of the ledger,
// makes the counts differ: dividing by zero then undoes the whole statement on the server,
// without a second round trip to look at the counts first.
macro_rules! write_sql {
    ($held:literal) => {
        concat!(
            "
WITH held AS MATERIALIZED (
  ",
            $held,
            "
), intended AS (
  UPDATE offercast.recipients AS r SET state = 'attempting', cause = NULL, detail = NULL,
    attempts = r.attempts + 1, attempted_at = i.at, offer_ends_at = i.ends_at,
    updated_at = i.at, epoch = $1
  FROM unnest($2, $3, $4) AS i (id, at, ends_at)
  WHERE r.id = i.id AND r.state = 'pending' AND EXISTS (SELECT 1 FROM held)
  RETURNING 1
), concluded AS (
  UPDATE offercast.recipients AS r SET state = o.state, cause = o.cause, detail = o.detail,
    message_id = o.message_id, request_id = o.request_id, updated_at = o.at,
    accepted_at = CASE WHEN o.state = 'accepted' THEN o.at END,
    offer_ends_at = CASE WHEN o.state <> 'pending' THEN r.offer_ends_at END,
    attempts = greatest(r.attempts - o.given_back, 0)
  FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13)
    AS o (id, at, found, state, cause, detail, message_id, request_id, given_back)
  WHERE r.id = o.id AND r.state = o.found AND EXISTS (SELECT 1 FROM held)
  RETURNING 1
)
SELECT 1 / (CASE WHEN (SELECT count(*) FROM intended) = cardinality($2)
  AND (SELECT count(*) FROM concluded) = cardinality($5) THEN 1 ELSE 0 END)"
        )
    };
}

const WRITE: &str =
    write_sql!("SELECT 1 FROM offercast.meta WHERE id = 1 AND epoch = $1 FOR SHARE");

/// The same for a machine among others: its row is what it writes by.
const WRITE_AS_MACHINE: &str =
    write_sql!("SELECT 1 FROM offercast.machines WHERE epoch = $1 FOR KEY SHARE");

const STATES: &str = "SELECT id, state FROM offercast.recipients WHERE id = ANY ($1)";

// Once, also when its answer was lost and it is tried again.
const STOP: &str = "INSERT INTO offercast.stops (campaign, stopped_at, reason, detail)
  SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM offercast.stops
    WHERE campaign = $1 AND stopped_at = $2 AND reason = $3)";

const TEST_SEND: &str = "INSERT INTO offercast.test_sends (campaign, number, coupon_code,
    content_hash, state, cause, detail, message_id, request_id, sent_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Changes of which no two are about the same row, as columns.
#[derive(Default)]
struct Columns<'c> {
    rows: HashSet<i64>,
    intended: Vec<i64>,
    intended_at: Vec<i64>,
    ends_at: Vec<i64>,
    concluded: Vec<i64>,
    concluded_at: Vec<i64>,
    found: Vec<&'static str>,
    state: Vec<&'static str>,
    cause: Vec<Option<&'c str>>,
    detail: Vec<Option<&'c str>>,
    message_id: Vec<Option<&'c str>>,
    request_id: Vec<Option<&'c str>>,
    given_back: Vec<i64>,
}

impl<'c> Columns<'c> {
    /// The changes in as few steps as possible: mostly one.
    fn of(changes: &'c [Change]) -> Vec<Self> {
        let mut steps = vec![Self::default()];
        for change in changes {
            let row = row_of(change);
            if steps.last().is_some_and(|step| step.rows.contains(&row)) {
                steps.push(Self::default());
            }
            let step = steps.last_mut().expect("there is always one");
            step.rows.insert(row);
            step.add(change);
        }
        steps
    }

    fn add(&mut self, change: &'c Change) {
        match change {
            Change::Intend { row, at, offer_ends_at } => {
                self.intended.push(row.0);
                self.intended_at.push(at.as_millis());
                self.ends_at.push(offer_ends_at.as_millis());
            }
            Change::Conclude { row, at, outcome } => {
                let words = OutcomeWords::of(outcome);
                // What provably did not reach the recipient does not use up an attempt, a
                // refused group aside.
                let returned = words.state == State::Pending && words.cause != Some(GROUP_REFUSED);
                self.conclude(row.0, at.as_millis(), State::Attempting, words, returned);
            }
            Change::Skip { row, at, cause } => {
                let words = OutcomeWords {
                    state: State::Skipped,
                    cause: Some(cause),
                    detail: None,
                    message_id: None,
                    request_id: None,
                };
                self.conclude(row.0, at.as_millis(), State::Pending, words, false);
            }
        }
    }

    fn conclude(&mut self, row: i64, at: i64, found: State, words: OutcomeWords<'c>, back: bool) {
        self.concluded.push(row);
        self.concluded_at.push(at);
        self.found.push(found.as_str());
        self.state.push(words.state.as_str());
        self.cause.push(words.cause);
        self.detail.push(words.detail);
        self.message_id.push(words.message_id);
        self.request_id.push(words.request_id);
        self.given_back.push(i64::from(back));
    }

    fn write(&self, session: &Session, hold: &Hold) -> Result<(), Fault> {
        let params = [
            int(&hold.epoch),
            ints(&self.intended),
            ints(&self.intended_at),
            ints(&self.ends_at),
            ints(&self.concluded),
            ints(&self.concluded_at),
            texts(&self.found),
            texts(&self.state),
            texts(&self.cause),
            texts(&self.detail),
            texts(&self.message_id),
            texts(&self.request_id),
            ints(&self.given_back),
        ];
        let sql = match hold.company {
            Company::None => WRITE,
            Company::Machines => WRITE_AS_MACHINE,
        };
        session.run(sql, &params)?;
        Ok(())
    }
}

impl LockedLedger {
    pub(super) fn write_changes(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        let session = &self.reader.session;
        let hold = &self.hold;
        let steps = Columns::of(changes);
        let written = match steps.as_slice() {
            // A statement outside a transaction is one.
            [step] => step.write(session, hold),
            steps => session
                .batch("BEGIN")
                .and_then(|()| steps.iter().try_for_each(|step| step.write(session, hold)))
                .and_then(|()| session.batch("COMMIT")),
        };
        written.map_err(|fault| {
            let is_refused = fault.code() == Some(&SqlState::DIVISION_BY_ZERO);
            // Where the connection is gone, so is the transaction.
            let _ = session.batch("ROLLBACK");
            let fault = if is_refused { self.why_refused(changes).unwrap_or(fault) } else { fault };
            self.reader.fail(fault, "record outcomes")
        })
    }

    /// Which row was in another state, or whether the ledger was taken over.
    fn why_refused(&self, changes: &[Change]) -> Option<Fault> {
        let session = &self.reader.session;
        session.batch("BEGIN").ok()?;
        if let Err(fault) = self.hold.expect(session) {
            return Some(fault);
        }
        let rows: Vec<_> = changes.iter().map(row_of).collect();
        let mut states = HashMap::new();
        let mut keep = |row: &tokio_postgres::Row| {
            states.insert(row.get::<_, i64>(0), State::parse(row.get(1)));
            Ok(())
        };
        session.each(STATES, &[ints(&rows)], &mut keep).ok()?;
        changes.iter().find_map(|change| {
            let row = row_of(change);
            let found = states.get(&row).copied().flatten();
            let (expected, next) = ends_of(change);
            states.insert(row, Some(next));
            (found != Some(expected))
                .then(|| LedgerError::UnexpectedState { row: RowId(row), expected, found }.into())
        })
    }

    pub(super) fn add_stop(
        &mut self,
        campaign: &CampaignName,
        stop: &LastStop,
    ) -> Result<(), LedgerError> {
        self.writing("record how the run ended", |session| {
            let Some((row, _)) = find_campaign(session, campaign)? else {
                return Err(LedgerError::NoSuchCampaign { campaign: campaign.clone() }.into());
            };
            let at = stop.at.as_millis();
            session.run(STOP, &[int(&row), int(&at), text(&stop.reason), text(&stop.detail)])?;
            marks::add(session, stop.at, Occasion::Stop)
        })
    }

    pub(super) fn add_test_send(&mut self, test: &TestSend) -> Result<(), LedgerError> {
        self.writing("record a test message", |session| {
            let words = OutcomeWords::of(&test.outcome);
            let content = test.message.content.as_bytes().as_slice();
            session.run(
                TEST_SEND,
                &[
                    text(&test.campaign.as_str()),
                    int(&stored(test.number.as_u64())),
                    text(&test.message.coupon_code.as_str()),
                    bytes(&content),
                    text(&words.state.as_str()),
                    text(&words.cause),
                    text(&words.detail),
                    text(&words.message_id),
                    text(&words.request_id),
                    int(&test.at.as_millis()),
                ],
            )?;
            Ok(())
        })
    }
}

/// The states that a change starts from and ends in.
pub(super) fn ends_of(change: &Change) -> (State, State) {
    match change {
        Change::Intend { .. } => (State::Pending, State::Attempting),
        Change::Conclude { outcome, .. } => (State::Attempting, OutcomeWords::of(outcome).state),
        Change::Skip { .. } => (State::Pending, State::Skipped),
    }
}

pub(super) fn row_of(change: &Change) -> i64 {
    match change {
        Change::Intend { row, .. } | Change::Conclude { row, .. } | Change::Skip { row, .. } => {
            row.0
        }
    }
}
