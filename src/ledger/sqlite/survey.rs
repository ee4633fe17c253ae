//! One look at everybody, for all that an apply must know of them before it sends.
//!
//! It reads a few short columns of each row, once: each question by itself would read them
//! all again. Whoever writes states forgets it.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::model::{State, StateCounts};

use super::fault::Fault;
use super::open::ReadLedger;

const EVERYBODY: &str =
    "SELECT id, campaign, plan, state, attempted_at FROM recipients NOT INDEXED ORDER BY id";

/// What a look at everybody told.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Where the people of each campaign stand, by its row.
    pub(super) counts: BTreeMap<i64, StateCounts>,
    /// The first row of each plan that is pending, where one is.
    pub(super) first_pending: BTreeMap<i64, i64>,
    /// When anything was last put on the wire.
    pub(super) last_attempt: Option<i64>,
}

impl Survey {
    /// Takes the look.
    pub(super) fn take(connection: &Connection) -> Result<Self, Fault> {
        let mut survey = Self::default();
        let mut statement = connection.prepare(EVERYBODY)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let state = State::parse(row.get_ref(3)?.as_str()?);
            let state = state.ok_or_else(|| Fault::row("recipients", id))?;
            survey.counts.entry(row.get(1)?).or_default().add(state, 1);
            if state == State::Pending {
                survey.first_pending.entry(row.get(2)?).or_insert(id);
            }
            survey.last_attempt = survey.last_attempt.max(row.get(4)?);
        }
        Ok(survey)
    }

    /// Whether a dead process left somebody in doubt.
    pub(super) fn anybody_attempting(&self) -> bool {
        self.counts.values().any(|counts| counts.attempting > 0)
    }
}

impl ReadLedger {
    /// Asks the last look, or a new one where there was none, or others may write.
    pub(super) fn survey<T>(
        &self,
        connection: &Connection,
        ask: impl FnOnce(&Survey) -> T,
    ) -> Result<T, Fault> {
        let mut last = self.surveyed.borrow_mut();
        if !self.is_locked {
            *last = None;
        }
        let survey = match &mut *last {
            Some(survey) => survey,
            none => none.insert(Survey::take(connection)?),
        };
        Ok(ask(survey))
    }

    /// To be called before states are written.
    pub(super) fn forget_survey(&self) {
        self.surveyed.replace(None);
    }
}
