//! Faults told to the person, for commands whose own output is something else.

use std::collections::HashSet;

use super::context::Context;
use super::load::Loaded;
use crate::diagnostic::{Diagnostic, Place, Sources};
use crate::view::diagnostics::{Checked, write_human};

/// Tells what loading found, on standard error.
pub(super) fn report_diagnostics(context: &mut Context, loaded: &Loaded) {
    write_diagnostics(context, &loaded.sources, &loaded.diagnostics, loaded.files);
}

/// Tells findings of `campaigns` files on standard error; nothing when there are none.
pub(super) fn write_diagnostics(
    context: &mut Context,
    sources: &Sources,
    findings: &[Diagnostic],
    campaigns: usize,
) {
    if findings.is_empty() {
        return;
    }
    let (out, look) = context.output.messages();
    // What cannot be told still counts: the exit code says it.
    let _ = write_human(out, look, findings, sources, checked(findings, campaigns));
}

/// How many campaigns were looked at, and how many have findings.
pub(super) fn checked(findings: &[Diagnostic], campaigns: usize) -> Checked {
    let file = |finding: &Diagnostic| match &finding.place {
        Place::Text { source, .. } => Some(*source),
        Place::Line { .. } | Place::File(_) | Place::Nowhere => None,
    };
    let with: HashSet<_> = findings.iter().filter_map(file).collect();
    let with_findings = if findings.is_empty() { 0 } else { with.len().max(1) };
    Checked { campaigns: campaigns as u64, with_findings: with_findings as u64 }
}
