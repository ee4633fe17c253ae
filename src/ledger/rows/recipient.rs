//! A recipient's row: what decides about a person, and the texts of their message. Neither
//! ever changes.

use std::sync::Arc;

use crate::ledger::error::Damage;
use crate::ledger::forgotten::Whose;
use crate::model::{ContentHash, CouponCode, Message, PhoneNumber, State};

use super::checksum::Checksum;
use super::values::{content_hash, stored};

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
#[derive(PartialEq, Eq)]
pub(in crate::ledger) struct Texts<'r> {
    pub(in crate::ledger) ext_id: Option<&'r str>,
    pub(in crate::ledger) coupon_code: &'r str,
    pub(in crate::ledger) params: Option<&'r str>,
    pub(in crate::ledger) url_suffix: Option<&'r str>,
    pub(in crate::ledger) header_url: Option<&'r str>,
}

/// What a forgotten person's row has in the place of texts.
pub(in crate::ledger) const NO_TEXTS: Texts<'static> =
    Texts { ext_id: None, coupon_code: "", params: None, url_suffix: None, header_url: None };

/// What it has in the place of a content hash, which is a digest that names could be tried on.
pub(in crate::ledger) const NO_CONTENT: [u8; 16] = [0; 16];

/// A row whose deciding part fits its checksum.
pub(in crate::ledger) struct Verified<'r> {
    pub(in crate::ledger) id: i64,
    pub(in crate::ledger) whose: Whose,
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
    /// Understands the row `id`, if its deciding part is as it was written and its state one
    /// that the person can be in: nobody who is forgotten can be sent to.
    pub(in crate::ledger) fn new(
        id: i64,
        deciding: Deciding<'r>,
        state: State,
        checksum: i64,
    ) -> Result<Self, Damage> {
        let damaged = || damaged(id);
        if deciding.checksum() != checksum {
            return Err(damaged());
        }
        let whose = Whose::of_stored(deciding.number).ok_or_else(damaged)?;
        let is_open = matches!(state, State::Pending | State::Attempting);
        if is_open && matches!(whose, Whose::Forgotten(_)) {
            return Err(damaged());
        }
        let content = content_hash(deciding.content).ok_or_else(damaged)?;
        Ok(Self { id, whose, state, content, deciding, checksum })
    }

    /// The number, in a row that cannot be a forgotten person's.
    pub(in crate::ledger) fn number(&self) -> Result<PhoneNumber, Damage> {
        self.whose.number().ok_or_else(|| damaged(self.id))
    }

    /// The texts, if they are this row's and as they were written.
    pub(in crate::ledger) fn texts<'t>(
        &self,
        texts: Texts<'t>,
        checksum: i64,
    ) -> Result<Texts<'t>, Damage> {
        if texts.checksum(self.checksum) == checksum { Ok(texts) } else { Err(damaged(self.id)) }
    }

    /// The code, unless it was forgotten.
    pub(in crate::ledger) fn code(&self, texts: &Texts<'_>) -> Result<Option<CouponCode>, Damage> {
        match self.whose {
            Whose::Number(_) => {
                CouponCode::new(texts.coupon_code).map(Some).map_err(|_| damaged(self.id))
            }
            Whose::Forgotten(_) => Ok(None),
        }
    }

    /// Whether nothing is left that a forgotten person could be known by, where it is theirs;
    /// `person` is the row's key of the person.
    pub(in crate::ledger) fn is_of_person(&self, texts: &Texts<'_>, person: i64) -> bool {
        match self.whose {
            Whose::Number(number) => stored(number.person().as_u64()) == person,
            Whose::Forgotten(_) => person < 0 && *texts == NO_TEXTS,
        }
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

/// Messages as they are sent, made from rows one after the other. Neighbours in a ledger often
/// get the very same, and then share it.
#[derive(Default)]
pub(in crate::ledger) struct Messages {
    last: Option<Arc<Message>>,
    /// The digest of the last one's code.
    last_digest: i64,
    /// The last one's parameters as they stand in its row.
    last_params: String,
}

impl Messages {
    /// The message of a row.
    pub(in crate::ledger) fn of(
        &mut self,
        row: &Verified<'_>,
        texts: &Texts<'_>,
    ) -> Result<Arc<Message>, Damage> {
        let params = texts.params.unwrap_or_default();
        if let Some(last) = &self.last
            && last.coupon_code.as_str() == texts.coupon_code
            && self.last_digest == row.deciding.code_digest
            && last.content == row.content
            && last.url_suffix.as_deref() == texts.url_suffix
            && last.header_url.as_deref() == texts.header_url
            && self.last_params == params
        {
            return Ok(Arc::clone(last));
        }
        let message = Arc::new(row.message(texts)?);
        params.clone_into(&mut self.last_params);
        self.last_digest = row.deciding.code_digest;
        self.last = Some(Arc::clone(&message));
        Ok(message)
    }
}

fn damaged(row: i64) -> Damage {
    Damage::Row { table: "recipients", row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_is_forgotten_waits_to_be_sent_to() {
        let read = |number, state| {
            let content = &[7; 16];
            let deciding =
                Deciding { campaign: 1, plan: 1, number, code_digest: 5, content, round: 0 };
            let checksum = deciding.checksum();
            Verified::new(1, deciding, state, checksum).is_ok()
        };
        for state in State::ALL {
            assert!(read(919_876_543_210, state), "{state}");
            let is_open = matches!(state, State::Pending | State::Attempting);
            assert_eq!(read(-91, state), !is_open, "{state}");
        }
    }
}
