//! Chance that repeats, and how to repeat it.

use std::io::Write as _;
use std::time::Duration;

/// `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.next().is_multiple_of(chances)
    }

    pub(crate) fn micros(&mut self, most: u64) -> Duration {
        Duration::from_micros(self.between(0, most))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }
}

/// The first seed: `OFFERCAST_SEED`, or 1.
pub(crate) fn first_seed() -> u64 {
    variable("OFFERCAST_SEED").unwrap_or(1)
}

/// A share of all kills: `OFFERCAST_KILLS`, or 200.
pub(crate) fn share_of_kills(percent: u64) -> u64 {
    (variable("OFFERCAST_KILLS").unwrap_or(200) * percent).div_ceil(100)
}

pub(crate) fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{name}` is not a number: `{text}`")))
}

/// Says, when a test fails, how to have the same again. (When exactly a process is caught
/// still depends on the machine: a seed may need a few goes.)
pub(crate) struct Replay(pub(crate) u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or("kills").to_owned();
            say(&format!(
                "seed {}: OFFERCAST_SEED={} OFFERCAST_KILLS=1 cargo test --test it {name}",
                self.0, self.0
            ));
        }
    }
}

/// Writes a line that is seen also when the test succeeds.
pub(crate) fn say(line: &str) {
    // A runner whose standard error is gone loses a line, not the test.
    let _ = writeln!(std::io::stderr(), "{line}");
}
