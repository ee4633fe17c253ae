//! When outcomes turn unknown, sending more would only make more of them.

use std::collections::VecDeque;

/// Replies in a row without a single known outcome that stop the sending.
const IN_A_ROW: u32 = 5;
/// How many replies the share is taken over.
const WINDOW: usize = 1_000;
/// One in this many of the last [`WINDOW`] replies may hold an unknown outcome (0.5 %).
const ONE_IN: usize = 200;

/// What one reply says to the breaker. Replies that provably sent nothing say nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Certainty {
    /// Every recipient's outcome is known.
    Known,
    /// Some are known, some are not.
    Mixed,
    /// None is known.
    Unknown,
}

/// Counts unknown outcomes of this run's replies. It counts replies, not recipients, so
/// that one lost reply to a group of a hundred is one event and not a hundred.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    in_a_row: u32,
    last: VecDeque<bool>,
    doubtful: usize,
}

impl Breaker {
    /// Takes in one reply; `true` when there is too much doubt to go on.
    pub(super) fn record(&mut self, certainty: Certainty) -> bool {
        match certainty {
            Certainty::Unknown => self.in_a_row += 1,
            Certainty::Known | Certainty::Mixed => self.in_a_row = 0,
        }
        if self.last.len() == WINDOW && self.last.pop_front() == Some(true) {
            self.doubtful -= 1;
        }
        let doubtful = certainty != Certainty::Known;
        self.last.push_back(doubtful);
        self.doubtful += usize::from(doubtful);
        let share_exceeded = self.last.len() == WINDOW && self.doubtful * ONE_IN > WINDOW;
        self.in_a_row >= IN_A_ROW || (doubtful && share_exceeded)
    }

    /// A probe showed that outcomes can be known again: what was before no longer counts.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips_at(replies: impl IntoIterator<Item = Certainty>) -> Option<usize> {
        let mut breaker = Breaker::default();
        replies.into_iter().position(|certainty| breaker.record(certainty))
    }

    #[test]
    fn five_unknown_replies_in_a_row_trip_it() {
        assert_eq!(trips_at([Certainty::Unknown; 9]), Some(4));
    }

    #[test]
    fn a_known_outcome_in_between_starts_the_row_again() {
        let mut replies = vec![Certainty::Unknown; 4];
        replies.push(Certainty::Known);
        replies.extend([Certainty::Unknown; 4]);
        replies.push(Certainty::Mixed);
        replies.extend([Certainty::Unknown; 4]);
        assert_eq!(trips_at(replies), None);
    }

    #[test]
    fn more_than_one_in_two_hundred_of_the_last_thousand_trips_it() {
        let every = |n: usize| {
            move |i: usize| if i.is_multiple_of(n) { Certainty::Unknown } else { Certainty::Known }
        };
        assert_eq!(trips_at((1..5_000).map(every(200))), None);
        let tripped = trips_at((1..5_000).map(every(150)));
        assert_eq!(tripped, Some(1_049), "the first doubtful reply once a thousand are there");
    }
}
