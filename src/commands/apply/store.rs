//! The ledger behind the engine's narrow interface.

use super::late;
use super::patience::{Patience, Turn};
use crate::audience::Late;
use crate::clock::Clock;
use crate::ledger::{Change, LockedLedger, PlanRow, RowId};
use crate::send::{Page, Store, StoreError};

/// The ledger, as the engine speaks to it: one plan of it.
pub(super) struct LedgerStore {
    pub(super) ledger: Box<dyn LockedLedger>,
    pub(super) plan: PlanRow,
    pub(super) late: Late,
    pub(super) clock: Clock,
    pub(super) patience: Patience,
}

impl LedgerStore {
    /// Writes changes; after an interruption only where they are not in the ledger yet.
    fn write_once(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let write = |ledger: &mut dyn LockedLedger, turn| match turn {
            Turn::First => ledger.write(changes),
            Turn::Again => ledger.write_again(changes),
        };
        self.patience.keep_on(&mut *self.ledger, write).map_err(StoreError::new)
    }
}

impl Store for LedgerStore {
    fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.write_once(changes)
    }

    fn pending(&mut self, after: Option<RowId>, limit: usize) -> Result<Page, StoreError> {
        if !self.ledger.is_shared() {
            let rows = self.ledger.pending(self.plan, after, limit).map_err(StoreError::new)?;
            return Ok(Page::of(rows, limit));
        }
        let mut after = after;
        loop {
            let claimed = self
                .patience
                .keep_on(&mut *self.ledger, |ledger, _| ledger.claim(self.plan, after, limit));
            let mut rows = claimed.map_err(StoreError::new)?;
            let Some(last) = rows.last() else {
                return Ok(Page { rows, is_last: true });
            };
            after = Some(last.row);
            let skips = late::skips(&rows, |person| self.late.contains(person), self.clock.now());
            if !skips.is_empty() {
                self.write_once(&skips)?;
                rows.retain(|row| !self.late.contains(row.number.person()));
            }
            if !rows.is_empty() {
                return Ok(Page { rows, is_last: false });
            }
        }
    }
}
