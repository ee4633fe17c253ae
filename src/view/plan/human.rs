//! The plan for people at a terminal or reading a CI log.

use std::io::{self, Write};
use std::time::Duration;

use super::PlanView;
use super::decision::is_over;
use super::limits::limit_words;
use crate::model::{Money, OfferEnd, format_duration};
use crate::plan::DailySchedule;
use crate::plan::document::{
    CodesWord, CostObject, EnvelopeEntry, Finding, PlanObject, ProgressWord, VerdictWord,
};
use crate::view::text::{Align, Table, money, number, plural, safe};
use crate::view::{Look, Role};

/// Writes one campaign's plan.
pub fn write(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let plan = view.plan;
    if is_settled(view) {
        return write_settled(out, look, view);
    }
    let name = look.palette.paint(Role::Strong, &safe(&plan.campaign));
    writeln!(out, "{name}  {}", look.palette.paint(Role::Faint, &safe(&view.entry.file)))?;
    if let Some(description) = &view.entry.description {
        writeln!(out, "{}", safe(description))?;
    }
    writeln!(out)?;
    write_counts(out, look, view)?;
    write_invalid_rows(out, view)?;
    writeln!(out)?;
    write_facts(out, view)?;
    write_changes(out, look, plan)?;
    write_samples(out, look, view)?;
    write_warnings(out, look, &view.moment.warnings)?;
    write_verdict(out, look, view)
}

/// Nothing to do, and nothing that a reviewer would have to look at: one line.
fn is_settled(view: &PlanView<'_>) -> bool {
    let plan = view.plan;
    let to_see = |rule: &str| matches!(rule, "pending_gone" | "failed_since");
    plan.counts.send == 0
        && !plan.warnings.iter().any(|warning| to_see(&warning.rule))
        && plan.changes.is_empty()
        && view.moment.refused.is_empty()
}

fn write_settled(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let counts = &view.plan.counts;
    let accepted = counts.accepted_same + counts.accepted_differs;
    let mut parts = vec![format!("{} accepted", number(accepted))];
    let mut add = |count: u64, word: &str| {
        if count > 0 {
            parts.push(format!("{} {word}", number(count)));
        }
    };
    add(counts.held_unknown + counts.held_attempting, "unknown and held");
    add(counts.rejected_before, "rejected");
    add(counts.settled_unsent, "settled as unsent");
    add(counts.forgotten, "forgotten");
    add(counts.left_out_before, "left out because the offer was over");
    add(counts.dropped(), "skipped");
    let name = look.palette.paint(Role::Strong, &safe(&view.plan.campaign));
    writeln!(out, "{name}  nothing to do: {}", parts.join(", "))
}

/// Everybody by sign, with the reason: only counts that are not zero.
pub(super) fn count_rows(view: &PlanView<'_>) -> Vec<(&'static str, u64, String)> {
    let plan = view.plan;
    let mut rows = Vec::new();
    let mut row = |sign: &'static str, count: u64, words: &str| {
        if count > 0 {
            rows.push((sign, count, words.to_owned()));
        }
    };
    let counts = &plan.counts;
    let send = match (plan.progress, plan.planned_before) {
        (ProgressWord::Resumes, Some(planned)) => {
            format!("still to send of the {} planned before", number(planned))
        }
        _ => "to send".to_owned(),
    };
    row("+", counts.send, &send);
    row("+", counts.after_failure, "of them again, after a failure");
    row(
        "·",
        view.entry.late_excluded,
        "of them on exclude lists marked `late`: left out when the plan is applied",
    );
    row("=", counts.accepted_same, "already accepted, same content");
    row("!", counts.accepted_differs, "already accepted, content differs now: not sent again");
    row("?", counts.held_unknown, "held: whether they got it cannot be known");
    row("?", counts.held_attempting, "held: on the wire of an apply that runs or died");
    row("·", counts.rejected_before, "skipped: rejected by Kaleyra before");
    row(
        "·",
        counts.left_out_before,
        "skipped: the offer was over when their turn came, or a late list named them",
    );
    row(
        "·",
        counts.settled_unsent,
        "skipped: settled as unsent, for the next plan once this one is finished",
    );
    row("·", counts.forgotten, "skipped: forgotten, nobody sends to them again");
    row("·", counts.filtered, "skipped: `where` is false");
    for (name, list) in view.entry.exclude.iter().zip(&plan.inputs.exclude) {
        row("·", list.excluded.unwrap_or_default(), &format!("skipped: excluded by {name}"));
    }
    row("·", counts.duplicates, "skipped: the same person again");
    row("·", counts.sanctioned, "skipped: in a country WhatsApp does not serve");
    row("·", counts.invalid, "skipped: invalid rows");
    row("-", counts.gone, "in the ledger, but no longer in the audience");
    rows
}

fn write_counts(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (sign, count, words) in count_rows(view) {
        table.row([sign, &number(count), &words]);
    }
    if view.plan.counts.send == 0 {
        writeln!(out, "  Nobody is left to send to.")?;
    }
    for line in table.lines(2) {
        let role = match line.trim_start().chars().next() {
            Some('+') => Role::Send,
            Some('!') => Role::Changed,
            Some('?') => Role::Held,
            Some('=') => Role::Strong,
            _ => Role::Faint,
        };
        writeln!(out, "{}", look.palette.paint(role, &line))?;
    }
    Ok(())
}

fn write_invalid_rows(out: &mut dyn Write, view: &PlanView<'_>) -> io::Result<()> {
    let rows = &view.entry.invalid_rows;
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  Invalid rows:")?;
    let shown = 5.min(rows.len());
    for row in &rows[..shown] {
        writeln!(out, "    {}  {}", safe(&row.place), safe(&row.reason))?;
    }
    let more = view.plan.counts.invalid.saturating_sub(shown as u64);
    if more > 0 {
        writeln!(out, "    and {} more", number(more))?;
    }
    Ok(())
}

fn write_facts(out: &mut dyn Write, view: &PlanView<'_>) -> io::Result<()> {
    let plan = view.plan;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table.row(["template", &template_words(plan)]);
    table.row(["offer", &offer_words(view)]);
    table.row(["codes", &code_words(plan)]);
    if let Some(cost) = &plan.cost {
        table.row(["cost", &cost_words(cost)]);
    }
    table.row(["sending", &sending_words(view)]);
    table.row(["a crash", &crash_words(view.entry)]);
    table.row(["limits", &limit_words(&plan.limits)]);
    if plan.upload_bytes > 0 {
        let megabytes = plan.upload_bytes.div_ceil(1_000_000);
        table.row(["uploads", &format!("the header file adds up to {} MB", number(megabytes))]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

pub(super) fn template_words(plan: &PlanObject) -> String {
    let template = &plan.template;
    let language = template.language.as_ref().map(|language| format!(" ({language})"));
    safe(&format!("{}{}", template.name, language.unwrap_or_default())).into_owned()
}

fn offer_words(view: &PlanView<'_>) -> String {
    let moment = view.moment;
    match moment.schedule.offer_end {
        OfferEnd::AfterSend(window) => {
            format!("ends {} after each message", format_duration(window))
        }
        OfferEnd::At(instant) => {
            let left = format_duration(instant.since(moment.now));
            let end = instant.human(moment.offset);
            if instant <= moment.now {
                format!("ended {end}")
            } else if moment.end_is_open {
                format!("ends in {left}, {end} if applied now: one deadline for all")
            } else {
                format!("ends {end} (in {left})")
            }
        }
    }
}

pub(super) fn code_words(plan: &PlanObject) -> String {
    let codes = &plan.codes;
    match codes.kind {
        CodesWord::Shared => "one code for everybody".to_owned(),
        CodesWord::NotChecked => "not checked for uniqueness (`unique: false`)".to_owned(),
        CodesWord::Unproven => format!(
            "unproven: to be drawn with key {}, which is not at hand; apply proves that nobody \
             shares one before it sends",
            safe(codes.key.as_deref().unwrap_or_default())
        ),
        CodesWord::Unique if codes.unique == Some(0) => "nobody needs one".to_owned(),
        CodesWord::Unique => {
            let redrawn = match codes.redrawn.unwrap_or_default() {
                0 => String::new(),
                n => format!(" ({} redrawn)", number(n)),
            };
            let odds = codes
                .one_guess_in
                .map(|odds| format!(", one guess in {} hits", rounded(odds)))
                .unwrap_or_default();
            format!("{} unique{redrawn}{odds}", number(codes.unique.unwrap_or_default()))
        }
    }
}

/// `3,391.20 USD`.
pub(super) fn amount(cost: &CostObject, exact: &str) -> String {
    let text = format!("{exact} {}", cost.currency);
    Money::parse(&text).map_or(text, money)
}

/// `at most 3,391.20 USD by the card of 2026-10-01: 200,000 to India, and 2 markets more`.
pub(super) fn cost_words(cost: &CostObject) -> String {
    let at_most = format!("at most {} by the card of {}", amount(cost, &cost.total), cost.as_of);
    let mut parts: Vec<_> = cost
        .markets
        .iter()
        .take(3)
        .map(|part| format!("{} to {}", number(part.people), part.market))
        .collect();
    let more = (cost.markets.len() - parts.len()) as u64 + cost.more_markets;
    if more > 0 {
        parts.push(plural(more, "market more", "markets more"));
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let held = match cost.held.as_str() {
        "0" => String::new(),
        held => format!("; {} more if those held were sent to", amount(cost, held)),
    };
    safe(&format!("{at_most}{parts}{held}")).into_owned()
}

/// `12 million`: odds are an order of magnitude, not a figure.
fn rounded(odds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "trillion"),
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1_000, "thousand"),
    ];
    let unit = UNITS.into_iter().find(|(unit, _)| odds >= *unit);
    unit.map_or_else(
        || odds.to_string(),
        |(unit, word)| format!("{} {word}", number((odds + unit / 2) / unit)),
    )
}

fn sending_words(view: &PlanView<'_>) -> String {
    let (schedule, offset) = (&view.moment.schedule, view.moment.offset);
    if view.plan.counts.send == 0 {
        return "nobody".to_owned();
    }
    if is_over(view) {
        return "nobody: it is too late for this offer".to_owned();
    }
    let starts_at = schedule.starts_at.human(offset);
    if let Some(DailySchedule { most, sent, days, .. }) = schedule.daily {
        let used = match sent {
            0 => String::new(),
            _ => format!(" ({} used up)", number(sent)),
        };
        let over = match days {
            1 => format!("about {}", format_duration(schedule.duration())),
            _ => format!("over {} days", number(days)),
        };
        return format!(
            "at {}, at most {}{used} in 24 h, {over}: from {starts_at} to {}",
            safe(&view.entry.rate),
            number(most),
            schedule.ends_at.human(offset)
        );
    }
    let took = format_duration(schedule.duration());
    if schedule.duration() < Duration::from_mins(1) {
        return format!("at {}, about {took}, from {starts_at}", safe(&view.entry.rate));
    }
    let ends_at = schedule.ends_at.human(offset);
    format!("at {}, about {took}: from {starts_at} to {ends_at}", safe(&view.entry.rate))
}

pub(super) fn crash_words(entry: &EnvelopeEntry) -> String {
    format!("can leave at most {} unknown", plural(entry.most_unknown, "outcome", "outcomes"))
}

fn write_changes(out: &mut dyn Write, look: Look, plan: &PlanObject) -> io::Result<()> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  Changed since it was last applied:")?;
    for change in &plan.changes {
        writeln!(out, "    {}", safe(&change.field))?;
        if let Some(before) = &change.before {
            writeln!(out, "      - {}", safe(before))?;
        }
        if let Some(after) = &change.after {
            let line = format!("      + {}", safe(after));
            writeln!(out, "{}", look.palette.paint(Role::Changed, &line))?;
        }
    }
    Ok(())
}

fn write_samples(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let samples = view.revealed.unwrap_or(&view.plan.samples);
    if samples.is_empty() || view.samples == 0 {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  For example:")?;
    for (sample, place) in samples.iter().zip(&view.entry.sample_places).take(view.samples) {
        let place = look.palette.paint(Role::Faint, &safe(place));
        writeln!(out, "    + {}  {place}", safe(&sample.recipient))?;
        for line in view.entry.body(&sample.params).lines() {
            writeln!(out, "      {}", safe(line))?;
        }
        let mut extras = vec![format!("code {}", safe(&sample.code))];
        extras.extend(sample.url_suffix.as_ref().map(|end| format!("link …{}", safe(end))));
        extras.extend(sample.header_url.as_ref().map(|url| format!("header {}", safe(url))));
        writeln!(out, "      {}", look.palette.paint(Role::Faint, &extras.join(" · ")))?;
    }
    Ok(())
}

fn write_warnings(out: &mut dyn Write, look: Look, warnings: &[Finding]) -> io::Result<()> {
    if warnings.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for warning in warnings {
        let label = look.palette.paint(Role::Warning, "warning:");
        writeln!(out, "  {label} {}", safe(&warning.text))?;
    }
    Ok(())
}

fn write_verdict(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    writeln!(out)?;
    let refused = &view.moment.refused;
    for finding in refused {
        let label = look.palette.paint(Role::Error, "refused:");
        writeln!(out, "  {label} {}", safe(&finding.text))?;
    }
    if !refused.is_empty() {
        writeln!(out)?;
    }
    match &view.plan.plan_id {
        Some(id) => writeln!(out, "Plan {}", safe(id))?,
        None => writeln!(out, "Planned without a ledger: this cannot be applied.")?,
    }
    match view.apply_command.filter(|_| view.moment.verdict == VerdictWord::Ready) {
        Some(command) => writeln!(out, "  {}", safe(command)),
        None => Ok(()),
    }
}
