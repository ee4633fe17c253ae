//! A diagnostic's place in figures.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, Place, Severity, Sources};

/// Where a diagnostic stands: a file, and as much more as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// The file as the person named it.
    pub(super) file: String,
    /// From here; `None` for a file as a whole.
    pub(super) start: Option<Position>,
    /// Up to here, exclusive.
    pub(super) end: Option<Position>,
}

/// A position in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// 1-based.
    pub(super) line: u64,
    /// 1-based, in characters; `None` where only the line is known.
    pub(super) column: Option<u64>,
    /// 0-based; `None` for files that are not kept in memory.
    pub(super) byte: Option<u64>,
}

/// The place in figures; `None` for [`Place::Nowhere`].
pub(super) fn locate(place: &Place, sources: &Sources) -> Option<Located> {
    match place {
        Place::Text { source, span } => {
            let length = sources.text(*source).len();
            let position = |byte: usize| {
                let byte = byte.min(length);
                let at = sources.line_column(*source, byte);
                Position {
                    line: figure(at.line),
                    column: Some(figure(at.column)),
                    byte: Some(figure(byte)),
                }
            };
            Some(Located {
                file: sources.name(*source).to_owned(),
                start: Some(position(span.start)),
                end: Some(position(span.end)),
            })
        }
        Place::Line { file, line, column } => {
            let at = Position { line: *line, column: *column, byte: None };
            Some(Located { file: file.clone(), start: Some(at), end: Some(at) })
        }
        Place::File(file) => Some(Located { file: file.clone(), start: None, end: None }),
        Place::Nowhere => None,
    }
}

/// Errors before warnings, each in the order they were found.
pub(super) fn worst_first(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    sorted
}

/// How many there are of a severity.
pub(super) fn count(diagnostics: &[Diagnostic], severity: Severity) -> u64 {
    figure(diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count())
}

/// The word for a severity in every machine-readable form.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

pub(super) fn figure(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Stands for a finding wherever it moves in its file; an ordinal tells equal ones apart.
pub(super) fn fingerprint(
    diagnostic: &Diagnostic,
    sources: &Sources,
    seen: &mut HashMap<[u8; 32], u64>,
) -> String {
    let file = locate(&diagnostic.place, sources).map(|located| located.file).unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [diagnostic.rule.0, &file, &diagnostic.message] {
        hasher.update(figure(part.len()).to_be_bytes());
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let ordinal = seen.entry(digest).or_insert(0);
    *ordinal += 1;
    format!("{}:{ordinal}", HEXLOWER.encode(&digest[..16]))
}
