//! Bytes to text: what is looked at before any YAML is.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Place, SourceId, Sources, Span};

/// The longest campaign file, in bytes. Long lists of people belong in audience files.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Takes a file's bytes as UTF-8 text without control characters and keeps the text in
/// `sources`, without a byte order mark.
pub(super) fn read(
    bytes: &[u8],
    path: &Path,
    sources: &mut Sources,
) -> Result<SourceId, Vec<Diagnostic>> {
    let name = path.display().to_string();
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {} bytes, a campaign file has at most {MAX_FILE_BYTES}",
            bytes.len()
        );
        let fault = Diagnostic::error("yaml/too-large", Place::File(name), message)
            .hint("move the recipients to a file and name it under `recipients`");
        return Err(vec![fault]);
    }
    if let Some(encoding) = utf16(bytes) {
        let message = format!("the file is {encoding}, byte 0 on; campaign files are UTF-8");
        let fault = Diagnostic::error("yaml/encoding", Place::File(name), message)
            .hint("save the file as UTF-8");
        return Err(vec![fault]);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(vec![not_utf8(bytes, error.valid_up_to(), name, sources)]),
    };
    let source = sources.add(name, text);
    let faults = control_characters(text, source);
    if faults.is_empty() { Ok(source) } else { Err(faults) }
}

/// UTF-16 by its byte order mark, or by the zero byte beside the first ASCII character.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] => Some("UTF-16 (little-endian)"),
        [0xfe, 0xff, ..] => Some("UTF-16 (big-endian)"),
        [first, 0, third, 0, ..] if *first != 0 && *third != 0 => Some("UTF-16 (little-endian)"),
        [0, second, 0, fourth, ..] if *second != 0 && *fourth != 0 => Some("UTF-16 (big-endian)"),
        _ => None,
    }
}

fn not_utf8(bytes: &[u8], position: usize, name: String, sources: &mut Sources) -> Diagnostic {
    // Lossy text has the same bytes up to the fault, so positions before it hold.
    let source = sources.add(name, String::from_utf8_lossy(bytes));
    let place = Place::Text { source, span: Span::new(position, position + '\u{fffd}'.len_utf8()) };
    let byte = bytes.get(position).copied().unwrap_or_default();
    let message = format!("byte {position} (0x{byte:02x}) is not UTF-8");
    let letter = char::from(byte);
    let hint = if letter.is_alphabetic() {
        format!("it would be `{letter}` in Latin-1: save the file as UTF-8")
    } else {
        "save the file as UTF-8".to_owned()
    };
    Diagnostic::error("yaml/encoding", place, message).hint(hint)
}

/// At most this many control characters are reported one by one.
const MAX_REPORTED: usize = 20;

fn control_characters(text: &str, source: SourceId) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (start, c) in text.char_indices() {
        let what = match c {
            '\r' if text[start + 1..].starts_with('\n') => continue,
            '\t' | '\n' => continue,
            // YAML 1.1 readers break lines at these, YAML 1.2 readers do not.
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "an unusual line break",
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                "an invisible change of the reading direction"
            }
            '\u{feff}' => "a byte order mark inside the text",
            '\u{fffe}' | '\u{ffff}' => "no character",
            c if c.is_control() => "a control character",
            _ => continue,
        };
        let place = Place::Text { source, span: Span::new(start, start + c.len_utf8()) };
        let message = format!("U+{:04X} is {what}, which no reviewer can see", u32::from(c));
        let fault = Diagnostic::error("yaml/control-character", place, message).hint(format!(
            "remove it; where it is wanted, write it as `\\u{:04X}` in double quotes",
            u32::from(c)
        ));
        faults.push(fault);
        if faults.len() == MAX_REPORTED {
            break;
        }
    }
    faults
}
