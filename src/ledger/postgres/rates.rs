//! The rate cards that plans were priced with.

use crate::ledger::error::LedgerError;
use crate::ledger::priced::KeptRates;
use crate::ledger::types::PlanRow;
use crate::model::{PlanId, Timestamp};

use super::fault::Fault;
use super::open::{LockedLedger, ReadLedger};
use super::session::{int, text};

const RATES: &str = "SELECT r.id, p.plan_id, r.since, r.card
  FROM offercast.rates AS r LEFT JOIN offercast.plans AS p ON p.id = r.plan ORDER BY r.id";

const LAST: &str = "SELECT card FROM offercast.rates WHERE plan = $1 ORDER BY id DESC LIMIT 1";

const KEEP: &str = "INSERT INTO offercast.rates (plan, since, card) VALUES ($1, $2, $3)";

impl ReadLedger {
    pub(super) fn read_rates(&self) -> Result<Vec<KeptRates>, LedgerError> {
        self.reading("read the rates", |session| {
            let rows = session.rows(RATES, &[])?;
            let kept = rows.iter().map(|row| {
                let plan = row.get::<_, Option<&str>>(1).and_then(PlanId::parse);
                Ok(KeptRates {
                    plan: plan.ok_or_else(|| Fault::row("rates", row.get(0)))?,
                    since: Timestamp::from_millis(row.get(2)),
                    card: row.get(3),
                })
            });
            kept.collect()
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
        self.writing("keep the rates", |session| {
            let last = session.row(LAST, &[int(&plan.0)])?;
            if last.is_none_or(|row| row.get::<_, &str>(0) != card) {
                let at = at.as_millis();
                session.run(KEEP, &[int(&plan.0), int(&at), text(&card)])?;
            }
            Ok(())
        })
    }
}
