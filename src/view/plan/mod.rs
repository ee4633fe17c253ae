//! A plan in words and as data. One value, many texts; none of them decides anything.

pub mod changes;
mod decision;
pub mod html;
pub mod human;
pub mod json;
mod limits;
pub mod markdown;

pub use decision::{decision, validity};

use crate::plan::document::{EnvelopeEntry, Moment, PlanObject, SampleObject};

/// A plan with what its readers need.
#[derive(Clone, Copy, Debug)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a PlanObject,
    /// What goes with it.
    pub entry: &'a EnvelopeEntry,
    /// What it comes to now.
    pub moment: &'a Moment,
    /// The command that applies this plan; `None` when it cannot be applied.
    pub apply_command: Option<&'a str>,
    /// How many samples to show.
    pub samples: usize,
    /// The samples in full, for a person who asked for them on their own terminal.
    pub revealed: Option<&'a [SampleObject]>,
}
