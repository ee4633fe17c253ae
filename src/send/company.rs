//! What a run hears from other machines that send the same plan, and what they are told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::PauseCause;
use crate::ledger::Answers;
use crate::model::{HaltReason, StateCounts};

/// How things stand among the machines that send one plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tidings {
    /// The part that this machine may take of the messages in a window of the rate, at
    /// least 1.
    pub part: u64,
    /// Where everybody planned stands, by all machines together, where it was counted.
    pub counts: Option<StateCounts>,
    /// The sender was told to wait for so long from now.
    pub pause: Option<(PauseCause, Duration)>,
    /// What was answered to all others, and to this machine in earlier runs.
    pub answers: Answers,
    /// Another machine finds out whether outcomes can be known again: nothing is begun
    /// meanwhile.
    pub is_held: bool,
    /// Going on would be wrong or useless.
    pub halt: Option<HaltReason>,
}

/// What a run says of itself to the other machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Saying {
    /// The part of the rate that the run may still be using: when it is given less, the lower
    /// number comes only when it holds for a whole window.
    pub part: u64,
    /// What was answered to it.
    pub answers: Answers,
    /// Whether its breaker is open.
    pub doubts: bool,
}

/// Where what a run says is kept.
#[derive(Clone, Debug, Default)]
pub struct Said(Arc<Mutex<Saying>>);

impl Said {
    /// What was said last, to be read or changed.
    pub fn last(&self) -> MutexGuard<'_, Saying> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way between a run and the other machines.
#[derive(Debug)]
pub struct FromOthers {
    tidings: UnboundedReceiver<Tidings>,
    said: Said,
}

impl FromOthers {
    /// `said` is kept at what the run says.
    pub fn new(tidings: UnboundedReceiver<Tidings>, said: Said) -> Self {
        Self { tidings, said }
    }

    /// The next tidings. Where nobody is left to bring any, there are none.
    pub(super) async fn next(&mut self) -> Tidings {
        match self.tidings.recv().await {
            Some(tidings) => tidings,
            None => std::future::pending().await,
        }
    }

    pub(super) fn tell(&self, saying: Saying) {
        *self.said.last() = saying;
    }
}
