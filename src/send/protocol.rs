//! What the shell tells the machine and what the machine asks of the shell.

use std::time::Duration;

use crate::event::{RunEvent, StopReason};
use crate::ledger::{Change, RowId};
use crate::model::{RequestResult, Timestamp};

use super::company::Tidings;
use super::job::StopSignal;
use super::ports::{Page, Request};

/// One request's name within a process. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct BatchId(pub(super) u64);

/// The two clocks, read together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Now {
    /// Monotonic, since the pace's origin: for waiting and pacing.
    pub(super) elapsed: Duration,
    /// The wall clock: for the offer's end and the ledger's dates.
    pub(super) wall: Timestamp,
}

/// What a write was for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Ticket {
    /// A batch's intents.
    Intent(BatchId),
    /// A batch's outcomes.
    Outcome(BatchId),
    /// So many recipients skipped.
    Skips(u64),
}

/// Something happened outside.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// The pending rows asked for.
    PageLoaded(Page),
    /// They could not be read.
    LoadFailed,
    /// A write is on stable storage.
    Durable(Ticket),
    /// A write failed; it and all that were queued behind it may or may not be on disk.
    WriteFailed,
    /// The first byte of a request is being written.
    WritingStarted(BatchId),
    /// A request has ended.
    ReplyArrived(BatchId, RequestResult),
    /// A request was handed to the shell too long ago to be started.
    NeverStarted(BatchId),
    /// Other machines that send the same plan have something to say.
    Heard(Tidings),
    /// Somebody wants the run to stop.
    StopRequested(StopSignal),
}

/// Something is to be done outside.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful live at once, and are used up at once")]
pub(super) enum Action {
    /// Read pending rows.
    LoadPage {
        /// The last row already read.
        after: Option<RowId>,
        /// How many.
        limit: usize,
    },
    /// Write, in the order of these actions; several may share a transaction.
    Write {
        /// What for.
        ticket: Ticket,
        /// The changes.
        changes: Vec<Change>,
    },
    /// Make a request now.
    Send {
        /// Its name.
        batch: BatchId,
        /// What to send.
        request: Request,
    },
    /// Tell the listeners.
    Emit(RunEvent),
    /// The run is over; everything in flight has been settled.
    Finish(StopReason),
}
