//! Telephone numbers and secrets hidden in lines of a campaign file.

use super::is_hidden;

/// Fewest digits that count as a telephone number: the shortest E.164 number in use.
const FEWEST_DIGITS: usize = 7;
/// Digits of a number that stay readable at each end, as in `PhoneNumber`'s display.
const SHOWN: usize = 2;
/// Keys whose plain number is a duration, as they are written.
const DURATION_KEYS: [&str; 2] = ["window: ", "min_remaining: "];
/// Keys under which people put secrets where none belong.
const SECRET_KEYS: [&str; 7] =
    ["api_key", "api-key", "apikey", "secret", "token", "password", "code_key"];
/// Longest value under such a key that is shown: a key's fingerprint.
const LONGEST_FINGERPRINT: usize = 8;

/// One line with what must not be shown replaced character for character, so that columns
/// stay where they are: the inner digits of telephone numbers become `•`, and so does the
/// value of a key that names a secret.
pub fn mask_private(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    mask_numbers(&mut shown);
    mask_secret(line, &mut shown);
    shown.into_iter().collect()
}

fn mask_numbers(line: &mut [char]) {
    let mut at = duration_end(line);
    while at < line.len() {
        if !line[at].is_numeric() {
            at += 1;
        } else if is_date(&line[at..]) {
            at += 10;
        } else {
            let digits = number_at(line, at);
            if digits.len() >= FEWEST_DIGITS {
                for &index in &digits[SHOWN..digits.len() - SHOWN] {
                    line[index] = '•';
                }
            }
            at = digits.last().map_or(at, |last| last + 1);
        }
    }
}

/// Where the value of a line such as `window: 1209600000` ends, else 0: what stands under
/// these keys is a time gone wrong, which must stay readable, and nobody's number.
fn duration_end(line: &[char]) -> usize {
    let start = line.iter().position(|c| *c != ' ').unwrap_or_default();
    let end_of = |key: &str| {
        let key: Vec<char> = key.chars().collect();
        line[start..].starts_with(&key).then_some(start + key.len())
    };
    let Some(value) = DURATION_KEYS.iter().find_map(|key| end_of(key)) else { return 0 };
    let digits = line[value..].iter().take_while(|c| c.is_ascii_digit()).count();
    let rest = line[value + digits..].iter().position(|c| *c != ' ');
    let ends = rest.is_none_or(|gap| gap > 0 && line[value + digits + gap] == '#');
    if ends { value + digits } else { 0 }
}

/// Where the digits of the number that begins at `start` stand. People write numbers in
/// groups, so up to three separators in a row belong to it.
fn number_at(line: &[char], start: usize) -> Vec<usize> {
    let mut digits = Vec::new();
    let mut gap = 0;
    for (index, &c) in line.iter().enumerate().skip(start) {
        if c.is_numeric() {
            if gap > 0 && is_date(&line[index..]) {
                break;
            }
            digits.push(index);
            gap = 0;
        } else if gap < 3 && is_separator(c) {
            gap += 1;
        } else if !is_hidden(c) {
            break;
        }
    }
    digits
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2009}'..='\u{2011}' | '\u{202f}')
}

/// Whether `2026-12-15` begins here: dates are what offers are about, and stay readable.
fn is_date(line: &[char]) -> bool {
    let Some(date) = line.get(..10) else { return false };
    let digits = |range: std::ops::Range<usize>| {
        date[range].iter().try_fold(0, |sum, c| c.to_digit(10).map(|digit| sum * 10 + digit))
    };
    date[4] == '-'
        && date[7] == '-'
        && digits(0..4).is_some_and(|year| (1970..2200).contains(&year))
        && digits(5..7).is_some_and(|month| (1..=12).contains(&month))
        && digits(8..10).is_some_and(|day| (1..=31).contains(&day))
        && line.get(10).is_none_or(|c| !c.is_numeric())
}

fn mask_secret(line: &str, shown: &mut [char]) {
    let Some((key, value)) = line.split_once(':') else { return };
    let key_name = key.trim_matches([' ', '\t', '-', '"', '\'', '{']).to_ascii_lowercase();
    let names_secret = key_name == "sid" || SECRET_KEYS.iter().any(|name| key_name.contains(name));
    let bare = value.trim().trim_matches(['"', '\'', '}', ' ']);
    if names_secret && bare.chars().count() > LONGEST_FINGERPRINT {
        for c in shown.iter_mut().skip(key.chars().count() + 1).filter(|c| !c.is_whitespace()) {
            *c = '•';
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_hidden_however_they_are_grouped() {
        for (line, shown) in [
            (r#"- { phone: "+919812345678" }"#, r#"- { phone: "+91••••••••78" }"#),
            ("phone: +91 98123-45678", "phone: +91 •••••-•••78"),
            ("(0)171 / 123 45 67", "(0)1•• / ••• •• 67"),
            ("9.19877E+11", "9.19877E+11"),
            (
                "  window: 1209600000 # Asha +919812345678",
                "  window: 1209600000 # Asha +91••••••••78",
            ),
            ("  window: 1209600000 98765", "  window: 12•••••••• •••65"),
            ("  window: +919812345678", "  window: +91••••••••78"),
            ("window_phone: 1209600000", "window_phone: 12••••••00"),
            ("१२३४५६७८", "१२••••७८"),
            ("98\u{200b}12345678", "98\u{200b}••••••78"),
        ] {
            assert_eq!(mask_private(line), shown);
        }
    }

    #[test]
    fn dates_and_small_numbers_stay() {
        for line in [
            "ends_at: 2026-12-15T23:59:59+05:30",
            "ends_at: 2026-12-15 23:59:59",
            "rate: 80 2026-12-15",
            "recipients: 500000",
            "  window: 1209600000",
            "  min_remaining: 900000000  # in ms",
            "params: [\"25%\", 10, 20]",
            "code_key: 3fa19c02",
        ] {
            assert_eq!(mask_private(line), line);
        }
    }

    #[test]
    fn a_secret_that_strayed_into_a_file_is_not_repeated() {
        assert_eq!(mask_private("  api_key: A1b2C3d4E5f6"), "  api_key: ••••••••••••");
        assert_eq!(mask_private("sid: HXIN1700000000IN"), "sid: ••••••••••••••••");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_long_run_of_digits_is_left(before in "[a-z: ]{0,8}", digits in "[1-9][0-9]{6,14}") {
            let shown = mask_private(&format!("{before}{digits}"));
            prop_assert!(!shown.contains(&digits));
            prop_assert_eq!(shown.chars().count(), before.chars().count() + digits.len());
        }
    }
}
