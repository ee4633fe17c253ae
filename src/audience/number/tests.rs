use proptest::prelude::*;

use super::plain::PLAIN_PLANS;
use super::*;

fn read(text: &str, country: Option<&str>) -> Result<u64, NumberFault> {
    let reader = NumberReader::new(country).expect("a known country");
    reader.read(text).map(|reading| reading.number.as_u64())
}

#[test]
fn numbers_of_many_countries_are_read_however_they_are_written() {
    for (text, country, expected) in [
        ("+919876543210", None, 919_876_543_210),
        ("+91 98765-43210", None, 919_876_543_210),
        ("0091 (98765) 43210", None, 919_876_543_210),
        ("098765 43210", Some("IN"), 919_876_543_210),
        ("9876543210", Some("in"), 919_876_543_210),
        ("919876543210", Some("IN"), 919_876_543_210),
        ("+49 (0) 1512 3456789", Some("IN"), 4_915_123_456_789),
        ("0151.2345.6789", Some("DE"), 4_915_123_456_789),
        ("(+46) 70-174 06 05", None, 46_701_740_605),
        ("+61 491 570 006", None, 61_491_570_006),
        ("0491 570 006", Some("AU"), 61_491_570_006),
        ("+1 212 555 0123", None, 12_125_550_123),
        ("(212) 555-0199", Some("US"), 12_125_550_199),
        ("011 49 1512 3456789", Some("US"), 4_915_123_456_789),
        ("+1 416 555 0123", None, 14_165_550_123),
        ("+39 06 698 12345", None, 390_669_812_345),
        ("+55 11 98765-4321", None, 5_511_987_654_321),
        ("+54 9 11 2345-6789", None, 5_491_123_456_789),
        ("+52 55 1234 5678", None, 525_512_345_678),
        ("+7 912 345-67-89", None, 79_123_456_789),
        ("+44 7400 123456", None, 447_400_123_456),
        ("+65 8123 4567", None, 6_581_234_567),
        ("+971 50 123 4567", None, 971_501_234_567),
        (
            "\u{ff0b}\u{ff14}\u{ff19}\u{ff11}\u{ff15}\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}\u{ff18}\u{ff19}",
            None,
            4_915_123_456_789,
        ),
        ("\u{202a}+49 1512\u{a0}3456789\u{202c}", None, 4_915_123_456_789),
    ] {
        assert_eq!(read(text, country), Ok(expected), "{text} in {country:?}");
    }
}

#[test]
fn what_is_no_number_says_why() {
    let not_valid = |code: &[u8; 2]| NumberFault::NotValid { region: Some(*code) };
    for (text, country, fault) in [
        ("", None, NumberFault::Empty),
        (" \u{a0} ", None, NumberFault::Empty),
        ("9876543210", None, NumberFault::NoCountryCode { ten_digits: true }),
        ("919876543210", None, NumberFault::NoCountryCode { ten_digits: false }),
        ("0151 23456789", None, NumberFault::NoCountryCode { ten_digits: false }),
        ("n/a", None, NumberFault::NotANumber),
        ("+49 151 12345678 / +49 151 87654321", None, NumberFault::NotANumber),
        ("+1 800 FLOWERS", None, NumberFault::NotANumber),
        ("+49+151", None, NumberFault::NotANumber),
        ("+", None, NumberFault::NotANumber),
        ("+0123456789", None, NumberFault::NotValid { region: None }),
        ("+999123456789", None, NumberFault::NotValid { region: None }),
        ("+91123456", None, not_valid(b"IN")),
        ("+910000000000", None, not_valid(b"IN")),
        ("12345", Some("DE"), not_valid(b"DE")),
        ("+15555550123", None, not_valid(b"US")),
        ("9.19877E+11", None, NumberFault::Scientific),
        ("9,19877e11", Some("IN"), NumberFault::Scientific),
        ("919876543210.0", Some("IN"), NumberFault::Decimal),
        ("9876543210.00", Some("IN"), NumberFault::Decimal),
        ("+1 212 555 0123 ext. 7", None, NumberFault::Extension),
        ("+1 212 555 0123 x7", None, NumberFault::Extension),
        ("+12125550123;ext=7", None, NumberFault::Extension),
        ("+12125550123#7", None, NumberFault::Extension),
        ("123456789012345678901", None, NumberFault::NotANumber),
    ] {
        assert_eq!(read(text, country), Err(fault), "{text} in {country:?}");
    }
}

#[test]
fn fictional_ranges_are_what_the_library_says() {
    for valid in ["+12025550100", "+12125550199", "+61491570156", "+46701740605", "+61255501234"] {
        assert!(parse_cli_number(valid).is_ok(), "{valid}");
    }
    for invalid in ["+15555550100", "+919999", "+1555010"] {
        assert!(parse_cli_number(invalid).is_err(), "{invalid}");
    }
}

#[test]
fn a_number_that_was_read_before_is_not_looked_up_again() {
    let reader = NumberReader::international();
    // India has no numbers of twelve digits: only having been read before lets one in.
    let made_up = "+91111111111111";
    assert!(reader.read(made_up).is_err());
    assert!(reader.read_again(made_up, None).is_err());
    let known = NumberReader::as_it_stands(made_up);
    let again = reader.read_again(made_up, known).map(|reading| reading.number.as_u64());
    assert_eq!(again, Ok(91_111_111_111_111));
    // It takes a look to tell who is in the United States.
    assert_eq!(NumberReader::as_it_stands("+12125550123"), None);
}

#[test]
fn united_states_numbers_are_told_from_their_neighbours() {
    let in_us = |text: &str| NumberReader::international().read(text).map(|r| r.in_us);
    assert_eq!(in_us("+12125550123"), Ok(true));
    assert_eq!(in_us("+14165550123"), Ok(false));
    assert_eq!(in_us("+18765550123"), Ok(false));
    assert_eq!(in_us("+4915123456789"), Ok(false));
}

#[test]
fn numbers_are_read_as_whatsapp_writes_them_in_brazil_and_mexico() {
    assert_eq!(read("+55 11 8765-4321", None), Ok(551_187_654_321));
    assert_eq!(read("+52 1 55 1234 5678", None).map(person), Ok(person(525_512_345_678)));
    let not_valid = |code: &[u8; 2]| NumberFault::NotValid { region: Some(*code) };
    assert_eq!(read("+52 1 00 1234 5678", None), Err(not_valid(b"MX")));
    assert_eq!(read("+55 10 8765-4321", None), Err(not_valid(b"BR")));
}

fn person(digits: u64) -> crate::model::PersonKey {
    PhoneNumber::from_digits(digits).expect("a number").person()
}

#[test]
fn a_country_must_have_a_numbering_plan() {
    assert!(NumberReader::new(Some("DE")).is_ok());
    for unknown in ["XX", "DEU", "", "49", "ü"] {
        assert_eq!(NumberReader::new(Some(unknown)).err(), Some(UnknownCountry), "{unknown}");
    }
}

#[test]
fn a_first_line_of_digits_is_no_header() {
    for number in ["+919876543210", "98765 43210", "9.19877E+11", "12345"] {
        assert!(looks_like_number(number), "{number}");
    }
    for name in ["phone", "mobile 2", "1", "", "tel."] {
        assert!(!looks_like_number(name), "{name}");
    }
}

#[test]
fn messages_never_repeat_the_number() {
    let fault = read("+910000000000", None).expect_err("no such number");
    assert_eq!(fault.to_string(), "the number does not exist in the numbering plan of IN");
    assert!(NumberFault::Scientific.hint().is_some_and(|hint| hint.contains("as text")));
}

/// The library's own answer to the digits, by the long way.
fn by_library(digits: &str) -> Option<u64> {
    let parsed = library_international(digits)?;
    let text = parsed.is_valid().then(|| parsed.to_string())?;
    let number: u64 = text.trim_start_matches('+').parse().ok()?;
    // The library knows plans with fewer digits than a subscriber is reached by from abroad,
    // and with more than the 15 that E.164 allows.
    PhoneNumber::from_digits(number).map(PhoneNumber::as_u64)
}

fn plain_number() -> impl Strategy<Value = String> {
    (0..PLAIN_PLANS.len(), any::<prop::sample::Index>(), "[0-9]{4,13}").prop_map(
        |(plan, first, rest)| {
            let (code, first_digits) = PLAIN_PLANS[plan];
            let first = first.index(first_digits.len());
            format!("{code}{}{rest}", &first_digits[first..=first])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_short_way_gives_the_library_s_answer(digits in plain_number()) {
        if let Some(short) = plain_international(&digits) {
            prop_assert_eq!(Some(short), library_international(&digits));
        }
    }

    #[test]
    fn any_digits_are_read_as_the_library_reads_them(digits in "[1-9][0-9]{5,16}") {
        let library = by_library(&digits);
        if library.is_some() || plan_spelling(&digits).is_none() {
            prop_assert_eq!(read(&format!("+{digits}"), None).ok(), library);
        }
    }

    /// Whatever numbers are in a plan: somebody who was read is read again as the same, and who
    /// was not is not let in by those who were.
    #[test]
    fn what_was_read_before_is_read_as_it_would_be_for_the_first_time(
        before in plain_number(),
        now in plain_number(),
        sign in prop::sample::select(vec!["+", "00", "+ ", ""]),
    ) {
        let reader = NumberReader::new(Some("IN")).expect("a known country");
        for digits in [&before, &now] {
            let planned = reader.read(&format!("+{before}")).map(|reading| reading.number);
            let text = format!("{sign}{digits}");
            let known = NumberReader::as_it_stands(&text).filter(|number| planned == Ok(*number));
            prop_assert_eq!(reader.read_again(&text, known), reader.read(&text));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = read(&text, None);
        let _ = read(&text, Some("IN"));
        let _ = looks_like_number(&text);
    }
}
