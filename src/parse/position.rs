//! From a byte range inside a text's value to the bytes that stand for it in the YAML.

use std::ops::Range;

use super::tree::{Node, Scalar, Style};
use crate::diagnostic::Span;

/// The bytes of the file that stand for `range` of the node's text. `None` where that cannot
/// be told: no text, folded over lines, or a range beyond it.
pub(super) fn inside(node: &Node, file: &str, range: &Range<usize>) -> Option<Span> {
    let scalar = node.scalar()?;
    if range.start > range.end || range.end > scalar.text.len() {
        return None;
    }
    let source = file.get(node.span.start..node.span.end)?;
    let start = node.span.start;
    let (first, last) = match scalar.style {
        Style::Plain if source == scalar.text => (start + range.start, start + range.end),
        Style::SingleQuoted | Style::DoubleQuoted => {
            let (first, last) = quoted(scalar, source, range)?;
            (start + first, start + last)
        }
        Style::Literal => block(node, scalar, file, range)?,
        Style::Plain | Style::Folded => return None,
    };
    Some(Span::new(first, last))
}

/// Walks a quoted text of one line, escape by escape.
fn quoted(scalar: &Scalar, source: &str, range: &Range<usize>) -> Option<(usize, usize)> {
    if source.contains('\n') {
        return None;
    }
    let mut ends = Ends::new(range);
    let (mut at, mut value_at) = (1, 0);
    let inner_end = source.len().checked_sub(1)?;
    while value_at < scalar.text.len() {
        ends.see(value_at, at);
        let rest = source.get(at..inner_end)?;
        let written = match scalar.style {
            Style::SingleQuoted if rest.starts_with("''") => 2,
            Style::DoubleQuoted if rest.starts_with('\\') => escape_len(rest)?,
            _ => rest.chars().next()?.len_utf8(),
        };
        value_at += scalar.text[value_at..].chars().next()?.len_utf8();
        at += written;
        ends.pass(value_at, at);
    }
    ends.see(value_at, at);
    ends.found()
}

/// Bytes of the escape at the start of `rest`; a surrogate pair counts as one.
fn escape_len(rest: &str) -> Option<usize> {
    let one = |rest: &str| match rest.as_bytes().get(1)? {
        b'x' => Some(4),
        b'u' => Some(6),
        b'U' => Some(10),
        _ => Some(1 + rest[1..].chars().next()?.len_utf8()),
    };
    let first = one(rest)?;
    let code = rest.get(2..6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match code {
        Some(0xd800..=0xdbff) if first == 6 => Some(first + one(rest.get(6..)?)?),
        _ => Some(first),
    }
}

/// Walks a `|` block line by line: each stands indented in the file as it is in the value. The
/// block's bytes start at its first line with text, behind the indentation.
fn block(node: &Node, scalar: &Scalar, file: &str, range: &Range<usize>) -> Option<(usize, usize)> {
    let first_line = file.get(..node.span.start)?.rfind('\n')? + 1;
    let indentation = node.span.start - first_line;
    let mut value_at = scalar.text.len() - scalar.text.trim_start_matches('\n').len();
    let mut at = first_line;
    let mut ends = Ends::new(range);
    for line in scalar.text[value_at..].split('\n') {
        let written = file.get(at..)?.split('\n').next()?;
        let visible = written.strip_suffix('\r').unwrap_or(written);
        let indent = indentation.min(visible.len());
        if visible.get(indent..)? != line {
            return None;
        }
        for offset in [range.start, range.end] {
            if (value_at..=value_at + line.len()).contains(&offset) {
                ends.see(offset, at + indent + (offset - value_at));
            }
        }
        if let Some(found) = ends.found() {
            return Some(found);
        }
        value_at += line.len() + 1;
        at += written.len() + 1;
    }
    None
}

/// Collects where a range starts and ends.
struct Ends<'a> {
    range: &'a Range<usize>,
    start: Option<usize>,
    end: Option<usize>,
}

impl<'a> Ends<'a> {
    fn new(range: &'a Range<usize>) -> Self {
        Self { range, start: None, end: None }
    }

    /// Value byte `value_at` stands at file byte `at`.
    fn see(&mut self, value_at: usize, at: usize) {
        if value_at == self.range.start && self.start.is_none() {
            self.start = Some(at);
        }
        self.pass(value_at, at);
    }

    /// What ends at value byte `value_at` ends at file byte `at`.
    fn pass(&mut self, value_at: usize, at: usize) {
        if value_at == self.range.end && self.end.is_none() {
            self.end = Some(at);
        }
    }

    fn found(&self) -> Option<(usize, usize)> {
        Some((self.start?, self.end?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader;
    use super::*;
    use crate::diagnostic::Sources;

    /// What the file shows where `needle` stands in the value of key `a`.
    fn shown(file: &str, needle: &str) -> Option<String> {
        let source = Sources::default().add("a.yaml", file);
        let root = reader::read(file, source).root.expect("valid YAML");
        let node = &root.entry("a").expect("the key `a`").value;
        let start = node.scalar().expect("a scalar").text.find(needle).expect("the needle");
        let span = inside(node, file, &(start..start + needle.len()))?;
        Some(file[span.start..span.end].to_owned())
    }

    #[test]
    fn a_part_of_a_value_is_found_in_the_file() {
        for (file, needle, expected) in [
            ("a: hello world\n", "world", "world"),
            ("a: 'it''s here'\n", "here", "here"),
            ("a: 'it''s here'\n", "'s", "''s"),
            ("a: \"tab\\there \\u00fc ü x\"\n", "here", "here"),
            ("a: \"tab\\there \\u00fc ü x\"\n", "ü ü", "\\u00fc ü"),
            ("a: \"smile \\ud83d\\ude00 x\"\n", "x", "x"),
            ("a: |\n  one\n  two {{ x }}\n", "{{ x }}", "{{ x }}"),
            ("a: |\n  one\n\n    two\n  three\nb: 1\n", "three", "three"),
            ("a: |\n\n  one\n  two", "one", "one"),
            ("a: &x |2\n   one\n", "one", "one"),
            ("a: |-\r\n  one\r\n  two\r\n", "two", "two"),
            ("a: |\n  one\n  two", "two", "two"),
        ] {
            assert_eq!(shown(file, needle).as_deref(), Some(expected), "{file:?} {needle:?}");
        }
    }

    #[test]
    fn folded_texts_have_no_exact_places() {
        assert_eq!(shown("a: >\n  one\n  two\n", "two"), None);
        assert_eq!(shown("a: \"one\n  two\"\n", "two"), None);
        assert_eq!(shown("a: one\n  two\n", "two"), None);
    }
}
