//! Where campaigns stand.

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::error::LedgerError;
use crate::ledger::types::{CampaignStatusRow, LastStop};
use crate::model::{CampaignName, State, StateCounts, Timestamp, UnknownCause};

use super::fault::Fault;
use super::open::ReadLedger;
use super::snapshot::plans;

const CAMPAIGNS: &str = "SELECT id, name FROM campaigns ORDER BY name";

// Counted here and not by GROUP BY, which would sort every row.
const STATES: &str = "SELECT r.id, r.state, r.cause
  FROM plans AS p CROSS JOIN recipients AS r ON r.plan = p.id WHERE p.campaign = ?1";

const LAST_STOP: &str = "SELECT stopped_at, reason, detail FROM stops
  WHERE campaign = ?1 ORDER BY id DESC LIMIT 1";

impl ReadLedger {
    /// One line for each campaign, by name.
    pub fn status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError> {
        self.reading("read the status", |connection| {
            let mut statement = connection.prepare(CAMPAIGNS)?;
            let mut rows = statement.query([])?;
            let mut lines = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let name = CampaignName::new(row.get_ref(1)?.as_str()?)
                    .map_err(|_| Fault::row("campaigns", id))?;
                lines.push(line(connection, id, name)?);
            }
            Ok(lines)
        })
    }
}

fn line(
    connection: &Connection,
    id: i64,
    campaign: CampaignName,
) -> Result<CampaignStatusRow, Fault> {
    let last = plans(connection, id)?.pop().map(|(_, plan)| plan);
    let (counts, unknown) = tally(connection, id)?;
    let last_stop = connection
        .query_row(LAST_STOP, [id], |row| {
            Ok(LastStop {
                at: Timestamp::from_millis(row.get(0)?),
                reason: row.get(1)?,
                detail: row.get(2)?,
            })
        })
        .optional()?;
    Ok(CampaignStatusRow {
        campaign,
        plan: last.as_ref().map(|plan| plan.id),
        consumed_at: last.map(|plan| plan.consumed_at),
        counts,
        unknown,
        last_stop,
    })
}

/// Everybody of a campaign by state, and the unknown ones by cause.
pub(super) fn tally(
    connection: &Connection,
    campaign: i64,
) -> Result<(StateCounts, Vec<(UnknownCause, u64)>), Fault> {
    let mut counts = StateCounts::default();
    let mut unknown = UnknownCause::ALL.map(|cause| (cause, 0));
    let mut statement = connection.prepare(STATES)?;
    let mut rows = statement.query([campaign])?;
    while let Some(row) = rows.next()? {
        let damaged = || Fault::row("recipients", row.get(0).unwrap_or_default());
        let state = State::parse(row.get_ref(1)?.as_str()?).ok_or_else(damaged)?;
        counts.add(state, 1);
        if state == State::Unknown {
            let cause = UnknownCause::parse(row.get_ref(2)?.as_str()?).ok_or_else(damaged)?;
            let entry = unknown.iter_mut().find(|(known, _)| *known == cause);
            entry.ok_or_else(damaged)?.1 += 1;
        }
    }
    Ok((counts, unknown.into_iter().filter(|(_, count)| *count > 0).collect()))
}
