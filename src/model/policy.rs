//! What no campaign may exceed, set by somebody other than its author.

use super::allow::GuardRule;
use super::money::Money;

/// A policy file's content.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// Most people a plan may send to.
    pub recipients: Option<u64>,
    /// The most a plan may cost; needs a rate card.
    pub cost: Option<Money>,
    /// The guards that campaigns may override under `allow`; `None` leaves them all.
    pub allow: Option<Vec<GuardRule>>,
}

impl Policy {
    /// Whether a campaign may override this guard.
    pub fn leaves(&self, rule: GuardRule) -> bool {
        self.allow.as_ref().is_none_or(|rules| rules.contains(&rule))
    }
}
