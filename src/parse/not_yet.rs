//! Keys that version 1 of the file has and this version of the tool does not act on.
//!
//! Taking such a key and ignoring it would be a promise broken in silence.

use super::document::Document;
use super::tree::Kind;
use crate::diagnostic::Diagnostic;

const SINGLE_KEYS: [(&str, &str); 2] =
    [("/offer/code_key", "planning without the code key is"), ("/allow", "reviewed overrides are")];

/// The faults of all such keys, each with the key's pointer.
pub(super) fn refuse(document: &Document) -> Vec<(String, Diagnostic)> {
    let mut faults = Vec::new();
    for (pointer, what) in SINGLE_KEYS {
        if document.node(pointer).is_some() {
            faults.push(fault(document, pointer.to_owned(), what));
        }
    }
    let excludes = match document.node("/exclude").map(|node| &node.kind) {
        Some(Kind::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    for (index, item) in excludes.iter().enumerate() {
        if item.entry("late").is_some() {
            let pointer = format!("/exclude/{index}/late");
            faults.push(fault(document, pointer, "reading an exclude list again at apply is"));
        }
    }
    faults
}

fn fault(document: &Document, pointer: String, what: &str) -> (String, Diagnostic) {
    let message = format!("{what} not supported yet by this version of offercast");
    let diagnostic = Diagnostic::error("campaign/not-yet", document.key_place(&pointer), message)
        .hint("remove the key; it will be accepted by the version that acts on it");
    (pointer, diagnostic)
}
