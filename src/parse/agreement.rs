//! Two readers, one reading: `serde_yaml` fills the typed structs, the span tree gives places.
//!
//! Where the two understand a value differently, so may the next tool or person, and the
//! file must say it in a way that nobody can misread.

use serde_yaml::Value;

use super::tree::{Entry, Kind, Node, Resolved, Scalar, Style};
use crate::diagnostic::{Diagnostic, Place, SourceId, Span};

/// Reads the text with `serde_yaml` and compares. The value is usable only without faults.
pub(super) fn read(text: &str, root: &Node, source: SourceId) -> Result<Value, Vec<Diagnostic>> {
    let value: Value = match serde_yaml::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let at = error.location().map_or(0, |location| location.index().min(text.len()));
            let place = Place::Text { source, span: Span::new(at, at) };
            let message = "one of two YAML readers cannot read the file from here on";
            return Err(vec![
                Diagnostic::error("yaml/ambiguous", place, message)
                    .hint("write it more plainly: quote texts, one key per line"),
            ]);
        }
    };
    let mut faults = Vec::new();
    compare(root, &value, source, &mut faults);
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

fn compare(node: &Node, value: &Value, source: SourceId, faults: &mut Vec<Diagnostic>) {
    match (&node.kind, value) {
        (Kind::Scalar(scalar), value) if agree(scalar, value) => {}
        (Kind::Sequence(items), Value::Sequence(values)) if items.len() == values.len() => {
            for (item, value) in items.iter().zip(values) {
                compare(item, value, source, faults);
            }
        }
        (Kind::Mapping(entries), Value::Mapping(values))
            if entries.len() == values.len()
                && entries.iter().zip(values.keys()).all(|(e, key)| same_key(e, key)) =>
        {
            for (entry, value) in entries.iter().zip(values.values()) {
                compare(&entry.value, value, source, faults);
            }
        }
        _ => {
            let place = Place::Text { source, span: node.head() };
            let message = "YAML readers disagree about what this value is";
            faults.push(
                Diagnostic::error("yaml/ambiguous", place, message)
                    .hint("quote it if it is text; otherwise write a plain decimal number"),
            );
        }
    }
}

fn same_key(entry: &Entry, key: &Value) -> bool {
    key.as_str() == Some(entry.key.as_str())
}

fn agree(scalar: &Scalar, value: &Value) -> bool {
    match (scalar.resolve(), value) {
        (Resolved::Null, Value::Null) => true,
        (Resolved::Bool(ours), Value::Bool(theirs)) => ours == *theirs,
        (Resolved::Integer(ours), Value::Number(theirs)) => {
            theirs.as_i64().map(i128::from).or(theirs.as_u64().map(i128::from)) == Some(ours)
        }
        (Resolved::Float(ours), Value::Number(theirs)) => {
            let theirs = if theirs.is_f64() { theirs.as_f64() } else { None };
            theirs.is_some_and(|theirs| theirs.to_bits() == ours.to_bits())
        }
        (Resolved::Text, Value::String(theirs)) => {
            // At the end of a file without a final newline, a block has one for one reader
            // and none for the other; nobody means anything by it.
            let block = matches!(scalar.style, Style::Literal | Style::Folded);
            scalar.text == *theirs
                || (block && scalar.text.trim_end_matches('\n') == theirs.trim_end_matches('\n'))
        }
        _ => false,
    }
}
