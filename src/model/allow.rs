//! Reviewed overrides: one rule, the exact figure, the reason.

use std::fmt;

/// A guard that a campaign may override.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GuardRule {
    /// Part of the campaign went out with other content.
    MixedContent,
    /// The plan has far more people than the one consumed last.
    Growth,
    /// Exclude lists have fewer rows than when they were used last.
    ExcludeShrank,
    /// People whose message was accepted and failed later, as a report tells, get it again.
    Failed,
}

impl GuardRule {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 4] =
        [Self::MixedContent, Self::Growth, Self::ExcludeShrank, Self::Failed];

    /// The rule of this key.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == key)
    }

    /// The rule's key under `allow`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MixedContent => "mixed_content",
            Self::Growth => "growth",
            Self::ExcludeShrank => "exclude_shrank",
            Self::Failed => "failed",
        }
    }

    /// The key of its figure.
    pub fn figure_key(self) -> &'static str {
        match self {
            Self::MixedContent => "sent",
            Self::Growth | Self::Failed => "people",
            Self::ExcludeShrank => "gone",
        }
    }
}

impl fmt::Display for GuardRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One override. It holds for exactly this figure, so that what was reviewed is what is let
/// through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Of which rule.
    pub rule: GuardRule,
    /// The figure the guard would refuse.
    pub figure: u64,
    /// Why it is right.
    pub reason: String,
}
