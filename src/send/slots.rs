//! The requests under way, from intent to reply. Their number is the bound on what a crash
//! can leave unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::Timestamp;

use super::protocol::BatchId;
use super::queue::Recipient;

/// One request under way.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) members: Vec<Recipient>,
    /// The end of the offer, as written in the intent.
    pub(super) offer_ends_at: Timestamp,
    pub(super) phase: Phase,
}

impl Batch {
    /// Messages in the request.
    pub(super) fn messages(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }
}

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The intent is with the writer.
    Intending {
        /// The reserved instant.
        token: Duration,
        /// When the intent was handed over.
        since: Duration,
    },
    /// The intent is durable; the request waits for its instant.
    Waiting {
        /// The reserved instant.
        token: Duration,
    },
    /// With the wire.
    OnWire {
        /// When it was handed over.
        since: Duration,
        /// Whether its writing has begun, as far as is known.
        writing: bool,
    },
}

/// All requests under way, at most `max_in_flight`.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    batches: BTreeMap<BatchId, Batch>,
    /// The waiting ones by instant.
    waiting: BTreeSet<(Duration, BatchId)>,
    on_wire: usize,
    most: usize,
    next_id: u64,
}

impl Slots {
    pub(super) fn new(max_in_flight: u16) -> Self {
        Self {
            batches: BTreeMap::new(),
            waiting: BTreeSet::new(),
            on_wire: 0,
            most: usize::from(max_in_flight).max(1),
            next_id: 0,
        }
    }

    /// Whether another request may be begun.
    pub(super) fn has_free(&self) -> bool {
        self.batches.len() < self.most
    }

    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The most messages of a request that is not on the wire yet.
    pub(super) fn largest_to_come(&self) -> u64 {
        let to_come = |batch: &&Batch| !matches!(batch.phase, Phase::OnWire { .. });
        self.batches
            .values()
            .filter(to_come)
            .map(|batch| u64::from(batch.messages()))
            .max()
            .unwrap_or(0)
    }

    /// Requests with the wire.
    pub(super) fn on_wire(&self) -> usize {
        self.on_wire
    }

    /// Begins a request.
    pub(super) fn begin(&mut self, batch: Batch) -> BatchId {
        let id = BatchId(self.next_id);
        self.next_id += 1;
        self.track(id, batch.phase);
        self.batches.insert(id, batch);
        id
    }

    /// A request under way.
    pub(super) fn get(&self, id: BatchId) -> Option<&Batch> {
        self.batches.get(&id)
    }

    /// Moves a request on.
    pub(super) fn set_phase(&mut self, id: BatchId, phase: Phase) {
        if let Some(batch) = self.batches.get_mut(&id) {
            let before = std::mem::replace(&mut batch.phase, phase);
            self.untrack(id, before);
            self.track(id, phase);
        }
    }

    /// Ends a request and frees its slot.
    pub(super) fn end(&mut self, id: BatchId) -> Option<Batch> {
        let batch = self.batches.remove(&id)?;
        self.untrack(id, batch.phase);
        Some(batch)
    }

    /// The waiting request whose instant comes first.
    pub(super) fn first_waiting(&self) -> Option<(Duration, BatchId)> {
        self.waiting.first().copied()
    }

    /// All waiting requests.
    pub(super) fn waiting(&self) -> Vec<BatchId> {
        self.waiting.iter().map(|&(_, id)| id).collect()
    }

    /// All requests under way for which `wanted` holds.
    pub(super) fn in_phase(&self, wanted: impl Fn(Phase) -> bool) -> Vec<BatchId> {
        let chosen = self.batches.iter().filter(|(_, batch)| wanted(batch.phase));
        chosen.map(|(&id, _)| id).collect()
    }

    fn track(&mut self, id: BatchId, phase: Phase) {
        match phase {
            Phase::Intending { .. } => {}
            Phase::Waiting { token } => {
                self.waiting.insert((token, id));
            }
            Phase::OnWire { .. } => self.on_wire += 1,
        }
    }

    fn untrack(&mut self, id: BatchId, phase: Phase) {
        match phase {
            Phase::Intending { .. } => {}
            Phase::Waiting { token } => {
                self.waiting.remove(&(token, id));
            }
            Phase::OnWire { .. } => self.on_wire -= 1,
        }
    }
}
