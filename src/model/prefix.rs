//! The beginning of a number, which tells a country and nobody's identity.

use std::fmt;

use super::phone::PhoneNumber;

/// How a number begins, as far as its country or territory: what a message costs is known
/// from it, and whose number it is, is not.
///
/// The calling code; under `+1` with the area code, and under `+7` with one digit more, where
/// several countries share one calling code and are priced apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CountryPrefix(u16);

impl CountryPrefix {
    /// The beginning of a number.
    pub fn of(number: PhoneNumber) -> Self {
        let digits = number.as_u64();
        let places = digits.ilog10() + 1;
        let first = |n: u32| u16::try_from(digits / 10_u64.pow(places - n)).unwrap_or_default();
        Self(match number.calling_code() {
            1 => first(4),
            7 => first(2),
            code => code,
        })
    }

    /// Takes it as an integer. `None` when no number begins so.
    pub fn from_digits(digits: u64) -> Option<Self> {
        let digits = u16::try_from(digits).ok()?;
        (20..=1_999).contains(&digits).then_some(Self(digits))
    }

    /// The prefix as an integer, from 20 to 1,999.
    pub fn as_u64(self) -> u64 {
        self.0.into()
    }
}

impl fmt::Display for CountryPrefix {
    /// `+91…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}…", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(digits: u64) -> u64 {
        CountryPrefix::of(PhoneNumber::from_digits(digits).expect("a number")).as_u64()
    }

    #[test]
    fn it_goes_as_far_as_the_country() {
        assert_eq!(of(919_876_543_210), 91);
        assert_eq!(of(971_501_234_567), 971);
        assert_eq!(of(18_095_551_234), 1_809);
        assert_eq!(of(77_011_234_567), 77);
    }

    proptest! {
        #[test]
        fn every_number_has_one_that_reads_back(digits in 1_000_000_u64..=999_999_999_999_999) {
            let number = PhoneNumber::from_digits(digits).expect("7 to 15 digits");
            let prefix = CountryPrefix::of(number);
            prop_assert_eq!(CountryPrefix::from_digits(prefix.as_u64()), Some(prefix));
            prop_assert!(digits.to_string().starts_with(&prefix.as_u64().to_string()));
        }
    }
}
