//! Between rows and the words of the model. What does not fit is damage, never a guess.

use tokio_postgres::Row;

use crate::ledger::sqlite::{Deciding, StoredPlan, Texts, content_hash, offer_end, phone};
use crate::ledger::types::ConsumedPlan;
use crate::model::{ContentHash, CouponCode, Message, PhoneNumber, PlanId, State, Timestamp};

use super::fault::Fault;

/// The columns [`Verified::read`] reads, in its order, from `offercast.recipients AS r`.
macro_rules! deciding_columns {
    () => {
        "r.id, r.campaign, r.plan, r.state, r.number, r.code_digest, r.content_hash, r.round, \
         r.checksum"
    };
}
/// The columns [`Verified::texts`] reads, in its order, after the deciding ones.
macro_rules! text_columns {
    () => {
        "r.ext_id, r.coupon_code, r.params, r.url_suffix, r.header_url, r.text_checksum"
    };
}
/// The columns [`read_plan`] reads, in its order, from `offercast.plans AS p`.
macro_rules! plan_columns {
    () => {
        "p.id, p.plan_id, p.consumed_at, p.offer_ends_at, p.offer_window_ms, p.terms, \
         p.planned, p.checksum, p.campaign, p.sender"
    };
}
pub(super) use {deciding_columns, plan_columns, text_columns};

/// How many columns come before the caller's own, without and with the texts.
pub(super) const DECIDING_COLUMNS: usize = 9;
pub(super) const ALL_COLUMNS: usize = DECIDING_COLUMNS + 6;

/// A recipient's row whose deciding part fits its checksum.
pub(super) struct Verified<'r> {
    pub(super) id: i64,
    pub(super) number: PhoneNumber,
    pub(super) state: State,
    pub(super) content: ContentHash,
    pub(super) deciding: Deciding<'r>,
    checksum: i64,
}

impl<'r> Verified<'r> {
    /// Reads a row of [`deciding_columns`].
    pub(super) fn read(row: &'r Row) -> Result<Self, Fault> {
        let id: i64 = row.get(0);
        let deciding = Deciding {
            campaign: row.get(1),
            plan: row.get(2),
            number: row.get(4),
            code_digest: row.get(5),
            content: row.get(6),
            round: row.get(7),
        };
        let damaged = || Fault::row("recipients", id);
        let checksum = deciding.checksum();
        if checksum != row.get::<_, i64>(8) {
            return Err(damaged());
        }
        let number = phone(deciding.number).ok_or_else(damaged)?;
        let state = State::parse(row.get(3)).ok_or_else(damaged)?;
        let content = content_hash(deciding.content).ok_or_else(damaged)?;
        Ok(Self { id, number, state, content, deciding, checksum })
    }

    /// The texts of the same row, of [`deciding_columns`] and [`text_columns`].
    pub(super) fn texts<'t>(&self, row: &'t Row) -> Result<Texts<'t>, Fault> {
        let texts = Texts {
            ext_id: row.get(DECIDING_COLUMNS),
            coupon_code: row.get(DECIDING_COLUMNS + 1),
            params: row.get(DECIDING_COLUMNS + 2),
            url_suffix: row.get(DECIDING_COLUMNS + 3),
            header_url: row.get(DECIDING_COLUMNS + 4),
        };
        if texts.checksum(self.checksum) == row.get::<_, i64>(DECIDING_COLUMNS + 5) {
            Ok(texts)
        } else {
            Err(Fault::row("recipients", self.id))
        }
    }

    /// The message as it is sent.
    pub(super) fn message(&self, texts: &Texts<'_>) -> Result<Message, Fault> {
        let damaged = || Fault::row("recipients", self.id);
        let coupon_code = CouponCode::new(texts.coupon_code).map_err(|_| damaged())?;
        if coupon_code.digest().cast_signed() != self.deciding.code_digest {
            return Err(damaged());
        }
        let params = match texts.params {
            None => Vec::new(),
            Some(json) => serde_json::from_str(json).map_err(|_| damaged())?,
        };
        Ok(Message {
            coupon_code,
            params,
            url_suffix: texts.url_suffix.map(str::to_owned),
            header_url: texts.header_url.map(str::to_owned),
            content: self.content,
        })
    }
}

/// A plan's row id and what was consumed, verified.
pub(super) fn read_plan(row: &Row) -> Result<(i64, ConsumedPlan), Fault> {
    let id: i64 = row.get(0);
    let damaged = || Fault::row("plans", id);
    let stored = StoredPlan {
        campaign: row.get(8),
        plan_id: row.get(1),
        sender: row.get(9),
        consumed_at: row.get(2),
        offer_ends_at: row.get(3),
        offer_window_ms: row.get(4),
        terms: row.get(5),
        planned: row.get(6),
    };
    if stored.checksum() != row.get::<_, i64>(7) {
        return Err(damaged());
    }
    let plan = ConsumedPlan {
        id: PlanId::parse(stored.plan_id).ok_or_else(damaged)?,
        sender: phone(stored.sender).ok_or_else(damaged)?,
        consumed_at: Timestamp::from_millis(stored.consumed_at),
        offer_end: offer_end(stored.offer_ends_at, stored.offer_window_ms).ok_or_else(damaged)?,
        terms: serde_json::from_str(stored.terms).map_err(|_| damaged())?,
        planned: u64::try_from(stored.planned).map_err(|_| damaged())?,
    };
    Ok((id, plan))
}

/// An instant that may be absent.
pub(super) fn instant(row: &Row, column: usize) -> Option<Timestamp> {
    row.get::<_, Option<i64>>(column).map(Timestamp::from_millis)
}
