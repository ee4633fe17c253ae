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
    line: Line,
    clock: crate::clock::Clock,
    rows: u32,
    next: Instant,
}

impl ReadingProgress {
    /// Starts watching a reading of `prepared`'s audience, for a purpose such as `planning`.
    pub(super) fn new(context: &Context, prepared: &Prepared<'_>, purpose: &str) -> Self {
        Self {
            words: format!("{}: {purpose}", prepared.entry.campaign.name),
            read: prepared.audience.progress(),
            total: prepared.audience.total_bytes().max(1),
            line: Line::new(context),
            clock: context.clock,
            rows: 0,
            next: context.clock.monotonic() + LATE,
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
        self.line.say(&format!("{}, {percent} % read", self.words));
        self.next = now + if self.line.may_redraw { REDRAWN_EVERY } else { PRINTED_EVERY };
    }
}

/// A word on what follows a long reading and takes long as well. Dropped, it clears its line.
pub(super) struct Afterword {
    _line: Line,
}

impl Afterword {
    /// Says it where what began then has taken so long that it was told of.
    pub(super) fn new(context: &Context, began: Instant, words: &str) -> Self {
        let mut line = Line::new(context);
        if context.clock.monotonic().saturating_duration_since(began) >= LATE {
            line.say(words);
        }
        Self { _line: line }
    }
}

/// A line on standard error: drawn over and cleared in the end, or printed each time where that
/// cannot be done. What cannot be told stops nothing.
struct Line {
    may_redraw: bool,
    /// Characters on the terminal.
    drawn: usize,
}

impl Line {
    fn new(context: &Context) -> Self {
        Self { may_redraw: context.output.interaction().may_redraw, drawn: 0 }
    }

    fn say(&mut self, words: &str) {
        let mut stderr = std::io::stderr().lock();
        if self.may_redraw {
            let _ = write!(stderr, "\r{words} ");
            let _ = stderr.flush();
            self.drawn = self.drawn.max(words.chars().count() + 1);
        } else {
            let _ = writeln!(stderr, "{words}");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.drawn > 0 {
            let _ = write!(std::io::stderr().lock(), "\r{}\r", " ".repeat(self.drawn));
        }
    }
}
