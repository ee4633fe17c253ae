//! Plans as a comment on a pull request.
//!
//! The first line is the decision; a hidden marker lets a pipeline find its comment again.
//! Foreign text stands in code spans and fences that it cannot leave, or is plain words.
//! Two plans of the same meaning differ in the decision's time and in the lines that begin
//! with `Planned` alone.

mod budget;
mod prose;

use std::io::{self, Write};

use budget::{Optional, Section, fit};
use prose::{fence, prose, table_prose};

use super::PlanView;
use super::decision::{at_this_moment, countries, decision, offer_terms, pace, validity};
use super::human::{code_words, cost_words, count_rows, crash_words, template_words};
use super::limits::limit_words;
use crate::plan::document::VerdictWord;
use crate::view::text::{code_span, number, plural, truncate};

/// What a pipeline looks for among the comments of a pull request.
pub const MARKER: &str = "<!-- offercast:plan -->";
/// GitHub takes 65,536 characters in a comment.
pub const MAX_BYTES: u32 = 65_000;

/// Columns that one foreign text may take.
const LONGEST_TEXT: usize = 400;
/// Findings shown of one kind.
const MOST_FINDINGS: usize = 20;
/// Countries shown by name.
const MOST_COUNTRIES: usize = 8;
/// Rows of counts: more exclude lists than that are told together.
const MOST_COUNTS: usize = 24;

/// Writes one comment of at most `max_bytes` bytes. `expires_at` is when the plan file ends.
pub fn write(
    out: &mut dyn Write,
    views: &[PlanView<'_>],
    expires_at: Option<&str>,
    max_bytes: usize,
) -> io::Result<()> {
    let mut head =
        format!("### {}\n{MARKER}\n", prose(&truncate(&decision(views, expires_at), LONGEST_TEXT)));
    if let Some(validity) = validity(views, expires_at) {
        head.extend(["\n", &validity, "\n"]);
    }
    let sections: Vec<_> = views.iter().map(|view| section(view, views.len() == 1)).collect();
    out.write_all(fit(&head, &sections, max_bytes).as_bytes())
}

fn section(view: &PlanView<'_>, is_alone: bool) -> Section {
    let mut head = String::new();
    let title = code_span(&truncate(&view.plan.campaign, LONGEST_TEXT));
    let verdict = match view.moment.verdict {
        VerdictWord::Ready => "",
        VerdictWord::Blocked => ": refused",
        VerdictWord::NothingToDo => ": nothing to do",
        VerdictWord::Paused => ": paused",
        VerdictWord::Ended => ": ended",
    };
    if is_alone {
        head.extend(["\nCampaign ", &title, "\n"]);
    } else {
        head.extend(["\n#### ", &title, verdict, "\n"]);
    }
    if let Some(description) = &view.entry.description {
        let description = truncate(description.lines().next().unwrap_or_default(), LONGEST_TEXT);
        head.extend(["\n", &prose(&description), "\n"]);
    }
    findings(&mut head, "🛑 refused: ", view.moment.refused.iter().map(|f| f.text.as_str()));
    findings(&mut head, "⚠️ ", view.moment.warnings.iter().map(|f| f.text.as_str()));
    head.push_str(&counts(view));
    head.push_str(&facts(view));
    Section {
        head,
        optional: vec![changes(view), samples(view), invalid_rows(view)],
        foot: foot(view),
    }
}

fn findings<'f>(head: &mut String, label: &str, texts: impl Iterator<Item = &'f str>) {
    let mut texts = texts.peekable();
    if texts.peek().is_some() {
        head.push('\n');
    }
    for text in texts.by_ref().take(MOST_FINDINGS) {
        head.extend(["- ", label, &prose(&truncate(text, LONGEST_TEXT)), "\n"]);
    }
    let more = texts.count() as u64;
    if more > 0 {
        head.extend(["- ", &number(more), " more\n"]);
    }
}

fn counts(view: &PlanView<'_>) -> String {
    let mut text = "\n| | people | |\n| :---: | ---: | --- |\n".to_owned();
    let rows = count_rows(view);
    for (sign, count, words) in rows.iter().take(MOST_COUNTS) {
        let words = table_prose(&truncate(words, LONGEST_TEXT));
        text.extend(["| `", sign, "` | ", &number(*count), " | ", &words, " |\n"]);
    }
    let rest = rows.get(MOST_COUNTS..).unwrap_or_default();
    let sum: u64 = rest.iter().map(|(_, count, _)| count).sum();
    if !rest.is_empty() {
        text.extend(["| | ", &number(sum), " | for other reasons |\n"]);
    }
    if rows.is_empty() {
        text.push_str("| | 0 | the audience is empty |\n");
    }
    text
}

fn facts(view: &PlanView<'_>) -> String {
    let plan = view.plan;
    let countries = countries(view, MOST_COUNTRIES);
    let countries: Vec<_> =
        countries.iter().map(|(name, count)| format!("{name}: {}", number(*count))).collect();
    let mut rows = vec![
        ("template", code_span(&template_words(plan))),
        ("offer", table_prose(&offer_terms(view))),
        ("codes", table_prose(&code_words(plan))),
    ];
    if let Some(cost) = &plan.cost {
        rows.push(("cost", table_prose(&truncate(&cost_words(cost), LONGEST_TEXT))));
    }
    if plan.counts.send > 0 {
        rows.push(("sending", table_prose(&pace(view))));
        rows.push(("countries", table_prose(&countries.join(" · "))));
        rows.push(("a crash", table_prose(&crash_words(view.entry))));
    }
    rows.push(("limits", table_prose(&truncate(&limit_words(&plan.limits), LONGEST_TEXT))));
    rows.push(("goes to", code_span(&truncate(&plan.api_host, LONGEST_TEXT))));
    if let Some(id) = &plan.plan_id {
        rows.push(("plan", code_span(&truncate(id, 64))));
    }
    let mut text = "\n| | |\n| --- | --- |\n".to_owned();
    for (name, value) in rows {
        text.extend(["| ", name, " | ", &value, " |\n"]);
    }
    text
}

fn changes(view: &PlanView<'_>) -> Optional {
    let changes = &view.plan.changes;
    let mut rows = Vec::with_capacity(changes.len());
    for change in changes {
        let line = |sign: &str, text: &str| {
            format!("{sign} {}\n", crate::view::text::one_line(text, LONGEST_TEXT))
        };
        let mut row = line("@@", &format!("{} @@", change.field));
        row.extend(change.before.iter().map(|before| line("-", before)));
        row.extend(change.after.iter().map(|after| line("+", after)));
        rows.push(row);
    }
    let fence = fence(rows.iter().map(String::as_str));
    Optional {
        open: format!("\nChanged since it was last applied:\n\n{fence}diff\n"),
        rows,
        more: |left| format!("@@ {} more @@\n", plural(left, "change", "changes")),
        close: format!("{fence}\n"),
    }
}

fn samples(view: &PlanView<'_>) -> Optional {
    let samples = view.plan.samples.iter().take(view.samples);
    let rows: Vec<_> = samples
        .map(|sample| {
            let body = truncate(&view.entry.body(&sample.params), LONGEST_TEXT * 2);
            let body: Vec<_> = body.lines().take(20).map(code_span).collect();
            format!(
                "| {} | {} | {} |\n",
                code_span(&truncate(&sample.recipient, 32)),
                body.join("<br>"),
                code_span(&truncate(&sample.code, 64)),
            )
        })
        .collect();
    let shown = plural(rows.len() as u64, "message", "messages");
    let all = number(view.plan.counts.send);
    Optional {
        open: format!(
            "\n<details><summary>{shown} of {all}</summary>\n\n| to | message | code |\n\
             | --- | --- | --- |\n"
        ),
        rows,
        more: |left| format!("| | {} more | |\n", number(left)),
        close: "\n</details>\n".to_owned(),
    }
}

fn invalid_rows(view: &PlanView<'_>) -> Optional {
    let rows: Vec<_> = view
        .entry
        .invalid_rows
        .iter()
        .map(|row| {
            let place = code_span(&truncate(&row.place, LONGEST_TEXT));
            format!("| {place} | {} |\n", table_prose(&truncate(&row.reason, LONGEST_TEXT)))
        })
        .collect();
    let all = plural(view.plan.counts.invalid, "invalid row", "invalid rows");
    Optional {
        open: format!("\n<details><summary>{all}</summary>\n\n| row | reason |\n| --- | --- |\n"),
        rows,
        more: |left| format!("| | {} more |\n", number(left)),
        close: "\n</details>\n".to_owned(),
    }
}

fn foot(view: &PlanView<'_>) -> String {
    let mut text = String::new();
    if let Some(command) = view.apply_command.filter(|_| view.moment.verdict == VerdictWord::Ready)
    {
        let command = truncate(&crate::view::text::safe(command), LONGEST_TEXT * 4);
        let fence = fence([command.as_str()].into_iter());
        text.extend(["\n", &fence, "sh\n", &command, "\n", &fence, "\n"]);
    }
    text.extend(["\n", &at_this_moment(view), ".\n"]);
    text
}
