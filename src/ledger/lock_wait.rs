//! Waiting for whoever holds a ledger.

use std::fmt;
use std::time::Duration;

use super::holder::Holder;

/// How often a lock that is waited for is tried.
pub(super) const TRY_EVERY: Duration = Duration::from_millis(50);

/// What takes less long is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// How long another process's lock on a ledger is waited for, and who hears of it. By default
/// it is not waited for at all.
#[derive(Default)]
pub struct LockWait<'a> {
    longest: Duration,
    waited: Duration,
    tell: Option<Tell<'a>>,
}

/// Hears of the holder, as far as that is known.
type Tell<'a> = &'a mut dyn FnMut(Option<&Holder>);

impl<'a> LockWait<'a> {
    /// At most so long. When it takes more than a second, `tell` hears once who holds the
    /// ledger, as far as that is known.
    pub fn at_most(longest: Duration, tell: Tell<'a>) -> Self {
        Self { longest, waited: Duration::ZERO, tell: Some(tell) }
    }

    /// The same without a word.
    pub(super) fn silently(longest: Duration) -> Self {
        Self { longest, ..Self::default() }
    }

    /// The same, but not shorter than so long.
    pub(super) fn at_least(self, shortest: Duration) -> Self {
        Self { longest: self.longest.max(shortest), ..self }
    }

    /// Whether it has been long enough.
    pub(super) fn is_over(&self) -> bool {
        self.waited >= self.longest
    }

    /// Waits for a moment of the time that is left.
    pub(super) fn pause(&mut self, holder: impl FnOnce() -> Option<Holder>) {
        if self.waited >= WORTH_A_WORD
            && let Some(tell) = self.tell.take()
        {
            tell(holder().as_ref());
        }
        let pause = TRY_EVERY.min(self.longest.saturating_sub(self.waited));
        std::thread::sleep(pause);
        self.waited += pause;
    }
}

impl fmt::Debug for LockWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { longest, waited, tell } = self;
        let is_told = tell.is_none();
        f.debug_struct("LockWait")
            .field("longest", longest)
            .field("waited", waited)
            .field("is_told", &is_told)
            .finish()
    }
}
