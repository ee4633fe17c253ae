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
    fn a_mask_tells_the_first_letter_and_not_the_length() {
        assert_eq!(mask("Asha"), "A•••");
        assert_eq!(mask("Évelyne-Antoinette"), "É•••");
        assert_eq!(mask(""), "");
    }
}
