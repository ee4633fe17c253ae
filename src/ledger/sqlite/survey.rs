//! One look at everybody, for all that an apply must know of them before it sends.
//!
//! It reads a few short columns of each row, once: each question by itself would read them
//! all again. It is taken along where everybody is read anyway ([`super::people`]). Whoever
//! writes states forgets it, or takes in what they wrote.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::ledger::error::Damage;
use crate::model::{State, StateCounts};

use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{everybody, read_state};

const EVERYBODY: &str = concat!(
    "SELECT r.id, r.campaign, r.plan, d.state, d.attempted_at FROM ",
    everybody!(),
    " ORDER BY r.id"
);

const DELIVERIES: &str = "SELECT count(*) FROM deliveries NOT INDEXED";

// What nearly every row is comes first: SQLite then passes it over after a comparison or two.
// Words that are no states are asked for as well: they are damage.
const UNUSUAL: &str = "SELECT id, state FROM deliveries NOT INDEXED
  WHERE state <> 'accepted' AND state <> 'pending' AND state <> 'rejected'
    AND state <> 'unknown' AND state <> 'skipped' ORDER BY id";

/// Whether a dead process left somebody in doubt: asked before anything else, and so by
/// itself, which costs a third of a whole look.
pub(super) fn anybody_attempting(connection: &Connection) -> Result<bool, Fault> {
    let mut statement = connection.prepare(UNUSUAL)?;
    let mut rows = statement.query([])?;
    let mut found = false;
    while let Some(row) = rows.next()? {
        found |= read_state(row, 1, row.get(0)?)? == State::Attempting;
    }
    Ok(found)
}

/// What a look at everybody told.
#[derive(Debug, Default, PartialEq, Eq)]
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
            let state = read_state(row, 3, id)?;
            survey.note(id, row.get(1)?, row.get(2)?, state, row.get(4)?);
        }
        survey.expect_everybody(connection)?;
        Ok(survey)
    }

    /// Refuses a look that saw fewer people than there are deliveries: somebody was planned, and
    /// perhaps sent to, of whom nothing else is left.
    pub(super) fn expect_everybody(&self, connection: &Connection) -> Result<(), Fault> {
        let seen: u64 = self.counts.values().map(StateCounts::planned).sum();
        let deliveries: i64 = connection.query_row(DELIVERIES, [], |row| row.get(0))?;
        if seen == deliveries.cast_unsigned() {
            return Ok(());
        }
        let found = format!("`deliveries` has {deliveries} rows for {seen} people");
        Err(Fault::Damaged(Damage::Structure(found)))
    }

    /// Takes one row in. Rows of a plan must come in their order.
    pub(super) fn note(
        &mut self,
        id: i64,
        campaign: i64,
        plan: i64,
        state: State,
        attempted_at: Option<i64>,
    ) {
        self.counts.entry(campaign).or_default().add(state, 1);
        if state == State::Pending {
            self.first_pending.entry(plan).or_insert(id);
        }
        self.last_attempt = self.last_attempt.max(attempted_at);
    }

    /// Takes in a plan that was just consumed: so many people, all pending, from the row
    /// `first` on.
    pub(super) fn consumed(&mut self, campaign: i64, plan: i64, first: i64, people: u64) {
        self.counts.entry(campaign).or_default().add(State::Pending, people);
        self.first_pending.insert(plan, first);
    }

    /// Takes in what was seen of the rows after these.
    pub(super) fn add(&mut self, later: Self) {
        for (campaign, counts) in later.counts {
            let all = self.counts.entry(campaign).or_default();
            for state in State::ALL {
                all.add(state, counts.get(state));
            }
        }
        for (plan, first) in later.first_pending {
            self.first_pending.entry(plan).or_insert(first);
        }
        self.last_attempt = self.last_attempt.max(later.last_attempt);
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

    /// Whether everybody who is read should be looked at, too: a look will be asked for, and
    /// holds until this ledger itself writes.
    pub(super) fn wants_survey(&self) -> bool {
        self.is_locked && self.surveyed.borrow().is_none()
    }

    /// To be called before states are written.
    pub(super) fn forget_survey(&self) {
        self.surveyed.replace(None);
    }

    /// The last look, or a new one, for somebody who writes and takes in what they write; until
    /// they give it back it is forgotten.
    pub(super) fn take_survey(&self) -> Result<Survey, Fault> {
        self.surveyed.take().map_or_else(|| Survey::take(&self.connection), Ok)
    }
}
