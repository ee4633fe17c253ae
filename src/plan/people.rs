//! The people of a plan, in the order that its id is made in.

use super::planner::Planned;
use crate::ledger::Known;
use crate::model::State;

/// The people a plan's id is made over, both parts sorted by number.
#[derive(Clone, Copy)]
pub(super) struct People<'a> {
    /// Those whom the plan consumed last has behind it are among these.
    settled: &'a [Known],
    sends: &'a [Planned],
}

impl<'a> People<'a> {
    /// Those whom the plan consumed last has behind it, and those still to send to.
    pub(super) fn of_last_plan(known: &'a [Known], sends: &'a [Planned]) -> Self {
        Self { settled: known, sends }
    }

    /// Those to send to alone.
    pub(super) fn of(sends: &'a [Planned]) -> Self {
        Self { settled: &[], sends }
    }

    /// How many they are.
    pub(super) fn count(self) -> u64 {
        let settled = self.settled.iter().filter(|known| is_settled_in_last_plan(known)).count();
        (settled + self.sends.len()) as u64
    }

    /// All of them, by number.
    pub(super) fn in_order(self) -> impl Iterator<Item = Planned> + 'a {
        let settled = self.settled.iter().filter(|known| is_settled_in_last_plan(known));
        let mut settled = settled
            .map(|known| Planned { number: known.number, content: known.content })
            .peekable();
        let mut sends = self.sends.iter().copied().peekable();
        std::iter::from_fn(move || match (settled.peek(), sends.peek()) {
            (Some(one), Some(other)) if one.number < other.number => settled.next(),
            (_, Some(_)) => sends.next(),
            (_, None) => settled.next(),
        })
    }
}

/// Whether the plan consumed last has a person behind it.
pub(super) fn is_settled_in_last_plan(known: &Known) -> bool {
    known.in_last_plan && known.state != State::Pending
}
