//! The tasks that make requests, each one after the other for as long as a run lasts.
//!
//! A task of its own for each request would be allocated, moved and freed with it: as many
//! bytes as the message has, and more than all else that the engine does for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::model::{Outcome, ReplySignal, RequestResult, UnknownCause};

use super::ports::{Request, Wire, Writing};
use super::protocol::{BatchId, Event};
use super::watch::Watch;

/// A request that could not be started for this long is not started: the machine may have
/// been asleep, and its token and its offer must be looked at again.
const STALE: Duration = Duration::from_secs(5);

/// As many tasks as there were requests on the wire at once.
pub(super) struct Workers<W> {
    wire: Arc<W>,
    tell: UnboundedSender<Event>,
    watch: Watch,
    tasks: JoinSet<()>,
    idle: Idle,
}

/// Where those wait to be asked who have nothing to do.
type Idle = Arc<Mutex<Vec<UnboundedSender<Errand>>>>;

/// A request to be made.
struct Errand {
    batch: BatchId,
    request: Request,
    /// When it was decided on.
    decided: Duration,
}

impl<W: Wire> Workers<W> {
    /// None yet. What becomes of requests goes to `tell`.
    pub(super) fn new(wire: Arc<W>, tell: UnboundedSender<Event>, watch: Watch) -> Self {
        Self { wire, tell, watch, tasks: JoinSet::new(), idle: Arc::default() }
    }

    /// Has a request made, at once.
    pub(super) fn make(&mut self, batch: BatchId, request: Request) {
        // Whoever panicked has answered for its request and is not asked again.
        while self.tasks.try_join_next().is_some() {}
        let errand = Errand { batch, request, decided: self.watch.elapsed() };
        let asked = match idle(&self.idle).pop() {
            Some(worker) => worker.send(errand),
            None => Err(SendError(errand)),
        };
        if let Err(SendError(errand)) = asked {
            self.hire(errand);
        }
    }

    /// Cuts off what is on the wire.
    pub(super) fn abort_all(&mut self) {
        self.tasks.abort_all();
    }

    fn hire(&mut self, first: Errand) {
        let (wire, tell, watch) = (Arc::clone(&self.wire), self.tell.clone(), self.watch);
        let waiting = Arc::clone(&self.idle);
        self.tasks.spawn(async move {
            let (ask, mut asked) = unbounded_channel();
            let mut next = Some(first);
            while let Some(errand) = next {
                carry_out(errand, &*wire, &tell, watch).await;
                idle(&waiting).push(ask.clone());
                next = asked.recv().await;
            }
        });
    }
}

/// A list that a panic cannot leave halfway.
fn idle(idle: &Idle) -> MutexGuard<'_, Vec<UnboundedSender<Errand>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn carry_out(errand: Errand, wire: &impl Wire, tell: &UnboundedSender<Event>, watch: Watch) {
    let Errand { batch, request, decided } = errand;
    if watch.elapsed().saturating_sub(decided) > STALE {
        let _ = tell.send(Event::NeverStarted(batch));
        return;
    }
    let writing = Writing::of(batch, tell.clone());
    let mut answer = Answer { tell, batch, recipients: request.recipients.len(), result: None };
    answer.result = Some(wire.send(request, writing).await);
}

/// Makes sure that every request is answered for, also when the wire panics: what it did
/// is unknown then.
struct Answer<'t> {
    tell: &'t UnboundedSender<Event>,
    batch: BatchId,
    recipients: usize,
    result: Option<RequestResult>,
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| RequestResult {
            outcomes: vec![Outcome::Unknown(UnknownCause::ConnectionLost); self.recipients],
            signal: ReplySignal::Continue,
            detail: None,
        });
        let _ = self.tell.send(Event::ReplyArrived(self.batch, result));
    }
}
