//! What can be wrong with a pattern, and with one row under it.

use std::ops::Range;

use crate::diagnostic::{RuleId, Severity};
use crate::model::KeyFingerprint;

/// A fault of a pattern itself, found without reading any recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateFault {
    /// JSON pointer of the pattern in the campaign file, such as `/template/params/0`.
    pub pointer: String,
    /// Bytes of the pattern's text; `None` when it is about the whole.
    pub range: Option<Range<usize>>,
    /// Stable id, `template/…`.
    pub rule: RuleId,
    /// Whether the campaign can be used all the same.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// A short note at the place.
    pub label: Option<String>,
}

impl TemplateFault {
    /// An error about a whole pattern.
    pub(super) fn error(pointer: &str, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            range: None,
            rule: RuleId(rule),
            severity: Severity::Error,
            message: message.into(),
            hint: None,
            label: None,
        }
    }

    /// The same as a warning.
    pub(super) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same about a stretch of the pattern.
    pub(super) fn at(mut self, range: Range<usize>) -> Self {
        self.range = Some(range);
        self
    }

    /// The same with a hint.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a note at the place.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Whether the campaign cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Why one row gives no message. The text names columns, never the row's values.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct RowFault {
    /// JSON pointer of the pattern in the campaign file.
    pub pointer: String,
    /// Stable id, `template/…`.
    pub rule: RuleId,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl RowFault {
    /// Whether the row itself is unusable, as one with a bad number is: it is left out and
    /// counted. Otherwise the campaign and its audience do not fit together.
    pub fn is_of_the_row(&self) -> bool {
        !matches!(
            self.rule.0,
            "template/missing-value"
                | "template/render"
                | "template/too-complex"
                | "template/no-key"
        )
    }
}

/// Why a campaign has no composer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ComposeError {
    /// A pattern has a fault.
    #[error("`{}`: {}", .0.pointer, .0.message)]
    Pattern(Box<TemplateFault>),
    /// A pattern that is the same for everybody gives a text that cannot be sent.
    #[error("`{}`: {}", .0.pointer, .0.message)]
    Fixed(Box<RowFault>),
    /// The codes are drawn, and neither the key nor its fingerprint is known.
    #[error(
        "the coupon codes are drawn with `code(n)`, which needs the key in `OFFERCAST_CODE_KEY` \
         or its fingerprint in `offer.code_key`"
    )]
    KeyMissing,
    /// The key is not the one that the campaign states.
    #[error("the code key has the fingerprint {given}, but `offer.code_key` states {stated}")]
    OtherKey {
        /// In the campaign file.
        stated: KeyFingerprint,
        /// Of the key at hand.
        given: KeyFingerprint,
    },
}
