//! The report of an apply as a JSON file, format version 1. Fields are added, never changed.

use serde_json::{Value, json};

use super::story::ApplyStory;
use super::{counts_json, report_json};
use crate::model::UtcOffset;
use crate::view::text::json_line;

/// The JSON Schema of the file.
pub const REPORT_SCHEMA: &str = include_str!("../../../schemas/report.v1.schema.json");

/// The file's text.
pub fn report_text(story: &ApplyStory<'_>) -> Result<String, serde_json::Error> {
    let plans = story.plans.iter().map(|plan| {
        json!({
            "campaign": plan.campaign,
            "file": plan.file,
            "plan_id": plan.plan_id,
            "progress": plan.progress,
            "send": plan.send,
            "refused": plan.refused,
        })
    });
    let error = story.error.map(
        |error| json!({ "message": error.message, "causes": error.causes, "hint": error.hint }),
    );
    let document = json!({
        "version": 1,
        "tool_version": env!("CARGO_PKG_VERSION"),
        "state": if story.exit_code.is_some() { "ended" } else { "started" },
        "exit_code": story.exit_code,
        "sandbox": story.sandbox,
        "started_at": story.started_at.rfc3339(UtcOffset::UTC),
        "ended_at": story.exit_code.map(|_| story.now.rfc3339(UtcOffset::UTC)),
        "requests": story.requests(),
        "error": error,
        "plans": plans.collect::<Vec<Value>>(),
        "counts": counts_json(story.counts()),
        "runs": story.runs.iter().map(report_json).collect::<Vec<_>>(),
        "next": story.next,
    });
    json_line(&document).map(|line| format!("{line}\n"))
}
