//! The plan as a value that can be kept: what files hold and every view is made from.
//!
//! A [`PlanObject`] is canonical: the same meaning gives the same bytes, whatever the order
//! of rows, the time, the paths, the comments and the machine. It holds no telephone number,
//! no code, no secret and no reading of a clock, and its size does not grow with the
//! audience. What differs without meaning anything (paths, description, pace, where a sample
//! stands) is in the [`Envelope`] beside it. What depends on when somebody looks is a
//! [`Moment`], made anew from both.

/// The JSON Schema of a [`PlanDocument`].
pub const PLAN_SCHEMA: &str = include_str!("../../../schemas/plan.v1.schema.json");

/// How many people a plan shows: enough to read, few enough to be read.
pub const SAMPLES: usize = 20;

mod difference;
mod envelope;
mod file;
mod findings;
mod making;
mod moment;
mod object;

pub use difference::NamedPlan;
pub use envelope::{Envelope, EnvelopeEntry, InvalidRowObject, StatusWord, TextObject};
pub use file::{DocumentError, PlanDocument};
pub use moment::{Moment, VerdictWord};
pub use object::{
    AllowedRule, AnchorWord, ChangeObject, CodesObject, CodesWord, CostMarket, CostObject, Country,
    Counts, ExcludeInput, Finding, Inputs, LimitObject, LimitSourceWord, OfferObject, PlanObject,
    ProgressWord, RecipientInput, SampleObject, TemplateObject, Term,
};
