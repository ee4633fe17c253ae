//! A problem with something a person wrote: what is wrong, where, and what to do.
//!
//! Diagnostics are collected, never thrown one by one, so that one run reports all faults.
//! How they look is the business of `view`; this module knows no terminal and no JSON.

mod place;

pub use place::{LineColumn, Place, SourceId, Sources, Span};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable id, such as `campaign/unknown-key`; never reused for another fault.
    pub rule: RuleId,
    /// Whether it stops anything.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, literals in backticks.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A short note printed at the place itself, such as `unclosed quote`.
    pub label: Option<String>,
    /// What to do: the exact key, value or command.
    pub hint: Option<String>,
    /// Other places that belong to it, with a word on each.
    pub related: Vec<(Place, String)>,
}

/// Stable id of a rule: `<area>/<fault>` in lower case with dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub &'static str);

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The campaign cannot be used.
    Error,
    /// It can, but a reviewer should know.
    Warning,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(rule: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, place, message.into())
    }

    /// A warning at a place.
    pub fn warning(rule: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, place, message.into())
    }

    fn new(rule: &'static str, severity: Severity, place: Place, message: String) -> Self {
        let rule = RuleId(rule);
        Self { rule, severity, message, place, label: None, hint: None, related: Vec::new() }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a note at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same with another place.
    #[must_use]
    pub fn related(mut self, place: Place, note: impl Into<String>) -> Self {
        self.related.push((place, note.into()));
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
