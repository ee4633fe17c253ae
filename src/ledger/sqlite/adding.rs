//! Adding a new recipient and their delivery. Of a row's values some are the same for a whole
//! plan, and nearly always the same for everybody: they are given to SQLite once, not with each
//! row.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::rows::{Deciding, stored};

use super::older::Past;

const ADD_RECIPIENT: &str = "INSERT INTO recipients (campaign, plan, number, person,
    code_digest, content_hash, round, checksum, ext_id, coupon_code, params, url_suffix,
    header_url, text_checksum)
  VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?3, ?8, ?10, ?9, ?11, ?12, ?13, ?14)
  ON CONFLICT DO NOTHING";
// Recipients and deliveries are numbered alike: a delivery without its recipient would fail.
const ADD_DELIVERY: &str = "INSERT INTO deliveries (id, state, attempts, updated_at)
  VALUES (?1, 'pending', ?2, ?3)";

/// The parameters of [`ADD_RECIPIENT`].
mod parameter {
    pub(super) const CAMPAIGN: usize = 1;
    pub(super) const PLAN: usize = 2;
    pub(super) const ROUND: usize = 3;
    pub(super) const NUMBER: usize = 4;
    pub(super) const PERSON: usize = 5;
    pub(super) const CODE_DIGEST: usize = 6;
    pub(super) const CONTENT: usize = 7;
    pub(super) const CHECKSUM: usize = 8;
    pub(super) const COUPON_CODE: usize = 9;
    /// The first of those that a row may lack, in the order of `Adding::texts`.
    pub(super) const EXT_ID: usize = 10;
    pub(super) const TEXT_CHECKSUM: usize = 14;
}

/// The parameters of [`ADD_DELIVERY`].
mod of_delivery {
    pub(super) const ID: usize = 1;
    pub(super) const ATTEMPTS: usize = 2;
    pub(super) const UPDATED_AT: usize = 3;
}

/// The statements that add a recipient, and the values they have from the row before.
pub(super) struct Adding<'c> {
    connection: &'c Connection,
    recipient: CachedStatement<'c>,
    delivery: CachedStatement<'c>,
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
        let recipient = connection.prepare_cached(ADD_RECIPIENT)?;
        let delivery = connection.prepare_cached(ADD_DELIVERY)?;
        let (plan, past, texts) = (None, Past::default(), [false; 4]);
        Ok(Self { connection, recipient, delivery, plan, past, texts })
    }

    /// Adds somebody; false when the person is in the campaign already. After an error nothing
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
            self.bind(parameter::ROUND, past.round)?;
            self.delivery.raw_bind_parameter(of_delivery::ATTEMPTS, past.attempts)?;
            self.delivery.raw_bind_parameter(of_delivery::UPDATED_AT, plan.consumed_at)?;
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
        if self.recipient.raw_execute()? == 0 {
            return Ok(false);
        }
        let id = self.connection.last_insert_rowid();
        self.delivery.raw_bind_parameter(of_delivery::ID, id)?;
        self.delivery.raw_execute()?;
        Ok(true)
    }

    fn bind(&mut self, parameter: usize, value: impl ToSql) -> rusqlite::Result<()> {
        self.recipient.raw_bind_parameter(parameter, value)
    }
}
