//! What a plan found, at its place in the campaign file: for annotations in a pull request.

use crate::diagnostic::{Diagnostic, Place};
use crate::parse::Document;
use crate::plan::document::Finding;
use crate::view::plan::PlanView;

/// All findings of a plan. Without the campaign's document, they stand in its file as a
/// whole.
pub(super) fn annotations(view: &PlanView<'_>, document: Option<&Document>) -> Vec<Diagnostic> {
    let place = |finding: &Finding| match document {
        Some(document) => document.place(pointer(&finding.rule), None),
        None => Place::File(view.entry.file.clone()),
    };
    let refused = view.moment.refused.iter().map(|finding| {
        // That an offer has not started yet is no reason against a plan.
        let make = if finding.rule == "not_yet" { Diagnostic::warning } else { Diagnostic::error };
        make("plan/refused", place(finding), finding.text.clone())
    });
    let warnings =
        view.moment.warnings.iter().map(|finding| {
            Diagnostic::warning("plan/warning", place(finding), finding.text.clone())
        });
    refused.chain(warnings).collect()
}

/// Where in a campaign file a reader would look for the cause.
fn pointer(rule: &str) -> &'static str {
    match rule {
        "recipients" => "/limits/recipients",
        "invalid" => "/limits/invalid",
        "failures" => "/limits/failures",
        "cost" => "/limits/cost",
        "mixed_content" | "drifted" | "lookalike" => "/template",
        "offer_over" | "too_late" | "not_yet" => "/offer",
        "guessable_codes" => "/offer/coupon_code",
        "high_rate" => "/delivery/rate",
        "not_active" => "/status",
        rule if rule.starts_with("exclude") => "/exclude",
        rule if rule.starts_with("allow") => "/allow",
        _ => "/recipients",
    }
}
