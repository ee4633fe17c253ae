//! The search for texts that must not be there, in every dress they could come in.

use std::collections::HashMap;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use sha2::{Digest, Sha256};

/// Fewest bytes of anything that is searched for: shorter ones would be found by chance.
const FEWEST: usize = 8;

/// What must not be there.
#[derive(Default)]
pub(super) struct Search {
    needles: Vec<Needle>,
    /// The needles by their first bytes.
    by_start: HashMap<[u8; FEWEST], Vec<usize>>,
    /// Which two bytes begin a needle, so that most places need no second look.
    starts: Starts,
}

/// A table of all pairs of bytes.
struct Starts(Vec<bool>);

impl Default for Starts {
    fn default() -> Self {
        Self(vec![false; 1 << 16])
    }
}

impl Starts {
    fn place(one: u8, two: u8) -> usize {
        usize::from(u16::from_be_bytes([one, two]))
    }
}

struct Needle {
    what: String,
    dress: &'static str,
    bytes: Vec<u8>,
}

impl Search {
    /// Adds a text in all its dresses; `what` is how a find is called.
    pub(super) fn add(&mut self, what: &str, text: &[u8]) {
        assert!(text.len() >= FEWEST, "{what} is too short to be searched for");
        let mut dresses = vec![
            ("as it is", text.to_vec()),
            ("backwards", text.iter().rev().copied().collect()),
            ("in hexadecimal", HEXLOWER.encode(text).into()),
            ("in hexadecimal", HEXUPPER.encode(text).into()),
            ("URL-encoded", escaped(text, "%", &HEXUPPER.encode(text))),
            ("URL-encoded", escaped(text, "%", &HEXLOWER.encode(text))),
            ("JSON-escaped", escaped(text, "\\u00", &HEXLOWER.encode(text))),
            ("JSON-escaped", escaped(text, "\\u00", &HEXUPPER.encode(text))),
            ("in UTF-16", text.iter().flat_map(|&byte| [byte, 0]).collect()),
            ("as its SHA-256", HEXLOWER.encode(&Sha256::digest(text)).into()),
            ("as its SHA-256", HEXUPPER.encode(&Sha256::digest(text)).into()),
            ("as its SHA-256", BASE64.encode(&Sha256::digest(text)).into()),
            ("as its SHA-256", Sha256::digest(text).to_vec()),
        ];
        dresses.extend(in_base64(text).map(|bytes| ("in base64", bytes)));
        for (dress, bytes) in dresses {
            let Some(start) = bytes.first_chunk() else { continue };
            let sames = self.by_start.entry(*start).or_default();
            if sames.iter().any(|&index| self.needles[index].bytes == bytes) {
                continue;
            }
            sames.push(self.needles.len());
            self.starts.0[Starts::place(bytes[0], bytes[1])] = true;
            self.needles.push(Needle { what: what.to_owned(), dress, bytes });
        }
    }

    /// How many texts are searched for, each dress counted.
    pub(super) fn len(&self) -> usize {
        self.needles.len()
    }

    /// The first find, with what stands around it.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<String> {
        let may_start = |start: &[u8]| self.starts.0[Starts::place(start[0], start[1])];
        let at_start = bytes.windows(FEWEST).enumerate();
        for (at, start) in at_start.filter(|(_, start)| may_start(start)) {
            let start: &[u8; FEWEST] = start.try_into().expect("windows have their size");
            for &index in self.by_start.get(start).into_iter().flatten() {
                let needle = &self.needles[index];
                if bytes[at..].starts_with(&needle.bytes) {
                    let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
                    let around = String::from_utf8_lossy(around);
                    return Some(format!("{} {}: …{around}…", needle.what, needle.dress));
                }
            }
        }
        None
    }
}

/// Every byte as its two digits behind a sign.
fn escaped(text: &[u8], sign: &str, digits: &str) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len() * (sign.len() + 2));
    for pair in digits.as_bytes().chunks(2) {
        escaped.extend_from_slice(sign.as_bytes());
        escaped.extend_from_slice(pair);
    }
    escaped
}

/// What all base64 that holds the text has in common, for the three places at which it can
/// begin inside a group and both alphabets.
fn in_base64(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..3).flat_map(|before: usize| {
        let padded = [&[0; 2][..before.min(2)], text].concat();
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        [BASE64.encode(&padded), BASE64URL.encode(&padded)]
            .map(|encoded| encoded.as_bytes()[first..last].to_vec())
    })
}

#[test]
fn what_is_planted_is_found_in_every_dress_and_nothing_else_is() {
    let mut search = Search::default();
    search.add("the key", b"canary-key?>~0815");
    let noise: Vec<u8> = (0..20_000_u32).map(|n| (n * 7919 % 251) as u8).collect();
    assert_eq!(search.find(&noise), None);
    assert_eq!(search.find(b"canary-key?>~081"), None, "all of it or nothing");
    let plain = "canary-key?>~0815";
    let each = |dress: &dyn Fn(u8) -> String| plain.bytes().map(dress).collect::<Vec<_>>().concat();
    let json = each(&|byte| format!("\\u00{byte:02x}"));
    let url = each(&|byte| format!("%{byte:02X}"));
    let mut planted = vec![plain.to_owned(), json, url, HEXLOWER.encode(plain.as_bytes())];
    planted.push(HEXLOWER.encode(&Sha256::digest(plain)));
    for before in ["", "x", "xy", "xyz"] {
        planted.push(BASE64.encode(format!("{before}{plain}z").as_bytes()));
        planted.push(BASE64URL.encode(format!("{before}{plain}").as_bytes()));
    }
    for text in planted {
        let mut bytes = noise.clone();
        bytes.splice(9_001..9_001, text.bytes());
        assert!(search.find(&bytes).is_some_and(|find| find.starts_with("the key")), "{text}");
    }
}
