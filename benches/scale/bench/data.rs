//! A made campaign with an audience of any size: the same numbers for the same seed.
//!
//! Each number is one that its country's plan has, each occurs once, and they come in no
//! order, as they do in an export. Nothing of this is ever committed or sent.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A key for coupon codes: 32 bytes.
pub(crate) const CODE_KEY: &str = "a key that protects nothing at all";

/// The account and what its messages are sent from and as.
pub(crate) const SID: &str = "HXAP0000000000IN";
pub(crate) const API_KEY: &str = "A0000000000000000000000000000000";
pub(crate) const SENDER: &str = "12025550100";
pub(crate) const TEMPLATE: &str = "lto_scale";

/// One code for each person, one parameter, a link with the code, no rate that would hold
/// anything up.
const CAMPAIGN_FILE: &str = r#"version: 1
name: scale
sender: { from: "+12025550100", region: in }
template:
  name: lto_scale
  params: ["{{ first_name }}"]
  url_suffix: "login?c={{ coupon_code }}"
offer:
  coupon_code: "DIW{{ code(9) }}"
  window: 14days
recipients:
  - file: audience.csv
delivery:
  rate: 1000000/s
  max_in_flight: 64
"#;

/// One code for everybody, a hundred people in each request.
const GROUPED_FILE: &str = r#"version: 1
name: grouped
sender: { from: "+12025550100", region: in }
template:
  name: lto_scale
  params: ["25%"]
offer:
  coupon_code: "DIWALI25"
  window: 14days
recipients:
  - file: audience.csv
delivery:
  rate: 1000000/s
  max_in_flight: 64
  recipients_per_request: 100
"#;

/// Writes the campaign with one code for everybody, and its audience, into `folder`.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write_grouped(folder: &Path, rows: u64, seed: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    write(folder, rows, seed)?;
    fs::write(folder.join("grouped.yaml"), GROUPED_FILE)
}

/// Writes a folder of so many campaign files, each with two people of its own.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write_many(folder: &Path, campaigns: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for at in 0..campaigns {
        let people = format!(
            "recipients:\n  - list:\n      - {{ phone: \"+9198{at:08}\", first_name: Asha }}\n\
             \x20     - {{ phone: \"+9197{at:08}\", first_name: Hana }}\n"
        );
        let text = CAMPAIGN_FILE
            .replace("name: scale\nsender", &format!("name: scale-{at}\nsender"))
            .replace("recipients:\n  - file: audience.csv\n", &people);
        fs::write(folder.join(format!("scale-{at:04}.yaml")), text)?;
    }
    Ok(())
}

/// Country code and the first digits of its mobile numbers; how many digits follow; how
/// many of 100 people live there.
const PLANS: [(&str, u32, u64); 4] =
    [("9198", 8, 60), ("62812", 8, 15), ("5511987", 6, 5), ("491512", 7, 20)];

const NAMES: [&str; 8] = ["Asha", "Björn", "Citra", "Deepak", "Émile", "Farah", "Günther", "Hana"];
const CITIES: [&str; 5] = ["Mumbai", "Jakarta", "São Paulo", "Köln", "\"Berlin, Mitte\""];

/// Writes the campaign and its audience into `folder`.
///
/// # Errors
/// Those of the file system.
pub(crate) fn write(folder: &Path, rows: u64, seed: u64) -> io::Result<()> {
    fs::write(folder.join("scale.yaml"), CAMPAIGN_FILE)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("audience.csv"))?);
    out.write_all(b"phone,first_name,city,tier,orders\n")?;
    let mut random = seed;
    let mut made = [0; PLANS.len()];
    for _ in 0..rows {
        random = mix(random.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let (at, length) = plan(random % 100, &made);
        let number = scattered(made[at], 10_u64.pow(length), seed);
        made[at] += 1;
        let digits = length as usize;
        let name = NAMES[(random >> 8) as usize % NAMES.len()];
        let city = CITIES[(random >> 16) as usize % CITIES.len()];
        let (tier, orders) = ((random >> 24) % 4, (random >> 32) % 50);
        writeln!(out, "+{}{number:0digits$},{name},{city},{tier},{orders}", PLANS[at].0)?;
    }
    // On the disk, so that it is not being written there while something is measured.
    out.into_inner()?.sync_all()
}

/// The plan of the next person: by share, or the first with numbers left.
fn plan(mut share: u64, made: &[u64]) -> (usize, u32) {
    let free = |at: usize| made[at] < 10_u64.pow(PLANS[at].1);
    for (at, (_, length, people)) in PLANS.iter().enumerate() {
        if share < *people && free(at) {
            return (at, *length);
        }
        share = share.saturating_sub(*people);
    }
    (0, PLANS[0].1)
}

/// A permutation of 0..size, `size` a power of ten: a multiplier that ends in 1, 3, 7 or 9
/// has no divisor in common with it.
fn scattered(index: u64, size: u64, seed: u64) -> u64 {
    (index.wrapping_mul(7_654_321) + seed % size) % size
}

/// The mixing steps of splitmix64.
fn mix(seed: u64) -> u64 {
    let mut mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
