//! When sending starts and ends, and who would get the offer too late.

use std::time::Duration;

use super::daily::Queue;
use crate::ledger::Sent;
use crate::model::{Anchor, Campaign, DAILY_WINDOW, OfferEnd, OfferWindow, Rate, Timestamp};

/// All of a campaign that decides when its plan is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timing {
    /// The pace.
    pub(super) rate: Rate,
    /// Most people within 24 hours.
    pub(super) daily: Option<u64>,
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
    /// What `delivery.daily` makes of it.
    pub daily: Option<DailySchedule>,
}

/// A sending under `delivery.daily`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DailySchedule {
    /// Most people within 24 hours.
    pub most: u64,
    /// People sent to from this number within the last 24 hours, by all campaigns.
    pub sent: u64,
    /// Over how many days the sending goes on. An apply ends with each of them.
    pub days: u64,
    /// When the first place is free, if none is now.
    pub free_at: Option<Timestamp>,
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
            daily: campaign.delivery.daily,
            min_remaining: campaign.delivery.min_remaining,
            starts_at: campaign.offer.window.starts_at(),
            end,
        }
    }

    /// Estimates the sending of `messages`, starting at `now` or when the campaign allows.
    /// `sent` is who was sent to from this number within the last 24 hours, the longest ago
    /// first, as far as it is known.
    pub(super) fn schedule(&self, messages: u64, now: Timestamp, sent: &[Sent]) -> Schedule {
        let starts_at = self.starts_at.map_or(now, |start| start.max(now));
        if let Some(most) = self.daily {
            return self.over_days(messages, starts_at, most, sent);
        }
        let offer_end = self.offer_end(starts_at);
        let ends_at = starts_at.plus(self.rate.time_for(messages.saturating_sub(1)));
        let too_late = self.too_late(messages, starts_at, offer_end);
        Schedule { starts_at, ends_at, offer_end, too_late, daily: None }
    }

    /// The same where a day has places for so many people only, if the campaign is applied
    /// again whenever there are some.
    fn over_days(&self, messages: u64, from: Timestamp, most: u64, sent: &[Sent]) -> Schedule {
        let mut queue = Queue::new(messages, self.rate.interval(), most, from, sent);
        let first = queue.next().unwrap_or_default();
        let starts_at = from.plus(first);
        let offer_end = self.offer_end(starts_at);
        let last_in_time = match offer_end {
            OfferEnd::At(end) => Some(end.minus(self.min_remaining)),
            OfferEnd::AfterSend(_) => None,
        };
        let mut ends_at = starts_at;
        let mut too_late = 0;
        for after in (messages > 0).then_some(first).into_iter().chain(queue) {
            ends_at = from.plus(after);
            too_late += u64::from(last_in_time.is_some_and(|last| ends_at > last));
        }
        let days = ends_at.since(starts_at).as_millis() / DAILY_WINDOW.as_millis() + 1;
        let within = |sent: &&Sent| sent.at.plus(DAILY_WINDOW) > from;
        let daily = DailySchedule {
            most,
            sent: sent.iter().filter(within).map(|sent| sent.people).sum(),
            days: u64::try_from(days).unwrap_or(u64::MAX),
            free_at: (!first.is_zero()).then_some(starts_at),
        };
        Schedule { starts_at, ends_at, offer_end, too_late, daily: Some(daily) }
    }

    fn offer_end(&self, starts_at: Timestamp) -> OfferEnd {
        match self.end {
            EndTerm::At(instant) => OfferEnd::At(instant),
            EndTerm::AfterStart(window) => OfferEnd::At(starts_at.plus(window)),
            EndTerm::AfterSend(window) => OfferEnd::AfterSend(window),
        }
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

    /// Whether the offer has ended before the first message could go out.
    pub fn offer_is_over(&self) -> bool {
        matches!(self.offer_end, OfferEnd::At(end) if end <= self.starts_at)
    }
}
