//! Adding a new recipient's row. Of its sixteen values some are the same for a whole plan, and
//! nearly always the same for everybody: they are given to SQLite once, not with each row.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::rows::{Deciding, stored};

use super::older::Past;

const ADD_RECIPIENT: &str = "INSERT INTO recipients (campaign, plan, state, number, person,
    code_digest, content_hash, round, checksum, ext_id, coupon_code, params, url_suffix,
    header_url, text_checksum, attempts, updated_at)
  VALUES (?1, ?2, 'pending', ?6, ?7, ?8, ?9, ?5, ?10, ?12, ?11, ?13, ?14, ?15, ?16, ?4, ?3)
  ON CONFLICT DO NOTHING";

/// The parameters of [`ADD_RECIPIENT`].
mod parameter {
    pub(super) const CAMPAIGN: usize = 1;
    pub(super) const PLAN: usize = 2;
    pub(super) const UPDATED_AT: usize = 3;
    pub(super) const ATTEMPTS: usize = 4;
    pub(super) const ROUND: usize = 5;
    pub(super) const NUMBER: usize = 6;
    pub(super) const PERSON: usize = 7;
    pub(super) const CODE_DIGEST: usize = 8;
    pub(super) const CONTENT: usize = 9;
    pub(super) const CHECKSUM: usize = 10;
    pub(super) const COUPON_CODE: usize = 11;
    /// The first of those that a row may lack, in the order of `Adding::texts`.
    pub(super) const EXT_ID: usize = 12;
    pub(super) const TEXT_CHECKSUM: usize = 16;
}

/// The statement that adds a recipient, and the values it has from the row before.
pub(super) struct Adding<'c> {
    statement: CachedStatement<'c>,
    plan: Option<Plan>,
    past: Past,
    /// Which of the four texts that a row may lack the last one had.
    texts: [bool; 4],
}

/// What all rows of a plan have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) campaign: i64,
    pub(super) row: i64,
    /// Milliseconds.
    pub(super) consumed_at: i64,
}

impl<'c> Adding<'c> {
    /// Adds rows on this connection.
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached(ADD_RECIPIENT)?;
        Ok(Self { statement, plan: None, past: Past::default(), texts: [false; 4] })
    }

    /// Adds a row; false when the person is in the campaign already. After an error nothing
    /// more may be added.
    pub(super) fn add(
        &mut self,
        plan: Plan,
        new: &NewRecipient,
        past: Past,
    ) -> rusqlite::Result<bool> {
        let deciding = Deciding {
            campaign: plan.campaign,
            plan: plan.row,
            number: stored(new.number().as_u64()),
            code_digest: new.code_digest().cast_signed(),
            content: new.content(),
            round: past.round,
        };
        let checksum = deciding.checksum();
        let texts = new.texts();
        if self.plan != Some(plan) || self.past != past {
            self.bind(parameter::CAMPAIGN, plan.campaign)?;
            self.bind(parameter::PLAN, plan.row)?;
            self.bind(parameter::UPDATED_AT, plan.consumed_at)?;
            self.bind(parameter::ATTEMPTS, past.attempts)?;
            self.bind(parameter::ROUND, past.round)?;
            (self.plan, self.past) = (Some(plan), past);
        }
        self.bind(parameter::NUMBER, deciding.number)?;
        self.bind(parameter::PERSON, stored(new.person().as_u64()))?;
        self.bind(parameter::CODE_DIGEST, deciding.code_digest)?;
        self.bind(parameter::CONTENT, deciding.content)?;
        self.bind(parameter::CHECKSUM, checksum)?;
        self.bind(parameter::COUPON_CODE, texts.coupon_code)?;
        let optional = [texts.ext_id, texts.params, texts.url_suffix, texts.header_url];
        for (place, text) in optional.into_iter().enumerate() {
            if text.is_some() || self.texts[place] {
                self.bind(parameter::EXT_ID + place, text)?;
            }
            self.texts[place] = text.is_some();
        }
        self.bind(parameter::TEXT_CHECKSUM, texts.checksum(checksum))?;
        Ok(self.statement.raw_execute()? == 1)
    }

    fn bind(&mut self, parameter: usize, value: impl ToSql) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(parameter, value)
    }
}
