//! The rate cards that plans were priced with.

use rusqlite::OptionalExtension;

use crate::ledger::error::LedgerError;
use crate::ledger::priced::KeptRates;
use crate::ledger::types::PlanRow;
use crate::model::{PlanId, Timestamp};

use super::fault::Fault;
use super::open::{LockedLedger, ReadLedger};

const RATES: &str = "SELECT r.id, p.plan_id, r.since, r.card
  FROM rates AS r LEFT JOIN plans AS p ON p.id = r.plan ORDER BY r.id";

const LAST: &str = "SELECT card FROM rates WHERE plan = ?1 ORDER BY id DESC LIMIT 1";

const KEEP: &str = "INSERT INTO rates (plan, since, card) VALUES (?1, ?2, ?3)";

impl ReadLedger {
    pub(super) fn read_rates(&self) -> Result<Vec<KeptRates>, LedgerError> {
        self.reading("read the rates", |connection| {
            let mut statement = connection.prepare(RATES)?;
            let mut rows = statement.query([])?;
            let mut kept = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let plan = row.get_ref(1)?.as_str_or_null()?.and_then(PlanId::parse);
                kept.push(KeptRates {
                    plan: plan.ok_or_else(|| Fault::row("rates", id))?,
                    since: Timestamp::from_millis(row.get(2)?),
                    card: row.get(3)?,
                });
            }
            Ok(kept)
        })
    }
}

impl LockedLedger {
    pub(super) fn add_rates(
        &mut self,
        plan: PlanRow,
        card: &str,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.transact("keep the rates", |connection| {
            let last: Option<String> =
                connection.query_row(LAST, [plan.0], |row| row.get(0)).optional()?;
            if last.as_deref() != Some(card) {
                connection.execute(KEEP, (plan.0, at.as_millis(), card))?;
            }
            Ok(())
        })
    }
}
