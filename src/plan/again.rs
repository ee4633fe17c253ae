//! Sending again to people whose message failed later: reviewed, and for one plan only.

use super::terms::Terms;
use crate::ledger::Snapshot;
use crate::model::GuardRule;

/// Whether people whose message failed later are sent to again: the terms allow it, and the
/// plan consumed last was not the one that this was for.
pub(super) fn is_allowed(snapshot: Option<&Snapshot>, terms: &Terms) -> bool {
    let field = Terms::allowance_field(GuardRule::Failed);
    let stated = |pairs: &[(String, String)]| {
        pairs.iter().find(|(name, _)| *name == field).map(|(_, value)| value.clone())
    };
    let memory = snapshot.and_then(|snapshot| snapshot.campaign.as_ref());
    let last_plan = memory.and_then(|memory| memory.last_plan.as_ref());
    let used = last_plan.and_then(|plan| stated(&plan.terms));
    let now = stated(terms.pairs());
    now.is_some() && now != used
}
