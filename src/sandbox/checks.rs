//! What the page says about each field, one function per field.

use serde::Deserialize;

use super::answer::Refusal;
use super::config::ExpirationRule;
use crate::clock::Clock;
use crate::model::{MAX_CODE_CHARS, PhoneNumber};

/// Most numbers in one `to`. The page gives no figure; this is the one Kaleyra gives for
/// SMS on the same path ("Send bulk SMS").
const MAX_RECIPIENTS: usize = 100;

/// Meta's limit on a template's name.
const MAX_TEMPLATE_NAME_CHARS: usize = 512;

/// Values from here on are instants, below it lengths of time: 2001-09-09 in milliseconds.
const FIRST_INSTANT_MS: i64 = 1_000_000_000_000;

/// What the header of a limited-time-offer template may show, as the page and Meta say.
const MEDIA_TYPES: [&str; 4] = ["image/jpeg", "image/png", "video/mp4", "video/3gpp"];

/// Judges what depends on the sandbox's settings and the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge {
    /// How the expiration is read.
    pub(super) expiration: ExpirationRule,
    /// Tells the past from the future.
    pub(super) clock: Clock,
}

impl Judge {
    /// `limited_time_offer`: an array of one object with an integer expiration.
    pub(super) fn expiration(&self, text: &str) -> Result<i64, Refusal> {
        let [offer] = serde_json::from_str::<[TypedOffer; 1]>(text).map_err(|_| {
            Refusal::invalid(
                "`limited_time_offer` is not an array of one object with `type` and \
                 `limited_time_offer.expiration_time_ms`, an integer",
            )
        })?;
        if offer.kind != "limited_time_offer" {
            return Err(Refusal::invalid(
                "the `type` in `limited_time_offer` is not `limited_time_offer`",
            ));
        }
        let millis = offer.limited_time_offer.expiration_time_ms;
        let is_instant = millis >= FIRST_INSTANT_MS;
        let refused = match self.expiration {
            ExpirationRule::UnixMs if !is_instant => {
                Some("`expiration_time_ms` is not a Unix timestamp in milliseconds")
            }
            ExpirationRule::UnixMs => self.past(millis),
            ExpirationRule::Either if is_instant => self.past(millis),
            ExpirationRule::DurationMs | ExpirationRule::Either => {
                (millis <= 0).then_some("`expiration_time_ms` is not a length of time")
            }
        };
        refused.map_or(Ok(millis), |text| Err(Refusal::invalid(text)))
    }

    fn past(&self, millis: i64) -> Option<&'static str> {
        let past = millis <= self.clock.now().as_millis();
        past.then_some("`expiration_time_ms` is in the past")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedOffer {
    #[serde(rename = "type")]
    kind: String,
    limited_time_offer: Expiration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expiration {
    expiration_time_ms: i64,
}

/// `to`: E.164 numbers, comma-separated.
pub(super) fn recipients(text: &str) -> Result<Vec<u64>, Refusal> {
    let numbers: Option<Vec<u64>> = text.split(',').take(MAX_RECIPIENTS + 1).map(number).collect();
    match numbers {
        None => Err(Refusal::invalid("`to` holds something that is not an E.164 number")),
        Some(numbers) if numbers.len() > MAX_RECIPIENTS => {
            Err(Refusal::invalid(format!("`to` holds more than {MAX_RECIPIENTS} numbers")))
        }
        Some(numbers) => Ok(numbers),
    }
}

/// `from`: one E.164 number.
pub(super) fn from(text: &str) -> Result<u64, Refusal> {
    number(text).ok_or_else(|| Refusal::invalid("`from` is not an E.164 number"))
}

/// A number with or without its `+`: the page shows both.
fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let number = digits.parse().ok().filter(|_| plain)?;
    PhoneNumber::from_digits(number).map(PhoneNumber::as_u64)
}

/// `type`
pub(super) fn kind(text: &str) -> Result<(), Refusal> {
    holds(text == "mediatemplate", "`type` is not `mediatemplate`")
}

/// `channel`: the page's table writes `WhatsApp`, its request `whatsapp`.
pub(super) fn channel(text: &str) -> Result<(), Refusal> {
    holds(text.eq_ignore_ascii_case("whatsapp"), "`channel` is not `whatsapp`")
}

/// `template_name`
pub(super) fn template_name(text: &str) -> Result<(), Refusal> {
    let fits = text.chars().take(MAX_TEMPLATE_NAME_CHARS + 1).count() <= MAX_TEMPLATE_NAME_CHARS;
    holds(fits, "`template_name` is longer than 512 characters")
}

/// `coupon_code`: the request on the page sends it as a JSON string, quotes and all.
pub(super) fn coupon_code(text: &str) -> Result<String, Refusal> {
    let code: String = serde_json::from_str(text)
        .map_err(|_| Refusal::invalid("`coupon_code` is not a JSON string in double quotes"))?;
    let length = code.chars().count();
    holds((1..=MAX_CODE_CHARS).contains(&length), "`coupon_code` is not 1 to 15 characters long")?;
    Ok(code)
}

/// `params`: `"a","b"`, a JSON array without its brackets.
pub(super) fn params(text: &str) -> Result<Vec<String>, Refusal> {
    serde_json::from_str(&format!("[{text}]"))
        .map_err(|_| Refusal::invalid("`params` is not a comma list of strings in double quotes"))
}

/// `media_url`: "should be public and have a file extension".
pub(super) fn media_url(url: &str) -> Result<(), Refusal> {
    let path = web_address(url).and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    let path = path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    let extension = path.and_then(|path| path.rsplit('/').next()).and_then(|name| {
        let (stem, extension) = name.rsplit_once('.')?;
        (!stem.is_empty()).then_some(extension)
    });
    let usual = |extension: &str| {
        !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    holds(
        extension.is_some_and(usual),
        "`media_url` is not an http(s) address with a file extension",
    )
}

/// `callback_url`
pub(super) fn callback_url(url: &str) -> Result<(), Refusal> {
    let usable = web_address(url).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    holds(usable, "`callback_url` is not an http(s) address")
}

fn web_address(url: &str) -> Option<&str> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).filter(|_| plain)
}

/// `media`: a file of a kind the header can show.
pub(super) fn media(is_file: bool, kind: Option<&str>, bytes: &[u8]) -> Result<(), Refusal> {
    holds(is_file, "`media` is not a file part")?;
    holds(
        kind.is_some_and(|kind| MEDIA_TYPES.contains(&kind)),
        "`media` has a content type other than image/jpeg, image/png, video/mp4, video/3gpp \
         (with curl, add `;type=video/mp4` to the file)",
    )?;
    holds(!bytes.is_empty(), "`media` is an empty file")
}

fn holds(rule: bool, otherwise: &'static str) -> Result<(), Refusal> {
    if rule { Ok(()) } else { Err(Refusal::invalid(otherwise)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn judge(expiration: ExpirationRule) -> Judge {
        let clock = Clock::starting_at(Timestamp::from_millis(1_800_000_000_000));
        Judge { expiration, clock }
    }

    fn offer(value: &str) -> String {
        format!(
            "[{{\"type\": \"limited_time_offer\", \"limited_time_offer\": \
             {{\"expiration_time_ms\": {value}}}}}]"
        )
    }

    #[test]
    fn numbers_are_taken_with_and_without_plus() {
        assert_eq!(
            recipients("+12025550123,12025550124").expect("two numbers"),
            [12_025_550_123, 12_025_550_124]
        );
        for wrong in
            ["", "+", "0049151", "12025550123,", "1202 5550123", "12345", "1234567890123456", "+-1"]
        {
            assert!(recipients(wrong).is_err(), "{wrong:?}");
            assert!(from(wrong).is_err(), "{wrong:?}");
        }
        assert!(from("+12025550123,12025550124").is_err());
    }

    #[test]
    fn a_hundred_numbers_are_the_most() {
        let list = |count: usize| vec!["12025550123"; count].join(",");
        assert_eq!(recipients(&list(100)).expect("a hundred").len(), 100);
        assert!(recipients(&list(101)).is_err());
    }

    #[test]
    fn a_code_stands_in_quotes_and_has_at_most_15_characters() {
        assert_eq!(coupon_code("\"happy76\"").expect("a code"), "happy76");
        assert_eq!(coupon_code("\"ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ\"").expect("a code").chars().count(), 15);
        for wrong in ["happy76", "'happy76'", "\"\"", "\"1234567890123456\"", "76", "\"a", "“a”"]
        {
            assert!(coupon_code(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn params_stand_in_quotes() {
        assert_eq!(params("\"Mike\",\"25%\"").expect("two"), ["Mike", "25%"]);
        for wrong in ["Mike", "\"Mike\",", "[\"Mike\"]", "\"a\"],[\"b\"", "1", "\"a"] {
            assert!(params(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_media_url_has_a_file_extension() {
        for right in ["https://a.example/b.mp4", "http://a.example/x/y.z/b.png?v=1#top"] {
            assert!(media_url(right).is_ok(), "{right}");
        }
        for wrong in [
            "https://a.example",
            "https://a.example/b",
            "https://a.example/b.",
            "https://a.example/.png",
            "https://a.example/x.y/b?c=d.png",
            "ftp://a.example/b.png",
            "https://a.example/b c.png",
            "b.png",
        ] {
            assert!(media_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_callback_url_is_a_web_address() {
        assert!(callback_url("https://hooks.example/kaleyra?x=1").is_ok());
        for wrong in ["hooks.example", "https://", "https:///x", "javascript:x"] {
            assert!(callback_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_expiration_is_read_as_the_rule_says() {
        use ExpirationRule::{DurationMs, Either, UnixMs};
        for (rule, value, allowed) in [
            (UnixMs, "1800000000001000", true),
            (UnixMs, "1799999999999", false),
            (UnixMs, "1209600000", false),
            (UnixMs, "1800000100", false),
            (DurationMs, "1209600000", true),
            (DurationMs, "1800000060000", true),
            (DurationMs, "0", false),
            (Either, "1209600000", true),
            (Either, "1800000060000", true),
            (Either, "1799999999999", false),
            (Either, "-5", false),
            (Either, "1209600000.5", false),
            (Either, "\"1209600000\"", false),
        ] {
            let result = judge(rule).expiration(&offer(value));
            assert_eq!(result.is_ok(), allowed, "{rule:?} {value}");
        }
    }

    #[test]
    fn an_offer_is_an_array_of_one_object() {
        let one = offer("1209600000");
        let object = &one[1..one.len() - 1];
        let judge = judge(ExpirationRule::Either);
        for wrong in [
            object.to_owned(),
            "[]".to_owned(),
            format!("[{object},{object}]"),
            one.replace("\"type\": \"limited", "\"type\": \"other"),
            one.replace("expiration_time_ms", "expires"),
            one.replace("\"type\": \"limited_time_offer\", ", ""),
            one.replace("[{", "[{\"more\": 1, "),
            "not json".to_owned(),
        ] {
            assert!(judge.expiration(&wrong).is_err(), "{wrong}");
        }
        assert_eq!(judge.expiration(&one).expect("an instant"), 1_209_600_000);
    }

    #[test]
    fn media_is_a_full_file_of_a_known_kind() {
        assert!(media(true, Some("image/png"), b"x").is_ok());
        assert!(media(false, Some("image/png"), b"x").is_err());
        assert!(media(true, Some("image/png"), b"").is_err());
        assert!(media(true, Some("application/octet-stream"), b"x").is_err());
        assert!(media(true, None, b"x").is_err());
    }
}
