//! Digests of what was read: the same for the same people in any order, and of no use to
//! whoever would search them for numbers.

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::model::{LedgerSecret, PhoneNumber, Recipient};

/// Marks rows of one campaign. Keyed by the ledger's secret.
#[derive(Clone)]
pub struct RowMarker {
    mac: Hmac<Sha256>,
    columns: Vec<String>,
}

impl fmt::Debug for RowMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RowMarker").field(&self.columns).finish()
    }
}

/// What one row is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowMark(u128);

/// The digest of a set of rows: the sum of their marks, so that the order does not matter
/// and a row that is there twice counts twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InputDigest(u128);

impl RowMarker {
    /// A marker of people by their number and the values under these columns, which are
    /// those that the campaign's messages use.
    pub fn new(secret: &LedgerSecret, mut columns: Vec<String>) -> Self {
        columns.sort_unstable();
        columns.dedup();
        Self { mac: secret.start_mac(b"offercast input row v1"), columns }
    }

    /// The mark of a row of the audience.
    pub fn recipient(&self, recipient: &Recipient) -> RowMark {
        let mut mac = self.mac.clone();
        mac.update(&recipient.number.as_u64().to_be_bytes());
        for column in &self.columns {
            match recipient.fields.get(column) {
                Some(value) => {
                    mac.update(&(value.len() as u64 + 1).to_be_bytes());
                    mac.update(value.as_bytes());
                }
                None => mac.update(&0_u64.to_be_bytes()),
            }
        }
        finish(mac)
    }

    /// The mark of a row of an exclude list.
    pub fn number(&self, number: PhoneNumber) -> RowMark {
        let mut mac = self.mac.clone();
        mac.update(&number.as_u64().to_be_bytes());
        finish(mac)
    }
}

fn finish(mac: Hmac<Sha256>) -> RowMark {
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    let mut start = [0; 16];
    start.copy_from_slice(&digest[..16]);
    RowMark(u128::from_be_bytes(start))
}

impl InputDigest {
    /// Takes a row in.
    pub fn add(&mut self, mark: RowMark) {
        self.0 = self.0.wrapping_add(mark.0);
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0.to_be_bytes()))
    }
}
