//! What changed between the plan that was approved and the one there is now, in lines to
//! read: from what to what.

use super::envelope::EnvelopeEntry;
use super::object::{Counts, PlanObject, Term};
use crate::model::{number, people, plural};
use crate::plan::inputs::Sketch;

/// A plan with the names that go with it.
#[derive(Clone, Copy, Debug)]
pub struct NamedPlan<'p> {
    /// The plan.
    pub plan: &'p PlanObject,
    /// What goes with it.
    pub entry: &'p EnvelopeEntry,
}

/// One source or list of an earlier and a later plan.
struct Input<'p> {
    name: &'p str,
    count: u64,
    digest: Option<&'p str>,
    sketch: Option<&'p str>,
}

impl NamedPlan<'_> {
    /// What is not as it was in an earlier plan: terms field by field, then rows by source,
    /// then what the ledger learned. Never empty for two plans of different ids.
    pub fn changes_since(&self, earlier: &NamedPlan<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let (now, before) = (self.plan, earlier.plan);
        changed_terms(&before.terms, &now.terms, &mut lines);
        // The marks of rows are made of the columns that messages use.
        let is_text = |field: &str| field.starts_with("template.") || field == "offer.coupon_code";
        let texts = |terms: &[Term]| -> Vec<(String, String)> {
            let texts = terms.iter().filter(|term| is_text(&term.field));
            texts.map(|term| (term.field.clone(), term.value.clone())).collect()
        };
        let comparable = texts(&before.terms) == texts(&now.terms);
        changed_inputs(&earlier.recipients(), &self.recipients(), comparable, "people", &mut lines);
        changed_inputs(&earlier.excludes(), &self.excludes(), true, "rows", &mut lines);
        changed_counts(&before.counts, &now.counts, &mut lines);
        if lines.is_empty() {
            lines.push("somebody's message or turn, which no count shows".to_owned());
        }
        lines
    }

    fn recipients(&self) -> Vec<Input<'_>> {
        let named = self.entry.sources.iter().zip(&self.plan.inputs.recipients);
        named
            .map(|(name, input)| Input {
                name,
                count: input.kept,
                digest: input.digest.as_deref(),
                sketch: input.sketch.as_deref(),
            })
            .collect()
    }

    fn excludes(&self) -> Vec<Input<'_>> {
        let named = self.entry.exclude.iter().zip(&self.plan.inputs.exclude);
        named
            .filter(|(_, input)| !input.late)
            .map(|(name, input)| Input {
                name,
                count: input.rows.unwrap_or_default(),
                digest: input.digest.as_deref(),
                sketch: input.sketch.as_deref(),
            })
            .collect()
    }
}

fn changed_terms(before: &[Term], now: &[Term], lines: &mut Vec<String>) {
    for term in now {
        let Term { field, value, tag } = term;
        match before.iter().find(|old| old.field == *field) {
            None => lines.push(format!("`{field}`: `{value}` now, nothing before")),
            Some(old) if old == term => {}
            Some(old) if old.value == *value && old.tag != *tag => {
                lines
                    .push(format!("`{field}`: another value than before, both shown as `{value}`"));
            }
            Some(old) => lines.push(format!("`{field}`: from `{}` to `{value}`", old.value)),
        }
    }
    for old in before.iter().filter(|old| !now.iter().any(|term| term.field == old.field)) {
        lines.push(format!("`{}`: nothing now, `{}` before", old.field, old.value));
    }
}

fn changed_inputs(
    before: &[Input<'_>],
    now: &[Input<'_>],
    comparable: bool,
    unit: &str,
    lines: &mut Vec<String>,
) {
    for input in now {
        let Some(old) = before.iter().find(|old| old.name == input.name) else {
            lines.push(format!("`{}`: new, {} {unit}", input.name, number(input.count)));
            continue;
        };
        if old.digest == input.digest || (!comparable && old.count == input.count) {
            continue;
        }
        let counts = format!("from {} to {} {unit}", number(old.count), number(input.count));
        let rows = rows_changed(old, input).filter(|_| comparable);
        lines.push(match rows {
            Some(rows) => format!("`{}`: {rows}, {counts}", input.name),
            None => format!("`{}`: other rows, {counts}", input.name),
        });
    }
    for old in before.iter().filter(|old| !now.iter().any(|input| input.name == old.name)) {
        lines.push(format!("`{}`: gone, {} {unit} before", old.name, number(old.count)));
    }
}

fn rows_changed(before: &Input<'_>, now: &Input<'_>) -> Option<String> {
    let sketch = |input: &Input<'_>| Sketch::parse(input.sketch?);
    let changed = sketch(now)?.since(&sketch(before)?)?;
    Some(format!("{} added, {} gone", plural(changed.added, "row", "rows"), number(changed.gone)))
}

fn changed_counts(before: &Counts, now: &Counts, lines: &mut Vec<String>) {
    let accepted = |counts: &Counts| counts.accepted_same + counts.accepted_differs;
    let held = |counts: &Counts| counts.held_unknown + counts.held_attempting;
    for (what, old, new) in [
        ("accepted before", accepted(before), accepted(now)),
        ("held", held(before), held(now)),
        ("rejected before", before.rejected_before, now.rejected_before),
        ("left out before", before.left_out_before, now.left_out_before),
        ("settled as unsent", before.settled_unsent, now.settled_unsent),
        ("forgotten", before.forgotten, now.forgotten),
    ] {
        if old != new {
            lines.push(format!("{what}: from {} to {}", number(old), people(new)));
        }
    }
}
