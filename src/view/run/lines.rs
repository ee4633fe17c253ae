//! A place to write lines to that may be gone.

use std::fmt;
use std::io::Write;

/// Writes whole lines at once; falls silent when the far end is closed.
pub(super) struct Lines {
    out: Option<Box<dyn Write + Send>>,
}

impl Lines {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out: Some(out) }
    }

    /// Writes one line and makes it visible.
    pub(super) fn line(&mut self, text: &str) {
        let Some(out) = &mut self.out else { return };
        let written = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush());
        if written.is_err() {
            self.out = None;
        }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("open", &self.out.is_some()).finish()
    }
}
