//! The filters of a pattern. They work on texts, and none gives more than [`MAX_TEXT`].

use minijinja::{Error, ErrorKind, Value, filters};

use super::language::MAX_TEXT;

pub(super) fn upper(value: &Value) -> Result<Value, Error> {
    bounded(text(value)?.to_uppercase())
}

pub(super) fn lower(value: &Value) -> Result<Value, Error> {
    bounded(text(value)?.to_lowercase())
}

/// Every word with a capital first letter, as Jinja does it.
pub(super) fn title(value: &Value) -> Result<Value, Error> {
    bounded(filters::title(text(value)?.into()))
}

/// The first letter upper case, the others lower.
pub(super) fn capitalize(value: &Value) -> Result<Value, Error> {
    let mut rest = text(value)?.chars();
    let mut result: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    result.push_str(&rest.as_str().to_lowercase());
    bounded(result)
}

pub(super) fn trim(value: &Value) -> Result<Value, Error> {
    Ok(Value::from(text(value)?.trim()))
}

/// At most `length` characters; a text that had to be cut ends in `end` (default: nothing),
/// which counts.
pub(super) fn truncate(value: &Value, length: usize, end: Option<String>) -> Result<Value, Error> {
    let whole = text(value)?;
    if whole.chars().count() <= length {
        return Ok(Value::from(whole));
    }
    let end = end.unwrap_or_default();
    let kept = length.saturating_sub(end.chars().count());
    bounded(whole.chars().take(kept).chain(end.chars()).take(length).collect())
}

/// `other` in place of a missing value; with `also_empty`, of an empty one too.
pub(super) fn default(value: &Value, other: Option<Value>, also_empty: Option<bool>) -> Value {
    let absent = value.is_undefined() || (also_empty == Some(true) && !value.is_true());
    if absent { other.unwrap_or_else(|| Value::from("")) } else { value.clone() }
}

pub(super) fn replace(value: &Value, from: &Value, to: &Value) -> Result<Value, Error> {
    let (value, from, to) = (text(value)?, text(from)?, text(to)?);
    let added = value.matches(from).count().saturating_mul(to.len());
    if value.len().saturating_add(added) > 2 * MAX_TEXT {
        return Err(too_long());
    }
    bounded(value.replace(from, to))
}

/// Percent-encodes all but letters, digits and `/ . - _`, as Jinja does it.
pub(super) fn urlencode(value: &Value) -> Result<Value, Error> {
    text(value)?;
    bounded(filters::urlencode(value)?)
}

/// The first character; nothing of nothing.
pub(super) fn first(value: &Value) -> Result<Value, Error> {
    Ok(text(value)?.chars().next().map_or_else(|| Value::from(""), Value::from))
}

/// The last character; nothing of nothing.
pub(super) fn last(value: &Value) -> Result<Value, Error> {
    Ok(text(value)?.chars().next_back().map_or_else(|| Value::from(""), Value::from))
}

/// The number of characters.
pub(super) fn length(value: &Value) -> Result<Value, Error> {
    Ok(Value::from(text(value)?.chars().count()))
}

fn text(value: &Value) -> Result<&str, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let text = value.as_str().ok_or_else(|| Error::from(ErrorKind::InvalidOperation))?;
    if text.len() > MAX_TEXT { Err(too_long()) } else { Ok(text) }
}

fn bounded(text: String) -> Result<Value, Error> {
    if text.len() > MAX_TEXT { Err(too_long()) } else { Ok(Value::from(text)) }
}

/// The kind that also stands for a full output: what is too long is too long.
fn too_long() -> Error {
    Error::from(ErrorKind::WriteFailure)
}
