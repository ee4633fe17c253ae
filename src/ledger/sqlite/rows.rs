//! Between rows and the words of the model. What does not fit is damage, never a guess.

use rusqlite::Row;

use crate::ledger::types::ConsumedPlan;
use crate::model::{
    ContentHash, CouponCode, Message, OfferEnd, PhoneNumber, PlanId, State, Timestamp,
};

use super::checksum::Checksum;
use super::fault::Fault;

/// The columns [`Verified::read`] reads, in its order, from `recipients AS r`.
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
/// The columns [`read_plan`] reads, in its order, from `plans AS p`.
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

/// What a recipient's row says of who gets what: the part that plans are made from. It never
/// changes.
pub(in crate::ledger) struct Deciding<'r> {
    pub(in crate::ledger) campaign: i64,
    pub(in crate::ledger) plan: i64,
    pub(in crate::ledger) number: i64,
    pub(in crate::ledger) code_digest: i64,
    pub(in crate::ledger) content: &'r [u8],
    pub(in crate::ledger) round: i64,
}

/// The texts of a recipient's row: the part that messages are made from. It never changes.
pub(in crate::ledger) struct Texts<'r> {
    pub(in crate::ledger) ext_id: Option<&'r str>,
    pub(in crate::ledger) coupon_code: &'r str,
    pub(in crate::ledger) params: Option<&'r str>,
    pub(in crate::ledger) url_suffix: Option<&'r str>,
    pub(in crate::ledger) header_url: Option<&'r str>,
}

/// A recipient's row whose deciding part fits its checksum.
pub(super) struct Verified<'r> {
    pub(super) id: i64,
    pub(super) number: PhoneNumber,
    pub(super) state: State,
    pub(super) content: ContentHash,
    pub(super) deciding: Deciding<'r>,
    checksum: i64,
}

impl Deciding<'_> {
    /// The checksum of this part.
    pub(in crate::ledger) fn checksum(&self) -> i64 {
        Checksum::new()
            .integer(self.campaign)
            .integer(self.plan)
            .integer(self.number)
            .integer(self.code_digest)
            .value(Some(self.content))
            .integer(self.round)
            .finish()
    }
}

impl Texts<'_> {
    /// The checksum of this part, over that of the deciding part: texts of another row do not
    /// fit.
    pub(in crate::ledger) fn checksum(&self, deciding: i64) -> i64 {
        Checksum::new()
            .integer(deciding)
            .text(self.ext_id)
            .text(Some(self.coupon_code))
            .text(self.params)
            .text(self.url_suffix)
            .text(self.header_url)
            .finish()
    }
}

impl<'r> Verified<'r> {
    /// Reads a row of [`deciding_columns`].
    pub(super) fn read(row: &'r Row<'_>) -> Result<Self, Fault> {
        let id: i64 = row.get(0)?;
        let deciding = Deciding {
            campaign: row.get(1)?,
            plan: row.get(2)?,
            number: row.get(4)?,
            code_digest: row.get(5)?,
            content: row.get_ref(6)?.as_blob()?,
            round: row.get(7)?,
        };
        let damaged = || Fault::row("recipients", id);
        let checksum = deciding.checksum();
        if checksum != row.get::<_, i64>(8)? {
            return Err(damaged());
        }
        let number = phone(deciding.number).ok_or_else(damaged)?;
        let state = State::parse(row.get_ref(3)?.as_str()?).ok_or_else(damaged)?;
        let content = content_hash(deciding.content).ok_or_else(damaged)?;
        Ok(Self { id, number, state, content, deciding, checksum })
    }

    /// The texts of the same row, of [`deciding_columns`] and [`text_columns`].
    pub(super) fn texts<'t>(&self, row: &'t Row<'_>) -> Result<Texts<'t>, Fault> {
        let column = |offset: usize| row.get_ref(DECIDING_COLUMNS + offset);
        let texts = Texts {
            ext_id: column(0)?.as_str_or_null()?,
            coupon_code: column(1)?.as_str()?,
            params: column(2)?.as_str_or_null()?,
            url_suffix: column(3)?.as_str_or_null()?,
            header_url: column(4)?.as_str_or_null()?,
        };
        if texts.checksum(self.checksum) == column(5)?.as_i64()? {
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
pub(super) fn read_plan(row: &Row<'_>) -> Result<(i64, ConsumedPlan), Fault> {
    let id: i64 = row.get(0)?;
    let damaged = || Fault::row("plans", id);
    let stored = StoredPlan {
        campaign: row.get(8)?,
        plan_id: row.get_ref(1)?.as_str()?,
        sender: row.get(9)?,
        consumed_at: row.get(2)?,
        offer_ends_at: row.get(3)?,
        offer_window_ms: row.get(4)?,
        terms: row.get_ref(5)?.as_str()?,
        planned: row.get(6)?,
    };
    if stored.checksum() != row.get::<_, i64>(7)? {
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

/// The part of a plan's row that its checksum covers.
pub(in crate::ledger) struct StoredPlan<'r> {
    pub(in crate::ledger) campaign: i64,
    pub(in crate::ledger) plan_id: &'r str,
    pub(in crate::ledger) sender: i64,
    pub(in crate::ledger) consumed_at: i64,
    pub(in crate::ledger) offer_ends_at: Option<i64>,
    pub(in crate::ledger) offer_window_ms: Option<i64>,
    pub(in crate::ledger) terms: &'r str,
    pub(in crate::ledger) planned: i64,
}

impl StoredPlan<'_> {
    /// The checksum of this part.
    pub(in crate::ledger) fn checksum(&self) -> i64 {
        let optional = |value: Option<i64>| value.map(i64::to_le_bytes);
        Checksum::new()
            .integer(self.campaign)
            .text(Some(self.plan_id))
            .integer(self.sender)
            .integer(self.consumed_at)
            .value(optional(self.offer_ends_at).as_ref().map(|bytes| &bytes[..]))
            .value(optional(self.offer_window_ms).as_ref().map(|bytes| &bytes[..]))
            .text(Some(self.terms))
            .integer(self.planned)
            .finish()
    }
}

/// An offer's end as stored.
pub(in crate::ledger) fn offer_end(
    ends_at: Option<i64>,
    window_ms: Option<i64>,
) -> Option<OfferEnd> {
    match (ends_at, window_ms) {
        (Some(instant), None) => Some(OfferEnd::At(Timestamp::from_millis(instant))),
        (None, Some(window)) => {
            let millis = u64::try_from(window).ok()?;
            Some(OfferEnd::AfterSend(std::time::Duration::from_millis(millis)))
        }
        _ => None,
    }
}

/// A number as stored.
pub(in crate::ledger) fn phone(stored: i64) -> Option<PhoneNumber> {
    PhoneNumber::from_digits(u64::try_from(stored).ok()?)
}

/// A content hash as stored.
pub(in crate::ledger) fn content_hash(stored: &[u8]) -> Option<ContentHash> {
    Some(ContentHash::from_bytes(stored.try_into().ok()?))
}

/// An unsigned number that fits SQLite's signed one: telephone numbers have 15 digits.
pub(in crate::ledger) fn stored(value: u64) -> i64 {
    value.cast_signed()
}
