//! Figures as drawings. Each has its numbers in words beside it.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::PlanView;
use super::super::decision::{countries, is_over};
use crate::model::{OfferEnd, format_duration};
use crate::view::text::{html, number, percent};

/// Countries with a bar of their own.
const MOST_COUNTRIES: usize = 12;
/// Width of the drawings, in their own units.
const WIDTH: u64 = 760;

/// The class of a sign's colour.
pub(super) fn class_of(sign: &str) -> &'static str {
    match sign {
        "+" => "send",
        "=" => "same",
        "!" => "differs",
        "?" => "held",
        "-" => "gone",
        _ => "skipped",
    }
}

/// All people as one bar. Who is gone is in no audience, so the bar leaves them out.
pub(super) fn bar(rows: &[(&'static str, u64, String)]) -> String {
    let parts = rows.iter().filter(|(sign, ..)| *sign != "-");
    let all: u64 = parts.clone().map(|(_, count, _)| count).sum();
    if all == 0 {
        return String::new();
    }
    let mut text = format!(
        "<svg class=\"stack\" viewBox=\"0 0 {WIDTH} 16\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">"
    );
    let mut before = 0;
    for (sign, count, _) in parts {
        let (from, to) = (scaled(before, all), scaled(before + count, all));
        before += count;
        let class = class_of(sign);
        // Something is never drawn as nothing.
        let width = (to - from).max(2);
        let _ = write!(
            text,
            "<rect class=\"{class}\" x=\"{from}\" y=\"0\" width=\"{width}\" height=\"16\"/>"
        );
    }
    text.push_str("</svg>\n");
    text
}

/// People by calling code.
pub(super) fn countries_chart(view: &PlanView<'_>) -> String {
    let rows = countries(view, MOST_COUNTRIES);
    let (all, most) = (view.plan.counts.send, rows.iter().map(|(_, count)| *count).max());
    let mut text = "<table class=\"chart\"><caption class=\"hidden\">People by calling code\
                    </caption><tbody>\n"
        .to_owned();
    for (name, count) in &rows {
        let width = scaled(*count, most.unwrap_or_default().max(*count)).max(2);
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\">{}</th><td class=\"share\"><svg viewBox=\"0 0 {WIDTH} 12\" \
             preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect x=\"0\" y=\"0\" \
             width=\"{width}\" height=\"12\"/></svg></td><td class=\"figure\">{}</td>\
             <td class=\"figure\">{}</td></tr>",
            html(name),
            number(*count),
            percent(*count, all)
        );
    }
    text.push_str("</tbody></table>\n");
    text
}

/// When messages go out, against the end of the offer.
pub(super) fn timeline(view: &PlanView<'_>) -> String {
    let moment = view.moment;
    let (schedule, offset) = (&moment.schedule, moment.offset);
    let (start, done) = (schedule.starts_at, schedule.ends_at);
    if let OfferEnd::At(end) = schedule.offer_end
        && is_over(view)
    {
        let ends = if end <= moment.now { "ended" } else { "ends" };
        let end = html(&end.human(offset));
        return format!("<p>The offer {ends} {end}: nobody can be sent it any more.</p>\n");
    }
    let (end, end_words) = match schedule.offer_end {
        OfferEnd::At(end) => (end, format!("the offer ends {}", end.human(offset))),
        OfferEnd::AfterSend(window) => {
            let words = format!("each offer ends {} after its message", format_duration(window));
            (done.plus(window), words)
        }
    };
    let last = end.max(done);
    let all = millis(last.since(start)).max(1);
    // Room on both sides, so that marks at the edges can be seen.
    let x = |at: Duration| 8 + scaled(millis(at), all) * (WIDTH - 16) / WIDTH;
    let (sent, ends) = (x(done.since(start)), x(end.since(start)));
    let sending = sent.saturating_sub(8).max(4);
    let closing = Duration::from_millis(view.entry.min_remaining_ms);
    let closes = x(end.minus(closing).since(start));
    let (from, to) = (start.human(offset), done.human(offset));
    let took = format_duration(schedule.duration());
    let mut words = format!("Sending from {from} to {to}, about {took}; {end_words}.");
    if !closing.is_zero() {
        let _ =
            write!(words, " Nobody is sent it with less than {} left.", format_duration(closing));
    }
    // Words beside the mark they belong to, on the side where there is room.
    let anchor = if sent > WIDTH / 2 { "end" } else { "start" };
    format!(
        "<p>{}</p>\n<svg class=\"time\" viewBox=\"0 0 {WIDTH} 84\" role=\"img\" \
         aria-label=\"{}\">\n\
         <rect class=\"track\" x=\"8\" y=\"34\" width=\"{}\" height=\"12\" rx=\"6\"/>\n\
         <rect class=\"closing\" x=\"{closes}\" y=\"34\" width=\"{}\" height=\"12\"/>\n\
         <rect class=\"sending\" x=\"8\" y=\"34\" width=\"{sending}\" height=\"12\" rx=\"2\"/>\n\
         <line class=\"tick\" x1=\"8\" y1=\"28\" x2=\"8\" y2=\"52\"/>\n\
         <line class=\"end\" x1=\"{ends}\" y1=\"26\" x2=\"{ends}\" y2=\"54\"/>\n\
         <text class=\"strong\" x=\"8\" y=\"18\">{}</text>\n\
         <text x=\"{}\" y=\"72\" text-anchor=\"{anchor}\">sent by {}</text>\n\
         <text class=\"strong\" x=\"{}\" y=\"18\" text-anchor=\"end\">{}</text>\n</svg>\n",
        html(&words),
        html(&words),
        WIDTH - 16,
        ends.saturating_sub(closes),
        html(&from),
        if anchor == "end" { sent } else { 8 + sending },
        html(&to),
        WIDTH - 8,
        html(&end.human(offset)),
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `part` of `whole` on the width of a drawing.
fn scaled(part: u64, whole: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(WIDTH) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(WIDTH).min(WIDTH)
}
