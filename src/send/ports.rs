//! The two sides the engine speaks to, as narrow as they can be.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::ledger::{Change, PendingRow, RowId};
use crate::model::{Message, PhoneNumber, RequestResult, Timestamp};

use super::protocol::{BatchId, Event};

/// Makes requests. Each call puts at most one request on the wire: nothing below it may
/// retry, redirect or replay.
pub trait Wire: Send + Sync + 'static {
    /// Makes one request and says what became of each recipient, in their order. Must end
    /// by itself in bounded time (it has its own connect and response timeouts).
    ///
    /// `writing` is told when the request's first byte is about to be written, since that
    /// is what the rate is measured by. A wire that cannot know tells it at once.
    fn send(
        &self,
        request: Request,
        writing: Writing,
    ) -> impl Future<Output = RequestResult> + Send;
}

/// The ledger as the engine needs it. Called from one thread only; calls may block.
pub trait Store: Send + 'static {
    /// Makes all changes in one transaction, on stable storage when it returns. A failure
    /// is final: it is never tried again, since what a failed fsync left on disk is unknown.
    fn write(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// The pending rows of the plan after `after`, in sending order, about `limit` of them.
    fn pending(&mut self, after: Option<RowId>, limit: usize) -> Result<Page, StoreError>;
}

/// Pending rows, in sending order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<PendingRow>,
    /// Whether there are no more after them.
    pub is_last: bool,
}

impl Page {
    /// Rows of a ledger that gives fewer than `limit` only when there are no more.
    pub fn of(rows: Vec<PendingRow>, limit: usize) -> Self {
        let is_last = rows.len() < limit;
        Self { rows, is_last }
    }
}

/// The ledger failed; the source says how.
#[derive(Debug, thiserror::Error)]
#[error("the ledger failed while sending")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the ledger's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }
}

/// One request: one message to one recipient or to several who get the very same.
#[derive(Clone, Debug)]
pub struct Request {
    /// To whom. Never empty.
    pub recipients: Vec<PhoneNumber>,
    /// What.
    pub message: Arc<Message>,
    /// The end of the offer, as the ledger's intent states it.
    pub offer_ends_at: Timestamp,
}

/// Told by a [`Wire`] when a request's first byte is about to be written.
#[derive(Debug)]
pub struct Writing(Option<(UnboundedSender<Event>, BatchId)>);

impl Writing {
    /// For calling a [`Wire`] without an engine (`offercast test`, unit tests).
    pub fn unheard() -> Self {
        Self(None)
    }

    pub(super) fn of(batch: BatchId, events: UnboundedSender<Event>) -> Self {
        Self(Some((events, batch)))
    }

    /// The first byte is about to be written. To be called at most once.
    pub fn starts(self) {
        if let Some((events, batch)) = self.0 {
            // The engine may have left already (second signal): nobody is pacing any more.
            let _ = events.send(Event::WritingStarted(batch));
        }
    }
}
