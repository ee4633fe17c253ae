//! What the program writes for other programs, held against the schemas it publishes.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static EVENTS: LazyLock<Validator> = LazyLock::new(|| validator("events.v1"));
static REPORT: LazyLock<Validator> = LazyLock::new(|| validator("report.v1"));

/// Fails unless the text is a whole stream of events: each line as its schema says, the
/// version first, the exit last.
#[track_caller]
pub(super) fn expect_events(stream: &str) {
    let lines: Vec<Value> = stream
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for line in &lines {
        expect(&EVENTS, line);
    }
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    let count = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
    assert_eq!(kinds.first(), Some(&"version"), "{stream}");
    assert_eq!(kinds.last(), Some(&"exit"), "{stream}");
    assert_eq!((count("version"), count("exit")), (1, 1), "{stream}");
}

/// Reads a report, which must be as its schema says.
#[track_caller]
pub(crate) fn expect_report(text: &str) -> Value {
    let report = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    expect(&REPORT, &report);
    report
}

#[track_caller]
fn expect(validator: &Validator, value: &Value) {
    let faults: Vec<_> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}\n{value}", faults.join("\n"));
}

fn validator(name: &str) -> Validator {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is one");
    jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&schema)
        .expect("the schema can be used")
}

#[test]
#[should_panic(expected = "is not valid under any of the schemas")]
fn a_line_without_its_fields_is_no_event() {
    expect_events(
        "{\"@level\":\"info\",\"@message\":\"\",\"@module\":\"offercast.ui\",\
         \"@timestamp\":\"2026-12-01T09:00:00Z\",\"type\":\"exit\"}",
    );
}
