//! Settling what could not be known: by a person's word or by Kaleyra's report. Each
//! settlement leaves an audit row, in the transaction that makes it.

use rusqlite::Connection;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{phone, stored};
use crate::ledger::serial::Occasion;
use crate::ledger::settlement::{AuditRow, Decision, Settlement, TestSendRow, Verdict};
use crate::ledger::types::RowId;
use crate::model::{CampaignName, PersonKey, PlanId, State, Timestamp};

use super::consume::state_of;
use super::fault::Fault;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::statements::Statements;

// Written before the change, so that it tells what was.
const AUDIT: &str = "INSERT INTO audit (campaign, plan, number, person, attempted_at,
    from_state, from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT r.campaign, r.plan, r.number, r.person, d.attempted_at, d.state, d.cause,
    ?2, ?3, ?4, ?5, ?6
  FROM recipients AS r JOIN deliveries AS d ON d.id = r.id WHERE r.id = ?1";

const SENT: &str = "UPDATE deliveries SET state = 'accepted', cause = 'resolved',
    accepted_at = coalesce(attempted_at, ?2), updated_at = ?2
  WHERE id = ?1 AND state = 'unknown'";
// No plan has those who are forgotten.
const NOT_SENT: &str = "UPDATE deliveries AS d SET state = 'skipped',
    cause = CASE WHEN r.number < 0 THEN 'forgotten' ELSE 'unsent' END, updated_at = ?2
  FROM recipients AS r WHERE r.id = d.id AND d.id = ?1 AND d.state = 'unknown'";
// Nothing is learnt any more about those who are forgotten.
const REPORTED: &str = "UPDATE deliveries SET state = 'accepted',
    cause = CASE state WHEN 'accepted' THEN cause ELSE 'reported' END,
    message_id = coalesce(message_id, ?3), receipt = ?4,
    accepted_at = coalesce(accepted_at, attempted_at, ?2), updated_at = ?2
  WHERE id = ?1 AND EXISTS (SELECT 1 FROM recipients WHERE id = ?1 AND number > 0)
    AND (state IN ('unknown', 'accepted') OR (state = 'skipped' AND cause = 'unsent'))";

const DECISIONS: &str = "SELECT a.id, c.name, p.plan_id, a.attempted_at, a.from_state,
    a.from_cause, a.to_state, a.reason, a.evidence, a.done_by, a.done_at
  FROM audit AS a LEFT JOIN campaigns AS c ON c.id = a.campaign
    LEFT JOIN plans AS p ON p.id = a.plan
  WHERE a.person = ?1 ORDER BY a.id";

const TESTS: &str = "SELECT id, campaign, number, state, cause, message_id, request_id, sent_at
  FROM test_sends ORDER BY id";

impl LockedLedger {
    /// Settles all of these or, when one of them is not in a state that can be settled so,
    /// none. On stable storage when it returns.
    pub fn settle(
        &mut self,
        settlements: &[Settlement],
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        self.reader.forget_survey();
        self.writing("settle outcomes", |connection| {
            let mut statements = Statements::new(connection);
            for settlement in settlements {
                settle(&mut statements, connection, settlement, decision)?;
            }
            marks::add(connection, decision.at, Occasion::Settled)
        })
        .and_then(|mark| self.keep_mark(mark))
    }
}

fn settle(
    statements: &mut Statements<'_>,
    connection: &Connection,
    Settlement { row, verdict }: &Settlement,
    decision: &Decision,
) -> Result<(), Fault> {
    let RowId(id) = *row;
    let at = decision.at.as_millis();
    let to = match verdict {
        Verdict::Sent | Verdict::Reported { .. } => State::Accepted,
        Verdict::Unsent => State::Skipped,
    };
    let (evidence, by) = (decision.evidence.as_deref(), decision.by.as_str());
    let noted = statements.run(AUDIT, (id, to.as_str(), verdict.reason(), evidence, by, at))?;
    let changed = match verdict {
        Verdict::Sent => statements.run(SENT, (id, at))?,
        Verdict::Unsent => statements.run(NOT_SENT, (id, at))?,
        Verdict::Reported { receipt, message_id } => {
            let message_id = message_id.as_ref().map(crate::model::MessageId::as_str);
            statements.run(REPORTED, (id, at, message_id, receipt.as_str()))?
        }
    };
    if (noted, changed) == (1, 1) {
        return Ok(());
    }
    let found = state_of(connection, id)?;
    if noted == 0 && found.is_some() {
        return Err(Fault::row("recipients", id));
    }
    Err(LedgerError::UnexpectedState { row: *row, expected: State::Unknown, found }.into())
}

impl ReadLedger {
    /// What was settled about a person over all campaigns, the latest last.
    pub fn decisions(&self, person: PersonKey) -> Result<Vec<AuditRow>, LedgerError> {
        self.reading("read what was settled", |connection| {
            let mut statement = connection.prepare(DECISIONS)?;
            let mut rows = statement.query([stored(person.as_u64())])?;
            let mut decisions = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let damaged = || Fault::row("audit", id);
                let state = |column: usize| -> Result<State, Fault> {
                    State::parse(row.get_ref(column)?.as_str()?).ok_or_else(damaged)
                };
                decisions.push(AuditRow {
                    campaign: CampaignName::new(row.get_ref(1)?.as_str()?)
                        .map_err(|_| damaged())?,
                    plan: PlanId::parse(row.get_ref(2)?.as_str()?).ok_or_else(damaged)?,
                    attempted_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                    from: state(4)?,
                    from_cause: row.get(5)?,
                    to: state(6)?,
                    reason: row.get(7)?,
                    evidence: row.get(8)?,
                    by: row.get(9)?,
                    at: Timestamp::from_millis(row.get(10)?),
                });
            }
            Ok(decisions)
        })
    }

    /// All messages to testers, in the order they were sent.
    pub fn test_sends(&self) -> Result<Vec<TestSendRow>, LedgerError> {
        self.reading("read the test messages", |connection| {
            let mut statement = connection.prepare(TESTS)?;
            let mut rows = statement.query([])?;
            let mut tests = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let damaged = || Fault::row("test_sends", id);
                tests.push(TestSendRow {
                    campaign: CampaignName::new(row.get_ref(1)?.as_str()?)
                        .map_err(|_| damaged())?,
                    number: phone(row.get(2)?).ok_or_else(damaged)?,
                    state: State::parse(row.get_ref(3)?.as_str()?).ok_or_else(damaged)?,
                    cause: row.get(4)?,
                    message_id: row.get(5)?,
                    request_id: row.get(6)?,
                    at: Timestamp::from_millis(row.get(7)?),
                });
            }
            Ok(tests)
        })
    }
}
