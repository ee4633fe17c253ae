//! A message as others may see it: what comes from the audience by its first letter only.

use minijinja::value::Object;
use minijinja::{Error, ErrorKind, Output, State, Value};

use crate::model::CouponCode;

use super::context::Row;
use super::language::text_of;

/// One message with the recipient's values and the code masked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MaskedMessage {
    /// Body variables.
    pub params: Vec<String>,
    /// The URL button's variable end.
    pub url_suffix: Option<String>,
    /// The header's link.
    pub header_url: Option<String>,
    /// The code: drawn characters as dots, a whole one by its last two characters at most.
    pub code: String,
}

/// The message as the person will read it: `{{1}}`, `{{2}}`, … in the approved body
/// replaced by the parameters. A number without a parameter stays as it is.
pub fn preview_text(body: &str, params: &[String]) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(start) = rest.find("{{") {
        text.push_str(&rest[..start]);
        let after = &rest[start + 2..];
        let param = after.find("}}").and_then(|end| {
            let index: usize = after[..end].trim().parse().ok()?;
            Some((params.get(index.checked_sub(1)?)?, end + 2))
        });
        if let Some((param, next)) = param {
            text.push_str(param);
            rest = &after[next..];
        } else {
            text.push_str("{{");
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// A value by its first letter: `A•••`, whatever its length.
pub(super) fn mask(value: &str) -> String {
    value.chars().next().map(|first| format!("{first}•••")).unwrap_or_default()
}

/// A code that is the same for everybody or comes from the audience.
pub(super) fn mask_code(code: &str) -> String {
    CouponCode::new(code).map_or_else(|_| mask(code), |code| code.masked())
}

/// Values that a masked rendering writes otherwise than by their first letter.
#[derive(Debug)]
pub(super) struct Reveal(Vec<(String, String)>);

impl Reveal {
    pub(super) fn value(pairs: Vec<(String, String)>) -> Value {
        Value::from_object(Self(pairs))
    }
}

impl Object for Reveal {}

/// Writes values masked. Conditions still see the real ones, so the branches are those of
/// the real message.
pub(super) fn write_masked(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let text = text_of(value)?;
    let reveal = state.lookup(Row::REVEAL);
    let reveal = reveal.as_ref().and_then(|reveal| reveal.downcast_object_ref::<Reveal>());
    let shown = reveal.and_then(|reveal| reveal.0.iter().find(|(real, _)| *real == text));
    let done = match shown {
        Some((_, shown)) => out.write_str(shown),
        None if text.chars().all(|c| c == '•') => out.write_str(&text),
        None => out.write_str(&mask(&text)),
    };
    done.map_err(|_| Error::from(ErrorKind::WriteFailure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_puts_each_parameter_in_its_place_once() {
        let params = ["Asha {{2}}".to_owned(), "25%".to_owned()];
        for (body, text) in [
            ("Hi {{1}}, {{2}} off", "Hi Asha {{2}}, 25% off"),
            ("{{ 2 }}{{2}}", "25%25%"),
            ("{{3}} {{0}} {{x}} {{", "{{3}} {{0}} {{x}} {{"),
            ("{{{{1}}", "{{Asha {{2}}"),
            ("no variable", "no variable"),
        ] {
            assert_eq!(preview_text(body, &params), text);
        }
    }

    #[test]
    fn a_mask_tells_the_first_letter_and_not_the_length() {
        assert_eq!(mask("Asha"), "A•••");
        assert_eq!(mask("Évelyne-Antoinette"), "É•••");
        assert_eq!(mask(""), "");
    }
}
