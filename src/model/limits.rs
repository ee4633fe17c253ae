//! What a campaign may not exceed.

use std::fmt;

use super::money::Money;

/// Reviewed limits; a breach is refused before the first send.
#[derive(Clone, PartialEq, Debug)]
pub struct Limits {
    /// Most people a plan may send to.
    pub recipients: Option<u64>,
    /// Largest share of rows that are unusable as such (default 5 %).
    pub invalid: Share,
    /// Share of rejected messages, after 50 outcomes, that halts a running apply
    /// (default 5 %).
    pub failures: Share,
    /// The most a plan may cost; needs a rate card.
    pub cost: Option<Money>,
}

impl Default for Limits {
    fn default() -> Self {
        let five_percent = Share { millionths: 50_000 };
        Self { recipients: None, invalid: five_percent, failures: five_percent, cost: None }
    }
}

/// A share between 0 % and 100 %, to a ten-thousandth of a percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Share {
    millionths: u32,
}

impl Share {
    /// Reads `5%`, `2.5%` or `0%`. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?.trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 4 || whole.len() > 3 {
            return None;
        }
        let millionths: u32 = format!("{whole}{fraction:0<4}").parse().ok()?;
        (millionths <= 1_000_000).then_some(Self { millionths })
    }

    /// Whether `part` of `whole` is more than this share. Nothing of nothing is not.
    pub fn is_exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * 1_000_000 > u128::from(whole) * u128::from(self.millionths)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:04}", self.millionths / 10_000, self.millionths % 10_000);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage() {
        for text in ["5%", "2.5%", "0%", "100%", "0.0001%"] {
            assert_eq!(Share::parse(text).map(|s| s.to_string()).as_deref(), Some(text));
        }
        for bad in ["5", "101%", "-1%", "%", "5.%", "five%"] {
            assert_eq!(Share::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_is_exceeded_only_above_it() {
        let share = Share::parse("2%").expect("a share");
        assert!(!share.is_exceeded_by(2, 100));
        assert!(share.is_exceeded_by(3, 100));
        assert!(!share.is_exceeded_by(0, 0));
    }
}
