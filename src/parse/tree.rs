//! The YAML document as it was written: every node with its bytes.

use crate::diagnostic::Span;

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its bytes, quotes included; for an alias, the alias.
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Bytes of text and nodes below, aliases expanded: what an alias to it costs.
    pub(super) weight: usize,
    /// Levels of collections in it; 0 for a scalar.
    pub(super) height: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A text as the reader gives it, escapes resolved.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// One key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

/// What a plain scalar means in the YAML 1.2 core schema.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text,
}

impl Node {
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            Kind::Scalar(_) | Kind::Sequence(_) => None,
        }
    }

    pub(super) fn item(&self, index: usize) -> Option<&Self> {
        match &self.kind {
            Kind::Sequence(items) => items.get(index),
            Kind::Scalar(_) | Kind::Mapping(_) => None,
        }
    }

    /// Where a caret points when the node is meant as a whole: its first key or item for a
    /// collection, so that a snippet shows one line of it.
    pub(super) fn head(&self) -> Span {
        match &self.kind {
            Kind::Mapping(entries) => entries.first().map_or(self.span, |entry| entry.key_span),
            Kind::Sequence(items) => items.first().map_or(self.span, Self::head),
            Kind::Scalar(_) => self.span,
        }
    }

    /// The same as JSON, for the schema. Floats that JSON cannot hold become text; the
    /// comparison of the two readers reports them.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.to_json(),
            Kind::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Kind::Mapping(entries) => {
                let pairs = entries.iter().map(|e| (e.key.clone(), e.value.to_json()));
                serde_json::Value::Object(pairs.collect())
            }
        }
    }
}

impl Scalar {
    pub(super) fn resolve(&self) -> Resolved {
        if self.style == Style::Plain { resolve_plain(&self.text) } else { Resolved::Text }
    }

    fn to_json(&self) -> serde_json::Value {
        let number = match self.resolve() {
            Resolved::Null => return serde_json::Value::Null,
            Resolved::Bool(value) => return value.into(),
            Resolved::Integer(value) => i64::try_from(value)
                .map(serde_json::Number::from)
                .or_else(|_| u64::try_from(value).map(serde_json::Number::from))
                .ok(),
            Resolved::Float(value) => serde_json::Number::from_f64(value),
            Resolved::Text => None,
        };
        number.map_or_else(|| self.text.clone().into(), serde_json::Value::Number)
    }
}

/// YAML 1.2.2, section 10.3.2.
pub(super) fn resolve_plain(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Resolved::Float(f64::INFINITY * sign);
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return i128::from_str_radix(digits, radix).map_or(Resolved::Text, Resolved::Integer);
        }
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_or_else(|_| float(text), Resolved::Integer);
    }
    if is_core_float(unsigned) { float(text) } else { Resolved::Text }
}

fn float(text: &str) -> Resolved {
    text.parse().map_or(Resolved::Text, Resolved::Float)
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_core_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
        }
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        for (text, meaning) in [
            ("", Resolved::Null),
            ("yes", Resolved::Text),
            ("NO", Resolved::Text),
            ("True", Resolved::Bool(true)),
            ("+919876543210", Resolved::Integer(919_876_543_210)),
            ("0123", Resolved::Integer(123)),
            ("0x1F", Resolved::Integer(31)),
            ("0o17", Resolved::Integer(15)),
            ("1_000", Resolved::Text),
            ("1e5", Resolved::Float(100_000.0)),
            ("5.", Resolved::Float(5.0)),
            (".5", Resolved::Float(0.5)),
            (".", Resolved::Text),
            ("e5", Resolved::Text),
            ("14days", Resolved::Text),
            ("-.inf", Resolved::Float(f64::NEG_INFINITY)),
            ("+", Resolved::Text),
        ] {
            assert_eq!(resolve_plain(text), meaning, "{text:?}");
        }
    }
}
