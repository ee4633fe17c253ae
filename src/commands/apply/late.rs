//! People whom a late exclude list names: part of what was approved, left out when it is
//! carried out. A plan only ever shrinks here; nobody is added.

use super::super::context::Context;
use super::super::error::CommandError;
use super::Work;
use crate::ledger::{Change, LockedLedger, PendingRow};
use crate::model::{PersonKey, Timestamp};
use crate::view::text::people;

/// The word that the ledger keeps.
const CAUSE: &str = "excluded";
/// How many rows are looked at together.
const PAGE: usize = 10_000;

/// What skips those of some people whom a late list names.
pub(super) fn skips(
    rows: &[PendingRow],
    is_late: impl Fn(PersonKey) -> bool,
    at: Timestamp,
) -> Vec<Change> {
    let late = rows.iter().filter(|row| is_late(row.number.person()));
    late.map(|row| Change::Skip { row: row.row, at, cause: CAUSE }).collect()
}

/// Skips everybody still pending whom a late list names now, on stable storage, before the
/// first request of this run.
pub(super) fn leave_out(
    context: &mut Context,
    ledger: &mut dyn LockedLedger,
    item: &Work<'_>,
) -> Result<(), CommandError> {
    let Work { prepared, decided } = item;
    if decided.plan.late_excluded == 0 {
        return Ok(());
    }
    let campaign = &prepared.entry.campaign.name;
    let id = decided.plan.id.expect("an apply plans with a ledger");
    let Some(found) = ledger.read().consumed(campaign, id)? else { return Ok(()) };
    let (at, mut after, mut count) = (context.clock.now(), None, 0);
    loop {
        let page = ledger.pending(found.row, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.row);
        let changes = skips(&page, |person| prepared.exclusions.is_late(person), at);
        count += changes.len() as u64;
        if !changes.is_empty() {
            ledger.write(&changes)?;
        }
    }
    context
        .tell(&format!("{campaign}  {} on late exclude lists will not be sent to", people(count)));
    Ok(())
}
