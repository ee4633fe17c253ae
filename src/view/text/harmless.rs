//! The one sink for text that somebody else wrote.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes a text one harmless line: every character that moves a cursor, starts an escape
/// sequence, turns the reading direction or cannot be seen becomes `\u{…}`, and so does the
/// first character of what a CI runner would take for a command.
///
/// Printable text, in whatever script, comes out as it went in.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (index, c) in text.char_indices() {
        if acts(&text[index..]) {
            write!(shown, "\\u{{{:x}}}", u32::from(c)).expect("a String takes all text");
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether the first character of a text must not be shown as it is.
///
/// `##[` and `##vso[` start a command anywhere in a line of a GitHub or Azure log; `::` does
/// so only where a line begins, and no line begins with foreign text.
pub(crate) fn acts(text: &str) -> bool {
    let vso = || text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("##vso["));
    text.starts_with(is_hidden) || text.starts_with("##[") || vso()
}

/// Whether a character acts on a display or hides on it instead of being seen: C0 and C1
/// controls, line separators, bidirectional controls, zero-width and invisible fillers,
/// and the tag block (Unicode 17, `Default_Ignorable_Code_Point` and `Bidi_Control`).
///
/// The sixteen plain variation selectors are let through: they only choose between the
/// text and the picture form of the character before them.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A Markdown code span in a table: [`inline_code`] with its bars escaped as GitHub's tables
/// want it.
pub fn code_span(text: &str) -> String {
    inline_code(&text.replace('|', "\\|"))
}

/// A Markdown code span that shows a text and nothing but it: the fence is longer than any
/// run of back-ticks inside, so no link, picture, mention or HTML can come of it.
pub fn inline_code(text: &str) -> String {
    let text = safe(text);
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space keeps a back-tick at the edge from joining the fence; Markdown drops it again.
    let edge = text.starts_with('`') || text.ends_with('`');
    let pad = if edge { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_in_any_script_stays_as_it_is() {
        for text in ["Asha", "आशा", "محمد", "日本語", "Zoë ❤\u{fe0f} 🎉", "a\\u{1b}", "", "|`<&"]
        {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn controls_and_hidden_characters_are_spelled_out() {
        for (text, shown) in [
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{1b}]52;c;ZXZpbA==\u{7}", "\\u{1b}]52;c;ZXZpbA==\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("ok\rno", "ok\\u{d}no"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{e0041}", "\\u{e0041}"),
            ("a ##[add-mask]b", "a \\u{23}#[add-mask]b"),
            ("##VSO[x]", "\\u{23}#VSO[x]"),
            ("## heading", "## heading"),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    #[test]
    fn a_code_span_holds_whatever_is_in_it() {
        for (text, span) in [
            ("plain", "`plain`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("a|b", "`a\\|b`"),
            ("@team <img> [x](http://y)", "`@team <img> [x](http://y)`"),
            ("", ""),
        ] {
            assert_eq!(code_span(text), span);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).contains(is_hidden));
            prop_assert!(!code_span(&text).contains(is_hidden));
        }
    }
}
