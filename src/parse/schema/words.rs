//! Own sentences for the schema's findings.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, JsonTypeSet};
use serde_json::Value;

use super::keys;
use crate::diagnostic::{Diagnostic, Place};
use crate::parse::document::Document;
use crate::parse::times::{self, TimeFault};
use crate::parse::tree::Style;

/// What is wrong with one value.
pub(super) fn about_value(
    kind: &ValidationErrorKind,
    pointer: &str,
    schema_path: &str,
    instance: &Value,
    document: &Document,
    place: Place,
) -> Diagnostic {
    let name = name_of(pointer);
    let fault = |rule, message: String| Diagnostic::error(rule, place.clone(), message);
    match kind {
        ValidationErrorKind::Type { kind } => {
            wrong_type(kind, pointer, schema_path, instance, document, place)
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> =
                options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let given = instance.as_str().unwrap_or_default();
            let message = format!("{name} is {}, not `{}`", any_of(&options), shortened(given));
            match keys::nearest(given, &options) {
                Some(meant) => {
                    fault("campaign/choice", message).hint(format!("did you mean `{meant}`?"))
                }
                None => fault("campaign/choice", message),
            }
        }
        ValidationErrorKind::Constant { .. } => {
            fault("campaign/version", "only version 1 of campaign files is known".to_owned())
                .hint("write `version: 1`")
        }
        ValidationErrorKind::Pattern { .. } => wrong_form(&name, schema_path, instance, place),
        ValidationErrorKind::Minimum { limit } => {
            fault("campaign/range", format!("{name} is at least {limit}"))
        }
        ValidationErrorKind::Maximum { limit } => {
            fault("campaign/range", format!("{name} is at most {limit}"))
        }
        ValidationErrorKind::MaxLength { limit } => {
            let count = instance.as_str().unwrap_or_default().chars().count();
            fault(
                "campaign/length",
                format!("{name} has {count} characters, at most {limit} are allowed"),
            )
        }
        ValidationErrorKind::MinLength { .. } => {
            fault("campaign/empty", format!("{name} is empty"))
        }
        ValidationErrorKind::MinItems { .. } => {
            fault("campaign/empty", format!("{name} is an empty list"))
        }
        ValidationErrorKind::MaxItems { limit } => {
            fault("campaign/length", format!("{name} has more than {limit} items"))
        }
        _ => fault("campaign/schema", format!("{name} does not fit the campaign schema")),
    }
}

/// Whether a finding judges the value itself, so that one finding on a place is enough.
pub(super) fn is_about_the_value(kind: &ValidationErrorKind) -> bool {
    !matches!(
        kind,
        ValidationErrorKind::Required { .. }
            | ValidationErrorKind::OneOfNotValid { .. }
            | ValidationErrorKind::OneOfMultipleValid { .. }
            | ValidationErrorKind::PropertyNames { .. }
    )
}

fn wrong_type(
    wanted: &TypeKind,
    pointer: &str,
    schema_path: &str,
    instance: &Value,
    document: &Document,
    place: Place,
) -> Diagnostic {
    let number = instance.is_number();
    match definition(schema_path) {
        Some("duration") if number => return TimeFault::BareDuration.at(place),
        Some("instant") if number => return TimeFault::BareInstant.at(place),
        _ => {}
    }
    let types: Vec<JsonType> = match wanted {
        TypeKind::Single(single) => vec![*single],
        TypeKind::Multiple(set) => members(*set),
    };
    let wanted: Vec<&str> = types.iter().map(|&wanted| type_words(wanted)).collect();
    let name = name_of(pointer);
    if pointer.is_empty() {
        let message = "a campaign file is keys and values, starting with `version: 1`";
        return Diagnostic::error("campaign/type", place, message);
    }
    let given = match instance {
        Value::Null => {
            return Diagnostic::error("campaign/type", place, format!("{name} has no value"))
                .hint(format!("give it {}, or remove the key", wanted.join(" or ")));
        }
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "keys and values",
    };
    let scalar = document.node(pointer).and_then(|node| node.scalar());
    let plain = scalar.is_some_and(|scalar| scalar.style == Style::Plain);
    let signed = scalar.is_some_and(|scalar| scalar.text.starts_with('+'));
    let wants_text = types.contains(&JsonType::String);
    let message = format!("{name} is {}, not {given}", wanted.join(" or "));
    let fault = Diagnostic::error("campaign/type", place, message);
    if wants_text && plain && signed {
        fault.hint("quote it: without quotes YAML reads a number and loses the plus")
    } else if wants_text && plain {
        fault.hint("quote it")
    } else if types.contains(&JsonType::Boolean) {
        fault.hint("write `true` or `false`, without quotes")
    } else if types.contains(&JsonType::Integer) && instance.is_string() {
        fault.hint("write plain digits, without quotes or separators")
    } else {
        fault
    }
}

fn members(set: JsonTypeSet) -> Vec<JsonType> {
    [JsonType::String, JsonType::Number, JsonType::Boolean]
        .into_iter()
        .filter(|&member| set.contains(member))
        .collect()
}

fn type_words(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::String => "a text",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Array => "a list",
        JsonType::Object => "keys and values",
        JsonType::Null => "nothing",
    }
}

fn wrong_form(name: &str, schema_path: &str, instance: &Value, place: Place) -> Diagnostic {
    let text = instance.as_str().unwrap_or_default();
    let definition = definition(schema_path).unwrap_or_default();
    let (rule, message, hint) = match definition {
        "duration" => {
            return times::duration(text).err().unwrap_or(TimeFault::NoDuration).at(place);
        }
        "instant" => return times::instant(text).err().unwrap_or(TimeFault::NoInstant).at(place),
        "campaignName" => (
            "campaign/name",
            "is 1 to 64 lower-case letters, digits, `.`, `_` or `-`, and starts with a letter or digit",
            "such as `diwali-2026`",
        ),
        "templateName" => (
            "campaign/template-name",
            "is 1 to 512 lower-case letters, digits and `_`",
            "write the name exactly as it was approved",
        ),
        "language" => (
            "campaign/language",
            "is a language such as `en` or `pt_BR`",
            "write it exactly as the translation was approved",
        ),
        "phone" => (
            "campaign/sender-number",
            "is a telephone number in E.164 form",
            "a plus, the country code and the number, in quotes",
        ),
        "apiDomain" => (
            "campaign/api-domain",
            "is a host below kaleyra.io or kaleyra.ai: the API key is sent there",
            "only the host name, such as `api.ap.kaleyra.io`; or use `region`",
        ),
        "httpsUrl" => (
            "campaign/url",
            "is an address that starts with `https://`",
            "give a public https address",
        ),
        "fingerprint" => (
            "campaign/code-key",
            "is the fingerprint of a code key: eight hexadecimal digits",
            "`offercast util code-key` shows it",
        ),
        "rate" => (
            "campaign/rate",
            "is a whole number above 0 per `s`, `min` or `h`",
            "such as `20/s` or `600/min`",
        ),
        "share" => ("campaign/share", "is a share from 0% to 100%", "such as `5%` or `2.5%`"),
        "cost" => ("campaign/cost", "is an amount and a currency", "such as `600 USD`"),
        "country" => (
            "campaign/country",
            "is a country of two upper-case letters (ISO 3166)",
            "such as `IN` or `DE`",
        ),
        "column" => (
            "campaign/column",
            "is a column's name without control characters",
            "write it as in the file's first row",
        ),
        "profileId" => {
            ("campaign/profile-id", "is an id without spaces", "copy it from the Kaleyra console")
        }
        _ => {
            ("campaign/form", "does not have the form it needs", "see `offercast schema campaign`")
        }
    };
    Diagnostic::error(rule, place, format!("{name} {message}")).hint(hint)
}

/// The `$defs` entry a schema path lies in.
fn definition(schema_path: &str) -> Option<&str> {
    let (_, rest) = schema_path.split_once("/$defs/")?;
    rest.split('/').next()
}

/// `offer.window` for `/offer/window`; list positions are left out, since the place shows them.
pub(super) fn name_of(pointer: &str) -> String {
    let parts: Vec<&str> = pointer
        .split('/')
        .filter(|part| !part.is_empty() && !part.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    if parts.is_empty() {
        return "the campaign".to_owned();
    }
    format!("`{}`", shortened(&parts.join(".")))
}

pub(super) fn one_of(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!("exactly one of {}", quoted.join(" and "))
}

fn any_of(options: &[&str]) -> String {
    let quoted: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// An example for a missing key, from the schema itself.
pub(super) fn missing_hint(schema: &Value, pointer: &str, key: &str) -> String {
    let mut section = schema;
    for part in pointer.split('/').skip(1) {
        let next = if part.bytes().all(|b| b.is_ascii_digit()) {
            section.get("items")
        } else {
            section.get("properties").and_then(|properties| properties.get(part))
        };
        match next {
            Some(next) => section = next,
            None => break,
        }
    }
    let example = section
        .pointer(&format!("/properties/{key}/examples/0"))
        .filter(|example| example.is_number() || example.is_string())
        // No telephone number stands in any message, not even one made up.
        .filter(|example| !example.as_str().is_some_and(|text| text.starts_with('+')));
    match example {
        Some(example) => format!("add `{key}: {example}`"),
        None => format!("add `{key}`"),
    }
}

/// At most 40 characters of a person's text, without control characters.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String =
        text.chars().take(40).map(|c| if c.is_control() { '·' } else { c }).collect();
    if text.chars().count() > 40 {
        short.push('…');
    }
    short
}
