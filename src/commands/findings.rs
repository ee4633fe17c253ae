//! Faults that lower layers found, given their place in the campaign file.

use crate::audience::Finding;
use crate::compose::{CodeBookError, RowFault, TemplateFault};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::parse::Document;
use crate::view::text::plural;

/// A finding of the audience.
pub(super) fn from_finding(document: &Document, finding: Finding) -> Diagnostic {
    finding.into_diagnostic(|at| document.place(&at.pointer, at.range.clone()))
}

/// A fault of a pattern.
pub(super) fn from_fault(document: &Document, fault: TemplateFault) -> Diagnostic {
    let place = document.place(&fault.pointer, fault.range);
    let mut diagnostic = match fault.severity {
        Severity::Error => Diagnostic::error(fault.rule.0, place, fault.message),
        Severity::Warning => Diagnostic::warning(fault.rule.0, place, fault.message),
    };
    diagnostic.hint = fault.hint;
    diagnostic.label = fault.label;
    diagnostic
}

/// A row that a pattern cannot be rendered for.
pub(super) fn row_fault(document: &Document, row: Place, fault: RowFault) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(fault.rule.0, row, fault.message)
        .related(document.place(&fault.pointer, None), "rendered from this");
    diagnostic.hint = fault.hint;
    diagnostic
}

/// Codes that cannot all be different.
pub(super) fn space_fault(document: &Document, error: &CodeBookError) -> Diagnostic {
    let place = document.place("/offer/coupon_code", None);
    Diagnostic::error("codes/not-unique", place, error.to_string())
        .hint("draw more characters, such as `{{ code(9) }}`")
}

/// Codes were given out that the campaign no longer draws.
pub(super) fn issued_codes_changed(document: &Document, people: u64) -> Diagnostic {
    let place = document.place("/offer/coupon_code", None);
    let message = format!(
        "{} given another code by `offercast codes` before",
        plural(people, "person was", "people were")
    );
    Diagnostic::error("codes/issued", place, message)
        .hint("restore the pattern those codes were drawn with: the shop knows them already")
}
