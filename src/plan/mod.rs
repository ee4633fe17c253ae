//! The decision who gets what, pure: no files, no clock, no network, no randomness.
//!
//! A [`Planner`] is shown everybody in the audience and what the ledger remembers, and
//! decides for each; [`Plan`] is the finished decision with everything a reviewer needs
//! to judge it. The executor is left no choice: what is not in the plan is not sent.
//!
//! A plan must never depend on the order of rows, on paths, or on when it is made, except
//! where it says so (schedule and warnings): the same meaning has the same id.

mod action;
mod again;
mod cost;
mod daily;
pub mod document;
mod earlier;
mod guard;
mod identity;
mod index;
mod inputs;
mod lookup;
mod past;
mod people;
mod planner;
mod sampling;
mod schedule;
mod summary;
mod terms;

#[cfg(test)]
mod tests;

pub use action::{Action, HoldReason, SkipReason};
pub use cost::PlanCost;
pub use earlier::EarlierPlan;
pub use guard::{Blocker, Cap, LimitCheck, Most, Notice};
pub use inputs::{InputDigest, RowMark, RowMarker, RowsChanged, Sketch};
pub use lookup::Lookup;
pub use past::{Decision, Past};
pub use planner::{Plan, Planned, Planner, PlanningContext, Progress};
pub use sampling::{Sample, SampleMessage};
pub use schedule::{DailySchedule, Schedule};
pub use summary::{AudienceSummary, CodeSummary, ExcludeSummary, InvalidRow, SourceSummary, Tally};
pub use terms::{FieldChange, ShownTerm, Terms};
