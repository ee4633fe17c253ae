//! Where one recipient stands in the ledger.

use std::fmt;

/// The state of one recipient of one campaign (DESIGN section 5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Planned, not on the wire.
    Pending,
    /// An intent is durable; the request may be on the wire.
    Attempting,
    /// Kaleyra gave a message id. Delivery is not known.
    Accepted,
    /// Kaleyra refused this recipient.
    Rejected,
    /// What happened cannot be known. Held: never sent again by itself.
    Unknown,
    /// Planned, then left out (the offer was over, or a person decided).
    Skipped,
}

impl State {
    /// All states, in the order of the conservation law.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Attempting,
        Self::Accepted,
        Self::Rejected,
        Self::Unknown,
        Self::Skipped,
    ];

    /// The word in the ledger and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Attempting => "attempting",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }

    /// Reads the ledger's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many recipients stand in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateCounts {
    /// See [`State::Pending`].
    pub pending: u64,
    /// See [`State::Attempting`].
    pub attempting: u64,
    /// See [`State::Accepted`].
    pub accepted: u64,
    /// See [`State::Rejected`].
    pub rejected: u64,
    /// See [`State::Unknown`].
    pub unknown: u64,
    /// See [`State::Skipped`].
    pub skipped: u64,
}

impl StateCounts {
    /// The conservation law's left side: everybody planned is in exactly one state.
    pub fn planned(&self) -> u64 {
        State::ALL.into_iter().map(|state| self.get(state)).sum()
    }

    /// The count of one state.
    pub fn get(&self, state: State) -> u64 {
        match state {
            State::Pending => self.pending,
            State::Attempting => self.attempting,
            State::Accepted => self.accepted,
            State::Rejected => self.rejected,
            State::Unknown => self.unknown,
            State::Skipped => self.skipped,
        }
    }

    /// Adds to one state.
    pub fn add(&mut self, state: State, count: u64) {
        *self.slot(state) += count;
    }

    /// Moves recipients from one state to another. Panics when there are not so many: that
    /// would break conservation, and going on with wrong counts is worse than stopping.
    pub fn shift(&mut self, from: State, to: State, count: u64) {
        let left = self.get(from).checked_sub(count);
        *self.slot(from) = left.expect("no more recipients leave a state than are in it");
        *self.slot(to) += count;
    }

    fn slot(&mut self, state: State) -> &mut u64 {
        match state {
            State::Pending => &mut self.pending,
            State::Attempting => &mut self.attempting,
            State::Accepted => &mut self.accepted,
            State::Rejected => &mut self.rejected,
            State::Unknown => &mut self.unknown,
            State::Skipped => &mut self.skipped,
        }
    }
}
