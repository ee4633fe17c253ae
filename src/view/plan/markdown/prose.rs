//! Sentences in Markdown, whoever wrote them.

use crate::view::text::{code_span, inline_code, safe};

/// A sentence with its literals in back-ticks, as our own are written. Whatever else could
/// become a link, a mention, a reference, HTML or formatting makes the whole of it a code
/// span.
pub(super) fn prose(text: &str) -> String {
    rendered(text, inline_code)
}

/// The same inside a table.
pub(super) fn table_prose(text: &str) -> String {
    rendered(text, code_span)
}

fn rendered(text: &str, code: impl Fn(&str) -> String) -> String {
    let parts: Vec<_> = text.split('`').collect();
    // Literals stand between back-ticks, so there is an odd number of parts.
    let closed = parts.len() % 2 == 1;
    let words_only = closed
        && parts.iter().step_by(2).all(|part| is_words(part))
        && parts.iter().skip(1).step_by(2).all(|literal| !literal.trim().is_empty());
    if !words_only {
        return code(text);
    }
    let part = |(index, part): (usize, &&str)| {
        if index % 2 == 1 { code(part) } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(part).collect()
}

/// Letters, digits and marks that mean nothing to Markdown and GitHub. No dot joins two
/// letters, since GitHub takes such words for addresses.
fn is_words(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " ,.:;%()'’·…/+-=•".contains(c);
    let bytes = text.as_bytes();
    let is_address = bytes.windows(3).any(|three| {
        three[0].is_ascii_alphanumeric() && three[1] == b'.' && three[2].is_ascii_alphabetic()
    });
    text.chars().all(plain)
        && !is_address
        && !text.contains("//")
        && !has_reference(text)
        && safe(text) == text
}

/// Commits are linked by seven hexadecimal digits and more.
fn has_reference(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        word.len() >= 7
            && word.chars().all(|c| c.is_ascii_hexdigit())
            && word.contains(|c: char| c.is_ascii_alphabetic())
    })
}

/// A fence that none of these lines can close.
pub(super) fn fence<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let longest = |line: &str| line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(lines.map(longest).max().unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_words_are_plain_and_all_others_are_code() {
        for (text, shown) in [
            (
                "`limits.recipients` allows 5, the plan has 8",
                "`limits.recipients` allows 5, the plan has 8",
            ),
            (
                "ends 2026-12-15 23:59 +05:30 (in 14 days)",
                "ends 2026-12-15 23:59 +05:30 (in 14 days)",
            ),
            ("Zwei Wochen für alle", "Zwei Wochen für alle"),
            ("hello @team", "`hello @team`"),
            ("see #12", "`see #12`"),
            ("a *b* [c](d)", "`a *b* [c](d)`"),
            ("<img src=x>", "`<img src=x>`"),
            ("www.example.com", "`www.example.com`"),
            ("https://example.com", "`https://example.com`"),
            ("fixes deadbeef1", "`fixes deadbeef1`"),
            ("a ` b", "``a ` b``"),
            ("x `` y", "```x `` y```"),
        ] {
            assert_eq!(prose(text), shown);
        }
        assert_eq!(table_prose("a | b"), "`a \\| b`");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence(["a", "b"].into_iter()), "```");
        assert_eq!(fence(["````", "b"].into_iter()), "`````");
    }
}
