//! When sending starts and ends, and who would get the offer too late.

use std::time::Duration;

use crate::model::{Anchor, Campaign, OfferEnd, OfferWindow, Rate, Timestamp};

/// All of a campaign that decides when its plan is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timing {
    /// The pace.
    pub(super) rate: Rate,
    /// Nobody is sent an offer with less than this left.
    pub(super) min_remaining: Duration,
    /// Nothing is sent before.
    pub(super) starts_at: Option<Timestamp>,
    /// When the offer ends.
    pub(super) end: EndTerm,
}

/// When an offer ends, as far as it is known before anything is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EndTerm {
    /// At this instant.
    At(Timestamp),
    /// This long after sending starts.
    AfterStart(Duration),
    /// This long after each message.
    AfterSend(Duration),
}

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

impl Timing {
    /// The timing of a campaign. `written` is the end fixed by an earlier consumption of the
    /// same plan.
    pub(super) fn of(campaign: &Campaign, written: Option<OfferEnd>) -> Self {
        let end = match (written, campaign.offer.window) {
            (Some(OfferEnd::At(instant)), _) => EndTerm::At(instant),
            (Some(OfferEnd::AfterSend(window)), _) => EndTerm::AfterSend(window),
            (None, OfferWindow::Until { ends_at, .. }) => EndTerm::At(ends_at),
            (None, OfferWindow::For { window, anchor }) => match anchor {
                Anchor::FirstApply => EndTerm::AfterStart(window),
                Anchor::EachSend => EndTerm::AfterSend(window),
                Anchor::StartsAt(start) => EndTerm::At(start.plus(window)),
            },
        };
        Self {
            rate: campaign.delivery.rate,
            min_remaining: campaign.delivery.min_remaining,
            starts_at: campaign.offer.window.starts_at(),
            end,
        }
    }

    /// Estimates the sending of `messages`, starting at `now` or when the campaign allows.
    pub(super) fn schedule(&self, messages: u64, now: Timestamp) -> Schedule {
        let starts_at = self.starts_at.map_or(now, |start| start.max(now));
        let offer_end = match self.end {
            EndTerm::At(instant) => OfferEnd::At(instant),
            EndTerm::AfterStart(window) => OfferEnd::At(starts_at.plus(window)),
            EndTerm::AfterSend(window) => OfferEnd::AfterSend(window),
        };
        let ends_at = starts_at.plus(self.rate.time_for(messages.saturating_sub(1)));
        let too_late = self.too_late(messages, starts_at, offer_end);
        Schedule { starts_at, ends_at, offer_end, too_late }
    }

    /// The last instant a message may go out is `end - min_remaining`; at one message per
    /// interval, everybody after that is too late.
    fn too_late(&self, messages: u64, start: Timestamp, end: OfferEnd) -> u64 {
        let OfferEnd::At(end) = end else { return 0 };
        let last = end.minus(self.min_remaining);
        if last < start {
            return messages;
        }
        let interval = self.rate.interval().as_nanos().max(1);
        let in_time = last.since(start).as_nanos() / interval + 1;
        messages.saturating_sub(u64::try_from(in_time).unwrap_or(u64::MAX))
    }
}

impl Schedule {
    /// How long the sending takes.
    pub fn duration(&self) -> Duration {
        self.ends_at.since(self.starts_at)
    }
}
