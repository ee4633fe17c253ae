//! The JSON of a reply, tolerant of every shape seen or documented.

use std::borrow::Cow;

use super::json::{Json, Object};
use crate::model::{PhoneNumber, RequestId};

/// A reply's JSON object. Anything else (an array, a text, HTML) is no body of Kaleyra's.
pub(super) struct ReplyBody<'b>(Object<'b>);

impl<'b> ReplyBody<'b> {
    /// Reads a whole body. `None` unless it is exactly one JSON object.
    pub(super) fn parse(body: &'b [u8]) -> Option<Self> {
        match serde_json::from_slice(body) {
            Ok(Json::Object(object)) => Some(Self(object)),
            _ => None,
        }
    }

    /// Whether it is Kaleyra's own error body: a code, and a message or an error.
    pub(super) fn is_own_error(&self) -> bool {
        self.code().is_some()
            && ["message", "error"]
                .into_iter()
                .any(|key| self.0.get(key).is_some_and(says_something))
    }

    /// The error code, a text or a number. Where the outer `code` is missing, the one
    /// inside `error` counts (the place of Meta's codes).
    pub(super) fn code(&self) -> Option<String> {
        let inner = self.0.get("error").and_then(|error| error.get("code"));
        [self.0.get("code"), inner]
            .into_iter()
            .flatten()
            .find_map(Json::scalar)
            .map(Cow::into_owned)
    }

    /// What the error says: `message` and `error`, each text once. `error` may be
    /// `{error}`, `{message}`, `{field: text}`, a list or a text. Empty when it says
    /// nothing. Not yet safe to show.
    pub(super) fn error_text(&self) -> String {
        let mut texts = Vec::new();
        for key in ["message", "error"] {
            if let Some(value) = self.0.get(key) {
                collect_texts(value, None, &mut texts);
            }
        }
        texts.join("; ")
    }

    /// Whether the error's words hold this number, whole.
    pub(super) fn names(&self, number: PhoneNumber) -> bool {
        let digits = number.digits();
        let text = self.error_text();
        text.split(|c: char| !c.is_ascii_digit()).any(|run| run == digits)
    }

    /// The items of `data`. `None` when it is no list.
    pub(super) fn data(&self) -> Option<&[Json<'b>]> {
        match self.0.get("data") {
            Some(Json::List(items)) => Some(items),
            _ => None,
        }
    }

    /// Whether `data` lists nothing: missing, null, or empty of any type.
    pub(super) fn data_is_empty(&self) -> bool {
        match self.0.get("data") {
            None | Some(Json::Null) => true,
            Some(Json::List(items)) => items.is_empty(),
            Some(Json::Object(fields)) => fields.is_empty(),
            Some(Json::Text(text)) => text.is_empty(),
            Some(Json::Bool | Json::Number(_)) => false,
        }
    }

    /// Kaleyra's id of the request.
    pub(super) fn request_id(&self) -> Option<RequestId> {
        match self.0.get("id") {
            Some(Json::Text(text)) => RequestId::new(text),
            _ => None,
        }
    }
}

fn says_something(value: &Json<'_>) -> bool {
    match value {
        Json::Null | Json::Bool => false,
        Json::Text(text) => !text.trim().is_empty(),
        Json::List(items) => !items.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
        Json::Number(_) => true,
    }
}

/// Texts in the order they stand. A field's name is kept with its text (`to: invalid
/// number`) unless it only says that this is the text. Recursion is bounded by
/// `serde_json`'s own depth limit.
fn collect_texts(value: &Json<'_>, name: Option<&str>, texts: &mut Vec<String>) {
    match value {
        Json::List(items) => items.iter().for_each(|item| collect_texts(item, name, texts)),
        Json::Object(fields) => {
            for (key, value) in fields.fields() {
                collect_texts(value, Some(key), texts);
            }
        }
        Json::Null | Json::Bool => {}
        Json::Text(_) | Json::Number(_) => {
            let Some(text) = value.scalar() else { return };
            let text = match name {
                None | Some("error" | "message" | "code") => text.into_owned(),
                Some(name) => format!("{name}: {text}"),
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> ReplyBody<'_> {
        ReplyBody::parse(json.as_bytes()).expect("a JSON object")
    }

    #[test]
    fn every_shape_of_an_error_gives_its_words() {
        for (json, words) in [
            (r#"{"error":{}}"#, ""),
            (r#"{"error":null}"#, ""),
            (r#"{"error":""}"#, ""),
            (r#"{"error":[]}"#, ""),
            (r#"{"error":false}"#, ""),
            ("{}", ""),
            (r#"{"error":{"error":"bad"}}"#, "bad"),
            (r#"{"message":"bad","error":{"error":"bad"}}"#, "bad"),
            (r#"{"error":{"message":"bad"}}"#, "bad"),
            (r#"{"error":{"to":"invalid number"}}"#, "to: invalid number"),
            (r#"{"error":"bad"}"#, "bad"),
            (r#"{"error":["bad",{"to":["worse"]}]}"#, "bad; to: worse"),
            (r#"{"message":"one","error":{"error":"two"}}"#, "one; two"),
            (r#"{"error":{"919876543210":"invalid"}}"#, "919876543210: invalid"),
        ] {
            assert_eq!(body(json).error_text(), words, "{json}");
        }
    }

    #[test]
    fn an_own_error_has_a_code_and_words() {
        for (json, own) in [
            (r#"{"code":"RBC201","message":"x","data":[],"error":{"error":"x"}}"#, true),
            (r#"{"code":131026,"error":"x"}"#, true),
            (r#"{"code":"E1","message":"x"}"#, true),
            (r#"{"code":"E1","message":7}"#, true),
            (r#"{"code":"E1","message":true}"#, false),
            (r#"{"code":"E1","message":"","error":{}}"#, false),
            (r#"{"code":"","message":"x"}"#, false),
            (r#"{"code":null,"message":"x"}"#, false),
            (r#"{"error":{"to":"invalid number"}}"#, false),
            (r#"{"message":"Forbidden"}"#, false),
        ] {
            assert_eq!(body(json).is_own_error(), own, "{json}");
        }
    }

    #[test]
    fn data_of_any_type_is_empty_or_not() {
        for (json, is_empty) in [
            ("{}", true),
            (r#"{"data":null}"#, true),
            (r#"{"data":[]}"#, true),
            (r#"{"data":{}}"#, true),
            (r#"{"data":""}"#, true),
            (r#"{"data":[null]}"#, false),
            (r#"{"data":{"to":""}}"#, false),
            (r#"{"data":"sent"}"#, false),
            (r#"{"data":0}"#, false),
            (r#"{"data":false}"#, false),
        ] {
            assert_eq!(body(json).data_is_empty(), is_empty, "{json}");
        }
    }

    #[test]
    fn a_number_is_named_only_whole() {
        let number = PhoneNumber::from_digits(919_876_543_210).expect("a number");
        assert!(body(r#"{"error":{"to":"+919876543210 is invalid"}}"#).names(number));
        assert!(body(r#"{"error":{"919876543210":"invalid"}}"#).names(number));
        assert!(!body(r#"{"error":"9198765432101 is invalid"}"#).names(number));
        assert!(!body(r#"{"data":["919876543210"],"error":"x"}"#).names(number));
    }

    #[test]
    fn only_one_whole_object_is_a_body() {
        for foreign in ["", "[]", "\"x\"", "<html>", "{\"a\":1", "{} {}", "\u{1}"] {
            assert!(ReplyBody::parse(foreign.as_bytes()).is_none(), "{foreign}");
        }
        assert!(ReplyBody::parse("[".repeat(60_000).as_bytes()).is_none());
    }
}
