//! A checksum over what a row must never change: who gets what, until when. A
//! store's own check finds a broken structure, not a flipped bit inside a value, and a wrong
//! digit of a number would send a person's code to a stranger.

/// 64 bits, eight bytes at a time: exclusive or, multiply by the FNV prime, rotate. Each
/// step can be undone, so one changed word always changes the result. Against accidents,
/// not against an attacker with write access. Part of format 1: never change it.
pub(in crate::ledger) struct Checksum(u64);

impl Checksum {
    /// Starts one.
    pub(in crate::ledger) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds an integer.
    pub(in crate::ledger) fn integer(self, value: i64) -> Self {
        self.word(value.cast_unsigned())
    }

    /// Adds a text or blob, or its absence, marked off from what comes next.
    pub(in crate::ledger) fn value(mut self, value: Option<&[u8]>) -> Self {
        let Some(bytes) = value else { return self.word(u64::MAX) };
        self = self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self = self.word(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.word(u64::from_le_bytes(last))
    }

    /// Adds a text or its absence.
    pub(in crate::ledger) fn text(self, text: Option<&str>) -> Self {
        self.value(text.map(str::as_bytes))
    }

    /// The result as it is stored.
    pub(in crate::ledger) fn finish(self) -> i64 {
        self.0.cast_signed()
    }

    fn word(self, word: u64) -> Self {
        Self((self.0 ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_and_any_moved_border_shows() {
        let sum = |a: &str, b: Option<&str>| Checksum::new().text(Some(a)).text(b).finish();
        let original = sum("WELCOME10", Some("x"));
        assert_ne!(original, sum("WELCOME11", Some("x")));
        assert_ne!(original, sum("XELCOME10", Some("x")));
        assert_ne!(original, sum("WELCOME10x", Some("")));
        assert_ne!(sum("a", None), sum("a", Some("")));
        assert_ne!(sum("a", None), sum("a\0", None));
    }

    #[test]
    fn the_checksum_of_format_1_stays_what_it_is() {
        let sum = Checksum::new().integer(42).text(Some("DIW7K2M9QXVB")).text(None).finish();
        assert_eq!(sum, 2_416_640_398_170_836_694);
    }
}
