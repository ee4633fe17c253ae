//! Where campaigns stand.

use std::collections::BTreeMap;

use crate::ledger::error::LedgerError;
use crate::ledger::settlement::UNSENT;
use crate::ledger::types::{CampaignStatusRow, LastStop};
use crate::model::{CampaignName, Receipt, State, StateCounts, Timestamp, UnknownCause};

use super::fault::Fault;
use super::open::ReadLedger;
use super::session::{Session, int};
use super::snapshot::plans;

const CAMPAIGNS: &str = "SELECT id, name FROM offercast.campaigns ORDER BY name COLLATE \"C\"";

// The causes that are counted are few; those of rejected people are Kaleyra's and may be many.
const STATES: &str = "SELECT campaign, state,
    CASE WHEN state IN ('unknown', 'skipped') THEN cause END AS why, receipt, count(*)
  FROM offercast.recipients WHERE $1 IS NULL OR campaign = $1
  GROUP BY campaign, state, why, receipt";

const LAST_STOP: &str = "SELECT stopped_at, reason, detail FROM offercast.stops
  WHERE campaign = $1 ORDER BY id DESC LIMIT 1";

impl ReadLedger {
    pub(super) fn read_consumed_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<CampaignName>, LedgerError> {
        self.reading("look for other campaigns", |session| {
            let mut names = Vec::new();
            for row in session.rows(CAMPAIGNS, &[])? {
                let id = row.get(0);
                if plans(session, id)?.last().is_some_and(|(_, last)| last.consumed_at >= since) {
                    names.push(campaign_name(id, row.get(1))?);
                }
            }
            Ok(names)
        })
    }

    pub(super) fn read_status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError> {
        self.reading("read the status", |session| {
            let mut tallies = tally(session, None)?;
            let campaigns = session.rows(CAMPAIGNS, &[])?;
            let lines = campaigns.iter().map(|row| {
                let id = row.get(0);
                let name = campaign_name(id, row.get(1))?;
                line(session, id, name, tallies.remove(&id).unwrap_or_default())
            });
            lines.collect()
        })
    }
}

/// The name in a campaign's row.
pub(super) fn campaign_name(row: i64, name: &str) -> Result<CampaignName, Fault> {
    CampaignName::new(name).map_err(|_| Fault::row("campaigns", row))
}

fn line(
    session: &Session,
    id: i64,
    campaign: CampaignName,
    tally: Tally,
) -> Result<CampaignStatusRow, Fault> {
    let last = plans(session, id)?.pop().map(|(_, plan)| plan);
    let last_stop = session.row(LAST_STOP, &[int(&id)])?.map(|row| LastStop {
        at: Timestamp::from_millis(row.get(0)),
        reason: row.get(1),
        detail: row.get(2),
    });
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
pub(super) struct Tally {
    /// Everybody by state.
    pub(super) counts: StateCounts,
    /// The unknown ones by cause.
    unknown: BTreeMap<UnknownCause, u64>,
    /// The accepted ones by what a report told later.
    receipts: BTreeMap<Receipt, u64>,
    /// The skipped ones who were settled as unsent.
    unsent: u64,
}

/// Counts one campaign, or all, by their row ids.
pub(super) fn tally(
    session: &Session,
    campaign: Option<i64>,
) -> Result<BTreeMap<i64, Tally>, Fault> {
    let mut tallies = BTreeMap::<i64, Tally>::new();
    session.each(STATES, &[int(&campaign)], &mut |row| {
        let damaged = || Fault::row("recipients", 0);
        let tally = tallies.entry(row.get(0)).or_default();
        let state = State::parse(row.get(1)).ok_or_else(damaged)?;
        let (cause, receipt): (Option<&str>, Option<&str>) = (row.get(2), row.get(3));
        let count = row.get::<_, i64>(4).cast_unsigned();
        tally.counts.add(state, count);
        match state {
            State::Unknown => {
                let cause = cause.and_then(UnknownCause::parse).ok_or_else(damaged)?;
                *tally.unknown.entry(cause).or_default() += count;
            }
            State::Accepted => {
                if let Some(word) = receipt {
                    let receipt = Receipt::parse(word).ok_or_else(damaged)?;
                    *tally.receipts.entry(receipt).or_default() += count;
                }
            }
            State::Skipped if cause == Some(UNSENT) => tally.unsent += count,
            State::Skipped | State::Pending | State::Attempting | State::Rejected => {}
        }
        Ok(())
    })?;
    Ok(tallies)
}
