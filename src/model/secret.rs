//! Secrets: held in memory that is cleared on drop, never shown, never serialised.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};

use super::ids::{KeyFingerprint, SidFingerprint};

/// The account's API key, sent in the `api-key` header and nowhere else.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Takes the key. `None` when it is empty or cannot stand in a header
    /// (anything but visible ASCII).
    pub fn new(text: String) -> Option<Self> {
        let usable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(text.into()))
    }

    /// The key itself, for the header.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The account's security identifier, part of the request's path.
#[derive(Clone)]
pub struct Sid(SecretString);

impl Sid {
    /// Takes the SID. `None` unless it is 1 to 64 ASCII letters, digits, `-` or `_`, since
    /// it becomes a path segment.
    pub fn new(text: String) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let usable = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        usable.then(|| Self(text.into()))
    }

    /// The SID itself, for the path.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What the ledger remembers of the account: enough to notice another one.
    pub fn fingerprint(&self, secret: &LedgerSecret) -> SidFingerprint {
        let digest = secret.mac(b"offercast sid v1", self.expose().as_bytes());
        SidFingerprint::new(data_encoding::HEXLOWER.encode(&digest[..8]))
    }
}

/// The key that coupon codes are drawn with: at least 32 bytes, taken as they stand.
#[derive(Clone)]
pub struct CodeKey(Arc<SecretBox<Vec<u8>>>);

/// The fewest bytes a code key may have.
const MIN_CODE_KEY_BYTES: usize = 32;

impl CodeKey {
    /// Takes the key's bytes. `None` when there are fewer than 32.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= MIN_CODE_KEY_BYTES).then(|| Self(Arc::new(SecretBox::new(Box::new(bytes)))))
    }

    /// The key's bytes, for the HMAC.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Tells this key from another; a one-way digest under a label of its own.
    pub fn fingerprint(&self) -> KeyFingerprint {
        let digest = Sha256::new()
            .chain_update(b"offercast code key v1")
            .chain_update(self.expose())
            .finalize();
        KeyFingerprint::from_bytes([digest[0], digest[1], digest[2], digest[3]])
    }
}

/// 32 random bytes made with the ledger and never shown: the key of plan ids.
#[derive(Clone)]
pub struct LedgerSecret(Arc<SecretBox<[u8; 32]>>);

impl LedgerSecret {
    /// Wraps the bytes made by `ledger init`.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(bytes))))
    }

    /// The bytes, for the ledger's own file.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// HMAC-SHA-256 of `data` for the purpose named by `label`.
    pub fn mac(&self, label: &[u8], data: &[u8]) -> [u8; 32] {
        let mut mac = self.start_mac(label);
        mac.update(data);
        mac.finalize().into_bytes().into()
    }

    /// An HMAC-SHA-256 that is fed piece by piece.
    pub fn start_mac(&self, label: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.expose()).expect("HMAC takes a key of any length");
        mac.update(&(label.len() as u64).to_be_bytes());
        mac.update(label);
        mac
    }
}

macro_rules! shown_by_name_only {
    ($($secret:ident),*) => {$(
        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($secret), "(…)"))
            }
        }
    )*};
}
shown_by_name_only!(ApiKey, Sid, CodeKey, LedgerSecret);
