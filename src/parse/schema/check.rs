//! Runs the schema over a document and places what it finds.

use std::collections::HashSet;
use std::sync::LazyLock;

use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

use super::{CAMPAIGN_SCHEMA, keys, words};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::parse::document::{Document, token};

/// A fault of the document against the schema.
pub(in crate::parse) struct SchemaFault {
    /// JSON pointer of the value it concerns.
    pub(in crate::parse) pointer: String,
    pub(in crate::parse) diagnostic: Diagnostic,
}

/// At most this many faults of one file are reported; more say nothing new.
const MAX_FAULTS: usize = 200;

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(CAMPAIGN_SCHEMA).expect("the embedded schema is JSON"));

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    jsonschema::options()
        .offline()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&SCHEMA)
        .expect("the embedded schema is valid")
});

/// Checks a document. Each fault is reported once: a misspelt key does not also count as a
/// missing one, nor a value of the wrong type as one of the wrong form.
pub(in crate::parse) fn check(document: &Document) -> Vec<SchemaFault> {
    let instance = document.root().to_json();
    let errors: Vec<_> = VALIDATOR.iter_errors(&instance).take(MAX_FAULTS).collect();
    let mut misspelt = HashSet::new();
    let mut faults = Vec::new();
    for error in &errors {
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
            let pointer = error.instance_path().as_str();
            let known = keys::known_beside(&SCHEMA, error.schema_path().as_str());
            for key in unexpected.iter().take(MAX_FAULTS) {
                let meant = keys::nearest(key, &known);
                if let Some(meant) = meant {
                    misspelt.insert((pointer.to_owned(), meant.to_owned()));
                }
                faults.push(unknown_key(document, pointer, key, meant));
            }
        }
    }
    let mut judged = HashSet::new();
    for error in &errors {
        let pointer = error.instance_path().as_str();
        let is_meant = |key: &str| misspelt.contains(&(pointer.to_owned(), key.to_owned()));
        let Some(diagnostic) = explain(document, error, &is_meant) else { continue };
        let repeated =
            words::is_about_the_value(error.kind()) && !judged.insert(span_of(&diagnostic.place));
        if !repeated {
            faults.push(SchemaFault { pointer: pointer.to_owned(), diagnostic });
        }
    }
    faults
}

fn unknown_key(document: &Document, pointer: &str, key: &str, meant: Option<&str>) -> SchemaFault {
    let pointer = format!("{pointer}/{}", token(key));
    let place = document.key_place(&pointer);
    let message = format!("unknown key `{}`", words::shortened(key));
    let diagnostic = Diagnostic::error("campaign/unknown-key", place, message);
    let elsewhere = || keys::home_of(&SCHEMA, key);
    let diagnostic = match meant {
        Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
        None => match elsewhere() {
            Some(home) => diagnostic.hint(format!("`{key}` belongs under `{home}`")),
            None => diagnostic,
        },
    };
    SchemaFault { pointer, diagnostic }
}

fn explain(
    document: &Document,
    error: &ValidationError<'_>,
    is_meant: &dyn Fn(&str) -> bool,
) -> Option<Diagnostic> {
    let pointer = error.instance_path().as_str();
    let schema_path = error.schema_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { .. } => None,
        ValidationErrorKind::Required { property } => {
            let key = property.as_str()?;
            (!is_meant(key)).then(|| {
                let message = format!("{} has no `{key}`", words::name_of(pointer));
                Diagnostic::error("campaign/missing-key", document.key_place(pointer), message)
                    .hint(words::missing_hint(&SCHEMA, pointer, key))
            })
        }
        ValidationErrorKind::OneOfNotValid { .. } => {
            let keys = keys::alternatives(&SCHEMA, schema_path);
            (error.instance().is_object() && !keys.iter().any(|key| is_meant(key))).then(|| {
                let message = format!("{} needs {}", words::name_of(pointer), words::one_of(&keys));
                Diagnostic::error("campaign/exactly-one", document.key_place(pointer), message)
            })
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            let object = error.instance().as_object()?;
            let keys = keys::alternatives(&SCHEMA, schema_path);
            let given: Vec<&str> =
                object.keys().map(String::as_str).filter(|key| keys.contains(key)).collect();
            let (first, second) = (given.first()?, given.get(1)?);
            let place = |key: &str| document.key_place(&format!("{pointer}/{key}"));
            let message = format!("{} takes {}", words::name_of(pointer), words::one_of(&keys));
            Some(
                Diagnostic::error("campaign/exactly-one", place(second), message)
                    .related(place(first), "the other one")
                    .hint("remove one of the two"),
            )
        }
        ValidationErrorKind::PropertyNames { error } => {
            let key = error.instance().as_str()?;
            let place = document.key_place(&format!("{pointer}/{}", token(key)));
            let message =
                "a column's name has 1 to 256 characters, none of them a control character";
            Some(Diagnostic::error("campaign/column", place, message))
        }
        kind => {
            let place = document.place(pointer, None);
            let place =
                if is_empty(document, pointer) { document.key_place(pointer) } else { place };
            Some(words::about_value(kind, pointer, schema_path, error.instance(), document, place))
        }
    }
}

/// Whether nothing is written as the value, so that only its key can be pointed at.
fn is_empty(document: &Document, pointer: &str) -> bool {
    document.node(pointer).is_some_and(|node| node.span.start == node.span.end)
}

/// The bytes of a place in the one text a schema check is about.
fn span_of(place: &Place) -> Option<Span> {
    match place {
        Place::Text { span, .. } => Some(*span),
        Place::Line { .. } | Place::File(_) | Place::Nowhere => None,
    }
}
