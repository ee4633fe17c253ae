//! JSON that is exact and harmless at once.

use std::fmt::Write as _;

use serde::Serialize;

use super::{acts, is_hidden};

/// One line of JSON. Characters that act on a display or a CI log are written as `\uXXXX`, so the line
/// can be shown anywhere and still holds the text exactly.
///
/// Such characters occur only inside JSON strings, where that spelling means the same;
/// `serde_json` itself escapes no more than C0.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(harmless(serde_json::to_string(value)?))
}

/// The same over several lines, for files that people read and compare; ends with a line
/// break.
pub fn json_pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = harmless(serde_json::to_string_pretty(value)?);
    text.push('\n');
    Ok(text)
}

/// Line breaks stand between values only, never inside a string.
fn harmless(json: String) -> String {
    let hidden = |c: char| c != '\n' && is_hidden(c);
    if !json.contains(hidden) && !json.contains("##") {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 32);
    for (index, c) in json.char_indices() {
        if c != '\n' && acts(&json[index..]) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("a String takes all text");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_in_a_string_is_spelled_out() {
        let line = json_line(&"##[add-mask]x").expect("a string is JSON");
        assert_eq!(line, r#""\u0023#[add-mask]x""#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_line_is_harmless_and_reads_back_exactly(text in any::<String>()) {
            let text = format!("{text}\u{1b}\u{202e}\u{e0041}\u{85}");
            let line = json_line(&text).expect("a string is JSON");
            prop_assert!(!line.contains(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&line).expect("JSON"), text.clone());
            let lines = json_pretty(&[&text]).expect("a list is JSON");
            prop_assert_eq!(lines.matches('\n').count(), 3);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&lines).expect("JSON"), [text]);
        }
    }
}
