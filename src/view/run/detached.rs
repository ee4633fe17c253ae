//! A listener on a thread of its own: a terminal that stands still, or a pipe nobody reads,
//! then holds up nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::RunListener;
use crate::event::RunEvent;

/// Events that may wait; beyond that, progress is left out, since newer progress follows.
/// All other events are few and never left out.
const MOST_WAITING: usize = 64;

/// Passes events on to a listener that may be slow.
#[derive(Debug)]
pub struct Detached {
    /// `None` once there is nobody to tell.
    events: Option<Sender<RunEvent>>,
    waiting: Arc<AtomicUsize>,
    done: Receiver<()>,
}

impl Detached {
    /// Starts the thread that the listener lives on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(mut listener: impl RunListener + 'static) -> std::io::Result<Self> {
        let (events, queue) = channel::<RunEvent>();
        let (is_done, done) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let taken = Arc::clone(&waiting);
        thread::Builder::new().name("view".to_owned()).spawn(move || {
            for event in queue {
                taken.fetch_sub(1, Ordering::Relaxed);
                listener.on(&event);
            }
            drop(listener);
            drop(is_done);
        })?;
        Ok(Self { events: Some(events), waiting, done })
    }

    /// Waits until the listener has caught up, at most for `patience`.
    pub fn finish(mut self, patience: Duration) {
        self.events = None;
        // Either the thread is done and has hung up, or the patience is.
        let _ = self.done.recv_timeout(patience);
    }
}

impl RunListener for Detached {
    fn on(&mut self, event: &RunEvent) {
        let Some(events) = &self.events else { return };
        let is_progress = matches!(event, RunEvent::Progress(_));
        if is_progress && self.waiting.load(Ordering::Relaxed) >= MOST_WAITING {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if events.send(event.clone()).is_err() {
            self.events = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::samples::{progress, started};
    use super::*;

    struct Slow {
        gate: Arc<Mutex<()>>,
        seen: Arc<Mutex<Vec<RunEvent>>>,
    }

    impl RunListener for Slow {
        fn on(&mut self, event: &RunEvent) {
            let _open = self.gate.lock();
            self.seen.lock().expect("not poisoned").push(event.clone());
        }
    }

    #[test]
    fn a_listener_that_stands_still_holds_up_nobody() {
        let (gate, seen) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(Vec::new())));
        let listener = Slow { gate: Arc::clone(&gate), seen: Arc::clone(&seen) };
        let mut detached = Detached::new(listener).expect("a thread");
        let closed = gate.lock().expect("not poisoned");
        for step in 0..10_000 {
            detached.on(&progress(100 + step));
        }
        detached.on(&started("holi"));
        drop(closed);
        detached.finish(Duration::from_secs(20));
        let seen = seen.lock().expect("not poisoned");
        assert!(seen.len() <= MOST_WAITING + 2, "{}", seen.len());
        assert_eq!(seen.last(), Some(&started("holi")), "what is no progress is never left out");
    }
}
