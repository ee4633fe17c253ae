//! The lines of a campaign file that a diagnostic is about, fit to be shown.

use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostic::Span;
use crate::view::text::{acts, mask_private};

/// Most lines shown of a long stretch.
const MOST_LINES: usize = 6;
/// Most characters shown of one line.
const MOST_CHARS: usize = 240;
/// Characters kept before the highlight when a line is cut at its front.
const CHARS_BEFORE: usize = 60;
/// Bytes on each side of the highlight that are looked at for masking; far more than are
/// shown, so that no number is cut in two before it is recognised.
const BYTES_AROUND: usize = 2_048;

/// Some lines with numbers and secrets masked, hidden characters spelled out and long lines
/// cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, without a line break at the end.
    pub(super) text: String,
    /// What is wrong in them, in bytes of `text`.
    pub(super) highlight: Range<usize>,
}

/// The lines that a span touches; at most six.
pub(super) fn excerpt(text: &str, span: Span) -> Excerpt {
    let start = boundary(text, span.start);
    let end = boundary(text, span.end.max(start));
    let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);

    let mut shown = String::new();
    let mut highlight = 0..0;
    let mut line_start = first;
    for (index, line) in text[first..].split('\n').take(MOST_LINES).enumerate() {
        let line_end = line_start + line.len();
        let line = line.strip_suffix('\r').unwrap_or(line);
        if index > 0 {
            shown.push('\n');
        }
        let from = start.saturating_sub(line_start).min(line.len());
        let to = end.saturating_sub(line_start).min(line.len());
        let marks = push_line(&mut shown, line, from..to);
        if index == 0 {
            highlight = marks;
        } else {
            highlight.end = marks.end;
        }
        // The break itself belongs to its line: a span that ends just after it ends here.
        if end <= line_end + 1 {
            break;
        }
        line_start = line_end + 1;
    }
    Excerpt { text: shown, highlight }
}

/// Appends a line as it may be shown; returns where `marks` ended up.
fn push_line(shown: &mut String, line: &str, marks: Range<usize>) -> Range<usize> {
    let anchor = marks.start;
    let near = boundary(line, anchor.saturating_sub(BYTES_AROUND))
        ..boundary(line, anchor.saturating_add(BYTES_AROUND));
    let raw = &line[near.clone()];
    let anchor_char = raw[..anchor - near.start].chars().count();
    let from = if anchor_char + CHARS_BEFORE > MOST_CHARS { anchor_char - CHARS_BEFORE } else { 0 };

    if near.start > 0 || from > 0 {
        shown.push('…');
    }
    let mut placed = [None; 2];
    let masked = mask_private(raw);
    let mut chars = raw.char_indices().zip(masked.chars()).skip(from);
    for ((offset, _), c) in chars.by_ref().take(MOST_CHARS) {
        for (slot, mark) in placed.iter_mut().zip([marks.start, marks.end]) {
            if slot.is_none() && near.start + offset >= mark {
                *slot = Some(shown.len());
            }
        }
        if acts(&raw[offset..]) && c != '\t' {
            write!(shown, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all text");
        } else {
            shown.push(c);
        }
    }
    let end = shown.len();
    if chars.next().is_some() || near.end < line.len() {
        shown.push('…');
    }
    placed[0].unwrap_or(end)..placed[1].unwrap_or(end)
}

/// The nearest start of a character at or before `byte`.
fn boundary(text: &str, byte: usize) -> usize {
    text.floor_char_boundary(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::view::text::is_hidden;

    fn shown(text: &str, part: &str) -> (String, String) {
        let start = text.find(part).expect("the part is there");
        let excerpt = excerpt(text, Span::new(start, start + part.len()));
        let highlight = excerpt.text[excerpt.highlight.clone()].to_owned();
        (excerpt.text, highlight)
    }

    #[test]
    fn the_highlight_stays_on_its_words() {
        let text = "a: 1\n  - { phone: \"+919812345678\", nme: Asha } # \u{202e}\r\nb: 2\n";
        let (line, highlight) = shown(text, "nme");
        assert_eq!(line, "  - { phone: \"+91••••••••78\", nme: Asha } # \\u{202e}");
        assert_eq!(highlight, "nme");
        assert_eq!(shown(text, "\u{202e}").1, "\\u{202e}");
        assert_eq!(shown(text, "919812345678").1, "91••••••••78");
    }

    #[test]
    fn a_long_line_is_cut_around_its_fault() {
        let text = format!("{}FAULT{}", "a".repeat(100_000), "b".repeat(100_000));
        let (line, highlight) = shown(&text, "FAULT");
        assert_eq!(highlight, "FAULT");
        assert_eq!(line.chars().count(), MOST_CHARS + 2);
        assert!(line.starts_with("…aaa") && line.ends_with("bbb…"));
    }

    #[test]
    fn a_long_stretch_is_cut_after_six_lines() {
        let text = "x\n".repeat(20);
        let excerpt = excerpt(&text, Span::new(0, text.len()));
        assert_eq!(excerpt.text, "x\nx\nx\nx\nx\nx");
        assert_eq!(excerpt.highlight, 0..11);
        let one = super::excerpt(&text, Span::new(0, 2));
        assert_eq!((one.text.as_str(), one.highlight), ("x", 0..1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_span_of_any_text_can_be_shown(text in any::<String>(), a in 0_usize..60, b in 0_usize..60) {
            let excerpt = excerpt(&text, Span::new(a, b));
            prop_assert!(excerpt.text.get(excerpt.highlight.clone()).is_some());
            let acts = |c| is_hidden(c) && !matches!(c, '\n' | '\t');
            prop_assert!(!excerpt.text.contains(acts));
        }
    }
}
