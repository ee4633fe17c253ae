//! Where campaigns stand.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::error::LedgerError;
use crate::ledger::settlement::UNSENT;
use crate::ledger::types::{CampaignStatusRow, LastStop};
use crate::model::{CampaignName, Receipt, State, StateCounts, Timestamp, UnknownCause};

use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{everybody, read_state};
use super::snapshot::plans;

const CAMPAIGNS: &str = "SELECT id, name FROM campaigns ORDER BY name";

// Counted here and not by GROUP BY, which would sort every row.
const STATES: &str =
    concat!("SELECT r.id, r.campaign, d.state, d.cause, d.receipt FROM ", everybody!());

const LAST_STOP: &str = "SELECT stopped_at, reason, detail FROM stops
  WHERE campaign = ?1 ORDER BY id DESC LIMIT 1";

impl ReadLedger {
    /// The campaigns whose last plan was consumed since then, by name. Reads no recipient.
    pub fn consumed_since(&self, since: Timestamp) -> Result<Vec<CampaignName>, LedgerError> {
        self.reading("look for other campaigns", |connection| {
            let mut statement = connection.prepare(CAMPAIGNS)?;
            let mut rows = statement.query([])?;
            let mut campaigns = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if plans(connection, id)?.last().is_some_and(|(_, last)| last.consumed_at >= since)
                {
                    campaigns.push(campaign_name(id, row.get_ref(1)?.as_str()?)?);
                }
            }
            Ok(campaigns)
        })
    }

    /// One line for each campaign, by name.
    pub fn status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError> {
        self.reading("read the status", |connection| {
            let mut statement = connection.prepare(CAMPAIGNS)?;
            let mut rows = statement.query([])?;
            let mut tallies = tally(connection)?;
            let mut lines = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let name = campaign_name(id, row.get_ref(1)?.as_str()?)?;
                let tally = tallies.remove(&id).unwrap_or_default();
                lines.push(line(connection, id, name, tally)?);
            }
            Ok(lines)
        })
    }
}

/// The name in a campaign's row.
pub(super) fn campaign_name(row: i64, name: &str) -> Result<CampaignName, Fault> {
    CampaignName::new(name).map_err(|_| Fault::row("campaigns", row))
}

fn line(
    connection: &Connection,
    id: i64,
    campaign: CampaignName,
    tally: Tally,
) -> Result<CampaignStatusRow, Fault> {
    let last = plans(connection, id)?.pop().map(|(_, plan)| plan);
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
        counts: tally.counts,
        unknown: tally.unknown.into_iter().collect(),
        receipts: tally.receipts.into_iter().collect(),
        unsent: tally.unsent,
        last_stop,
    })
}

/// Where a campaign's people stand.
#[derive(Default)]
struct Tally {
    /// Everybody by state.
    counts: StateCounts,
    /// The unknown ones by cause.
    unknown: BTreeMap<UnknownCause, u64>,
    /// The accepted ones by what a report told later.
    receipts: BTreeMap<Receipt, u64>,
    /// The skipped ones who were settled as unsent.
    unsent: u64,
}

/// Counts all campaigns, by their row ids.
fn tally(connection: &Connection) -> Result<BTreeMap<i64, Tally>, Fault> {
    let mut tallies = BTreeMap::<i64, Tally>::new();
    let mut statement = connection.prepare(STATES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let damaged = || Fault::row("deliveries", id);
        let tally = tallies.entry(row.get(1)?).or_default();
        let state = read_state(row, 2, id)?;
        tally.counts.add(state, 1);
        match state {
            State::Unknown => {
                let cause = UnknownCause::parse(row.get_ref(3)?.as_str()?).ok_or_else(damaged)?;
                *tally.unknown.entry(cause).or_default() += 1;
            }
            State::Accepted => {
                if let Some(word) = row.get_ref(4)?.as_str_or_null()? {
                    let receipt = Receipt::parse(word).ok_or_else(damaged)?;
                    *tally.receipts.entry(receipt).or_default() += 1;
                }
            }
            State::Skipped => tally.unsent += u64::from(row.get_ref(3)?.as_str()? == UNSENT),
            State::Pending | State::Attempting | State::Rejected => {}
        }
    }
    Ok(tallies)
}
