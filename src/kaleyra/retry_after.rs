//! `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::model::Timestamp;

/// The longest a server can make the sender wait: what is longer is for a person to decide.
const MAX_WAIT: Duration = Duration::from_mins(15);

/// Reads the header's text: the wait from `now`, between zero and 15 minutes. `None` when
/// the text is neither a whole number of seconds nor an HTTP date.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) };
        return Some(Duration::from_secs(seconds).min(MAX_WAIT));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    let until = Timestamp::from_millis(date.as_millisecond());
    Some(until.since(now).min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_between_nothing_and_fifteen_minutes() {
        let now = Timestamp::from_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        let seconds = Duration::from_secs;
        for (text, wait) in [
            ("0", Some(seconds(0))),
            ("5", Some(seconds(5))),
            (" 7 ", Some(seconds(7))),
            ("900", Some(seconds(900))),
            ("901", Some(seconds(900))),
            ("315360000", Some(seconds(900))),
            ("99999999999999999999999999", Some(seconds(900))),
            ("-5", Some(seconds(0))),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(seconds(30))),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(seconds(0))),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(seconds(0))),
            ("Wed, 06 Nov 2024 08:49:37 GMT", Some(seconds(900))),
            ("soon", None),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("5 seconds", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(parse(text, now), wait, "{text}");
        }
    }
}
