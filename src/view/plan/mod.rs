//! A plan in words and as data. One value, many texts; none of them decides anything.

pub mod human;
pub mod json;

use crate::model::{CampaignStatus, UtcOffset};
use crate::plan::Plan;

/// A plan with what only its readers need.
#[derive(Clone, Copy, Debug)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The campaign file as given on the command line.
    pub path: &'a str,
    /// The campaign's description.
    pub description: Option<&'a str>,
    /// The approved template's name and, if stated, language.
    pub template: &'a str,
    /// The offset times are shown in.
    pub offset: UtcOffset,
    /// The rate, as written.
    pub rate: &'a str,
    /// Whether the offer's end is still to be fixed by the first apply.
    pub end_is_open: bool,
    /// The command that applies this plan; `None` when it cannot be applied.
    pub apply_command: Option<&'a str>,
}

/// The plan's verdict in one word, as data.
fn verdict(plan: &Plan) -> &'static str {
    match plan.status {
        CampaignStatus::Paused => "paused",
        CampaignStatus::Ended => "ended",
        CampaignStatus::Active if plan.tally.send == 0 => "nothing_to_do",
        CampaignStatus::Active if !plan.blockers.is_empty() => "blocked",
        CampaignStatus::Active => "ready",
    }
}
