//! Somebody else's text inside HTML.

use std::fmt::Write as _;

use super::safe;

/// A text as the content or a quoted attribute of an HTML element: it begins no element, no
/// entity and ends no attribute. Characters that act or hide are spelled out as everywhere.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in safe(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' | '\'' | '`' => {
                write!(escaped, "&#{};", u32::from(c)).expect("a String takes all text");
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            html("<img src=x onerror='a()'> & \"b\" \u{202e}"),
            "&lt;img src=x onerror=&#39;a()&#39;&gt; &amp; &#34;b&#34; \\u{202e}"
        );
    }
}
