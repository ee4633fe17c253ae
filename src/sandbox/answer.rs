//! What the sandbox says: the page's sample bodies with the request's values.

use std::borrow::Cow;
use std::fmt::Write;

use super::config::EchoedRecipients;
use crate::model::{Timestamp, UtcOffset};

/// A request that is turned down with the page's error body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// Kaleyra's code.
    pub(super) code: Cow<'static, str>,
    /// Kaleyra's words; never a number, key or coupon code.
    pub(super) text: Cow<'static, str>,
}

impl Refusal {
    /// The form breaks one of the page's rules. E13001 is Kaleyra's one code for all
    /// validation errors.
    pub(super) fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, code: Cow::Borrowed("E13001"), text: text.into() }
    }

    /// A wrong SID, a wrong key or none: the page's sample error.
    pub(super) fn wrong_account() -> Self {
        Self::known("RBC201")
    }

    pub(super) fn not_multipart() -> Self {
        let text = "the request is not multipart/form-data with a boundary";
        Self { status: 415, ..Self::invalid(text) }
    }

    pub(super) fn too_large() -> Self {
        Self { status: 413, ..Self::invalid("the request is larger than 20 MiB") }
    }

    pub(super) fn wrong_path() -> Self {
        Self { status: 404, ..Self::invalid("the path is not `/v1/<SID>/messages`") }
    }

    pub(super) fn wrong_method() -> Self {
        Self { status: 405, ..Self::invalid("the method is not POST") }
    }

    pub(super) fn log_failed() -> Self {
        Self { text: Cow::Borrowed("The sandbox cannot write its log."), ..Self::known("WA500") }
    }

    /// One of Kaleyra's codes with its usual status and words; 400 for one not known here.
    /// Codes: the page and "WhatsApp API V2 error codes"; statuses where those name none
    /// are what public clients report.
    pub(super) fn known(code: &str) -> Self {
        let (status, text) = match code {
            "RBC201" | "RBC001" => (401, "Incorrect SID or API key."),
            "E110" => (402, "Insufficient balance."),
            "WAV2101" => (400, "Account daily limit reached."),
            "WA400" => (400, "Incorrect payload."),
            "WA401" => (401, "Unauthorised. Check the number and the template's approval."),
            "WA429" => (429, "Too many requests."),
            "WA500" => (500, "Internal server error."),
            "E13001" => (400, "Validation error."),
            _ => (400, "Error."),
        };
        Self { status, code: Cow::Owned(code.to_owned()), text: Cow::Borrowed(text) }
    }

    /// The page's error body.
    pub(super) fn body(&self) -> String {
        let (code, text) = (quoted(&self.code), quoted(&self.text));
        format!("{{\"code\":{code},\"message\":{text},\"data\":[],\"error\":{{\"error\":{text}}}}}")
    }
}

/// What a success reply lists.
pub(super) struct Listing<'a> {
    /// The request's id.
    pub(super) id: &'a str,
    /// The reply's date.
    pub(super) created: Timestamp,
    /// How recipients are spelled.
    pub(super) echo: EchoedRecipients,
    /// Position in `to` and number of everybody accepted.
    pub(super) accepted: &'a [(usize, u64)],
    /// List the last one first.
    pub(super) reverse: bool,
    /// Why others of the request are missing.
    pub(super) error: Option<&'a str>,
}

impl Listing<'_> {
    /// The page's success body.
    pub(super) fn body(&self) -> String {
        let id = self.id;
        let created = created_text(self.created);
        let mut body = String::with_capacity(160 + self.accepted.len() * 96);
        let count = self.accepted.len();
        push(
            &mut body,
            format_args!(
                "{{\"id\":\"{id}\",\"type\":\"mediatemplate\",\"body\":null,\
                 \"createdDateTime\":\"{created}\",\"totalCount\":{count},\"data\":["
            ),
        );
        for place in 0..count {
            let from_end = count - 1 - place;
            let (index, number) = self.accepted[if self.reverse { from_end } else { place }];
            let comma = if place == 0 { "" } else { "," };
            push(
                &mut body,
                format_args!("{comma}{{\"message_id\":\"{id}:{index}\",\"recipient\":\""),
            );
            match self.echo {
                EchoedRecipients::Digits => push(&mut body, format_args!("{number}")),
                EchoedRecipients::E164 => push(&mut body, format_args!("+{number}")),
                EchoedRecipients::Masked => body.push_str(&masked(number)),
            }
            body.push_str("\"}");
        }
        match self.error {
            None => body.push_str("],\"error\":{}}"),
            Some(text) => {
                push(&mut body, format_args!("],\"error\":{{\"error\":{}}}}}", quoted(text)));
            }
        }
        body
    }
}

fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    body.write_fmt(text).expect("a String takes all that is written to it");
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `2024-01-12 07:08:43+00:00`
fn created_text(instant: Timestamp) -> String {
    let text = instant.rfc3339(UtcOffset::UTC);
    text.replacen('T', " ", 1).replacen('Z', "+00:00", 1)
}

/// Hides the digits that the page's sample `xx9986xx70xx` hides: the first two, the
/// seventh and eighth, the last two.
fn masked(number: u64) -> String {
    let digits = number.to_string();
    let last_shown = digits.len().saturating_sub(2);
    let hide = |place: usize| place < 2 || (6..8).contains(&place) || place >= last_shown;
    let mask = |(place, digit): (usize, char)| if hide(place) { 'x' } else { digit };
    digits.chars().enumerate().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn listing(accepted: &[(usize, u64)], echo: EchoedRecipients) -> Listing<'_> {
        Listing {
            id: "08a72b9e-9e0e-46af-a41b-2d87bf30e036",
            created: Timestamp::from_millis(1_705_043_323_000),
            echo,
            accepted,
            reverse: false,
            error: None,
        }
    }

    #[test]
    fn success_is_the_pages_sample() {
        let body = listing(&[(0, 919_986_127_034)], EchoedRecipients::Masked).body();
        let page = json!({
            "id": "08a72b9e-9e0e-46af-a41b-2d87bf30e036",
            "type": "mediatemplate",
            "body": null,
            "createdDateTime": "2024-01-12 07:08:43+00:00",
            "totalCount": 1,
            "data": [{
                "message_id": "08a72b9e-9e0e-46af-a41b-2d87bf30e036:0",
                "recipient": "xx9986xx70xx"
            }],
            "error": {}
        });
        assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), page);
    }

    #[test]
    fn an_error_is_the_pages_sample() {
        let page = json!({
            "code": "RBC201",
            "message": "Incorrect SID or API key.",
            "data": [],
            "error": {"error": "Incorrect SID or API key."}
        });
        let refusal = Refusal::wrong_account();
        assert_eq!(serde_json::from_str::<Value>(&refusal.body()).expect("JSON"), page);
        assert_eq!(refusal.status, 401);
    }

    #[test]
    fn several_recipients_keep_their_place_in_to() {
        let accepted = [(0, 12_025_550_123), (2, 12_025_550_125)];
        let mut listing = listing(&accepted, EchoedRecipients::E164);
        listing.reverse = true;
        listing.error = Some("one \"is\" missing");
        let body: Value = serde_json::from_str(&listing.body()).expect("JSON");
        assert_eq!(body["totalCount"], 2);
        assert_eq!(body["data"][0]["recipient"], "+12025550125");
        assert_eq!(
            body["data"][0]["message_id"]
                .as_str()
                .expect("an id")
                .rsplit(':')
                .next()
                .expect("its end"),
            "2"
        );
        assert_eq!(body["error"]["error"], "one \"is\" missing");
    }
}
