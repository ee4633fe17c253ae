//! Plans as one page that stands alone: for a review meeting, an archive, a printer.

mod charts;
mod style;

use std::fmt::Write as _;
use std::io::{self, Write};

pub(in crate::view) use style::STYLE;

use charts::{bar, countries_chart, timeline};

use super::PlanView;
use super::decision::{
    at_this_moment, decision, is_blocked, is_expired, offer_terms, pace, validity,
};
use super::human::{code_words, cost_words, count_rows, crash_words, template_words};
use super::limits::limit_words;
use crate::model::OfferEnd;
use crate::plan::document::{SampleObject, VerdictWord};
use crate::view::html::{Page, definition, heading};
use crate::view::message::{HeaderView, MessageView, countdown, phone};
use crate::view::text::{html, number, plural, truncate};

/// Columns that one foreign text may take.
const LONGEST_TEXT: usize = 600;
/// Most of anything listed: the page is bounded whatever the campaigns say.
const MOST: usize = 60;
/// Most campaigns told in full.
const MOST_CAMPAIGNS: usize = 40;

/// Writes the page.
pub fn write(
    out: &mut dyn Write,
    views: &[PlanView<'_>],
    expires_at: Option<&str>,
) -> io::Result<()> {
    let decision = truncate(&decision(views, expires_at), LONGEST_TEXT);
    let class = if is_expired(views, expires_at) { "bad" } else { verdict_class(views) };
    let mut body = format!(
        "<header class=\"verdict {class}\"><p class=\"kind\">Plan</p><h1>{}</h1>",
        html(&decision)
    );
    if let Some(validity) = validity(views, expires_at) {
        add(&mut body, format_args!("<p>{}</p>", html(&validity)));
    }
    body.push_str("</header>\n<main>\n");
    for view in views.iter().take(MOST_CAMPAIGNS) {
        campaign(&mut body, view, views.len() > 1);
    }
    let more = views.len().saturating_sub(MOST_CAMPAIGNS) as u64;
    if more > 0 {
        add(
            &mut body,
            format_args!("<p>{}.</p>\n", plural(more, "more campaign", "more campaigns")),
        );
    }
    body.push_str("</main>\n");
    Page { title: &decision, body: &body }.write(out)
}

fn verdict_class(views: &[PlanView<'_>]) -> &'static str {
    if views.iter().any(is_blocked) {
        "bad"
    } else if views.iter().any(|view| !view.moment.warnings.is_empty()) {
        "warn"
    } else {
        "good"
    }
}

fn campaign(body: &mut String, view: &PlanView<'_>, with_verdict: bool) {
    let plan = view.plan;
    add(
        body,
        format_args!(
            "<article>\n<h2 class=\"name\"><bdi>{}</bdi> <span class=\"faint\">{}</span></h2>\n",
            html(&truncate(&plan.campaign, LONGEST_TEXT)),
            html(&truncate(&view.entry.file, LONGEST_TEXT)),
        ),
    );
    if let Some(description) = &view.entry.description {
        let description = html(&truncate(description, LONGEST_TEXT));
        add(body, format_args!("<p dir=\"auto\">{description}</p>\n"));
    }
    if with_verdict {
        let word = match view.moment.verdict {
            VerdictWord::Ready => "Ready",
            VerdictWord::Blocked => "Refused",
            VerdictWord::NothingToDo => "Nothing to do",
            VerdictWord::Paused => "Paused",
            VerdictWord::Ended => "Ended",
        };
        add(body, format_args!("<p><strong>{word}</strong></p>\n"));
    }
    findings(body, view);
    body.push_str("<div class=\"beside\">\n");
    if let Some(sample) = samples(view).first() {
        body.push_str(&phone(&message(view, sample)));
    }
    body.push_str("<div>\n");
    counts(body, view);
    if plan.counts.send > 0 {
        body.push_str("<h3>Where they are</h3>\n");
        body.push_str(&countries_chart(view));
    }
    body.push_str("</div>\n</div>\n");
    if plan.counts.send > 0 {
        body.push_str(&heading("When"));
        body.push_str(&timeline(view));
    }
    body.push_str(&heading("Terms"));
    body.push_str(&definition(&facts(view)));
    changes(body, view);
    sample_table(body, view);
    invalid_rows(body, view);
    if let Some(command) = view.apply_command.filter(|_| view.moment.verdict == VerdictWord::Ready)
    {
        body.push_str(&heading("Apply it"));
        add(body, format_args!("<pre>{}</pre>\n", html(&truncate(command, LONGEST_TEXT * 4))));
    }
    add(
        body,
        format_args!("<p class=\"faint\">{}.</p>\n</article>\n", html(&at_this_moment(view))),
    );
}

fn findings(body: &mut String, view: &PlanView<'_>) {
    let refused = view.moment.refused.iter().map(|finding| ("bad", "Refused", finding));
    let warned = view.moment.warnings.iter().map(|finding| ("warn", "Warning", finding));
    let mut all = refused.chain(warned).take(MOST).peekable();
    if all.peek().is_none() {
        return;
    }
    body.push_str("<ul class=\"findings\">\n");
    for (class, label, finding) in all {
        let text = html(&truncate(&finding.text, LONGEST_TEXT));
        add(body, format_args!("<li class=\"{class}\"><b>{label}</b> <bdi>{text}</bdi></li>\n"));
    }
    body.push_str("</ul>\n");
}

fn counts(body: &mut String, view: &PlanView<'_>) {
    let rows = count_rows(view);
    body.push_str(&bar(&rows));
    body.push_str(
        "<table class=\"counts\"><caption class=\"hidden\">People by what becomes of \
                   them</caption><tbody>\n",
    );
    for (sign, count, words) in rows.iter().take(MOST) {
        add(
            body,
            format_args!(
                "<tr class=\"{}\"><td class=\"sign\" aria-hidden=\"true\">{sign}</td>\
                 <td class=\"figure\">{}</td><td><bdi>{}</bdi></td></tr>\n",
                charts::class_of(sign),
                number(*count),
                html(&truncate(words, LONGEST_TEXT)),
            ),
        );
    }
    body.push_str("</tbody></table>\n");
}

fn facts(view: &PlanView<'_>) -> Vec<(String, String)> {
    let plan = view.plan;
    let mut facts = vec![
        ("template", template_words(plan)),
        ("offer", offer_terms(view)),
        ("codes", code_words(plan)),
    ];
    facts.extend(plan.cost.as_ref().map(|cost| ("cost", cost_words(cost))));
    if plan.counts.send > 0 {
        facts.push(("sending", pace(view)));
        facts.push(("a crash", crash_words(view.entry)));
    }
    facts.push(("limits", limit_words(&plan.limits)));
    facts.push(("goes to", plan.api_host.clone()));
    facts.extend(plan.plan_id.clone().map(|id| ("plan", id)));
    let cut = |(name, text): (&str, String)| (name.to_owned(), truncate(&text, LONGEST_TEXT));
    facts.into_iter().map(cut).collect()
}

fn changes(body: &mut String, view: &PlanView<'_>) {
    let changes = &view.plan.changes;
    if changes.is_empty() {
        return;
    }
    body.push_str(&heading("Changed since it was last applied"));
    body.push_str(
        "<table class=\"changes\"><thead><tr><th>field</th><th>before</th><th>now</th>\
                   </tr></thead><tbody>\n",
    );
    let cell = |text: &Option<String>, tag: &str| match text {
        Some(text) => {
            format!("<{tag} dir=\"auto\">{}</{tag}>", html(&truncate(text, LONGEST_TEXT)))
        }
        None => "<span class=\"faint\">–</span>".to_owned(),
    };
    for change in changes.iter().take(MOST) {
        add(
            body,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n",
                html(&truncate(&change.field, LONGEST_TEXT)),
                cell(&change.before, "del"),
                cell(&change.after, "ins"),
            ),
        );
    }
    body.push_str("</tbody></table>\n");
    more(body, changes.len());
}

/// The samples to be shown, in full for a person who asked for them.
fn samples<'v>(view: &PlanView<'v>) -> Vec<&'v SampleObject> {
    view.plan.samples.iter().take(view.samples.min(MOST)).collect()
}

fn sample_table(body: &mut String, view: &PlanView<'_>) {
    let samples = samples(view);
    if samples.is_empty() {
        return;
    }
    add(
        body,
        format_args!(
            "<details><summary>{} of {}</summary>\n<table><thead><tr><th>to</th><th>message</th>\
             <th>code</th></tr></thead><tbody>\n",
            plural(samples.len() as u64, "message", "messages"),
            number(view.plan.counts.send)
        ),
    );
    for sample in samples {
        let text = truncate(&view.entry.body(&sample.params), LONGEST_TEXT * 2);
        let lines: Vec<_> = text.lines().take(MOST).map(html).collect();
        add(
            body,
            format_args!(
                "<tr><td class=\"figure\">{}</td><td class=\"said\" dir=\"auto\">{}</td>\
                 <td class=\"figure\">{}</td></tr>\n",
                html(&truncate(&sample.recipient, 40)),
                lines.join("\n"),
                html(&truncate(&sample.code, 60)),
            ),
        );
    }
    body.push_str("</tbody></table></details>\n");
}

fn invalid_rows(body: &mut String, view: &PlanView<'_>) {
    let rows = &view.entry.invalid_rows;
    if rows.is_empty() {
        return;
    }
    let all = plural(view.plan.counts.invalid, "invalid row", "invalid rows");
    add(
        body,
        format_args!(
            "<details><summary>{all}</summary>\n<table><thead><tr><th>row</th><th>reason</th></tr>\
             </thead><tbody>\n"
        ),
    );
    for row in rows.iter().take(MOST) {
        let (place, reason) =
            (truncate(&row.place, LONGEST_TEXT), truncate(&row.reason, LONGEST_TEXT));
        add(
            body,
            format_args!(
                "<tr><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td></tr>\n",
                html(&place),
                html(&reason)
            ),
        );
    }
    body.push_str("</tbody></table>\n");
    more(body, usize::try_from(view.plan.counts.invalid).unwrap_or(usize::MAX).max(rows.len()));
    body.push_str("</details>\n");
}

fn more(body: &mut String, all: usize) {
    if all > MOST {
        add(body, format_args!("<p>{} more</p>\n", number((all - MOST) as u64)));
    }
}

/// A sample as its person will see it.
fn message(view: &PlanView<'_>, sample: &SampleObject) -> MessageView {
    let text = view.entry.text.clone();
    let cut = |text: String| truncate(&text, LONGEST_TEXT * 2);
    let schedule = &view.moment.schedule;
    let has_end = view.plan.template.has_expiration;
    let end: OfferEnd = schedule.offer_end;
    let stated_body = text.as_ref().and_then(|text| text.body.as_ref());
    MessageView {
        header: HeaderView::of_plan(&view.plan.template, sample.header_url.as_deref()),
        heading: text.as_ref().and_then(|text| text.offer.clone()).map(cut),
        countdown: has_end.then(|| countdown(end, schedule.starts_at, view.moment.offset)),
        body: stated_body.map(|_| cut(view.entry.body(&sample.params))),
        params: sample.params.clone(),
        code: cut(sample.code.clone()),
        button: text.as_ref().and_then(|text| text.button.clone()).map(cut),
        url_suffix: sample.url_suffix.clone(),
    }
}

fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a String takes all text");
}
