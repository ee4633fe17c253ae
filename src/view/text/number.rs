//! Numbers in words, spelled the same everywhere.

use std::time::Duration;

use crate::model::{Money, format_duration};
pub use crate::model::{figure, number, people, plural};

/// `12.5%`. Some is never shown as none, nor nearly all as all.
pub fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0%".to_owned();
    }
    if part >= whole {
        let hundredths = u128::from(part) * 100 / u128::from(whole);
        return format!("{hundredths}%");
    }
    // Tenths of a percent, rounded to the nearest.
    let (part, whole) = (u128::from(part), u128::from(whole));
    match (part * 2_000 + whole) / (whole * 2) {
        0 => "<0.1%".to_owned(),
        1000.. => ">99.9%".to_owned(),
        tenths if tenths % 10 == 0 => format!("{}%", tenths / 10),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// `3,391.20 USD`: to a hundredth, rounded up.
pub fn money(money: Money) -> String {
    let hundredths = money.hundredths();
    format!("{}.{:02} {}", number(hundredths / 100), hundredths % 100, money.currency)
}

/// A pace: `80/s`, and below ten `0.5/s`.
pub fn per_second(rate: f64) -> String {
    let rate = if rate.is_finite() && rate > 0.0 { rate } else { 0.0 };
    if rate < 9.95 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") }
}

/// A time that is only an estimate: seconds below two minutes, then whole minutes, rounded
/// up.
pub fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let shown = if seconds < 120 { seconds } else { seconds.div_ceil(60) * 60 };
    format_duration(Duration::from_secs(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_are_text_get_commas_where_they_are_counts() {
        for (text, shown) in [("3000", "3,000"), ("2.50%", "2.50%"), ("-", "-"), ("", "")] {
            assert_eq!(figure(text), shown);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (count, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (100, "100")]
        {
            assert_eq!(number(count), text);
        }
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn one_person_but_two_people() {
        assert_eq!(people(0), "0 people");
        assert_eq!(people(1), "1 person");
        assert_eq!(people(2_000), "2,000 people");
    }

    #[test]
    fn a_share_is_none_or_all_only_when_it_is() {
        for (part, whole, text) in [
            (0, 10, "0%"),
            (0, 0, "0%"),
            (1, 1_000_000, "<0.1%"),
            (999_999, 1_000_000, ">99.9%"),
            (10, 10, "100%"),
            (1, 8, "12.5%"),
            (1, 4, "25%"),
            (2, 3, "66.7%"),
            (u64::MAX, u64::MAX, "100%"),
        ] {
            assert_eq!(percent(part, whole), text, "{part} of {whole}");
        }
    }

    #[test]
    fn a_pace_is_short() {
        for (rate, text) in
            [(80.4, "80/s"), (0.5, "0.5/s"), (9.97, "10/s"), (f64::NAN, "0.0/s"), (-1.0, "0.0/s")]
        {
            assert_eq!(per_second(rate), text);
        }
    }

    #[test]
    fn an_estimate_is_not_exact_to_the_second() {
        for (millis, text) in [
            (1, "1 s"),
            (119_000, "1 min 59 s"),
            (121_000, "3 min"),
            (3_420_000, "57 min"),
            (7_201_000, "2 h 1 min"),
        ] {
            assert_eq!(roughly(Duration::from_millis(millis)), text);
        }
    }
}
