//! Events go to the listener on a thread of its own, so that a slow terminal or a full pipe
//! never holds up the sending.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::event::RunEvent;

/// With so many events unheard, progress is dropped; all else is kept (it is rare).
const BACKLOG: usize = 64;
/// How long a listener may take for the last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The way to a listener.
#[derive(Debug)]
pub(super) struct Teller {
    /// `None` when no thread could be had: then nobody listens.
    way: Option<(Sender<RunEvent>, oneshot::Receiver<()>)>,
    unheard: Arc<AtomicUsize>,
}

impl Teller {
    /// Starts the listener's thread.
    pub(super) fn spawn(mut listener: impl FnMut(RunEvent) + Send + 'static) -> Self {
        let unheard = Arc::new(AtomicUsize::new(0));
        let (events, queue) = channel::<RunEvent>();
        let (end, ended) = oneshot::channel();
        let heard = Arc::clone(&unheard);
        let spawned = thread::Builder::new().name("listener".to_owned()).spawn(move || {
            while let Ok(event) = queue.recv() {
                heard.fetch_sub(1, Ordering::Relaxed);
                listener(event);
            }
            let _ = end.send(());
        });
        Self { way: spawned.is_ok().then_some((events, ended)), unheard }
    }

    /// Tells an event, or drops it when it is progress and nobody keeps up.
    pub(super) fn tell(&self, event: RunEvent) {
        let Some((events, _)) = &self.way else { return };
        let droppable = matches!(event, RunEvent::Progress(_));
        if droppable && self.unheard.load(Ordering::Relaxed) >= BACKLOG {
            return;
        }
        self.unheard.fetch_add(1, Ordering::Relaxed);
        // A listener that panicked hears no more; the sending goes on.
        let _ = events.send(event);
    }

    /// Waits, within bounds, until all has been heard.
    pub(super) async fn finish(self) {
        if let Some((events, ended)) = self.way {
            drop(events);
            let _ = tokio::time::timeout(LAST_WORDS, ended).await;
        }
    }
}
