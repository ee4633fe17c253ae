//! What a plan comes to when it is looked at: the only part that depends on the clock.

use std::time::Duration;

use serde::Serialize;

use super::envelope::{EnvelopeEntry, StatusWord};
use super::findings::{blocker_finding, notice_finding};
use super::object::{AnchorWord, Finding, PlanObject, ProgressWord};
use crate::ledger::Sent;
use crate::model::{CardDate, OfferEnd, Rate, Timestamp, UtcOffset};
use crate::plan::guard::{Blocker, Notice, timely_blockers};
use crate::plan::schedule::{EndTerm, Schedule, Timing};

/// A plan at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    /// The instant.
    pub now: Timestamp,
    /// When it would be sent, starting now or when the campaign allows.
    pub schedule: Schedule,
    /// The offset times are shown in.
    pub offset: UtcOffset,
    /// Whether the offer's end is still to be fixed by the first apply.
    pub end_is_open: bool,
    /// What the plan comes to.
    pub verdict: VerdictWord,
    /// Why it may not be applied: the plan's own reasons, then those of the moment.
    pub refused: Vec<Finding>,
    /// What a reviewer should know: the plan's own, then those of the moment.
    pub warnings: Vec<Finding>,
}

/// A plan's verdict in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// It can be applied.
    Ready,
    /// It is refused.
    Blocked,
    /// Nobody is left to send to.
    NothingToDo,
    /// The campaign is paused.
    Paused,
    /// The campaign has ended.
    Ended,
}

impl Moment {
    /// What a plan comes to at `now`. `sent` is who was sent to from
    /// the sender number within the last 24 hours, where that is known.
    pub fn of(plan: &PlanObject, entry: &EnvelopeEntry, now: Timestamp, sent: &[Sent]) -> Self {
        let timing = timing(plan, entry);
        let offset = UtcOffset::from_seconds(entry.utc_offset_seconds).unwrap_or_default();
        let schedule = timing.schedule(plan.counts.send, now, sent);
        // Nobody left, and nobody to come: what was wrong with the rows matters no more.
        let is_closed = plan.counts.send == 0
            && (entry.status != StatusWord::Active || schedule.offer_is_over());
        let mut refused = if is_closed { Vec::new() } else { plan.refused.clone() };
        let mut warnings = plan.warnings.clone();
        if plan.counts.send > 0 {
            let timely =
                timely_blockers(&timing, &schedule, now, plan.progress == ProgressWord::New);
            refused.extend(timely.iter().map(|blocker| blocker_finding(blocker, offset, now)));
            // Once it is too late for all, that is the reason to refuse.
            let is_over = timely.iter().any(|blocker| matches!(blocker, Blocker::OfferOver { .. }));
            if schedule.too_late > 0 && !is_over {
                warnings.push(notice_finding(&Notice::TooLate(schedule.too_late)));
            }
            if let Some(daily) = schedule.daily.filter(|daily| daily.days > 1) {
                warnings.push(notice_finding(&Notice::Days(daily.days)));
            }
        }
        if let Some(since) = outdated(plan, offset, now) {
            warnings.push(notice_finding(&Notice::OldRates(since)));
        }
        Self {
            now,
            schedule,
            offset,
            end_is_open: plan.offer.anchor == Some(AnchorWord::FirstApply)
                && plan.offer.ends_at.is_none(),
            verdict: match entry.status {
                StatusWord::Paused => VerdictWord::Paused,
                StatusWord::Ended => VerdictWord::Ended,
                StatusWord::Active if !refused.is_empty() => VerdictWord::Blocked,
                StatusWord::Active if plan.counts.send == 0 => VerdictWord::NothingToDo,
                StatusWord::Active => VerdictWord::Ready,
            },
            refused,
            warnings,
        }
    }

    /// When the offer ends for everybody; `None` when it is counted from each message.
    pub fn offer_ends_at(&self) -> Option<Timestamp> {
        match self.schedule.offer_end {
            OfferEnd::At(instant) => Some(instant),
            OfferEnd::AfterSend(_) => None,
        }
    }
}

/// The day on which rates may have changed since the card was made, once it has passed.
fn outdated(plan: &PlanObject, offset: UtcOffset, now: Timestamp) -> Option<CardDate> {
    let change = CardDate::parse(&plan.cost.as_ref()?.as_of)?.next_change();
    (change <= CardDate::of(now, offset)).then_some(change)
}

fn timing(plan: &PlanObject, entry: &EnvelopeEntry) -> Timing {
    let window = Duration::from_millis(plan.offer.window_ms.unwrap_or_default());
    let end = match (plan.offer.ends_at, plan.offer.anchor) {
        (Some(instant), _) => EndTerm::At(instant),
        (None, Some(AnchorWord::EachSend)) => EndTerm::AfterSend(window),
        (None, _) => EndTerm::AfterStart(window),
    };
    Timing {
        rate: Rate::parse(&entry.rate).unwrap_or_default(),
        daily: entry.daily,
        min_remaining: Duration::from_millis(entry.min_remaining_ms),
        starts_at: plan.offer.starts_at,
        end,
    }
}
