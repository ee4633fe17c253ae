//! The plan for people at a terminal or reading a CI log.

use std::io::{self, Write};
use std::time::Duration;

use super::PlanView;
use crate::model::{CampaignStatus, OfferEnd, format_duration};
use crate::plan::{Blocker, CodeSummary, LimitCheck, Notice, Plan, Progress, Sample};
use crate::view::text::{Align, Table, number, people, plural, safe};
use crate::view::{Look, Role};

/// Writes one campaign's plan.
pub fn write(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let plan = view.plan;
    if is_settled(plan) {
        return write_settled(out, look, view);
    }
    let name = look.palette.paint(Role::Strong, plan.campaign.as_str());
    writeln!(out, "{name}  {}", look.palette.paint(Role::Faint, &safe(view.path)))?;
    if let Some(description) = view.description {
        writeln!(out, "{}", safe(description))?;
    }
    writeln!(out)?;
    write_counts(out, look, plan)?;
    write_invalid_rows(out, plan)?;
    writeln!(out)?;
    write_facts(out, view)?;
    write_changes(out, look, plan)?;
    write_samples(out, look, plan)?;
    write_notices(out, look, plan)?;
    write_verdict(out, look, view)
}

/// Nothing to do, and nothing that a reviewer would have to look at: one line.
fn is_settled(plan: &Plan) -> bool {
    plan.tally.send == 0 && plan.tally.gone_pending == 0 && plan.changes.is_empty()
}

fn write_settled(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let tally = &view.plan.tally;
    let mut parts = vec![format!("{} accepted", number(tally.same + tally.differs))];
    let mut add = |count: u64, word: &str| {
        if count > 0 {
            parts.push(format!("{} {word}", number(count)));
        }
    };
    add(tally.unknown + tally.attempting, "unknown and held");
    add(tally.rejected_before, "rejected");
    add(tally.settled_unsent, "settled as unsent");
    add(tally.left_out_before, "left out because the offer was over");
    add(view.plan.audience.dropped(), "skipped");
    let name = look.palette.paint(Role::Strong, view.plan.campaign.as_str());
    writeln!(out, "{name}  nothing to do: {}", parts.join(", "))
}

fn write_counts(out: &mut dyn Write, look: Look, plan: &Plan) -> io::Result<()> {
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    let mut row = |sign: &str, count: u64, words: &str| {
        if count > 0 {
            table.row([sign, &number(count), words]);
        }
    };
    let (tally, audience) = (&plan.tally, &plan.audience);
    let send = match plan.progress {
        Progress::Resumes(ref before) => {
            format!("still to send of the {} planned before", number(before.planned))
        }
        Progress::New | Progress::Finished(_) => "to send".to_owned(),
    };
    row("+", tally.send, &send);
    row("=", tally.same, "already accepted, same content");
    row("!", tally.differs, "already accepted, content differs now: not sent again");
    row("?", tally.unknown, "held: whether they got it cannot be known");
    row("?", tally.attempting, "held: on the wire of an apply that runs or died");
    row("·", tally.rejected_before, "skipped: rejected by Kaleyra before");
    row("·", tally.left_out_before, "skipped: the offer was over when their turn came");
    row(
        "·",
        tally.settled_unsent,
        "skipped: settled as unsent, for the next plan once this one is finished",
    );
    row("·", audience.filtered, "skipped: `where` is false");
    for (source, count) in &audience.excluded {
        row("·", *count, &format!("skipped: excluded by {source}"));
    }
    row("·", audience.duplicates, "skipped: the same person again");
    row("·", audience.sanctioned, "skipped: in a country WhatsApp does not serve");
    row("·", audience.invalid, "skipped: invalid rows");
    row("-", tally.gone, "in the ledger, but no longer in the audience");
    if tally.send == 0 {
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

fn write_invalid_rows(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let audience = &plan.audience;
    if audience.invalid_rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  Invalid rows:")?;
    let shown = 5.min(audience.invalid_rows.len());
    for row in &audience.invalid_rows[..shown] {
        writeln!(out, "    {}  {}", safe(&row.place), safe(&row.reason))?;
    }
    let more = audience.invalid.saturating_sub(shown as u64);
    if more > 0 {
        writeln!(out, "    and {} more", number(more))?;
    }
    Ok(())
}

fn write_facts(out: &mut dyn Write, view: &PlanView<'_>) -> io::Result<()> {
    let plan = view.plan;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    table.row(["template", view.template]);
    table.row(["offer", &offer_words(view)]);
    table.row(["codes", &code_words(plan)]);
    table.row(["sending", &sending_words(view)]);
    table.row(["a crash", &crash_words(plan)]);
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

fn offer_words(view: &PlanView<'_>) -> String {
    let schedule = &view.plan.schedule;
    match schedule.offer_end {
        OfferEnd::AfterSend(window) => {
            format!("ends {} after each message", format_duration(window))
        }
        OfferEnd::At(instant) => {
            let left = format_duration(instant.since(view.plan.made_at));
            let end = instant.human(view.offset);
            if instant <= view.plan.made_at {
                format!("ended {end}")
            } else if view.end_is_open {
                format!("ends in {left}, {end} if applied now: one deadline for all")
            } else {
                format!("ends {end} (in {left})")
            }
        }
    }
}

fn code_words(plan: &Plan) -> String {
    match &plan.codes {
        CodeSummary::Shared => "one code for everybody".to_owned(),
        CodeSummary::NotUnique => "not checked for uniqueness (`unique: false`)".to_owned(),
        CodeSummary::Unique { codes, redrawn, one_guess_in } => {
            let redrawn = match redrawn {
                0 => String::new(),
                n => format!(" ({} redrawn)", number(*n)),
            };
            let odds = one_guess_in
                .map(|odds| format!(", one guess in {} hits", rounded(odds)))
                .unwrap_or_default();
            format!("{} unique{redrawn}{odds}", number(*codes))
        }
    }
}

/// `12 million`: odds are an order of magnitude, not a figure.
fn rounded(odds: f64) -> String {
    for (unit, word) in [(1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")]
    {
        if odds >= unit {
            return format!("{:.0} {word}", odds / unit);
        }
    }
    format!("{odds:.0}")
}

fn sending_words(view: &PlanView<'_>) -> String {
    let schedule = &view.plan.schedule;
    if view.plan.tally.send == 0 {
        return "nobody".to_owned();
    }
    let starts_at = schedule.starts_at.human(view.offset);
    let took = format_duration(schedule.duration());
    if schedule.duration() < Duration::from_mins(1) {
        return format!("at {}, about {took}, from {starts_at}", view.rate);
    }
    let ends_at = schedule.ends_at.human(view.offset);
    format!("at {}, about {took}: from {starts_at} to {ends_at}", view.rate)
}

fn crash_words(plan: &Plan) -> String {
    format!("can leave at most {} unknown", plural(plan.most_unknown, "outcome", "outcomes"))
}

fn limit_words(limits: &[LimitCheck]) -> String {
    let words: Vec<_> = limits
        .iter()
        .map(|check| match (&check.actual, &check.allowed) {
            (Some(actual), Some(allowed)) => format!("{} {actual} of {allowed}", check.limit),
            (Some(actual), None) => format!("{} {actual} (no limit)", check.limit),
            (None, allowed) => format!("{} {}", check.limit, allowed.as_deref().unwrap_or("-")),
        })
        .collect();
    words.join(" · ")
}

fn write_changes(out: &mut dyn Write, look: Look, plan: &Plan) -> io::Result<()> {
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

fn write_samples(out: &mut dyn Write, look: Look, plan: &Plan) -> io::Result<()> {
    if plan.samples.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "  For example:")?;
    for Sample { number, place, message } in &plan.samples {
        let place = look.palette.paint(Role::Faint, &safe(place));
        writeln!(out, "    + {number}  {place}")?;
        for line in message.body.lines() {
            writeln!(out, "      {}", safe(line))?;
        }
        let mut extras = vec![format!("code {}", safe(&message.code))];
        extras.extend(message.url_suffix.as_ref().map(|end| format!("link …{}", safe(end))));
        extras.extend(message.header_url.as_ref().map(|url| format!("header {}", safe(url))));
        writeln!(out, "      {}", look.palette.paint(Role::Faint, &extras.join(" · ")))?;
    }
    Ok(())
}

fn write_notices(out: &mut dyn Write, look: Look, plan: &Plan) -> io::Result<()> {
    if plan.notices.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for notice in &plan.notices {
        let label = look.palette.paint(Role::Warning, "warning:");
        writeln!(out, "  {label} {}", notice_words(notice))?;
    }
    Ok(())
}

/// A notice in words.
pub(super) fn notice_words(notice: &Notice) -> String {
    match *notice {
        Notice::NotActive(CampaignStatus::Ended) => {
            "`status` is `ended`: apply sends nothing".to_owned()
        }
        Notice::NotActive(_) => "`status` is `paused`: apply sends nothing".to_owned(),
        Notice::UsNumbers(count) => format!(
            "{} with a US number: WhatsApp has not delivered marketing to the US since April 2025",
            people(count)
        ),
        Notice::Duplicates(count) => {
            let rows = plural(count, "row repeats", "rows repeat");
            format!("{rows} a person; the first row counts")
        }
        Notice::TooLate(count) => format!(
            "{} would be sent the offer too late and will be left out: raise `delivery.rate` or \
             the window",
            people(count)
        ),
        Notice::HighRate => {
            "`delivery.rate` is above 1,000 a second, the most WhatsApp carries for one number"
                .to_owned()
        }
        Notice::GuessableCodes { one_guess_in } => format!(
            "one guess in {} hits somebody's code: draw more characters with `code(n)`",
            number(one_guess_in)
        ),
        Notice::PendingGone(count) => format!(
            "{} planned before and still pending left the audience: this plan drops them",
            people(count)
        ),
        Notice::Again(count) => format!(
            "{} settled as unsent: where that is wrong, this is a second message",
            plural(count, "of these people was", "of these people were")
        ),
        Notice::Drifted(count) => format!(
            "the content for {} changed after they were accepted: they get nothing new",
            people(count)
        ),
    }
}

/// A blocker in words: what is refused, the figures, and what to do.
pub(super) fn blocker_words(blocker: &Blocker, view: &PlanView<'_>) -> String {
    match blocker {
        Blocker::Limit(check) => format!(
            "`limits.{}` allows {}, the plan has {}",
            check.limit,
            check.allowed.as_deref().unwrap_or("any number"),
            check.actual.as_deref().unwrap_or("more")
        ),
        Blocker::MixedContent { sent, fields } => format!(
            "{} already got other content ({} changed): restore it, or give the new content a \
             campaign name of its own",
            people(*sent),
            fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
        ),
        Blocker::OfferOver { ends_at } => {
            let end = ends_at.human(view.offset);
            if *ends_at <= view.plan.made_at {
                format!("the offer ended {end}")
            } else {
                format!("the offer ends {end}, less than `delivery.min_remaining` from now")
            }
        }
        Blocker::NotYet { starts_at } => {
            format!("the offer starts {}: apply it then", starts_at.human(view.offset))
        }
    }
}

fn write_verdict(out: &mut dyn Write, look: Look, view: &PlanView<'_>) -> io::Result<()> {
    let plan = view.plan;
    writeln!(out)?;
    for blocker in &plan.blockers {
        let label = look.palette.paint(Role::Error, "refused:");
        writeln!(out, "  {label} {}", blocker_words(blocker, view))?;
    }
    if !plan.blockers.is_empty() {
        writeln!(out)?;
    }
    match plan.id {
        Some(id) => writeln!(out, "Plan {id}")?,
        None => writeln!(out, "Planned without a ledger: this cannot be applied.")?,
    }
    let applicable =
        plan.blockers.is_empty() && plan.tally.send > 0 && plan.status == CampaignStatus::Active;
    match view.apply_command.filter(|_| applicable) {
        Some(command) => writeln!(out, "  {}", safe(command)),
        None => Ok(()),
    }
}
