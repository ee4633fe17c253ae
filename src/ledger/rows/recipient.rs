//! A recipient's row: what decides about a person, and the texts of their message. Neither
//! ever changes.

use crate::ledger::error::Damage;
use crate::model::{ContentHash, CouponCode, Message, PhoneNumber, State};

use super::checksum::Checksum;
use super::values::{content_hash, phone};

/// Who gets what: the part that plans are made from.
pub(in crate::ledger) struct Deciding<'r> {
    pub(in crate::ledger) campaign: i64,
    pub(in crate::ledger) plan: i64,
    pub(in crate::ledger) number: i64,
    pub(in crate::ledger) code_digest: i64,
    pub(in crate::ledger) content: &'r [u8],
    pub(in crate::ledger) round: i64,
}

/// The part that messages are made from.
pub(in crate::ledger) struct Texts<'r> {
    pub(in crate::ledger) ext_id: Option<&'r str>,
    pub(in crate::ledger) coupon_code: &'r str,
    pub(in crate::ledger) params: Option<&'r str>,
    pub(in crate::ledger) url_suffix: Option<&'r str>,
    pub(in crate::ledger) header_url: Option<&'r str>,
}

/// A row whose deciding part fits its checksum.
pub(in crate::ledger) struct Verified<'r> {
    pub(in crate::ledger) id: i64,
    pub(in crate::ledger) number: PhoneNumber,
    pub(in crate::ledger) state: State,
    pub(in crate::ledger) content: ContentHash,
    pub(in crate::ledger) deciding: Deciding<'r>,
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
    /// Understands the row `id`, if its deciding part is as it was written.
    pub(in crate::ledger) fn new(
        id: i64,
        deciding: Deciding<'r>,
        state: &str,
        checksum: i64,
    ) -> Result<Self, Damage> {
        let damaged = || damaged(id);
        if deciding.checksum() != checksum {
            return Err(damaged());
        }
        let number = phone(deciding.number).ok_or_else(damaged)?;
        let state = State::parse(state).ok_or_else(damaged)?;
        let content = content_hash(deciding.content).ok_or_else(damaged)?;
        Ok(Self { id, number, state, content, deciding, checksum })
    }

    /// The texts, if they are this row's and as they were written.
    pub(in crate::ledger) fn texts<'t>(
        &self,
        texts: Texts<'t>,
        checksum: i64,
    ) -> Result<Texts<'t>, Damage> {
        if texts.checksum(self.checksum) == checksum { Ok(texts) } else { Err(damaged(self.id)) }
    }

    /// The message as it is sent.
    pub(in crate::ledger) fn message(&self, texts: &Texts<'_>) -> Result<Message, Damage> {
        let damaged = || damaged(self.id);
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

fn damaged(row: i64) -> Damage {
    Damage::Row { table: "recipients", row }
}
