//! Kaleyra's words, made safe to show: a reply may hold anything, also numbers, codes and
//! terminal escapes.

/// The most characters of a text that are shown.
const MAX_TEXT_CHARS: usize = 200;
/// The most characters of a code that are shown.
const MAX_CODE_CHARS: usize = 64;
/// This many digits in a row are masked.
const MASKED_RUN: usize = 5;
/// A telephone number has at least this many digits, with separators or without.
const PHONE_DIGITS: usize = 7;
const MASK: char = '•';

/// A text on one line, without control and direction characters, with telephone numbers
/// and every one of `secrets` masked, of at most 200 characters.
pub(super) fn safe_text(text: &str, secrets: &[&str]) -> String {
    let mut text = one_line(text);
    for secret in secrets.iter().map(|secret| one_line(secret)).filter(|s| !s.is_empty()) {
        text = text.replace(&secret, "•");
    }
    capped(&mask_numbers(&text), MAX_TEXT_CHARS)
}

/// A code such as `E13001`: visible ASCII only, of at most 64 characters. `None` when that
/// leaves nothing, or when it holds a secret or what could be a telephone number.
pub(super) fn safe_code(code: &str, secrets: &[&str]) -> Option<String> {
    let visible: String = code.chars().filter(char::is_ascii_graphic).collect();
    let digits = visible.chars().filter(char::is_ascii_digit).count();
    let hidden = secrets.iter().any(|secret| !secret.is_empty() && visible.contains(secret));
    (!visible.is_empty() && !hidden && digits < PHONE_DIGITS)
        .then(|| capped(&visible, MAX_CODE_CHARS))
}

/// White space and control characters as single spaces; nothing invisible that could turn
/// or hide what stands beside it.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(4 * MAX_TEXT_CHARS));
    for c in text.chars().filter(|&c| !is_invisible(c)) {
        if c.is_whitespace() || c.is_control() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Zero-width, direction, annotation and tag characters, which no error text needs.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Masks digits: long runs, and shorter ones that add up to a telephone number across the
/// separators people write in numbers. Years, counts and short codes stay.
fn mask_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_numeric() {
            masked.push(chars[at]);
            at += 1;
            continue;
        }
        let end = number_end(&chars, at);
        let span = &chars[at..end];
        let is_phone = span.iter().filter(|c| c.is_numeric()).count() >= PHONE_DIGITS;
        for run in span.chunk_by(|a, b| a.is_numeric() == b.is_numeric()) {
            if run[0].is_numeric() && (is_phone || run.len() >= MASKED_RUN) {
                masked.push(MASK);
            } else {
                masked.extend(run);
            }
        }
        at = end;
    }
    masked
}

/// One past the last digit of the number that starts at `start`: digits, with at most two
/// separators between any two of them.
fn number_end(chars: &[char], start: usize) -> usize {
    let mut end = start;
    for (index, c) in chars.iter().enumerate().skip(start) {
        if c.is_numeric() {
            end = index + 1;
        } else if !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+') || index - end >= 2 {
            break;
        }
    }
    end
}

fn capped(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_masked_however_they_are_written() {
        for (text, shown) in [
            ("919876543210 is invalid", "• is invalid"),
            ("+91 98765 43210 is invalid", "+• • • is invalid"),
            ("+91-98-76-54-32-10", "+•-•-•-•-•-•"),
            ("(415) 555-0123", "(•) •-•"),
            ("٩١٩٨٧٦٥٤٣٢١٠", "•"),
            ("code 12345", "code •"),
            ("4 of 9 fields, 2024", "4 of 9 fields, 2024"),
            ("error 1234", "error 1234"),
        ] {
            assert_eq!(safe_text(text, &[]), shown);
        }
    }

    #[test]
    fn escapes_and_direction_marks_are_removed() {
        assert_eq!(safe_text("\u{1b}[31mred\u{202e}\u{7} \r\n two\n", &[]), "[31mred two");
        assert_eq!(safe_text("a\u{200b}b\u{feff}c\u{e0041}", &[]), "abc");
    }

    #[test]
    fn secrets_are_masked() {
        assert_eq!(safe_text("code \"DIW7K2\" is bad", &["DIW7K2", ""]), "code \"•\" is bad");
    }

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        assert_eq!(safe_text(&"ü".repeat(200), &[]), "ü".repeat(200));
        assert_eq!(safe_text(&"ü".repeat(201), &[]), format!("{}…", "ü".repeat(199)));
    }

    #[test]
    fn codes_stay_readable() {
        let code = |text: &str| safe_code(text, &["DIW7"]);
        assert_eq!(code("E13001").as_deref(), Some("E13001"));
        assert_eq!(code("131026").as_deref(), Some("131026"));
        assert_eq!(code("A\u{1b}B C").as_deref(), Some("ABC"));
        assert_eq!(code(&"E".repeat(99)).map(|code| code.chars().count()), Some(64));
        for hidden in ["919876543210", "xDIW7", "", " \u{202e}"] {
            assert_eq!(code(hidden), None, "{hidden}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_shown_text_holds_a_number_or_a_control_character(
            before in "\\PC{0,20}", number in "[1-9][0-9]{6,14}", after in "(?s).{0,300}",
        ) {
            let shown = safe_text(&format!("{before}{number}{after}"), &[]);
            prop_assert!(!shown.contains(&number));
            prop_assert!(shown.chars().count() <= MAX_TEXT_CHARS);
            prop_assert!(!shown.chars().any(char::is_control));
            let digits = |c: &char| c.is_numeric();
            let runs: Vec<char> = shown.chars().collect();
            let longest = runs.chunk_by(|a, b| digits(a) && digits(b)).map(<[char]>::len).max();
            prop_assert!(longest.unwrap_or(0) < MASKED_RUN);
        }
    }
}
