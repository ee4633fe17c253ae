//! Plans in the report that GitLab shows as a widget in the merge request: so many to create.

use std::io::{self, Write};

use serde_json::json;

use super::PlanView;
use super::decision::is_blocked;

/// Writes one JSON object. What is sent is created; nothing sent is ever changed or taken
/// back. Of a refused plan nothing is sent.
pub fn write(out: &mut dyn Write, views: &[PlanView<'_>]) -> io::Result<()> {
    let open = views.iter().filter(|view| !is_blocked(view));
    let create: u64 = open.map(|view| view.plan.counts.send).sum();
    writeln!(out, "{}", json!({ "create": create, "update": 0, "delete": 0 }))
}
