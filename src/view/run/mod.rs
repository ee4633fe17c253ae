//! A run as it is seen: listeners to [`crate::event`], none of which can hold it up.
//!
//! A listener that cannot write any more falls silent; what happened is in the ledger.

mod bar;
mod counts;
mod json;
mod lines;
mod markdown;
mod plain;
mod report;
mod stop;
mod story;
mod summary;

#[cfg(test)]
mod samples;

pub use bar::Bar;
pub use counts::Totals;
pub(in crate::view) use json::counts_json;
pub(in crate::view::run) use json::report_json;
pub use json::{EVENTS_SCHEMA, JsonEvents, Operation};
pub use markdown::step_summary;
pub use plain::PlainLines;
pub use report::{REPORT_SCHEMA, report_text};
pub use stop::{stop_sentence, stop_word, stop_word_sentence};
pub use story::{ApplyStory, PlannedRun};
pub use summary::write_summary;

use crate::event::RunEvent;
use crate::model::Timestamp;

/// Somebody who is told what happens in a run.
pub trait RunListener: Send {
    /// Takes notice. Must neither fail nor block.
    fn on(&mut self, event: &RunEvent);
}

/// The time now, from the run's own clock.
pub type Now = Box<dyn Fn() -> Timestamp + Send>;
