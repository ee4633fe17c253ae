//! Values that no output may hold, and the search for them.

/// The API key of every world.
pub(crate) const API_KEY: &str = "canary-api-key-5b1f3d2e9c";
/// The account's SID of every world.
pub(crate) const SID: &str = "HXcanary071IN";
/// The key coupon codes are drawn with in every world.
pub(crate) const CODE_KEY: &str = "canary-code-key-4d9a6e3b7c1f8a2e5d0b";

/// Fewest digits that make a telephone number.
const FEWEST_DIGITS: usize = 9;

/// What must stay out of sight.
#[derive(Clone, Debug, Default)]
pub(super) struct Canaries {
    numbers: Vec<String>,
}

impl Canaries {
    /// Remembers the telephone numbers in an audience or a campaign's list of people. The
    /// sender's own number is the business's, printed on its shop window.
    pub(super) fn learn(&mut self, text: &str) {
        // The sender's number is no secret, and a bare number may stand where a time belongs.
        let public = ["from:", "window:", "min_remaining:"];
        let is_public = |line: &&str| public.iter().any(|key| line.trim_start().starts_with(key));
        for line in text.lines().filter(|line| !is_public(line)) {
            self.numbers.extend(numbers_in(line));
        }
        self.numbers.sort();
        self.numbers.dedup();
    }

    /// Fails when a person's number stands in the text, in one piece or in groups, whatever
    /// digits stand around it.
    #[track_caller]
    pub(super) fn expect_no_number(&self, what: &str, text: &str) {
        let shown: Vec<_> = text.lines().flat_map(numbers_in).collect();
        for number in &self.numbers {
            let is_shown = shown.iter().any(|shown| shown.contains(number.as_str()));
            assert!(!is_shown, "the number {number} is shown on {what}:\n{text}");
        }
    }
}

/// Fails when a secret stands in the text, however the run was asked.
#[track_caller]
pub(super) fn expect_no_secret(what: &str, text: &str) {
    for secret in [API_KEY, SID, CODE_KEY] {
        assert!(!text.contains(secret), "a secret is shown on {what}:\n{text}");
    }
}

/// Fails when one of these live codes stands in the text.
#[track_caller]
pub(super) fn expect_no_code(what: &str, text: &str, codes: impl Iterator<Item = String>) {
    for code in codes {
        assert!(!text.contains(&code), "the code {code} is shown on {what}:\n{text}");
    }
}

/// The digits of all that looks like a telephone number with its country code, or like a
/// longer row of digits.
fn numbers_in(line: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut digits = String::new();
    for c in line.chars().chain(['\n']) {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '-' | '(' | ')' if !digits.is_empty() => {}
            _ => {
                if digits.len() >= FEWEST_DIGITS {
                    numbers.push(std::mem::take(&mut digits));
                }
                digits.clear();
            }
        }
    }
    numbers
}

fn look_at(stdout: &str) {
    let mut canaries = Canaries::default();
    canaries.learn("from: \"+12025550100\"\nphone: \"+12025550123\"");
    canaries.expect_no_number("stdout", stdout);
}

#[test]
#[should_panic(expected = "the number 12025550123 is shown on stdout")]
fn a_number_in_groups_is_seen() {
    look_at("sent to +1 (202) 555-0123 today");
}

#[test]
#[should_panic(expected = "the number 12025550123 is shown on stdout")]
fn a_number_before_a_date_is_seen() {
    look_at("+12025550123  2026-12-01");
}

#[test]
fn a_masked_number_is_not() {
    look_at("sent to +12••••••23 by +12025550100 on 2026-12-01 09:00");
}
