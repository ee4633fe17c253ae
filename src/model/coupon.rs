//! Coupon codes.

use std::fmt;

use sha2::{Digest, Sha256};

/// The most characters a code may have in a limited-time-offer template (Meta's LTO page).
pub const MAX_CODE_CHARS: usize = 15;

/// A coupon code as the customer copies it: 1 to 15 characters, none of them white space,
/// a control character, a quote or a backslash.
///
/// A live code is money, so `Display` and `Debug` show its last two characters only;
/// [`CouponCode::as_str`] is the full form. Quotes for the wire are added in `kaleyra::form`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CouponCode(String);

/// Why a text is no coupon code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeError {
    /// Nothing is left of the template.
    #[error("the coupon code is empty")]
    Empty,
    /// More than 15 characters.
    #[error("the coupon code has {0} characters, at most 15 are allowed")]
    TooLong(usize),
    /// A character that cannot be copied or quoted safely.
    #[error("the coupon code contains {0:?}, which is not allowed in a code")]
    Character(char),
}

impl CouponCode {
    /// Checks a rendered code.
    pub fn new(text: impl Into<String>) -> Result<Self, CodeError> {
        let text = text.into();
        let usual = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if (1..=MAX_CODE_CHARS).contains(&text.len()) && text.bytes().all(usual) {
            return Ok(Self(text));
        }
        if let Some(bad) = text.chars().find(|&c| !Self::may_contain(c)) {
            return Err(CodeError::Character(bad));
        }
        match text.chars().count() {
            0 => Err(CodeError::Empty),
            1..=MAX_CODE_CHARS => Ok(Self(text)),
            count => Err(CodeError::TooLong(count)),
        }
    }

    /// Whether a code may contain this character.
    pub fn may_contain(c: char) -> bool {
        !(c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\'))
    }

    /// Whether phones and shops are known to take this character (A-Z a-z 0-9 - _).
    pub fn is_usual(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
    }

    /// The full code, for the wire and for files people asked for.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 bytes of the code's SHA-256, big-endian: stands for the code where only
    /// equality matters (uniqueness, the ledger's `code_digest`). No secret by itself, but
    /// short codes can be guessed from it, so it is not shown.
    pub fn digest(&self) -> u64 {
        let digest = Sha256::digest(self.0.as_bytes());
        let (first, _) = digest.as_slice().split_first_chunk().expect("SHA-256 has 32 bytes");
        u64::from_be_bytes(*first)
    }

    /// The code as shown in any output by default: `•••••••K7`.
    pub fn masked(&self) -> String {
        let count = self.0.chars().count();
        let shown = if count >= 6 { 2 } else { 0 };
        let mut text = "•".repeat(count - shown);
        text.extend(self.0.chars().skip(count - shown));
        text
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CouponCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_to_fifteen_characters_that_can_be_copied() {
        assert!(CouponCode::new("DIW7K2M9QXVB").is_ok());
        assert_eq!(CouponCode::new(""), Err(CodeError::Empty));
        assert_eq!(CouponCode::new("ABCDEFGHIJKLMNOP"), Err(CodeError::TooLong(16)));
        assert_eq!(CouponCode::new("A B"), Err(CodeError::Character(' ')));
        assert_eq!(CouponCode::new("A\"B"), Err(CodeError::Character('"')));
    }

    #[test]
    fn a_digest_is_the_start_of_the_sha_256() {
        let code = CouponCode::new("abc").expect("valid");
        assert_eq!(code.digest(), 0xba78_16bf_8f01_cfea);
    }

    #[test]
    fn a_code_is_shown_by_its_end_only() {
        let code = CouponCode::new("DIW7K2M9QXVB").expect("a valid code");
        assert_eq!(code.to_string(), "••••••••••VB");
        assert_eq!(CouponCode::new("happy").expect("valid").to_string(), "•••••");
    }
}
