//! Countries `WhatsApp` delivers nothing to.

use crate::model::PhoneNumber;

/// Cuba, Iran, North Korea, Syria: users there cannot receive messages of the business
/// platform (Meta, Business Platform support, "Country restrictions"). Crimea, Donetsk and
/// Luhansk are restricted too but have no country code of their own.
const RESTRICTED_CODES: [u64; 4] = [53, 98, 850, 963];

/// Whether a number belongs to a restricted country. No country code begins another, so
/// the first digits decide.
pub(super) fn is_restricted(number: PhoneNumber) -> bool {
    let mut rest = number.as_u64();
    while rest >= 1000 {
        rest /= 10;
    }
    RESTRICTED_CODES.contains(&rest) || RESTRICTED_CODES.contains(&(rest / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricted_countries_are_known_by_their_code() {
        let restricted =
            |digits: u64| is_restricted(PhoneNumber::from_digits(digits).expect("a number"));
        for digits in [5_351_234_567, 989_121_234_567, 8_501_921_234_567, 963_944_567_890] {
            assert!(restricted(digits), "{digits}");
        }
        for digits in [919_876_543_210, 85_291_234_567, 962_790_123_456, 525_512_345_678] {
            assert!(!restricted(digits), "{digits}");
        }
    }
}
