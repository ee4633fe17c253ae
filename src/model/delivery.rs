//! How a campaign is sent: pace, concurrency, grouping, retries.

use std::fmt;
use std::time::Duration;

/// What `daily` counts over.
pub const DAILY_WINDOW: Duration = Duration::from_hours(24);

/// For a place of `daily` that is free within this time a run waits; for a later one it
/// stops, so that no machine is kept for hours with nothing to do.
pub const DAILY_PATIENCE: Duration = Duration::from_mins(5);

/// The pace and form of sending. Not part of the plan id, `recipients_per_request` and
/// `number_format` aside.
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    /// Messages (recipients) per time.
    pub rate: Rate,
    /// Most requests on the wire at once, 1 to 1,024.
    pub max_in_flight: u16,
    /// Most people per rolling 24 hours and sender number, over all campaigns. At least 1.
    pub daily: Option<u64>,
    /// Recipients of identical content in one request, 1 to 100.
    pub recipients_per_request: u8,
    /// Tries for failures that provably did not send, 1 to 10.
    pub max_attempts: u8,
    /// Nobody is sent an offer with less than this left.
    pub min_remaining: Duration,
    /// How `to` and `from` are written.
    pub number_format: NumberFormat,
}

impl Delivery {
    /// The most outcomes a crash can leave unknown: what may be on the wire at once.
    pub fn most_unknown_after_a_crash(&self) -> u64 {
        u64::from(self.max_in_flight) * u64::from(self.recipients_per_request)
    }
}

/// Whether numbers carry a `+` on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NumberFormat {
    /// `919876543210`, as in the LTO page's request.
    #[default]
    Digits,
    /// `+919876543210`, as in the LTO page's table.
    E164,
}

/// Messages per second, minute or hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    count: u32,
    per: RateUnit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RateUnit {
    Second,
    Minute,
    Hour,
}

impl Default for Rate {
    /// 20 messages a second.
    fn default() -> Self {
        Self { count: 20, per: RateUnit::Second }
    }
}

/// A text that is no rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a rate is a whole number above 0 per `s`, `min` or `h`, such as `20/s` or `600/min`")]
pub struct RateError;

impl Rate {
    /// Reads `20/s`, `600/min` or `1000/h`.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let (count, unit) = text.split_once('/').ok_or(RateError)?;
        let per = match unit.trim() {
            "s" => RateUnit::Second,
            "min" => RateUnit::Minute,
            "h" => RateUnit::Hour,
            _ => return Err(RateError),
        };
        let count = count.trim();
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RateError);
        }
        match count.parse() {
            Ok(count) if count > 0 => Ok(Self { count, per }),
            _ => Err(RateError),
        }
    }

    /// The time one message takes up, rounded up to the nanosecond so that the rate is
    /// never exceeded.
    pub fn interval(self) -> Duration {
        let unit = self.unit().as_nanos();
        let nanos = unit.div_ceil(u128::from(self.count));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Messages per second, for estimates and comparisons.
    pub fn per_second(self) -> f64 {
        f64::from(self.count) / self.unit().as_secs_f64()
    }

    /// How long `messages` take at this rate.
    pub fn time_for(self, messages: u64) -> Duration {
        let nanos = self.interval().as_nanos().saturating_mul(u128::from(messages));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn unit(self) -> Duration {
        Duration::from_secs(match self.per {
            RateUnit::Second => 1,
            RateUnit::Minute => 60,
            RateUnit::Hour => 3_600,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per {
            RateUnit::Second => "s",
            RateUnit::Minute => "min",
            RateUnit::Hour => "h",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_per_unit() {
        assert_eq!(Rate::parse("20/s").map(Rate::interval), Ok(Duration::from_millis(50)));
        assert_eq!(Rate::parse("600/min").map(Rate::interval), Ok(Duration::from_millis(100)));
        assert_eq!(Rate::parse("3/s").map(Rate::interval), Ok(Duration::from_nanos(333_333_334)));
        for bad in ["20", "0/s", "-1/s", "1.5/s", "20/m", "20/second", "/s", "+5/s", ""] {
            assert_eq!(Rate::parse(bad), Err(RateError), "{bad}");
        }
    }
}
