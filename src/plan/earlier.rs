//! The plan before: what a new one is held against.

use super::document::NamedPlan;
use super::guard::Blocker;
use super::summary::AudienceSummary;
use super::terms::Terms;
use crate::ledger::ConsumedPlan;

/// What is known of an earlier plan of the same campaign: the one consumed last, or one that
/// was kept in a file and perhaps never applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EarlierPlan {
    /// The people it sent to.
    people: u64,
    /// The exclude lists it was made with, and their rows.
    exclude_rows: Vec<(String, u64)>,
}

impl From<&ConsumedPlan> for EarlierPlan {
    fn from(plan: &ConsumedPlan) -> Self {
        Self { people: plan.planned, exclude_rows: Terms::exclude_rows(&plan.terms) }
    }
}

impl From<NamedPlan<'_>> for EarlierPlan {
    fn from(NamedPlan { plan, entry }: NamedPlan<'_>) -> Self {
        let rows = entry.exclude.iter().cloned().zip(entry.exclude_rows.iter().copied());
        Self {
            people: plan.planned_before.unwrap_or(plan.counts.send),
            exclude_rows: rows.collect(),
        }
    }
}

/// A plan this many times as large as the one before has grown too much.
const GROWTH_FACTOR: u64 = 2;
/// Growth by fewer people than this is no growth.
const GROWTH_LEAST: u64 = 100;

/// Whether a new plan is out of proportion to one before it: to the smallest it outgrew.
pub(super) fn growth(people: u64, earlier: &[EarlierPlan]) -> Option<Blocker> {
    let outgrown = earlier.iter().map(|plan| plan.people).filter(|before| {
        people > before.saturating_mul(GROWTH_FACTOR)
            && people.saturating_sub(*before) >= GROWTH_LEAST
    });
    outgrown.min().map(|before| Blocker::Growth { people, before })
}

/// Exclude lists that lost more than a hundredth of the most rows they had in a plan before.
pub(super) fn shrunk(audience: &AudienceSummary, earlier: &[EarlierPlan]) -> Option<Blocker> {
    let lists: Vec<_> = audience
        .excluded
        .iter()
        .filter_map(|list| {
            let kept = earlier.iter().flat_map(|plan| &plan.exclude_rows);
            let rows = kept.filter(|(name, _)| *name == list.name).map(|(_, rows)| *rows);
            let before = rows.max()?;
            let shrank = list.rows < before && (before - list.rows) * 100 > before;
            shrank.then(|| (list.name.clone(), before, list.rows))
        })
        .collect();
    let gone = lists.iter().map(|(_, before, now)| before - now).sum();
    (!lists.is_empty()).then_some(Blocker::ExcludeShrank { lists, gone })
}
