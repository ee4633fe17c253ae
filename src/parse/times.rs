//! Durations and instants as people write them.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Timestamp, UtcOffset};

/// Why a text is no usable duration or instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TimeFault {
    #[error("this is a bare number, not a length of time")]
    BareDuration,
    #[error("this is a bare number, not an instant")]
    BareInstant,
    #[error("this instant is in 1970 to 2001: a length of time, or seconds, taken for an instant")]
    TooEarly,
    #[error("months and years have no fixed length")]
    Calendar,
    #[error("this is no duration")]
    NoDuration,
    #[error("the instant has no offset from UTC")]
    NoOffset,
    #[error("this is no instant")]
    NoInstant,
}

impl TimeFault {
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::BareDuration | Self::BareInstant | Self::TooEarly => "campaign/epoch",
            Self::Calendar => "campaign/months-and-years",
            Self::NoDuration => "campaign/duration",
            Self::NoOffset | Self::NoInstant => "campaign/instant",
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::BareDuration => {
                "give a unit, such as `14days`; Kaleyra's sample 1209600000 is 14 days in ms, \
                 and taken as an instant it is 15 January 1970"
            }
            Self::BareInstant | Self::TooEarly => {
                "write an instant as `2026-12-15T23:59:59+05:30`, or a length of time as \
                 `window: 14days`; Kaleyra's sample 1209600000 is 14 days in ms, and taken as \
                 an instant it is 15 January 1970"
            }
            Self::Calendar => "write days or weeks, such as `30days`",
            Self::NoDuration => {
                "such as `14days`, `36h` or `1h 30min`; units are s, min, h, days, weeks"
            }
            Self::NoOffset => "add `Z` for UTC, or an offset such as `+05:30`",
            Self::NoInstant => "RFC 3339 with an offset, such as `2026-12-15T23:59:59+05:30`",
        }
    }

    pub(super) fn at(self, place: Place) -> Diagnostic {
        Diagnostic::error(self.rule(), place, self.to_string()).hint(self.hint())
    }
}

/// Instants below this are durations or seconds taken for milliseconds (2001-09-09).
const EARLIEST_MILLIS: i64 = 1_000_000_000_000;

/// Reads `14days` or `1h 30min`. The spellings are those of humantime without sub-second
/// units, months and years; a number has at most six digits.
pub(super) fn duration(text: &str) -> Result<Duration, TimeFault> {
    let text = text.trim();
    if is_number(text) {
        return Err(TimeFault::BareDuration);
    }
    let units = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|unit| !unit.is_empty());
    for unit in units {
        match unit {
            "s" | "sec" | "secs" | "second" | "seconds" | "m" | "min" | "mins" | "minute"
            | "minutes" | "h" | "hr" | "hrs" | "hour" | "hours" | "d" | "day" | "days" | "w"
            | "wk" | "wks" | "week" | "weeks" => {}
            "M" | "mo" | "mon" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => {
                return Err(TimeFault::Calendar);
            }
            _ => return Err(TimeFault::NoDuration),
        }
    }
    // humantime joins digits over spaces and overflows on very long numbers.
    let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let split_number = text
        .as_bytes()
        .windows(3)
        .any(|w| w[0].is_ascii_digit() && w[1].is_ascii_whitespace() && w[2].is_ascii_digit());
    if digits > 6 || split_number || text.len() > 64 {
        return Err(TimeFault::NoDuration);
    }
    humantime::parse_duration(text).map_err(|_| TimeFault::NoDuration)
}

/// Reads RFC 3339 with an offset, and keeps the offset that was written.
pub(super) fn instant(text: &str) -> Result<(Timestamp, UtcOffset), TimeFault> {
    let text = text.trim();
    if is_number(text) {
        return Err(TimeFault::BareInstant);
    }
    // jiff takes more than RFC 3339; the place of the offset tells whether there is one.
    let Some((date, time)) = text.split_once('T') else { return Err(TimeFault::NoInstant) };
    if date.len() != 10 || text.contains('[') {
        return Err(TimeFault::NoInstant);
    }
    if !time.ends_with('Z') && !time.contains(['+', '-']) {
        return Err(TimeFault::NoOffset);
    }
    let instant: jiff::Timestamp = text.parse().map_err(|_| TimeFault::NoInstant)?;
    let millis = instant.as_millisecond();
    if millis < EARLIEST_MILLIS {
        return Err(TimeFault::TooEarly);
    }
    let offset = written_offset(time).ok_or(TimeFault::NoInstant)?;
    Ok((Timestamp::from_millis(millis), offset))
}

fn written_offset(time: &str) -> Option<UtcOffset> {
    let Some(at) = time.rfind(['+', '-']) else { return Some(UtcOffset::UTC) };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    UtcOffset::from_seconds(if time[at..].starts_with('-') { -seconds } else { seconds })
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_of_a_fixed_length() {
        let day = Duration::from_hours(24);
        for (text, expected) in [
            ("14days", Ok(day * 14)),
            ("2 weeks", Ok(day * 14)),
            ("1h 30min", Ok(Duration::from_mins(90))),
            ("1.5h", Ok(Duration::from_mins(90))),
            ("90m", Ok(Duration::from_mins(90))),
            ("1209600000", Err(TimeFault::BareDuration)),
            ("14", Err(TimeFault::BareDuration)),
            ("1month", Err(TimeFault::Calendar)),
            ("1y", Err(TimeFault::Calendar)),
            ("2M", Err(TimeFault::Calendar)),
            ("P14D", Err(TimeFault::NoDuration)),
            ("1 4 days", Err(TimeFault::NoDuration)),
            ("-1h", Err(TimeFault::NoDuration)),
            ("", Err(TimeFault::NoDuration)),
            ("18446744073709551615s 1000000000ns", Err(TimeFault::NoDuration)),
            ("500ms", Err(TimeFault::NoDuration)),
        ] {
            assert_eq!(duration(text), expected.map_err(|fault: TimeFault| fault), "{text}");
        }
    }

    #[test]
    fn instants_have_an_offset_and_keep_it() {
        let (instant, offset) = instant("2026-12-01T09:00:00+05:30").expect("an instant");
        assert_eq!(instant.rfc3339(offset), "2026-12-01T09:00:00+05:30");
        let (instant, offset) = super::instant("2026-12-01T09:00:00-03:30").expect("an instant");
        assert_eq!(instant.rfc3339(offset), "2026-12-01T09:00:00-03:30");
    }

    #[test]
    fn what_is_no_instant_is_told_apart() {
        for (text, fault) in [
            ("1209600000", TimeFault::BareInstant),
            ("1797000000000", TimeFault::BareInstant),
            ("1970-01-15T00:00:00Z", TimeFault::TooEarly),
            ("2026-12-15T23:59:59", TimeFault::NoOffset),
            ("2026-12-15 23:59:59+05:30", TimeFault::NoInstant),
            ("2026-12-15", TimeFault::NoInstant),
            ("2026-02-30T00:00:00Z", TimeFault::NoInstant),
            ("2026-12-15T23:59:59+05:30[Asia/Kolkata]", TimeFault::NoInstant),
        ] {
            assert_eq!(instant(text), Err(fault), "{text}");
        }
    }
}
