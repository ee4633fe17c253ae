//! A fault found here, with its place in the campaign file (by JSON pointer, since this
//! module does not know the document) or in an audience file.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place, RuleId};

/// One finding. [`Finding::into_diagnostic`] gives it its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    diagnostic: Diagnostic,
    at: Option<CampaignPlace>,
}

/// A place in the campaign file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignPlace {
    /// JSON pointer, such as `/recipients/0/where`. The key may be absent (defaults): the
    /// nearest node above it is meant then.
    pub pointer: String,
    /// Bytes inside the text of that node, when only a part of it is at fault.
    pub range: Option<Range<usize>>,
}

impl Finding {
    /// An error in the campaign file.
    pub(super) fn in_campaign(
        rule: &'static str,
        pointer: String,
        range: Option<Range<usize>>,
        message: impl Into<String>,
    ) -> Self {
        let diagnostic = Diagnostic::error(rule, Place::Nowhere, message);
        Self { diagnostic, at: Some(CampaignPlace { pointer, range }) }
    }

    /// An error in a line of a file.
    pub(super) fn in_line(
        rule: &'static str,
        file: &str,
        line: u64,
        message: impl Into<String>,
    ) -> Self {
        let place = Place::Line { file: file.to_owned(), line, column: None };
        Self { diagnostic: Diagnostic::error(rule, place, message), at: None }
    }

    /// An error of a file as a whole.
    pub(super) fn in_file(rule: &'static str, file: &str, message: impl Into<String>) -> Self {
        let place = Place::File(file.to_owned());
        Self { diagnostic: Diagnostic::error(rule, place, message), at: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.diagnostic.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn related(mut self, file: &str, line: u64, note: impl Into<String>) -> Self {
        let place = Place::Line { file: file.to_owned(), line, column: None };
        self.diagnostic = self.diagnostic.related(place, note);
        self
    }

    #[must_use]
    pub(super) fn into_warning(mut self) -> Self {
        self.diagnostic.severity = crate::diagnostic::Severity::Warning;
        self
    }

    /// The rule broken.
    pub fn rule(&self) -> RuleId {
        self.diagnostic.rule
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// Where in the campaign file, if it is there.
    pub fn campaign_place(&self) -> Option<&CampaignPlace> {
        self.at.as_ref()
    }

    /// The finding with its place: `locate` turns a place in the campaign file into a span.
    pub fn into_diagnostic(self, locate: impl FnOnce(&CampaignPlace) -> Place) -> Diagnostic {
        let mut diagnostic = self.diagnostic;
        if let Some(at) = &self.at {
            diagnostic.place = locate(at);
        }
        diagnostic
    }
}

/// The known name that an unknown one is probably a slip of.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| {
            (strsim::jaro_winkler(&candidate.to_lowercase(), &name.to_lowercase()), candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}
