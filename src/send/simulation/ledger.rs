//! A model of the ledger: states by row, compare-and-set, nothing else.

use std::time::Duration;

use crate::ledger::{Change, PendingRow, RowId, Sent};
use crate::model::{Outcome, State, StateCounts, Timestamp, UnknownCause};

use super::pending_row;

/// Wall times are cut to this, and places counted from the next one.
const TICK: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
pub(super) struct ModelLedger {
    states: Vec<State>,
    counts: StateCounts,
    /// Whether everybody gets the very same message.
    shared: bool,
    pub(super) last_intent: Option<Timestamp>,
    /// When each outcome was concluded that is, or may be, a message sent.
    sent: Vec<Sent>,
}

impl ModelLedger {
    pub(super) fn new(people: usize, shared: bool) -> Self {
        let counts = StateCounts { pending: people as u64, ..StateCounts::default() };
        Self {
            states: vec![State::Pending; people],
            counts,
            shared,
            last_intent: None,
            sent: Vec::new(),
        }
    }

    /// Makes changes in their order; `Err` when a row is not in the expected state.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), RowId> {
        changes.iter().try_for_each(|change| self.apply(change))
    }

    /// Takes in an emergency journal: an entry counts only where its row is attempting.
    pub(super) fn import(&mut self, changes: &[Change]) {
        for change in changes {
            let _ = self.apply(change);
        }
    }

    pub(super) fn pending(&self, after: Option<RowId>, limit: usize) -> Vec<PendingRow> {
        let first = after.map_or(1, |row| row.0 + 1);
        let last = i64::try_from(self.states.len()).expect("a small audience");
        (first..=last)
            .filter(|&row| self.state(RowId(row)) == State::Pending)
            .take(limit)
            .map(|row| if self.shared { pending_row(row, "SAME") } else { own_message(row) })
            .collect()
    }

    /// The next run's first act: who was attempting when the process died is unknown.
    pub(super) fn recover(&mut self, at: Timestamp) -> u64 {
        let mut count = 0;
        for state in &mut self.states {
            if *state == State::Attempting {
                *state = State::Unknown;
                self.counts.shift(State::Attempting, State::Unknown, 1);
                count += 1;
            }
        }
        self.sent.push(Sent { at: at.plus(TICK), people: count });
        count
    }

    pub(super) fn state(&self, row: RowId) -> State {
        self.states[usize::try_from(row.0).expect("row ids are positive") - 1]
    }

    /// Who was sent to, or may have been, the longest ago first.
    pub(super) fn sent(&self) -> Vec<Sent> {
        let mut sent = self.sent.clone();
        sent.sort_by_key(|sent| sent.at);
        sent
    }

    pub(super) fn counts(&self) -> StateCounts {
        self.counts
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, State)> {
        self.states.iter().copied().enumerate()
    }

    fn apply(&mut self, change: &Change) -> Result<(), RowId> {
        let (row, from, to) = match change {
            Change::Intend { row, at, .. } => {
                self.last_intent = self.last_intent.max(Some(*at));
                (*row, State::Pending, State::Attempting)
            }
            Change::Conclude { row, outcome, .. } => {
                let to = match outcome {
                    Outcome::Accepted { .. } => State::Accepted,
                    Outcome::Rejected(_) => State::Rejected,
                    Outcome::NotSent(_) => State::Pending,
                    Outcome::Unknown(cause) => {
                        assert_ne!(*cause, UnknownCause::Crash, "only the next run can tell");
                        State::Unknown
                    }
                };
                (*row, State::Attempting, to)
            }
            Change::Skip { row, .. } => (*row, State::Pending, State::Skipped),
        };
        let state = &mut self.states[usize::try_from(row.0).expect("row ids are positive") - 1];
        if *state != from {
            return Err(row);
        }
        *state = to;
        if let Change::Conclude { at, .. } = change
            && to != State::Pending
        {
            self.sent.push(Sent { at: at.plus(TICK), people: 1 });
        }
        self.counts.shift(from, to, 1);
        Ok(())
    }
}

fn own_message(row: i64) -> PendingRow {
    pending_row(row, &format!("C{row}"))
}
