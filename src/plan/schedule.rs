//! When sending starts and ends, and who would get the offer too late.

use std::time::Duration;

use crate::model::{Campaign, OfferEnd, Timestamp};

/// An estimate of the sending, at the campaign's own rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// When the first message goes out at the earliest.
    pub starts_at: Timestamp,
    /// When the last one goes out, if the rate can be carried.
    pub ends_at: Timestamp,
    /// When the offer ends: as written when the plan was consumed, else counted from
    /// `starts_at`.
    pub offer_end: OfferEnd,
    /// People who would be sent the offer with less than `delivery.min_remaining` left.
    pub too_late: u64,
}

impl Schedule {
    /// Estimates the sending of `messages`, starting at `now` or when the campaign allows.
    /// `written_end` is the end fixed by an earlier consumption of the same plan.
    pub(super) fn estimate(
        campaign: &Campaign,
        messages: u64,
        now: Timestamp,
        written_end: Option<OfferEnd>,
    ) -> Self {
        let starts_at = campaign.offer.window.starts_at().map_or(now, |start| start.max(now));
        let offer_end = written_end.unwrap_or_else(|| campaign.offer.window.end(starts_at));
        let rate = campaign.delivery.rate;
        let ends_at = starts_at.plus(rate.time_for(messages.saturating_sub(1)));
        Self {
            starts_at,
            ends_at,
            offer_end,
            too_late: too_late(campaign, messages, starts_at, offer_end),
        }
    }

    /// How long the sending takes.
    pub fn duration(&self) -> Duration {
        self.ends_at.since(self.starts_at)
    }
}

/// The last instant a message may go out is `end - min_remaining`; at one message per
/// interval, everybody after that is too late.
fn too_late(campaign: &Campaign, messages: u64, start: Timestamp, end: OfferEnd) -> u64 {
    let OfferEnd::At(end) = end else { return 0 };
    let last = end.minus(campaign.delivery.min_remaining);
    if last < start {
        return messages;
    }
    let interval = campaign.delivery.rate.interval().as_nanos().max(1);
    let in_time = last.since(start).as_nanos() / interval + 1;
    messages.saturating_sub(u64::try_from(in_time).unwrap_or(u64::MAX))
}
