//! What is wrong with a text that is no YAML, and where it went wrong.
//!
//! A parser stops where it can go no further, which is often far from the slip: an unclosed
//! quote is noticed at the next quote, lines later. The places here are those of the slip.

use granit_parser::{ErrorKind, ScanError};

use super::quotes;
use crate::diagnostic::{Diagnostic, Place, SourceId, Span};

/// Turns the parser's error into a diagnostic at the slip's place.
pub(super) fn explain(error: &ScanError, text: &str, source: SourceId) -> Diagnostic {
    let at = floor(text, error.marker().byte_offset().unwrap_or(text.len()));
    let place = |start, end| Place::Text { source, span: Span::new(start, end) };
    let quote_fault = matches!(
        error.kind(),
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
            | ErrorKind::UnknownQuotedScalarEscape
    );
    let quoted = quotes::around(text, at);
    if let Some(quoted) = &quoted
        && (quoted.end.is_none() || quoted.spans_lines(text))
    {
        return Diagnostic::error(
            "yaml/unclosed-quote",
            place(quoted.start, quoted.start + 1),
            "this quote is not closed on its line",
        )
        .label("opened here")
        .hint("close it; write a quote inside as `\\\"` in double or `''` in single quotes");
    }
    if let Some(tab) = indentation_tab(text, at) {
        return Diagnostic::error("yaml/tab", place(tab, tab + 1), "a tab is used as indentation")
            .hint("indent with spaces");
    }
    if let Some(braces) = unquoted_braces(text, at) {
        return unquoted_template(braces, text, source);
    }
    if quote_fault {
        let at = match (error.kind(), &quoted) {
            (ErrorKind::UnknownQuotedScalarEscape, Some(quoted)) => {
                unknown_escape(text, quoted.start).unwrap_or(at)
            }
            _ => at,
        };
        return Diagnostic::error("yaml/quote", place(at, next(text, at)), words(error.kind()))
            .hint("write a quote inside as `\\\"` in double or `''` in single quotes");
    }
    let rule = match error.kind() {
        ErrorKind::RecursionLimitExceeded => "yaml/too-deep",
        ErrorKind::DirectiveDisallowed => "yaml/directive",
        ErrorKind::UnknownAnchor => "yaml/alias",
        _ => "yaml/syntax",
    };
    let fault = Diagnostic::error(rule, place(at, next(text, at)), words(error.kind()));
    match hint(error.kind()) {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

/// A pattern that YAML takes for a mapping because it is not quoted.
pub(super) fn unquoted_template(start: usize, text: &str, source: SourceId) -> Diagnostic {
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let end = text[start..line_end].find("}}").map_or(start + 2, |close| start + close + 2);
    let place = Place::Text { source, span: Span::new(start, end) };
    Diagnostic::error("yaml/unquoted-template", place, "YAML reads an unquoted `{{` as a mapping")
        .hint("quote it: put the whole value in double quotes")
}

fn words(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::RecursionLimitExceeded => "more than 64 levels of nesting".to_owned(),
        ErrorKind::DirectiveDisallowed => "directives (`%…`) are not supported".to_owned(),
        ErrorKind::UnknownAnchor => "this alias names no anchor above it".to_owned(),
        ErrorKind::UnclosedFlowCollection { open } => format!("this `{open}` is not closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            format!("`{open}` is closed by `{close}`")
        }
        ErrorKind::MappingValueNotAllowed => "a `:` is not expected here".to_owned(),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "text follows the closing quote".to_owned()
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "this `\\` escape is unknown in double quotes".to_owned()
        }
        ErrorKind::UnexpectedCharacter { character } => {
            format!("`{}` cannot start a value", character.escape_default())
        }
        kind => kind.to_string(),
    }
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::MappingValueNotAllowed => {
            Some("quote a text that holds `: `; or check the indentation")
        }
        ErrorKind::UnexpectedCharacter { .. } => Some("quote the text"),
        ErrorKind::DirectiveDisallowed => Some("remove the line"),
        ErrorKind::UnknownAnchor => Some("quote a text that starts with `*`"),
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::SimpleKeyExpected => {
            Some("check the indentation, and that every key ends in `: `")
        }
        _ => None,
    }
}

/// The backslash of the first escape that YAML does not know, in double quotes from `start`.
fn unknown_escape(text: &str, start: usize) -> Option<usize> {
    let mut rest = text.get(start + 1..)?.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => {
                let (_, escaped) = rest.next()?;
                if !"0abt\tnvfre \"/\\N_LPxuU\r\n".contains(escaped) {
                    return Some(start + 1 + at);
                }
            }
            '"' => return None,
            _ => {}
        }
    }
    None
}

/// The first tab among the white space that starts the line of `at`, or the line before it.
fn indentation_tab(text: &str, at: usize) -> Option<usize> {
    let start = line_start(text, at);
    let before = line_start(text, start.saturating_sub(1));
    [start, before].into_iter().find_map(|start| {
        let line = text[start..].lines().next().unwrap_or_default();
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        line[..indentation].find('\t').map(|tab| start + tab)
    })
}

/// A `{{` outside quotes on the line of `at`, or the line before it.
fn unquoted_braces(text: &str, at: usize) -> Option<usize> {
    let start = line_start(text, at);
    let before = line_start(text, start.saturating_sub(1));
    [start, before].into_iter().find_map(|start| {
        let line = text[start..].lines().next().unwrap_or_default();
        let braces = line.find("{{")?;
        let quotes = line[..braces].matches(['"', '\'']).count();
        (quotes.is_multiple_of(2) && !line[..braces].contains(" #")).then_some(start + braces)
    })
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn next(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}
