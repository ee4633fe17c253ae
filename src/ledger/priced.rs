//! What messages were priced with.

use crate::model::{PlanId, Timestamp};

/// The rate card that a plan's messages were priced with from some time on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRates {
    /// The plan.
    pub plan: PlanId,
    /// Since when, until the next one of the same plan.
    pub since: Timestamp,
    /// The card, as `rates` reads and writes it.
    pub card: String,
}
