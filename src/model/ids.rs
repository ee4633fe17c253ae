//! Identifiers, one type for each kind, so that none is passed where another is meant.

use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;

/// The fingerprint of what one recipient gets, on which terms (DESIGN: content hash).
///
/// 128 bits of a SHA-256 over the wire fields with the offer's terms in place of the
/// instant and the code's inputs in place of the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 16]);

impl ContentHash {
    /// Wraps the first 16 bytes of a digest.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The raw bytes, as stored in the ledger.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// What a reviewer approves: 128 bits of the HMAC-SHA-256 of a plan's meaning, keyed by the
/// ledger's secret. Written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId([u8; 16]);

impl PlanId {
    /// Wraps the first 16 bytes of the HMAC.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The raw bytes, as stored in the ledger.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads the 32 hexadecimal digits that people copy from a plan. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanId({self})")
    }
}

/// Which ledger this is: 128 random bits made by `ledger init` and kept by every copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lineage(String);

impl Lineage {
    /// Names a lineage by 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(HEXLOWER.encode(&bytes))
    }

    /// Reads 32 hexadecimal digits. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok()?;
        Some(Self::from_bytes(bytes.try_into().ok()?))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Eight hexadecimal digits that tell one code key from another without showing it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct KeyFingerprint([u8; 4]);

impl KeyFingerprint {
    /// Wraps the first four bytes of the key's digest.
    pub fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Reads eight hexadecimal digits. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Tells one Kaleyra account (SID) from another without showing it; 16 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SidFingerprint(String);

impl SidFingerprint {
    /// Wraps the hexadecimal digits, as made by [`crate::model::Sid::fingerprint`] or read
    /// from the ledger.
    pub fn new(hex: impl Into<String>) -> Self {
        Self(hex.into())
    }

    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kaleyra's name for one message to one recipient (`<request id>:<index>` in the samples;
/// where the index starts is not promised). Theirs; never invented here.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// Takes the id as it came. `None` when it is empty, longer than 256 bytes or holds
    /// control characters, since such a reply proves nothing.
    pub fn new(text: &str) -> Option<Self> {
        id_text(text).map(Self)
    }

    /// The id as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kaleyra's name for one request. Theirs; never invented here.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Takes the id as it came, under the rules of [`MessageId::new`].
    pub fn new(text: &str) -> Option<Self> {
        id_text(text).map(Self)
    }

    /// The id as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shared, because an outcome is kept by the engine and the ledger's thread, and a request's
/// id by the outcome of everybody in it.
fn id_text(text: &str) -> Option<Arc<str>> {
    let usable = !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control);
    usable.then(|| text.into())
}
