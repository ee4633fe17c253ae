//! A person's row of an older plan, which makes way for that of a new one.

use rusqlite::OptionalExtension;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::stored;
use crate::ledger::settlement::{AGAIN, AGAIN_BY};
use crate::model::{CampaignName, PhoneNumber, State, Timestamp};

use super::fault::Fault;
use super::statements::Statements;

const FIND: &str = "SELECT r.id, r.plan, d.state, d.attempts, r.round, d.cause = 'unsent',
    d.state = 'accepted' AND d.receipt = 'failed'
  FROM recipients AS r LEFT JOIN deliveries AS d ON d.id = r.id
  WHERE r.campaign = ?1 AND r.person = ?2";
const REMOVE: &str = "DELETE FROM deliveries
  WHERE id = ?1 AND state IN ('pending', 'skipped')";
const REMOVE_FAILED: &str = "DELETE FROM deliveries
  WHERE id = ?1 AND state = 'accepted' AND receipt = 'failed'";
// After their delivery.
const REMOVE_PERSON: &str = "DELETE FROM recipients WHERE id = ?1";
// Written before the row is removed, so that the first message stays in the person's history.
const AUDIT_FAILED: &str = "INSERT INTO audit (campaign, plan, number, person, attempted_at,
    from_state, from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT r.campaign, r.plan, r.number, r.person, d.attempted_at, d.state, d.receipt, 'pending',
    ?2, NULL, ?3, ?4
  FROM recipients AS r JOIN deliveries AS d ON d.id = r.id WHERE r.id = ?1";

/// The plan that takes a person over.
pub(super) struct Next<'p> {
    pub(super) campaign: i64,
    pub(super) name: &'p CampaignName,
    pub(super) plan: i64,
    pub(super) consumed_at: Timestamp,
    /// Whether people whose message failed later may be taken over.
    pub(super) again_after_failure: bool,
}

/// What a row of an older plan leaves to the next one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Past {
    pub(super) attempts: i64,
    /// How often the person was settled as unsent, or is sent to again after a failure.
    pub(super) round: i64,
}

struct Older {
    id: i64,
    plan: i64,
    state: Option<String>,
    past: Past,
    /// Whether the message was accepted and failed later.
    failed: bool,
}

/// Removes the person's row of an older plan, if it may be; returns what stays of it.
pub(super) fn make_way(
    statements: &mut Statements<'_>,
    next: &Next<'_>,
    number: PhoneNumber,
) -> Result<Past, Fault> {
    let person = stored(number.person().as_u64());
    let found = statements
        .get(FIND)?
        .query_row((next.campaign, person), |row| {
            let flag = |column| -> rusqlite::Result<bool> {
                Ok(row.get::<_, Option<bool>>(column)?.unwrap_or_default())
            };
            let (unsent, failed) = (flag(5)?, flag(6)?);
            let round = row.get::<_, i64>(4)? + i64::from(unsent || failed);
            let attempts = row.get::<_, Option<i64>>(3)?.unwrap_or_default();
            let past = Past { attempts, round };
            Ok(Older { id: row.get(0)?, plan: row.get(1)?, state: row.get(2)?, past, failed })
        })
        .optional()?;
    let Some(Older { id, plan, state, past, failed }) = found else {
        return Ok(Past::default());
    };
    let campaign = next.name.clone();
    if plan == next.plan {
        return Err(LedgerError::TwiceInPlan { campaign, number }.into());
    }
    let state = state.as_deref().and_then(State::parse);
    let state = state.ok_or_else(|| Fault::row("deliveries", id))?;
    let removed = if failed && next.again_after_failure {
        let at = next.consumed_at.as_millis();
        statements.run(AUDIT_FAILED, (id, AGAIN, AGAIN_BY, at))?;
        statements.run(REMOVE_FAILED, [id])?
    } else {
        statements.run(REMOVE, [id])?
    };
    if removed == 0 {
        return Err(LedgerError::Settled { campaign, number, state }.into());
    }
    match statements.run(REMOVE_PERSON, [id])? {
        1 => Ok(past),
        _ => Err(Fault::row("recipients", id)),
    }
}
