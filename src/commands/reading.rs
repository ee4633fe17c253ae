//! A word on standard error while a large audience is read, so that nobody takes a long
//! plan for a stuck one.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::context::Context;
use super::planning::Prepared;

/// Rows between two looks at the clock.
const ROWS_BETWEEN_LOOKS: u32 = 1 << 14;
/// Nothing is said before this time.
const LATE: Duration = Duration::from_secs(1);
/// Between two words on a terminal, and where lines stay.
const REDRAWN_EVERY: Duration = Duration::from_millis(200);
const PRINTED_EVERY: Duration = Duration::from_secs(10);

/// Tells how far a reading has come; silent for short ones. Dropped, it clears its line.
pub(super) struct ReadingProgress {
    words: String,
    read: Arc<AtomicU64>,
    total: u64,
    may_redraw: bool,
    clock: crate::clock::Clock,
    rows: u32,
    next: Instant,
    drawn: bool,
}

impl ReadingProgress {
    /// Starts watching a reading of `prepared`'s audience, for a purpose such as `planning`.
    pub(super) fn new(context: &Context, prepared: &Prepared<'_>, purpose: &str) -> Self {
        Self {
            words: format!("{}: {purpose}", prepared.entry.campaign.name),
            read: prepared.audience.progress(),
            total: prepared.audience.total_bytes().max(1),
            may_redraw: context.output.interaction().may_redraw,
            clock: context.clock,
            rows: 0,
            next: context.clock.monotonic() + LATE,
            drawn: false,
        }
    }

    /// One more row was read.
    pub(super) fn row(&mut self) {
        self.rows += 1;
        if self.rows < ROWS_BETWEEN_LOOKS {
            return;
        }
        self.rows = 0;
        let now = self.clock.monotonic();
        if now < self.next {
            return;
        }
        let percent = (self.read.load(Ordering::Relaxed) * 100 / self.total).min(100);
        // Progress that cannot be told stops nothing.
        let mut stderr = std::io::stderr().lock();
        if self.may_redraw {
            let _ = write!(stderr, "\r{}, {percent} % read ", self.words);
            let _ = stderr.flush();
            self.next = now + REDRAWN_EVERY;
            self.drawn = true;
        } else {
            let _ = writeln!(stderr, "{}, {percent} % read", self.words);
            self.next = now + PRINTED_EVERY;
        }
    }
}

impl Drop for ReadingProgress {
    fn drop(&mut self) {
        if self.drawn {
            clear(self.words.chars().count() + 14);
        }
    }
}

/// A word on what follows a long reading and takes long as well. Dropped, it clears its line.
pub(super) struct Afterword {
    drawn: Option<String>,
}

impl Afterword {
    /// Says it where what began then has taken so long that it was told of.
    pub(super) fn new(context: &Context, began: Instant, words: &str) -> Self {
        if context.clock.monotonic().saturating_duration_since(began) < LATE {
            return Self { drawn: None };
        }
        let mut stderr = std::io::stderr().lock();
        if !context.output.interaction().may_redraw {
            let _ = writeln!(stderr, "{words}");
            return Self { drawn: None };
        }
        let _ = write!(stderr, "\r{words} ");
        let _ = stderr.flush();
        Self { drawn: Some(words.to_owned()) }
    }
}

impl Drop for Afterword {
    fn drop(&mut self) {
        if let Some(words) = &self.drawn {
            clear(words.chars().count() + 1);
        }
    }
}

/// Blanks a line of so many characters.
fn clear(characters: usize) {
    let _ = write!(std::io::stderr().lock(), "\r{}\r", " ".repeat(characters));
}
