//! Text broken into lines for a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::safe;

/// The most lines made of one text: nobody reads on, and a terminal stays usable.
const MOST_LINES: usize = 60;

/// Somebody else's text as harmless lines of at most `columns` columns, broken between words
/// where it can be; words longer than a line are broken inside. Its own line breaks stay.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for line in text.lines() {
        wrap_line(&safe(line), columns, &mut lines);
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES - 1);
            lines.push("…".to_owned());
            break;
        }
    }
    lines
}

fn wrap_line(text: &str, columns: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > columns {
                lines.push(std::mem::take(&mut line));
                if lines.len() > MOST_LINES {
                    return;
                }
            }
            line.push(c);
        }
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_between_words_and_inside_of_long_ones() {
        let wrapped = wrap("Hi Asha, 25% off\nincomprehensibilities 日本語日本", 10);
        let expected = ["Hi Asha,", "25% off", "incomprehe", "nsibilitie", "s", "日本語日本"];
        assert_eq!(wrapped, expected);
        assert_eq!(wrap("", 10), Vec::<String>::new());
        assert_eq!(wrap(&"x".repeat(10_000), 10).len(), MOST_LINES);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_line_is_too_wide(text in any::<String>(), columns in 2_usize..40) {
            for line in wrap(&text, columns) {
                // A character alone may be wider than its parts; two columns are the widest.
                prop_assert!(line.width() <= columns + 1, "{line:?}");
            }
        }
    }
}
