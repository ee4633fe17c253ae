//! What the program prints and writes, held against the schemas it publishes.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static PLAN: LazyLock<Validator> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan.v1.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is one");
    jsonschema::options()
        .should_validate_formats(true)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&schema)
        .expect("the schema can be used")
});

/// Fails unless the text is a plan as its schema describes it.
#[track_caller]
pub(super) fn expect_plan(text: &str) {
    let plan: Value = serde_json::from_str(text).expect("a plan is JSON");
    let faults: Vec<_> = PLAN
        .iter_errors(&plan)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
}
