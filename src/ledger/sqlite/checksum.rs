//! A checksum over what a row must never change: who gets what, until when. SQLite's own
//! check finds a broken structure, not a flipped bit inside a value, and a wrong digit of a
//! number would send a person's code to a stranger.

/// FNV-1a with 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): every single changed
/// byte changes the result. Against accidents, not against an attacker with write access.
pub(super) struct Checksum(u64);

impl Checksum {
    /// Starts one.
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds an integer.
    pub(super) fn integer(self, value: i64) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Adds a text or blob, or its absence, marked off from what comes next.
    pub(super) fn value(self, value: Option<&[u8]>) -> Self {
        match value {
            Some(bytes) => self.bytes(&(bytes.len() as u64).to_le_bytes()).bytes(bytes),
            None => self.bytes(&u64::MAX.to_le_bytes()),
        }
    }

    /// Adds a text or its absence.
    pub(super) fn text(self, text: Option<&str>) -> Self {
        self.value(text.map(str::as_bytes))
    }

    /// The result as SQLite stores it.
    pub(super) fn finish(self) -> i64 {
        self.0.cast_signed()
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
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
        assert_ne!(original, sum("WELCOME10x", Some("")));
        assert_ne!(sum("a", None), sum("a", Some("")));
        assert_eq!(Checksum::new().bytes(b"foobar").0, 0x8594_4171_f739_67e8, "published vector");
    }
}
