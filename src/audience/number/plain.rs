//! Numbering plans in which a number with its country code is split in two and no more.

use rlibphonenumber::PhoneNumber as Parsed;

/// Country codes whose national numbers are never rewritten by the library when they begin
/// with one of the digits given: nothing that begins so is a national prefix there. The
/// library's `parse` then only splits the number in two, which is done here at a quarter of
/// its price. A property test holds both to the same answers.
pub(super) const PLAIN_PLANS: [(&str, &str); 27] = [
    ("1", "23456789"),
    ("20", "123456789"),
    ("27", "123456789"),
    ("31", "123456789"),
    ("33", "123456789"),
    ("34", "123456789"),
    ("39", "123456789"),
    ("44", "123456789"),
    ("46", "123456789"),
    ("48", "123456789"),
    ("49", "123456789"),
    ("52", "23456789"),
    ("55", "12345678"),
    ("60", "123456789"),
    ("61", "23456789"),
    ("62", "123456789"),
    ("65", "23456789"),
    ("84", "123456789"),
    ("90", "123456789"),
    ("91", "123456789"),
    ("92", "123456789"),
    ("94", "123456789"),
    ("234", "123456789"),
    ("254", "123456789"),
    ("880", "123456789"),
    ("966", "123456789"),
    ("971", "123456789"),
];

/// Where in [`PLAIN_PLANS`] each country code stands.
const PLAN_OF_CODE: [Option<usize>; 1_000] = {
    let mut plans = [None; 1_000];
    let mut at = 0;
    while at < PLAIN_PLANS.len() {
        plans[value(PLAIN_PLANS[at].0.as_bytes())] = Some(at);
        at += 1;
    }
    plans
};

const fn value(digits: &[u8]) -> usize {
    let (mut value, mut at) = (0, 0);
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as usize;
        at += 1;
    }
    value
}

/// Splits a number of such a plan in two; `None` for all others, and for what no number is.
pub(super) fn plain_international(digits: &str) -> Option<Parsed> {
    if !(8..=15).contains(&digits.len()) {
        return None;
    }
    // No country code begins with another one.
    let (first_digits, (code, national)) = (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let plan = PLAN_OF_CODE[value(code.as_bytes())]?;
        let (same_code, first_digits) = PLAIN_PLANS[plan];
        (same_code == code).then_some((first_digits, (code, national)))
    })?;
    if national.len() < 6 || !first_digits.as_bytes().contains(&national.as_bytes()[0]) {
        return None;
    }
    Some(Parsed {
        country_code: code.parse().ok()?,
        national_number: national.parse().ok()?,
        ..Parsed::default()
    })
}
