//! A plan's row.

use crate::ledger::error::Damage;
use crate::ledger::types::ConsumedPlan;
use crate::model::{PlanId, Timestamp};

use super::checksum::Checksum;
use super::values::{offer_end, phone};

/// The part of a plan's row that its checksum covers.
pub(in crate::ledger) struct StoredPlan<'r> {
    pub(in crate::ledger) campaign: i64,
    pub(in crate::ledger) plan_id: &'r str,
    pub(in crate::ledger) sender: i64,
    pub(in crate::ledger) consumed_at: i64,
    pub(in crate::ledger) offer_ends_at: Option<i64>,
    pub(in crate::ledger) offer_window_ms: Option<i64>,
    pub(in crate::ledger) terms: &'r str,
    pub(in crate::ledger) planned: i64,
}

impl StoredPlan<'_> {
    /// The checksum of this part.
    pub(in crate::ledger) fn checksum(&self) -> i64 {
        let optional = |value: Option<i64>| value.map(i64::to_le_bytes);
        Checksum::new()
            .integer(self.campaign)
            .text(Some(self.plan_id))
            .integer(self.sender)
            .integer(self.consumed_at)
            .value(optional(self.offer_ends_at).as_ref().map(|bytes| &bytes[..]))
            .value(optional(self.offer_window_ms).as_ref().map(|bytes| &bytes[..]))
            .text(Some(self.terms))
            .integer(self.planned)
            .finish()
    }

    /// What was consumed, if the row `id` is as it was written.
    pub(in crate::ledger) fn verified(
        &self,
        id: i64,
        checksum: i64,
    ) -> Result<ConsumedPlan, Damage> {
        let damaged = || Damage::Row { table: "plans", row: id };
        if self.checksum() != checksum {
            return Err(damaged());
        }
        Ok(ConsumedPlan {
            id: PlanId::parse(self.plan_id).ok_or_else(damaged)?,
            sender: phone(self.sender).ok_or_else(damaged)?,
            consumed_at: Timestamp::from_millis(self.consumed_at),
            offer_end: offer_end(self.offer_ends_at, self.offer_window_ms).ok_or_else(damaged)?,
            terms: serde_json::from_str(self.terms).map_err(|_| damaged())?,
            planned: u64::try_from(self.planned).map_err(|_| damaged())?,
        })
    }
}
