//! The tasks that make requests, each one after the other for as long as a run lasts.
//!
//! A task of its own for each request would be allocated, moved and freed with it: more than a
//! kilobyte on a border of 128 bytes, which an allocator does not have at hand.

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
        // Whoever panicked has answered for its request, and is replaced.
        while self.tasks.try_join_next().is_some() {}
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

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::*;
    use crate::clock::Clock;
    use crate::model::{ContentHash, CouponCode, Message, PhoneNumber, Timestamp};

    /// Answers at once; breaks for one person.
    struct Fragile;

    impl Wire for Fragile {
        async fn send(&self, request: Request, _: Writing) -> RequestResult {
            tokio::task::yield_now().await;
            assert!(request.recipients[0].as_u64() != BROKEN, "the wire is broken");
            RequestResult { outcomes: Vec::new(), signal: ReplySignal::Continue, detail: None }
        }
    }

    const BROKEN: u64 = 919_800_000_999;

    fn workers() -> (Workers<Fragile>, UnboundedReceiver<Event>) {
        let (tell, events) = unbounded_channel();
        let clock = Clock::system();
        let watch = Watch { clock, origin: clock.monotonic() };
        (Workers::new(Arc::new(Fragile), tell, watch), events)
    }

    fn request(number: u64) -> Request {
        let message = Message {
            coupon_code: CouponCode::new("DIW7K2M9QXVB").expect("a code"),
            params: Vec::new(),
            url_suffix: None,
            header_url: None,
            content: ContentHash::from_bytes([7; 16]),
        };
        let number = PhoneNumber::from_digits(number).expect("a number");
        Request {
            recipients: vec![number],
            message: Arc::new(message),
            offer_ends_at: Timestamp::from_millis(0),
        }
    }

    async fn answered(events: &mut UnboundedReceiver<Event>) -> (BatchId, usize) {
        match events.recv().await {
            Some(Event::ReplyArrived(batch, result)) => (batch, result.outcomes.len()),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn there_are_as_many_tasks_as_requests_at_once() {
        let (mut workers, mut events) = workers();
        for turn in 0..50 {
            workers.make(BatchId(2 * turn), request(919_800_000_001));
            workers.make(BatchId(2 * turn + 1), request(919_800_000_002));
            let mut both = [answered(&mut events).await.0, answered(&mut events).await.0];
            both.sort();
            assert_eq!(both, [BatchId(2 * turn), BatchId(2 * turn + 1)]);
            tokio::task::yield_now().await;
        }
        assert_eq!(workers.tasks.len(), 2);
    }

    #[tokio::test]
    async fn whoever_panics_has_answered_and_others_go_on() {
        let (mut workers, mut events) = workers();
        workers.make(BatchId(1), request(BROKEN));
        assert_eq!(answered(&mut events).await, (BatchId(1), 1), "one outcome, unknown");
        workers.make(BatchId(2), request(919_800_000_001));
        assert_eq!(answered(&mut events).await.0, BatchId(2));
    }
}
