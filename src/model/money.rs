//! Amounts of money, exact to a millionth of the currency's unit.

use std::fmt;

use super::time::{Timestamp, UtcOffset};

/// An amount in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// Which currency.
    pub currency: Currency,
}

impl Money {
    /// Reads `600 USD` or `599.5 INR`: digits, at most six of them after the point, one
    /// space, a currency. `None` for anything else, and above 10^12 units.
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, currency) = text.split_once(' ')?;
        Some(Self { micros: parse_micros(amount)?, currency: Currency::parse(currency)? })
    }

    /// The amount as a decimal number, exactly: `600`, `0.0118`.
    pub fn amount(self) -> String {
        let text = format!("{}.{:06}", self.micros / 1_000_000, self.micros % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Whole hundredths of the unit, rounded up: an estimate that says "at most" must.
    pub fn hundredths(self) -> u64 {
        self.micros.div_ceil(10_000)
    }
}

impl fmt::Display for Money {
    /// `600 USD`, exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

/// Reads a decimal number without sign as millionths. `None` with more than six digits after
/// the point or more than twelve before it.
pub fn parse_micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // Published cards write `.0118` too.
    if !digits(whole) || !digits(fraction) || fraction.is_empty() {
        return None;
    }
    if fraction.len() > 6 || whole.len() > 12 {
        return None;
    }
    format!("{whole}{fraction:0<6}").parse().ok()
}

/// A currency by its three letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Takes three capital letters. That the currency exists is not checked.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ASCII letters")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The day from which a rate card holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CardDate(jiff::civil::Date);

impl CardDate {
    /// Reads `2026-10-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// The day of an instant, by the clocks at that offset.
    pub fn of(instant: Timestamp, offset: UtcOffset) -> Self {
        let text = instant.rfc3339(offset);
        text.get(..10).and_then(Self::parse).unwrap_or(Self(jiff::civil::Date::ZERO))
    }

    /// A day of the calendar; `None` when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The first day of a quarter after this one: Meta changes its rates on the first of
    /// January, April, July and October only (its pricing page).
    #[must_use]
    pub fn next_change(self) -> Self {
        let (year, month) = (self.0.year(), self.0.month());
        let next = match month {
            1..=3 => Self::new(year, 4, 1),
            4..=6 => Self::new(year, 7, 1),
            7..=9 => Self::new(year, 10, 1),
            _ => Self::new(year.saturating_add(1), 1, 1),
        };
        next.unwrap_or(self)
    }
}

impl fmt::Display for CardDate {
    /// `2026-10-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_exact_to_a_millionth() {
        for text in ["600 USD", "0.0118 USD", "12.5 INR", "0.000001 EUR", "999999999999 IDR"] {
            assert_eq!(Money::parse(text).map(|m| m.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Money::parse(".0118 USD").map(|m| m.micros), Some(11_800));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let bad = [
            "600",
            "600USD",
            "600 usd",
            "600 US",
            "-1 USD",
            "1e3 USD",
            "1,000 USD",
            "1. USD",
            "0.0000001 USD",
            "1000000000000 USD",
            " 1 USD",
            "1  USD",
            "USD 1",
            "",
        ];
        for text in bad {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }

    #[test]
    fn hundredths_are_rounded_up() {
        let money = |text| Money::parse(text).expect("an amount");
        assert_eq!(money("0.0001 USD").hundredths(), 1);
        assert_eq!(money("12.34 USD").hundredths(), 1234);
        assert_eq!(money("12.340001 USD").hundredths(), 1235);
    }

    #[test]
    fn a_card_holds_until_the_next_quarter() {
        let next = |text| CardDate::parse(text).expect("a day").next_change().to_string();
        assert_eq!(next("2026-10-01"), "2027-01-01");
        assert_eq!(next("2026-07-01"), "2026-10-01");
        assert_eq!(next("2026-06-30"), "2026-07-01");
        assert_eq!(next("2026-02-28"), "2026-04-01");
        for bad in ["2026-13-01", "2026-1-1", "2026-02-30", "01/10/2026", "2026-10-01T00:00"] {
            assert_eq!(CardDate::parse(bad), None, "{bad}");
        }
    }
}
