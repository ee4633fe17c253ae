//! What a run hears from other machines that send the same plan, and what they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::PauseCause;
use crate::model::{HaltReason, StateCounts};

/// The code of a pause or a halt that another machine ran into: not to be told on again.
pub const FROM_OTHERS: &str = "machines";

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
    /// Going on would be wrong or useless.
    pub halt: Option<HaltReason>,
}

/// The way between a run and the other machines.
#[derive(Debug)]
pub struct FromOthers {
    tidings: UnboundedReceiver<Tidings>,
    part: Arc<AtomicU64>,
}

impl FromOthers {
    /// `part` is kept at the part of the rate that the run may still be using: when it is
    /// given less, the lower number comes only when it holds for a whole window.
    pub fn new(tidings: UnboundedReceiver<Tidings>, part: Arc<AtomicU64>) -> Self {
        Self { tidings, part }
    }

    /// The next tidings. Where nobody is left to bring any, there are none.
    pub(super) async fn next(&mut self) -> Tidings {
        match self.tidings.recv().await {
            Some(tidings) => tidings,
            None => std::future::pending().await,
        }
    }

    pub(super) fn tell_part(&self, part: u64) {
        self.part.store(part, Ordering::SeqCst);
    }
}
