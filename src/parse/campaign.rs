//! The way from bytes to a campaign.

use std::path::Path;

use super::document::Document;
use super::schema::{self, SchemaFault};
use super::{agreement, lower, reader, text};
use crate::diagnostic::{Diagnostic, Place, Sources};
use crate::model::{Campaign, Timestamp};

/// At most this many findings of one file are told; a file with more is broken as a whole.
const MAX_REPORTED: usize = 200;

/// What became of a campaign file.
#[derive(Debug)]
pub struct Parsed {
    /// The file with the places of everything in it; absent when it is no readable YAML.
    pub document: Option<Document>,
    /// The campaign. Beside errors it may still be there, so that later checks can find
    /// their faults in the same run; it must not be planned or sent then.
    pub campaign: Option<Campaign>,
    /// All findings, in the order of their places. Warnings may accompany a campaign.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a campaign file's bytes. `path` is the file as the person named it: it is shown in
/// messages, and a header file is found from its folder. `now` is what the offer's end is
/// compared with, for warnings only. The text is kept in `sources`.
pub fn campaign(bytes: &[u8], path: &Path, now: Timestamp, sources: &mut Sources) -> Parsed {
    let source = match text::read(bytes, path, sources) {
        Ok(source) => source,
        Err(faults) => return finished(None, None, faults),
    };
    let text = sources.text(source).clone();
    let reading = reader::read(&text, source);
    let mut diagnostics = reading.faults;
    let Some(root) = reading.root else {
        return finished(None, None, diagnostics);
    };
    // With a key twice or a tag the two readers differ for a reason already told.
    let value = if diagnostics.is_empty() {
        agreement::read(&text, &root, source).map_err(|faults| diagnostics.extend(faults)).ok()
    } else {
        None
    };
    let document = Document::new(source, text, root);
    let unreadable: Vec<Place> = diagnostics.iter().map(|fault| fault.place.clone()).collect();
    let mut faulty: Vec<String> = Vec::new();
    for SchemaFault { pointer, diagnostic } in schema::check(&document) {
        let told = unreadable.contains(&diagnostic.place);
        faulty.push(pointer);
        if !told {
            diagnostics.push(diagnostic);
        }
    }
    let campaign = value
        .and_then(|value| lower::lower(value, &document, path, now, &faulty, &mut diagnostics));
    finished(Some(document), campaign, diagnostics)
}

/// Whether the value at `pointer` is the one at `section` or lies below it.
pub(super) fn lies_in(pointer: &str, section: &str) -> bool {
    pointer.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn finished(
    document: Option<Document>,
    campaign: Option<Campaign>,
    mut diagnostics: Vec<Diagnostic>,
) -> Parsed {
    diagnostics.sort_by_key(|diagnostic| {
        let start = match &diagnostic.place {
            Place::Text { span, .. } => (span.start, span.end),
            Place::Line { .. } | Place::File(_) | Place::Nowhere => (0, 0),
        };
        (start, diagnostic.rule)
    });
    diagnostics.truncate(MAX_REPORTED);
    Parsed { document, campaign, diagnostics }
}
