//! Instants and durations.

use std::fmt;
use std::time::Duration;

/// An instant, in whole milliseconds since 1970-01-01T00:00:00Z: the unit of the wire
/// (`expiration_time_ms`) and of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Reads an RFC 3339 instant. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(Self(instant.as_millisecond()))
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved later; saturates at the end of time.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This instant moved earlier; saturates at the start of time.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from `earlier` until this instant; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 with the given offset, to the second: `2026-12-01T09:00:00+05:30`.
    pub fn rfc3339(self, offset: UtcOffset) -> String {
        let (date, time, zone) = self.parts(offset);
        format!("{date}T{time}{zone}")
    }

    /// For people: `2026-12-01 09:00 +05:30`.
    pub fn human(self, offset: UtcOffset) -> String {
        let (date, time, zone) = self.parts(offset);
        let zone = if zone == "Z" { "UTC".to_owned() } else { zone };
        format!("{date} {} {zone}", &time[..5])
    }

    fn parts(self, offset: UtcOffset) -> (String, String, String) {
        let shifted = self.0.saturating_add(i64::from(offset.0) * 1000);
        let clamped = shifted.clamp(-62_135_596_800_000, 253_402_300_799_999);
        let civil = jiff::Timestamp::from_millisecond(clamped)
            .map(|instant| jiff::tz::Offset::UTC.to_datetime(instant))
            .unwrap_or_default();
        (
            format!("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day()),
            format!("{:02}:{:02}:{:02}", civil.hour(), civil.minute(), civil.second()),
            offset.to_string(),
        )
    }
}

/// The offset from UTC that a person wrote, kept so that times are shown as they think of
/// them. In seconds east.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UtcOffset(i32);

impl UtcOffset {
    /// UTC itself.
    pub const UTC: Self = Self(0);

    /// From seconds east of UTC. `None` beyond a day.
    pub fn from_seconds(seconds: i32) -> Option<Self> {
        (seconds.abs() < 86_400).then_some(Self(seconds))
    }

    /// Seconds east of UTC.
    pub fn seconds(self) -> i32 {
        self.0
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("Z");
        }
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// A duration in the two largest units that matter: `13 days 4 h`, `2 h 5 min`, `40 s`.
///
/// humantime's own printer counts months and years of 30.44 and 365.25 days, which is
/// not how anyone reads an offer, so this prints days at most.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days_word = if days == 1 { "day" } else { "days" };
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, 0) if !duration.is_zero() => format!("{} ms", duration.as_millis()),
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, 0) => format!("{m} min"),
        (0, 0, m, s) => format!("{m} min {s} s"),
        (0, h, 0, _) => format!("{h} h"),
        (0, h, m, _) => format!("{h} h {m} min"),
        (d, 0, _, _) => format!("{d} {days_word}"),
        (d, h, _, _) => format!("{d} {days_word} {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_in_the_offset_that_was_written() {
        let instant = Timestamp::from_millis(1_796_095_800_000);
        let india = UtcOffset::from_seconds(19_800).expect("less than a day");
        assert_eq!(instant.rfc3339(india), "2026-12-01T09:00:00+05:30");
        assert_eq!(instant.rfc3339(UtcOffset::UTC), "2026-12-01T03:30:00Z");
        assert_eq!(instant.human(india), "2026-12-01 09:00 +05:30");
        assert_eq!(instant.human(UtcOffset::UTC), "2026-12-01 03:30 UTC");
    }

    #[test]
    fn durations_are_days_at_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (7_500, "2 h 5 min"),
            (86_400, "1 day"),
            (1_137_600, "13 days 4 h"),
            (40_000_000, "462 days 23 h"),
        ] {
            assert_eq!(format_duration(Duration::from_secs(seconds)), text);
        }
    }
}
