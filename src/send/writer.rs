//! The one thread that touches the ledger: group commit of whatever is queued.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::ledger::{Change, RowId};

use super::ports::{Store, StoreError};
use super::protocol::{Event, Ticket};

/// Most changes in one transaction: bounds how long the first of them waits.
const LARGEST_COMMIT: usize = 20_000;

/// What the writer is asked to do: all that one step of the machine wants written, so that it
/// is one transaction and not the first of it one and the rest another.
#[derive(Debug, Default)]
pub(super) struct Job {
    /// Changes, in this order.
    pub(super) writes: Vec<(Ticket, Vec<Change>)>,
    /// A page to read after them: so many rows after this one.
    pub(super) load: Option<(Option<RowId>, usize)>,
}

/// The writer as the shell holds it; dropping `jobs` ends it.
#[derive(Debug)]
pub(super) struct Writer<S> {
    pub(super) jobs: Sender<Job>,
    /// The store, when the thread ends in order.
    pub(super) ended: oneshot::Receiver<S>,
    /// What the store said, when it failed.
    pub(super) errors: Receiver<StoreError>,
}

impl<S: Store> Writer<S> {
    /// Starts the thread. Whatever it reports goes to `events`, in order.
    pub(super) fn spawn(store: S, events: UnboundedSender<Event>) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let (end, ended) = oneshot::channel();
        let (tell_error, errors) = channel();
        thread::Builder::new().name("ledger".to_owned()).spawn(move || {
            let store = work(store, &queue, &events, &tell_error);
            // Nobody waits for the store any more when the run was left by force.
            let _ = end.send(store);
        })?;
        Ok(Self { jobs, ended, errors })
    }
}

/// Tells of a failed write when the thread dies in the middle of one.
struct Alarm<'a>(&'a UnboundedSender<Event>);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.send(Event::WriteFailed);
        }
    }
}

fn work<S: Store>(
    mut store: S,
    queue: &Receiver<Job>,
    events: &UnboundedSender<Event>,
    errors: &Sender<StoreError>,
) -> S {
    let _alarm = Alarm(events);
    let mut failed = false;
    let mut changes: Vec<Change> = Vec::new();
    let mut tickets: Vec<Ticket> = Vec::new();
    while let Ok(job) = queue.recv() {
        let mut load = None;
        let mut next = Some(job);
        while let Some(job) = next {
            for (ticket, more) in job.writes {
                tickets.push(ticket);
                changes.extend(more);
            }
            load = job.load.or(load);
            next = if changes.len() < LARGEST_COMMIT { queue.try_recv().ok() } else { None };
        }
        // After one failure nothing is written again: what is on disk is not known.
        if !tickets.is_empty() && !failed {
            // Replies come in any order, but those of requests that began together come together:
            // a ledger may write neighbours by one statement.
            changes.sort_by_key(Change::row);
            match store.write(&changes) {
                Ok(()) => tickets.iter().for_each(|&ticket| tell(events, Event::Durable(ticket))),
                Err(error) => {
                    failed = true;
                    let _ = errors.send(error);
                    tell(events, Event::WriteFailed);
                }
            }
        }
        changes.clear();
        tickets.clear();
        if let Some((after, limit)) = load {
            tell(
                events,
                match store.pending(after, limit) {
                    Ok(page) => Event::PageLoaded(page),
                    Err(error) => {
                        let _ = errors.send(error);
                        Event::LoadFailed
                    }
                },
            );
        }
    }
    store
}

/// The shell may have left already (second signal): then nobody wants to know.
fn tell(events: &UnboundedSender<Event>, event: Event) {
    let _ = events.send(event);
}
