//! Telephone numbers: E.164, masked wherever they are shown.

use std::fmt;

/// A telephone number in E.164 form, held as its digits (country code first, no `+`).
///
/// `Display` and `Debug` are masked, because plans and logs are read by people who must
/// not see the audience; [`PhoneNumber::digits`] is the full form, asked for by name.
/// Source of the length rule: ITU-T E.164 (at most 15 digits, the first not 0).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(u64);

impl PhoneNumber {
    /// Takes the digits of a number, country code first. `None` when there are fewer than
    /// 7 or more than 15 of them; whether the number exists in its country's numbering
    /// plan is checked where numbers are read (`audience::number`).
    pub fn from_digits(digits: u64) -> Option<Self> {
        (1_000_000..=999_999_999_999_999).contains(&digits).then_some(Self(digits))
    }

    /// The number as an integer: the ledger's key.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The full number without `+`, for the wire and for files people asked for.
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// The full number with `+`, for the wire and for files people asked for.
    pub fn e164(self) -> String {
        format!("+{}", self.0)
    }

    /// Whether two numbers are one person's.
    pub fn is_of_person(self, other: Self) -> bool {
        self == other || self.person() == other.person()
    }

    /// The calling code the number starts with: that of a country, or of several that share
    /// one (ITU-T E.164, list of assigned codes: +1 and +7 alone have one digit, the codes
    /// below have two, all others three).
    pub fn calling_code(self) -> u16 {
        let places = self.0.ilog10() + 1;
        let start = |n| u16::try_from(self.0 / 10_u64.pow(places - n)).unwrap_or_default();
        match (start(1), start(2)) {
            (one @ (1 | 7), _) => one,
            (
                _,
                two @ (20
                | 27
                | 30..=34
                | 36
                | 39..=41
                | 43..=49
                | 51..=58
                | 60..=66
                | 81
                | 82
                | 84
                | 86
                | 90..=95
                | 98),
            ) => two,
            _ => start(3),
        }
    }

    /// The key under which one person's spellings meet.
    pub fn person(self) -> PersonKey {
        PersonKey::of(self)
    }
}

impl fmt::Display for PhoneNumber {
    /// `+91••••••••10`: at most the first two and the last two digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let hidden = digits.len() - 4;
        write!(f, "+{}{}{}", &digits[..2], "•".repeat(hidden), &digits[digits.len() - 2..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({self})")
    }
}

/// One person behind several spellings of a number, used to find duplicates and opt-outs.
///
/// WhatsApp reaches the same account under a Brazilian mobile number with and without its
/// ninth digit, a Mexican one with and without the `1` after 52, and an Argentine one with
/// and without the `9` after 54. The number sent to stays as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PersonKey(u64);

impl PersonKey {
    /// By arithmetic: it is asked for several times for each row of an audience.
    fn of(number: PhoneNumber) -> Self {
        const TEN_8: u64 = 10_u64.pow(8);
        const TEN_9: u64 = 10_u64.pow(9);
        const TEN_10: u64 = 10_u64.pow(10);
        let digits = number.0;
        // Only numbers of 13 digits have such a beginning.
        Self(match digits / TEN_10 {
            550..=559 if digits / TEN_8 % 10 == 9 => digits / TEN_9 * TEN_8 + digits % TEN_8,
            521 => 52 * TEN_10 + digits % TEN_10,
            549 => 54 * TEN_10 + digits % TEN_10,
            _ => digits,
        })
    }

    /// The key as an integer, for compact sets.
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: u64) -> PhoneNumber {
        PhoneNumber::from_digits(digits).expect("a number of 7 to 15 digits")
    }

    #[test]
    fn shows_no_more_than_four_digits() {
        assert_eq!(number(919_876_543_210).to_string(), "+91••••••••10");
        assert_eq!(format!("{:?}", number(919_876_543_210)), "PhoneNumber(+91••••••••10)");
    }

    #[test]
    fn spellings_of_one_person_share_a_key() {
        for (one, other) in [
            (5_511_987_654_321, 551_187_654_321),
            (5_215_512_345_678, 525_512_345_678),
            (5_491_112_345_678, 541_112_345_678),
        ] {
            assert_eq!(number(one).person(), number(other).person(), "{one} and {other}");
        }
        for alone in [
            4_915_112_345_678,
            5_511_887_654_321,
            551_987_654_321,
            55_119_876_543_210,
            5_221_234_567_890,
            52_155_123_456,
            5_481_112_345_678,
            549_111_234_567,
        ] {
            assert_eq!(number(alone).person().as_u64(), alone, "{alone} has one spelling");
        }
    }

    #[test]
    fn a_number_starts_with_its_calling_code() {
        for (digits, code) in [
            (12_025_550_100, 1),
            (79_261_234_567, 7),
            (919_876_543_210, 91),
            (4_915_112_345_678, 49),
            (971_501_234_567, 971),
            (35_312_345_678, 353),
            (5_511_987_654_321, 55),
            (59_312_345_678, 593),
            (85_291_234_567, 852),
        ] {
            assert_eq!(number(digits).calling_code(), code);
        }
    }

    #[test]
    fn refuses_what_e164_cannot_hold() {
        assert_eq!(PhoneNumber::from_digits(999_999), None);
        assert_eq!(PhoneNumber::from_digits(1_000_000_000_000_000), None);
    }
}
