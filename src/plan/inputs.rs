//! Digests of what was read: the same for the same people in any order, and of no use to
//! whoever would search them for numbers.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
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
/// and a row that is there twice counts twice. With it a sketch from which a few differences
/// between two sets can be counted, however large they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InputDigest {
    sum: u128,
    sketch: Sketch,
}

/// An invertible Bloom lookup table (Eppstein, Goodrich, Uyeda and Varghese, "What's the
/// difference?", 2011): each key is added to one cell of each table. What two sets have in
/// common falls out when the cells are subtracted, and of what is left, cells that hold one
/// key alone give it away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sketch(Vec<Cell>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Cell {
    count: i32,
    keys: u64,
    checks: u32,
}

/// How two sets of rows differ. A row with another value is one gone and one added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowsChanged {
    /// Rows that only the later set has.
    pub added: u64,
    /// Rows that only the earlier set has.
    pub gone: u64,
}

/// Tables of a sketch, and cells in each: together enough to count about twenty differences.
const TABLES: usize = 3;
const WIDTH: usize = 16;
const CELL_BYTES: usize = 16;

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
        self.sum = self.sum.wrapping_add(mark.0);
        let mut key = [0; 8];
        key.copy_from_slice(&mark.0.to_be_bytes()[..8]);
        self.sketch.take(u64::from_be_bytes(key), 1);
    }

    /// The sketch.
    pub fn sketch(&self) -> &Sketch {
        &self.sketch
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.sum.to_be_bytes()))
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self(vec![Cell::default(); TABLES * WIDTH])
    }
}

impl Sketch {
    /// Reads what [`fmt::Display`] wrote. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        if bytes.len() != TABLES * WIDTH * CELL_BYTES {
            return None;
        }
        let cells = bytes.chunks_exact(CELL_BYTES).map(|cell| {
            Some(Cell {
                count: i32::from_be_bytes(cell[..4].try_into().ok()?),
                keys: u64::from_be_bytes(cell[4..12].try_into().ok()?),
                checks: u32::from_be_bytes(cell[12..].try_into().ok()?),
            })
        });
        cells.collect::<Option<_>>().map(Self)
    }

    /// How this set differs from an earlier one; `None` when they differ in too much to tell.
    pub fn since(&self, earlier: &Self) -> Option<RowsChanged> {
        let mut rest = self.clone();
        for (cell, before) in rest.0.iter_mut().zip(&earlier.0) {
            cell.count = cell.count.wrapping_sub(before.count);
            cell.keys ^= before.keys;
            cell.checks ^= before.checks;
        }
        let mut changed = RowsChanged { added: 0, gone: 0 };
        // Each round takes one key out, and no more keys than cells can ever be told apart.
        for _ in 0..TABLES * WIDTH {
            let alone = rest.0.iter().find(|cell| cell.holds_one_key());
            let Some(&Cell { count, keys, .. }) = alone else { break };
            rest.take(keys, -count);
            if count > 0 {
                changed.added += 1;
            } else {
                changed.gone += 1;
            }
        }
        (rest == Self::default()).then_some(changed)
    }

    fn take(&mut self, key: u64, times: i32) {
        for table in 0..TABLES {
            let cell = &mut self.0[table * WIDTH + usize::from(key.to_le_bytes()[table]) % WIDTH];
            cell.count = cell.count.wrapping_add(times);
            cell.keys ^= key;
            cell.checks ^= check_of(key);
        }
    }
}

impl Cell {
    fn holds_one_key(&self) -> bool {
        self.count.abs() == 1 && self.checks == check_of(self.keys)
    }
}

impl fmt::Display for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(self.0.len() * CELL_BYTES);
        for cell in &self.0 {
            bytes.extend_from_slice(&cell.count.to_be_bytes());
            bytes.extend_from_slice(&cell.keys.to_be_bytes());
            bytes.extend_from_slice(&cell.checks.to_be_bytes());
        }
        f.write_str(&BASE64.encode(&bytes))
    }
}

/// Tells a cell with one key from one with several whose sum looks like one (the mixing
/// steps of splitmix64).
fn check_of(key: u64) -> u32 {
    let mut mixed = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(people: impl Iterator<Item = u64>) -> InputDigest {
        let marker = RowMarker::new(&LedgerSecret::new([7; 32]), Vec::new());
        let mut digest = InputDigest::default();
        for index in people {
            let number = PhoneNumber::from_digits(4_915_100_000_000 + index).expect("a number");
            digest.add(marker.number(number));
        }
        digest
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_their_number_does() {
        assert_eq!(digest(0..100), digest((0..100).rev()));
        assert_ne!(digest(0..100), digest((0..100).chain([5])));
        assert_ne!(digest(0..100).to_string(), digest(0..99).to_string());
    }

    #[test]
    fn a_few_differences_between_large_sets_are_counted() {
        let before = digest(0..20_000);
        for (after, added, gone) in [
            (digest(0..20_000), 0, 0),
            (digest(0..20_001), 1, 0),
            (digest(3..20_000), 0, 3),
            (digest(5..20_007), 7, 5),
        ] {
            let kept = Sketch::parse(&before.sketch().to_string()).expect("as it was written");
            assert_eq!(after.sketch().since(&kept), Some(RowsChanged { added, gone }));
        }
    }

    #[test]
    fn too_many_differences_are_not_guessed_at() {
        let (before, after) = (digest(0..1_000), digest(500..2_000));
        assert_eq!(after.sketch().since(before.sketch()), None);
        assert_eq!(Sketch::parse("AAAA"), None);
        assert_eq!(Sketch::parse("no base64"), None);
    }
}
