//! Ranges of a plan's people: a machine claims one at a time, and only it may send to those
//! in it while its lease holds.

use crate::ledger::error::LedgerError;
use crate::ledger::rows::stored;
use crate::ledger::types::{PendingRow, PlanRow, RowId};
use crate::model::Timestamp;

use super::company::{DECIDE, expect_member};
use super::fault::Fault;
use super::open::LockedLedger;
use super::session::{Session, int, ints};
use super::snapshot::pending_between;

/// The fewest people worth claiming.
const FEWEST: i64 = 20;

const WORKS: &str = "UPDATE offercast.machines SET working = true WHERE epoch = $1";

// One whose claim was written while its answer was lost.
const FOUND: &str = "SELECT id, first_row, last_row FROM offercast.ranges
  WHERE plan = $1 AND epoch = $2 AND NOT (id = ANY ($3)) ORDER BY id LIMIT 1";

const FREE: &str = "SELECT id, first_row, last_row FROM offercast.ranges
  WHERE plan = $1 AND epoch IS NULL AND first_row > $2 ORDER BY first_row LIMIT 1";
const TAKE: &str = "UPDATE offercast.ranges SET epoch = $2 WHERE id = $1";

const END: &str = "SELECT coalesce(max(last_row), 0) FROM offercast.ranges WHERE plan = $1";
const MACHINES: &str = "SELECT count(*) FROM offercast.machines
  WHERE plan = $1 AND (working OR wants)";
const LEFT: &str = "SELECT count(*) FROM (SELECT 1 FROM offercast.recipients
  WHERE plan = $1 AND id > $2 AND state = 'pending' LIMIT $3) AS found";
const NEXT: &str = "SELECT min(id), max(id) FROM (SELECT id FROM offercast.recipients
  WHERE plan = $1 AND id > $2 AND state = 'pending' ORDER BY id LIMIT $3) AS found";
const CLAIM: &str = "INSERT INTO offercast.ranges (plan, first_row, last_row, epoch)
  VALUES ($1, $2, $3, $4) RETURNING id";

const RESCUE: &str = "UPDATE offercast.recipients AS r
  SET state = 'unknown', cause = 'crash', updated_at = $2
  FROM offercast.ranges AS g
  WHERE g.epoch = $1 AND r.plan = g.plan AND r.id BETWEEN g.first_row AND g.last_row
    AND r.state = 'attempting' AND r.epoch = $1";
const FREE_AGAIN: &str = "UPDATE offercast.ranges AS g SET epoch = NULL
  WHERE g.epoch = $1 AND EXISTS (SELECT 1 FROM offercast.recipients AS r WHERE r.plan = g.plan
    AND r.id BETWEEN g.first_row AND g.last_row AND r.state = 'pending')";

const MORE: &str = "SELECT EXISTS (SELECT 1 FROM offercast.ranges
    WHERE plan = $1 AND epoch IS NULL)
  OR EXISTS (SELECT 1 FROM offercast.recipients WHERE plan = $1 AND state = 'pending'
    AND id > (SELECT coalesce(max(last_row), 0) FROM offercast.ranges WHERE plan = $1))";

// Whoever works, or is about to, may have the people of its ranges before it; nobody else has.
const STRANDED: &str = "UPDATE offercast.ranges AS g SET epoch = NULL
  FROM offercast.machines AS own
  WHERE own.epoch = $1 AND g.plan = own.plan AND g.epoch IS NOT NULL
    AND (g.epoch = $1 OR NOT EXISTS (SELECT 1 FROM offercast.machines AS m
      WHERE m.epoch = g.epoch AND (m.working OR m.wants)))
    AND EXISTS (SELECT 1 FROM offercast.recipients AS r WHERE r.plan = g.plan
      AND r.id BETWEEN g.first_row AND g.last_row AND r.state = 'pending')";
const OTHERS_WORK: &str = "SELECT own.plan, EXISTS (SELECT 1 FROM offercast.machines AS m
    WHERE m.epoch <> own.epoch AND m.plan = own.plan AND m.working)
  FROM offercast.machines AS own WHERE own.epoch = $1";

/// Frees ranges that somebody waits in whom nobody has before them, as part of the caller's
/// transaction; whether anybody waits at all, or may yet while others work.
pub(super) fn reclaim(session: &Session, epoch: i64) -> Result<bool, Fault> {
    let freed = session.run(STRANDED, &[int(&epoch)])?;
    let own = session.row(OTHERS_WORK, &[int(&epoch)])?;
    expect_member(session, u64::from(own.is_some()))?;
    let (plan, others_work) = own.map_or((None, false), |row| (row.get(0), row.get(1)));
    let has_more = match plan {
        Some(plan) => has_more(session, plan)?,
        None => false,
    };
    Ok(freed > 0 || has_more || others_work)
}

/// Whether somebody waits whom no machine has claimed.
pub(super) fn has_more(session: &Session, plan: i64) -> Result<bool, Fault> {
    let row = session.row(MORE, &[int(&plan)])?.expect("a SELECT without FROM has one row");
    Ok(row.get(0))
}

/// Frees what a machine claimed and did not get to, as part of the caller's transaction.
/// Whoever was on its wire is unknown from here on; returns how many.
pub(super) fn give_back(session: &Session, epoch: i64, now: Timestamp) -> Result<u64, Fault> {
    let rescued = session.run(RESCUE, &[int(&epoch), int(&now.as_millis())])?;
    session.run(FREE_AGAIN, &[int(&epoch)])?;
    Ok(rescued)
}

impl LockedLedger {
    /// Claims people after a row: nobody else sends to them. None are left when there are
    /// none.
    pub(super) fn claim_pending(
        &mut self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        let session = &self.reader.session;
        let known = self.may_have_claimed.then_some(self.claimed.as_slice());
        let claim = || -> Result<_, Fault> {
            session.batch("BEGIN")?;
            session.batch(DECIDE)?;
            expect_member(session, session.run(WORKS, &[int(&self.hold.epoch)])?)?;
            if let Some(known) = known {
                let found = claimed_unknowingly(session, self.hold.epoch, plan.0, known)?;
                if found.is_some() {
                    session.batch("COMMIT")?;
                    return Ok(found);
                }
            }
            let claimed = claim(session, self.hold.epoch, plan.0, after, stored(limit as u64))?;
            session.batch("COMMIT")?;
            Ok(claimed)
        };
        let claimed =
            claim().map_err(|fault| self.reader.fail(fault, "claim who is to be sent to"))?;
        self.may_have_claimed = false;
        let Some((range, rows)) = claimed else { return Ok(Vec::new()) };
        self.claimed.push(range);
        Ok(rows)
    }
}

/// A range with the people in it who wait.
type Claimed = (i64, Vec<PendingRow>);

/// The range whose claim was written without this machine hearing of it, if somebody waits
/// in it.
fn claimed_unknowingly(
    session: &Session,
    epoch: i64,
    plan: i64,
    known: &[i64],
) -> Result<Option<Claimed>, Fault> {
    let Some(found) = session.row(FOUND, &[int(&plan), int(&epoch), ints(&known)])? else {
        return Ok(None);
    };
    let rows = pending_between(session, plan, found.get(1), found.get(2))?;
    Ok((!rows.is_empty()).then(|| (found.get(0), rows)))
}

fn claim(
    session: &Session,
    epoch: i64,
    plan: i64,
    after: Option<RowId>,
    limit: i64,
) -> Result<Option<Claimed>, Fault> {
    let after = after.map_or(0, |row| row.0);
    while let Some(free) = session.row(FREE, &[int(&plan), int(&after)])? {
        let id: i64 = free.get(0);
        session.run(TAKE, &[int(&id), int(&epoch)])?;
        let rows = pending_between(session, plan, free.get(1), free.get(2))?;
        if !rows.is_empty() {
            return Ok(Some((id, rows)));
        }
    }
    let number = |sql: &str, params: &[_]| -> Result<i64, Fault> {
        Ok(session.row(sql, params)?.expect("an aggregate has one row").get(0))
    };
    let end = number(END, &[int(&plan)])?.max(after);
    let machines = number(MACHINES, &[int(&plan)])?.max(1);
    // The last ones are shared out more finely, so that machines end together.
    let enough = 2 * machines * limit;
    let left = number(LEFT, &[int(&plan), int(&end), int(&enough)])?;
    let size = (left / (2 * machines)).clamp(FEWEST.min(limit), limit);
    let next = session.row(NEXT, &[int(&plan), int(&end), int(&size)])?;
    let bounds = next.map(|row| (row.get(0), row.get(1)));
    let Some((Some(first), Some(last))) = bounds else { return Ok(None) };
    let range = session.row(CLAIM, &[int(&plan), int(&first), int(&last), int(&epoch)])?;
    let range = range.expect("an INSERT returns its row").get(0);
    Ok(Some((range, pending_between(session, plan, first, last)?)))
}
