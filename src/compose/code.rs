//! Drawing coupon codes.
//!
//! `code(n)` is the start of an HMAC-SHA-256, five bits for each character, keyed by
//! `OFFERCAST_CODE_KEY`. What is hashed, in this order and for ever: the label
//! `offercast code v1` and the campaign's name, each after its length as 8 bytes; the
//! recipient's E.164 digits as a number in 8 bytes; the counter and the index of the call
//! (0 for the first `code()` that the pattern reaches), 4 bytes each; all big-endian. A code
//! so belongs to a person and not to an attempt, on every machine.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use minijinja::value::Object;
use minijinja::{Error, ErrorKind, State, Value};
use sha2::Sha256;

use crate::model::{CampaignName, CodeKey, PhoneNumber};

/// The characters of `code(n)`: Crockford's base 32, the digits and the upper-case letters
/// without I, L and O, which look like 1 and 0, and without U. 32 symbols are five bits
/// each, so every one is equally likely.
pub const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const LABEL: &[u8] = b"offercast code v1";

/// Where the characters of `code(n)` come from.
#[derive(Clone)]
pub(super) enum Drawer {
    /// The key, with label and campaign already taken in.
    Keyed(Arc<Hmac<Sha256>>),
    /// No key: characters of the alphabet that stand for any.
    StandIn,
    /// For showing: dots.
    Masked,
}

impl Drawer {
    /// The drawer of one campaign.
    pub(super) fn keyed(key: &CodeKey, campaign: &CampaignName) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
        for part in [LABEL, campaign.as_str().as_bytes()] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Self::Keyed(Arc::new(mac))
    }

    /// `n` characters, at most 25, for one call of `code(n)`.
    pub(super) fn draw(&self, number: PhoneNumber, counter: u32, index: u32, n: usize) -> String {
        match self {
            Self::Keyed(state) => {
                let mut mac = Hmac::<Sha256>::clone(state);
                let mut input = [0; 16];
                input[..8].copy_from_slice(&number.as_u64().to_be_bytes());
                input[8..12].copy_from_slice(&counter.to_be_bytes());
                input[12..].copy_from_slice(&index.to_be_bytes());
                mac.update(&input);
                symbols(&mac.finalize().into_bytes().into(), n)
            }
            Self::StandIn => "X".repeat(n),
            Self::Masked => "•".repeat(n),
        }
    }
}

/// The first `n` groups of five bits of the first 16 bytes, as symbols.
fn symbols(digest: &[u8; 32], n: usize) -> String {
    let mut start = [0; 16];
    start.copy_from_slice(&digest[..16]);
    let bits = u128::from_be_bytes(start);
    let symbol = |at: usize| char::from(CODE_ALPHABET[(bits >> (123 - 5 * at)) as usize & 31]);
    (0..n.min(25)).map(symbol).collect()
}

/// The function `code` of one rendering.
pub(super) struct Draw {
    drawer: Drawer,
    number: PhoneNumber,
    counter: u32,
    /// How many calls there were.
    calls: AtomicU32,
}

impl Draw {
    pub(super) fn value(drawer: Drawer, number: PhoneNumber, counter: u32) -> Value {
        Value::from_object(Self { drawer, number, counter, calls: AtomicU32::new(0) })
    }
}

impl fmt::Debug for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code")
    }
}

impl Object for Draw {
    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let n = match args {
            [n] => usize::try_from(n.clone())?,
            _ => return Err(Error::from(ErrorKind::InvalidOperation)),
        };
        let index = self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(Value::from(self.drawer.draw(self.number, self.counter, index, n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawer(key: u8, campaign: &str) -> Drawer {
        let key = CodeKey::new(vec![key; 32]).expect("32 bytes");
        Drawer::keyed(&key, &CampaignName::new(campaign).expect("a name"))
    }

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("a number")
    }

    #[test]
    fn codes_never_change_between_versions() {
        let drawer = drawer(7, "diwali-2026");
        let someone = number(919_812_345_678);
        assert_eq!(drawer.draw(someone, 0, 0, 15), "HR0AS56KF3HRSAA");
        assert_eq!(drawer.draw(someone, 1, 0, 9), "7MDMHAA7C");
        assert_eq!(drawer.draw(someone, 0, 1, 9), "X5NSCMWFQ");
        let code = crate::model::CouponCode::new("DIW7K2M9QXVB").expect("a code");
        assert_eq!(code.digest(), 0x6270_5702_be74_cebb);
    }

    #[test]
    fn every_input_changes_the_code() {
        let someone = number(919_812_345_678);
        let all = [
            drawer(7, "diwali").draw(someone, 0, 0, 12),
            drawer(8, "diwali").draw(someone, 0, 0, 12),
            drawer(7, "diwali-2").draw(someone, 0, 0, 12),
            drawer(7, "diwali").draw(number(919_812_345_679), 0, 0, 12),
            drawer(7, "diwali").draw(someone, 1, 0, 12),
            drawer(7, "diwali").draw(someone, 0, 1, 12),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{one} is drawn twice");
        }
    }

    #[test]
    fn a_shorter_code_is_the_start_of_a_longer_one() {
        let drawer = drawer(7, "diwali");
        let someone = number(919_812_345_678);
        let long = drawer.draw(someone, 0, 0, 15);
        assert!(long.starts_with(&drawer.draw(someone, 0, 0, 4)));
    }

    #[test]
    fn all_symbols_are_drawn_about_equally_often_at_every_place() {
        let drawer = drawer(7, "diwali");
        let mut seen = [[0_u32; 32]; 15];
        for person in 0..3_200 {
            let code = drawer.draw(number(919_800_000_000 + person), 0, 0, 15);
            for (place, symbol) in code.bytes().enumerate() {
                let at = CODE_ALPHABET.iter().position(|known| *known == symbol);
                seen[place][at.expect("a symbol of the alphabet")] += 1;
            }
        }
        for counts in seen {
            assert!(counts.iter().all(|count| (50..=160).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn the_alphabet_has_no_look_alikes_and_nothing_twice() {
        assert!(!CODE_ALPHABET.iter().any(|symbol| b"ILOU".contains(symbol)));
        assert!(CODE_ALPHABET.is_sorted_by(|one, other| one < other));
    }
}
