//! What a rendered text may hold.
//!
//! Parameters: WhatsApp refuses new lines, tabs and more than four spaces in a row (error
//! 132018), and empty values; Kaleyra documents no way to escape a quote or a backslash in
//! its quoted list. URL suffix: at most 2,000 characters, the limit of the whole link.

/// The most characters of one parameter.
pub(super) const MAX_PARAM_CHARS: usize = 1_024;
/// The most characters of a URL suffix or a header link.
pub(super) const MAX_URL_CHARS: usize = 2_000;

/// Why a rendered text cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TextFault {
    pub(super) rule: &'static str,
    /// What the text is or does, to follow its name: `is empty`.
    pub(super) what: &'static str,
    pub(super) hint: Option<&'static str>,
}

const fn fault(rule: &'static str, what: &'static str) -> TextFault {
    TextFault { rule, what, hint: None }
}

/// Checks one body parameter.
pub(super) fn param(text: &str) -> Result<(), TextFault> {
    if text.is_empty() {
        return Err(fault("template/empty", "is empty"));
    }
    param_characters(text)?;
    if text.as_bytes().windows(5).any(|five| five == b"     ") {
        return Err(fault("template/param-text", "contains five spaces in a row"));
    }
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() > MAX_PARAM_CHARS && text.chars().count() > MAX_PARAM_CHARS {
        return Err(fault("template/param-text", "has more than 1024 characters"));
    }
    Ok(())
}

/// Checks the characters of (a part of) one body parameter.
pub(super) fn param_characters(text: &str) -> Result<(), TextFault> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return Ok(());
    }
    let what = match text.chars().find(|&c| matches!(c, '"' | '\\') || c.is_control()) {
        None => return Ok(()),
        Some('"') => "contains a quote",
        Some('\\') => "contains a backslash",
        Some('\n' | '\r') => "contains a newline",
        Some('\t') => "contains a tab",
        Some(_) => "contains a control character",
    };
    Err(fault("template/param-text", what))
}

/// Checks the filled end of the button's link.
pub(super) fn url_suffix(text: &str) -> Result<(), TextFault> {
    if text.is_empty() {
        return Err(fault("template/empty", "is empty"));
    }
    url_characters(text)?;
    if text.len() > MAX_URL_CHARS && text.chars().count() > MAX_URL_CHARS {
        return Err(fault("template/url-suffix", "has more than 2000 characters"));
    }
    Ok(())
}

/// Checks the characters of (a part of) the button's link.
pub(super) fn url_characters(text: &str) -> Result<(), TextFault> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let what = match text.chars().find(|&c| c.is_whitespace() || c.is_control()) {
        None => return Ok(()),
        Some(c) if c.is_whitespace() => "contains white space",
        Some(_) => "contains a control character",
    };
    let hint = Some("pass values through `urlencode`, as in `{{ city|urlencode }}`");
    Err(TextFault { hint, ..fault("template/url-suffix", what) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_line_that_kaleyra_can_quote() {
        for good in ["Asha", "25%", "a, b", "{{7*7}}", "{%", "four    spaces", "José 🎉"] {
            assert_eq!(param(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("", "is empty"),
            ("say \"hi\"", "contains a quote"),
            ("a\\b", "contains a backslash"),
            ("a\nb", "contains a newline"),
            ("a\tb", "contains a tab"),
            ("a\u{7}b", "contains a control character"),
            ("five     spaces", "contains five spaces in a row"),
            ("é".repeat(1025).as_str(), "has more than 1024 characters"),
        ] {
            assert_eq!(param(bad).map_err(|fault| fault.what), Err(what), "{bad}");
        }
        assert_eq!(param(&"é".repeat(1024)), Ok(()));
    }

    #[test]
    fn a_url_suffix_has_no_white_space() {
        assert_eq!(url_suffix("login?c=DIW7K2\"&x=%20"), Ok(()));
        for (bad, what) in [
            ("", "is empty"),
            ("a b", "contains white space"),
            ("a\u{a0}b", "contains white space"),
            ("a\u{7f}b", "contains a control character"),
            ("x".repeat(2001).as_str(), "has more than 2000 characters"),
        ] {
            assert_eq!(url_suffix(bad).map_err(|fault| fault.what), Err(what), "{bad}");
        }
    }
}
