//! An apply from its start to its end, for texts that outlive it.

use crate::event::RunReport;
use crate::model::{State, StateCounts, Timestamp};
use crate::view::error::ErrorWords;

/// What an apply came to so far, or in the end.
#[derive(Clone, Copy, Debug)]
pub struct ApplyStory<'a> {
    /// When it began.
    pub started_at: Timestamp,
    /// When this is told.
    pub now: Timestamp,
    /// How it ended; `None` while it goes on. A story without an end is all that is left of
    /// a process that was killed.
    pub exit_code: Option<u8>,
    /// Whether it sent to a stand-in inside the process.
    pub sandbox: bool,
    /// What stood in the way.
    pub error: Option<&'a ErrorWords>,
    /// The plans it made.
    pub plans: &'a [PlannedRun],
    /// The campaigns that were sent, in this order.
    pub runs: &'a [RunReport],
    /// The command that goes on, where people are left.
    pub next: Option<&'a str>,
}

/// A plan that an apply made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedRun {
    /// The campaign's name.
    pub campaign: String,
    /// Its file, as given on the command line.
    pub file: String,
    /// The plan's id.
    pub plan_id: Option<String>,
    /// `new`, `resumes` or `finished`.
    pub progress: &'static str,
    /// People to send to.
    pub send: u64,
    /// Why it may not be applied.
    pub refused: Vec<String>,
}

impl ApplyStory<'_> {
    /// Requests put on the wire.
    pub fn requests(&self) -> u64 {
        self.runs.iter().map(|run| run.requests).sum()
    }

    /// Where everybody in the campaigns that were sent stands.
    pub fn counts(&self) -> StateCounts {
        let mut total = StateCounts::default();
        for run in self.runs {
            for state in State::ALL {
                total.add(state, run.counts.get(state));
            }
        }
        total
    }
}
