//! The places that `delivery.daily` leaves: how many more people a sender number may reach
//! within 24 hours.
//!
//! Rolling and strict: a place is taken from before a person's intent is written until 24
//! hours after their outcome was, so that no 24 hours hold more people than allowed,
//! wherever they begin. Only what provably was not sent gives its place back; an unknown
//! outcome keeps it.

use std::collections::VecDeque;

use crate::ledger::Sent;
use crate::model::{DAILY_PATIENCE, DAILY_WINDOW, Timestamp};

/// The places of one sender number, as one campaign counts them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    most: u64,
    /// People whose requests are under way.
    under_way: u64,
    /// People who were sent to, or may have been, the longest ago first.
    taken: VecDeque<Sent>,
    /// Their sum.
    sum: u64,
}

impl Places {
    /// `sent` is what the ledger knows of the number, by any campaign and run, the longest
    /// ago first.
    pub(super) fn new(most: u64, sent: Vec<Sent>) -> Self {
        let sum = sent.iter().map(|sent| sent.people).sum();
        Self { most, under_way: 0, taken: sent.into(), sum }
    }

    /// How many people may be put on the wire now.
    pub(super) fn left(&mut self, now: Timestamp) -> u64 {
        while let Some(oldest) = self.taken.front()
            && oldest.at.plus(DAILY_WINDOW) <= now
        {
            self.sum -= oldest.people;
            self.taken.pop_front();
        }
        self.most.saturating_sub(self.sum.saturating_add(self.under_way))
    }

    /// When the next place is free; `None` while only requests under way are in the way, or
    /// one is free already. To be asked after [`Places::left`].
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let used = self.sum.saturating_add(self.under_way);
        let mut surplus = (used + 1).checked_sub(self.most).filter(|surplus| *surplus > 0)?;
        self.taken.iter().find_map(|sent| {
            surplus = surplus.saturating_sub(sent.people);
            (surplus == 0).then(|| sent.at.plus(DAILY_WINDOW))
        })
    }

    /// Whether a run waits for a place that is free at that instant.
    pub(super) fn is_soon(now: Timestamp, at: Timestamp) -> bool {
        at.since(now) <= DAILY_PATIENCE
    }

    /// Intents are about to be written.
    pub(super) fn begin(&mut self, people: u64) {
        self.under_way += people;
    }

    /// Outcomes were concluded that are, or may be, messages sent.
    pub(super) fn take(&mut self, at: Timestamp, people: u64) {
        if people == 0 {
            return;
        }
        self.give_back(people);
        self.sum += people;
        // A clock that was set back frees nothing early.
        let at = self.taken.back().map_or(at, |last| last.at.max(at));
        match self.taken.back_mut() {
            Some(last) if last.at == at => last.people += people,
            _ => self.taken.push_back(Sent { at, people }),
        }
    }

    /// People who provably were not sent to.
    pub(super) fn give_back(&mut self, people: u64) {
        self.under_way = self.under_way.saturating_sub(people);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000)
    }

    const DAY: i64 = 24 * 60 * 60;

    #[test]
    fn a_place_is_free_again_a_day_after_its_outcome() {
        let mut places = Places::new(3, vec![Sent { at: at(-10), people: 2 }]);
        assert_eq!(places.left(at(0)), 1);
        places.begin(1);
        assert_eq!((places.left(at(0)), places.next_at()), (0, Some(at(DAY - 10))));
        places.take(at(5), 1);
        assert_eq!(places.left(at(DAY - 11)), 0);
        assert_eq!(places.left(at(DAY - 10)), 2);
        assert_eq!(places.next_at(), None, "one is free already");
        assert_eq!(places.left(at(DAY + 5)), 3);
    }

    #[test]
    fn only_what_was_not_sent_gives_its_place_back() {
        let mut places = Places::new(2, Vec::new());
        places.begin(2);
        assert_eq!((places.left(at(0)), places.next_at()), (0, None), "both may come back");
        places.give_back(1);
        assert_eq!(places.left(at(0)), 1);
        places.take(at(9), 1);
        places.begin(1);
        assert_eq!((places.left(at(9)), places.next_at()), (0, Some(at(DAY + 9))));
    }

    #[test]
    fn another_campaign_may_have_taken_more_than_this_one_allows() {
        let sent = [(-50, 4), (-40, 4), (-30, 4)].map(|(s, people)| Sent { at: at(s), people });
        let mut places = Places::new(5, sent.to_vec());
        assert_eq!(places.left(at(0)), 0);
        assert_eq!(places.next_at(), Some(at(DAY - 40)), "eight of twelve must be gone");
        assert_eq!(places.left(at(DAY - 40)), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing_early() {
        let mut places = Places::new(2, Vec::new());
        places.begin(2);
        places.take(at(100), 1);
        places.take(at(0), 1);
        assert_eq!(places.left(at(DAY + 50)), 0);
        assert_eq!(places.left(at(DAY + 100)), 2);
    }

    #[test]
    fn what_is_free_within_five_minutes_is_waited_for() {
        assert!(Places::is_soon(at(0), at(300)));
        assert!(!Places::is_soon(at(0), at(301)));
    }
}
