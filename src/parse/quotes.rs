//! Finds the quoted text that a place in broken YAML lies in or right behind.

/// A quoted text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    /// The opening quote.
    pub(super) start: usize,
    /// One past the closing quote; `None` when it is never closed.
    pub(super) end: Option<usize>,
}

impl Quoted {
    pub(super) fn spans_lines(&self, text: &str) -> bool {
        text[self.start..self.end.unwrap_or(text.len())].contains('\n')
    }
}

/// The quoted text that holds byte `at`, starts there, or ended right before it on the same
/// line. `None` when there is none.
pub(super) fn around(text: &str, at: usize) -> Option<Quoted> {
    let bytes = text.as_bytes();
    let mut position = 0;
    // A quote opens a quoted text only where a value may start.
    let mut value_may_start = true;
    while position < bytes.len() && position <= at {
        let byte = bytes[position];
        match byte {
            b'"' | b'\'' if value_may_start => {
                let end = closing(bytes, position);
                let ended_before =
                    |end: usize| end <= at && text[end..at].trim_matches([' ', '\t']).is_empty();
                if end.is_none_or(|end| at < end || ended_before(end)) {
                    return Some(Quoted { start: position, end });
                }
                position = end.unwrap_or(bytes.len());
                value_may_start = false;
                continue;
            }
            b'#' if position == 0 || bytes[position - 1].is_ascii_whitespace() => {
                position = end_of_line(bytes, position);
                continue;
            }
            b'|' | b'>' if value_may_start => {
                position = end_of_block(text, position);
                value_may_start = true;
                continue;
            }
            b'\n' | b'[' | b'{' | b',' => value_may_start = true,
            b':' | b'-' | b'?' => {
                value_may_start = bytes.get(position + 1).is_none_or(u8::is_ascii_whitespace);
            }
            b' ' | b'\t' | b'\r' => {}
            _ => value_may_start = false,
        }
        position += 1;
    }
    None
}

fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut position = start + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' if quote == b'"' => position += 1,
            b'\'' if quote == b'\'' && bytes.get(position + 1) == Some(&b'\'') => position += 1,
            byte if byte == quote => return Some(position + 1),
            _ => {}
        }
        position += 1;
    }
    None
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |newline| from + newline)
}

/// Where a `|` or `>` block ends: at the first line indented no more than the line it starts on.
fn end_of_block(text: &str, start: usize) -> usize {
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let parent = indentation(&text[line_start..]);
    let mut position = end_of_line(text.as_bytes(), start);
    while position < text.len() {
        let line_end = end_of_line(text.as_bytes(), position + 1);
        let line = &text[position + 1..line_end];
        if !line.trim().is_empty() && indentation(line) <= parent {
            return position;
        }
        position = line_end;
        if position + 1 >= text.len() {
            return text.len();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str, needle: &str) -> Option<usize> {
        around(text, text.find(needle).expect("the needle")).map(|quoted| quoted.start)
    }

    #[test]
    fn the_opening_quote_is_found_from_any_place_behind_it() {
        let text = "a: \"one\nb: two\nc: \"three\"\n";
        assert_eq!(start(text, "two"), Some(3));
        assert_eq!(start(text, "three"), Some(3));
        assert_eq!(start("a: 'it''s\nb: x", "x"), Some(3));
    }

    #[test]
    fn quotes_in_comments_blocks_and_words_open_nothing() {
        assert_eq!(start("# don't\na: b", "b"), None);
        assert_eq!(start("a: |\n  say \"hi\n  there\nb: c\n", "c"), None);
        assert_eq!(start("a: don't\nb: c", "c"), None);
        assert_eq!(start("a: \"x\"\nb: c", "c"), None);
    }

    #[test]
    fn never_leaves_the_text() {
        for text in ["", "\"", "|", "a: |", "a: |\n", ">\n\n", "'", "#", "a: \"\\"] {
            for at in 0..=text.len() {
                around(text, at);
            }
        }
    }
}
