//! Several campaigns' plans in one document: what a plan file holds.

use serde::{Deserialize, Serialize};

use super::difference::NamedPlan;
use super::envelope::Envelope;
use super::object::PlanObject;
use crate::model::{PlanId, Rate, Timestamp, UtcOffset};

/// The only version there is.
const VERSION: u32 = 1;

/// The plans of one invocation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// The version of this format.
    pub version: u32,
    /// The plans, in path order.
    pub plans: Vec<PlanObject>,
    /// What goes with them and means nothing.
    pub envelope: Envelope,
    /// HMAC-SHA-256 over everything above, keyed by the ledger's secret; `None` when planned
    /// without a ledger.
    pub seal: Option<String>,
}

/// A document that is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// Another version.
    #[error("its version is {0}, and this version of offercast knows version {VERSION}")]
    Version(u32),
    /// The parts do not belong together.
    #[error("`{0}` does not fit the rest of it")]
    Field(&'static str),
}

impl PlanDocument {
    /// Each plan with what goes with it.
    pub fn named(&self) -> impl Iterator<Item = NamedPlan<'_>> {
        let pairs = self.plans.iter().zip(&self.envelope.campaigns);
        pairs.map(|(plan, entry)| NamedPlan { plan, entry })
    }

    /// A document that is not sealed yet.
    pub fn new(plans: Vec<PlanObject>, envelope: Envelope) -> Self {
        Self { version: VERSION, plans, envelope, seal: None }
    }

    /// Checks what the types alone do not say.
    pub fn check(&self) -> Result<(), DocumentError> {
        if self.version != VERSION {
            return Err(DocumentError::Version(self.version));
        }
        let field =
            |fits: bool, field| if fits { Ok(()) } else { Err(DocumentError::Field(field)) };
        field(!self.plans.is_empty(), "plans")?;
        let expires_at = self.envelope.expires_at.as_deref();
        field(expires_at.is_none_or(|text| Timestamp::parse(text).is_some()), "expires_at")?;
        field(self.plans.len() == self.envelope.campaigns.len(), "campaigns")?;
        for (plan, entry) in self.plans.iter().zip(&self.envelope.campaigns) {
            let id = plan.plan_id.as_deref();
            field(id.is_none_or(|id| PlanId::parse(id).is_some()), "plan_id")?;
            field(plan.campaign == entry.campaign, "campaign")?;
            field(plan.samples.len() == entry.sample_places.len(), "sample_places")?;
            field(plan.inputs.recipients.len() == entry.sources.len(), "sources")?;
            field(plan.inputs.exclude.len() == entry.exclude.len(), "exclude")?;
            field(plan.inputs.exclude.len() == entry.exclude_rows.len(), "exclude_rows")?;
            field(Rate::parse(&entry.rate).is_ok(), "rate")?;
            let offset = UtcOffset::from_seconds(entry.utc_offset_seconds);
            field(offset.is_some(), "utc_offset_seconds")?;
        }
        Ok(())
    }
}
