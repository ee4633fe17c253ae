//! What a plan comes to in one line, and the words that do not depend on the clock.

use crate::model::{Timestamp, UtcOffset, format_duration};
use crate::plan::document::{AnchorWord, VerdictWord};
use crate::view::text::{number, people, plural};

use super::PlanView;
use super::human::amount;

/// What people decide by: `READY: 287,412 people, done by 14:10 +05:30`.
/// `expires_at` is when the plan file ends, if it does.
pub fn decision(views: &[PlanView<'_>], expires_at: Option<&str>) -> String {
    if is_expired(views, expires_at) {
        let end = expiry(views, expires_at).unwrap_or_default();
        return format!("EXPIRED: plan again, this plan ended {end}");
    }
    let blocked: Vec<_> = views.iter().filter(|view| is_blocked(view)).collect();
    if !blocked.is_empty() {
        let reasons = blocked.iter().map(|view| match views {
            [_] => reasons(view),
            _ => format!("{} ({})", view.plan.campaign, reasons(view)),
        });
        return format!("BLOCKED: {}", reasons.take(8).collect::<Vec<_>>().join(", "));
    }
    let open: Vec<_> = views.iter().filter(|view| is_open(view)).collect();
    let Some(last) = open.iter().max_by_key(|view| view.moment.schedule.ends_at) else {
        return nothing(views);
    };
    let can_be_applied = open.iter().all(|view| view.plan.plan_id.is_some());
    let mut parts = vec![people(open.iter().map(|view| view.plan.counts.send).sum())];
    if views.len() > 1 {
        parts.insert(0, plural(open.len() as u64, "campaign", "campaigns"));
    }
    if let [view] = open.as_slice()
        && let Some(cost) = &view.plan.cost
    {
        parts.push(format!("at most {}", amount(cost, &cost.total)));
    }
    let (moment, offset) = (last.moment, last.moment.offset);
    let start = open.iter().map(|view| view.moment.schedule.starts_at).min();
    if let Some(start) = start.filter(|start| *start > moment.now) {
        parts.push(format!("from {}", clock(start, moment.now, offset)));
    }
    parts.push(format!("done by {}", clock(moment.schedule.ends_at, moment.now, offset)));
    let word = if can_be_applied { "READY" } else { "DRAFT, planned without a ledger" };
    format!("{word}: {}", parts.join(", "))
}

/// Whether the plan file is too old to be applied.
pub(super) fn is_expired(views: &[PlanView<'_>], expires_at: Option<&str>) -> bool {
    let end = expires_at.and_then(Timestamp::parse);
    views.first().zip(end).is_some_and(|(view, end)| end <= view.moment.now)
}

/// When the plan file ends, for people.
fn expiry(views: &[PlanView<'_>], expires_at: Option<&str>) -> Option<String> {
    let offset = views.first().map(|view| view.moment.offset).unwrap_or_default();
    expires_at.and_then(Timestamp::parse).map(|end| end.human(offset))
}

/// `This plan can be applied until …`, where the plan file ends some time.
pub fn validity(views: &[PlanView<'_>], expires_at: Option<&str>) -> Option<String> {
    let can = if is_expired(views, expires_at) { "could" } else { "can" };
    let end = expiry(views, expires_at)?;
    Some(format!("This plan {can} be applied until {end}."))
}

fn nothing(views: &[PlanView<'_>]) -> String {
    match views {
        [view] if view.moment.verdict == VerdictWord::Paused => {
            "PAUSED: apply sends nothing".to_owned()
        }
        [view] if view.moment.verdict == VerdictWord::Ended => {
            "ENDED: apply sends nothing".to_owned()
        }
        _ => {
            let held: u64 = views
                .iter()
                .map(|view| view.plan.counts.held_unknown + view.plan.counts.held_attempting)
                .sum();
            match held {
                0 => "NOTHING TO DO".to_owned(),
                _ => format!("NOTHING TO DO: {} in doubt, and held", people(held)),
            }
        }
    }
}

/// Whether a plan is refused for more than that its offer has not started: a plan is made
/// before that.
pub(super) fn is_blocked(view: &PlanView<'_>) -> bool {
    view.moment.verdict == VerdictWord::Blocked
        && view.moment.refused.iter().any(|finding| finding.rule != "not_yet")
}

/// Whether nobody can be sent the offer in time any more.
pub(super) fn is_over(view: &PlanView<'_>) -> bool {
    view.moment.refused.iter().any(|finding| finding.rule == "offer_over")
}

/// Whether a plan has somebody to send to and may.
fn is_open(view: &PlanView<'_>) -> bool {
    matches!(view.moment.verdict, VerdictWord::Ready | VerdictWord::Blocked)
}

fn reasons(view: &PlanView<'_>) -> String {
    let rules = view.moment.refused.iter().filter(|finding| finding.rule != "not_yet");
    rules.map(|finding| finding.rule.replace('_', " ")).take(8).collect::<Vec<_>>().join(", ")
}

/// The time alone on the same day, else with its date.
fn clock(instant: Timestamp, now: Timestamp, offset: UtcOffset) -> String {
    let (then, today) = (instant.human(offset), now.human(offset));
    match (then.split_once(' '), today.split_once(' ')) {
        (Some((day, time)), Some((same, _))) if day == same => time.to_owned(),
        _ => then,
    }
}

/// When the offer ends, without reading a clock.
pub(super) fn offer_terms(view: &PlanView<'_>) -> String {
    let offer = &view.plan.offer;
    let window = offer.window_ms.map(|ms| format_duration(std::time::Duration::from_millis(ms)));
    let starts = offer.starts_at.map(|at| format!(", from {}", at.human(view.moment.offset)));
    let starts = starts.unwrap_or_default();
    match (offer.ends_at, offer.anchor, window) {
        (Some(end), _, _) => format!("ends {}{starts}", end.human(view.moment.offset)),
        (None, Some(AnchorWord::EachSend), Some(window)) => {
            format!("ends {window} after each message{starts}")
        }
        (None, _, Some(window)) => {
            format!("ends {window} after the first apply, for everybody alike{starts}")
        }
        (None, _, None) => format!("no end is stated{starts}"),
    }
}

/// How it is sent, without reading a clock.
pub(super) fn pace(view: &PlanView<'_>) -> String {
    let took = format_duration(view.moment.schedule.duration());
    format!("at {}, about {took}", view.entry.rate)
}

/// The only line, besides the decision, that depends on when somebody looks.
pub(super) fn at_this_moment(view: &PlanView<'_>) -> String {
    let moment = view.moment;
    let offset = moment.offset;
    let mut words = vec![format!("Planned {}", moment.now.human(offset))];
    if is_open(view) && !is_blocked(view) {
        words.push(format!("if applied then, done {}", moment.schedule.ends_at.human(offset)));
    }
    if is_open(view)
        && let Some(end) = moment.offer_ends_at()
    {
        let ends = if end <= moment.now { "ended" } else { "ends" };
        words.push(format!("the offer {ends} {}", end.human(offset)));
    }
    words.join("; ")
}

/// The countries with most people first, then all others together: `+91` and how many.
pub(super) fn countries(view: &PlanView<'_>, most: usize) -> Vec<(String, u64)> {
    let mut all: Vec<_> = view.plan.countries.iter().collect();
    all.sort_by_key(|country| (std::cmp::Reverse(country.people), country.calling_code));
    let shown = all.iter().take(most);
    let mut rows: Vec<_> =
        shown.map(|country| (format!("+{}", country.calling_code), country.people)).collect();
    let rest: u64 = all.iter().skip(most).map(|country| country.people).sum();
    if rest > 0 {
        rows.push((format!("{} others", number((all.len() - most) as u64)), rest));
    }
    rows
}
