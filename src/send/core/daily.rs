//! `delivery.daily`: places are taken with intents, kept with outcomes, waited for when they
//! are free soon.

use std::time::Duration;

use crate::event::{PauseCause, RunEvent, StopReason};
use crate::model::{Outcome, Timestamp};

use super::super::places::Places;
use super::super::protocol::{Action, Now};
use super::Core;

/// A shorter wait is not worth a word.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Wall times are cut to this: an outcome may be so much later than its time says.
const TICK: Duration = Duration::from_millis(1);

impl Core {
    /// How many people may be put on the wire now.
    pub(super) fn places_left(&mut self, now: Now) -> u64 {
        let today = self.today(now);
        self.places.as_mut().map_or(u64::MAX, |places| places.left(today))
    }

    /// No place is free: the run sleeps until one is, if that is soon. Whether it ends
    /// instead is seen once nothing is in flight any more.
    pub(super) fn wait_for_place(&mut self, now: Now, out: &mut Vec<Action>) {
        let today = self.today(now);
        let Some(free_at) = self.places.as_ref().and_then(Places::next_at) else { return };
        if !Places::is_soon(today, free_at) {
            return;
        }
        let wait = free_at.since(today);
        self.place_at = Some(now.elapsed.saturating_add(wait));
        if self.slots.is_empty() && wait >= WORTH_TELLING && self.told_of_wait.is_none() {
            self.told_of_wait = self.place_at;
            out.push(Action::Emit(RunEvent::Paused {
                cause: PauseCause::Daily,
                wait,
                detail: None,
            }));
        }
    }

    /// Whether no place is free, nor will be soon.
    pub(super) fn is_day_over(&mut self, now: Now) -> bool {
        if self.places_left(now) > 0 {
            return false;
        }
        let today = self.today(now);
        let free_at = self.places.as_ref().and_then(Places::next_at);
        free_at.is_some_and(|free_at| !Places::is_soon(today, free_at))
    }

    /// Intents are about to be written.
    pub(super) fn take_places(&mut self, people: u64, out: &mut Vec<Action>) {
        let Some(places) = &mut self.places else { return };
        places.begin(people);
        if self.told_of_wait.take().is_some() {
            out.push(Action::Emit(RunEvent::Resumed));
        }
    }

    /// Outcomes of a request: whoever may have been sent to keeps the place for a day.
    pub(super) fn keep_places(&mut self, now: Now, outcomes: &[Outcome]) {
        let Some(places) = &mut self.places else { return };
        let unsent = |outcome: &&Outcome| matches!(outcome, Outcome::NotSent(_));
        let unsent = outcomes.iter().filter(unsent).count();
        places.take(now.wall.plus(TICK), (outcomes.len() - unsent) as u64);
    }

    /// It is on stable storage that somebody was not sent to.
    pub(super) fn give_place_back(&mut self) {
        if let Some(places) = &mut self.places {
            places.give_back(1);
        }
    }

    /// When the next message may go out, where `delivery.daily` ended the run.
    pub(super) fn next_place(&self, stop: StopReason) -> Option<Timestamp> {
        let places = self.places.as_ref().filter(|_| stop == StopReason::Daily)?;
        // Told to the second, which must not be too early.
        let millis = places.next_at()?.as_millis();
        Some(Timestamp::from_millis(millis.saturating_add(999) / 1_000 * 1_000))
    }

    /// The wall time, but no later than the time that has passed since the start tells: a
    /// clock that is set forth in mid-run frees no place.
    fn today(&self, now: Now) -> Timestamp {
        let passed = now.elapsed.saturating_sub(self.started.elapsed);
        now.wall.min(self.started.wall.plus(passed))
    }
}
