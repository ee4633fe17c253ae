//! Codes that the shop knows before anyone else.

use std::collections::HashMap;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{phone, stored};
use crate::ledger::serial::Occasion;
use crate::ledger::types::IssuedCode;
use crate::model::{CampaignName, CouponCode, KeyFingerprint, Timestamp};

use super::consume::campaign_row;
use super::fault::Fault;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::session::{int, ints, texts};
use super::snapshot::find_campaign;

/// Codes written in one statement.
const AT_ONCE: usize = 5_000;

const ADD: &str = "INSERT INTO offercast.issued_codes
    (campaign, number, person, ext_id, coupon_code, code_digest, issued_at)
  SELECT $1, number, person, ext_id, coupon_code, code_digest, $2
  FROM unnest($3, $4, $5, $6, $7) AS n (number, person, ext_id, coupon_code, code_digest)
  ON CONFLICT DO NOTHING";

// A code is known from the person's message or, before that, from an earlier issue.
const KNOWN: &str = "SELECT person, coupon_code FROM offercast.issued_codes
    WHERE campaign = $1 AND person = ANY ($2)
  UNION ALL SELECT person, coupon_code FROM offercast.recipients
    WHERE campaign = $1 AND person = ANY ($2)";

const LIST: &str = "SELECT id, number, ext_id, coupon_code, code_digest
  FROM offercast.issued_codes WHERE campaign = $1 AND number > 0 ORDER BY number";

impl ReadLedger {
    pub(super) fn read_issued(
        &self,
        campaign: &CampaignName,
    ) -> Result<Vec<IssuedCode>, LedgerError> {
        self.reading("read the issued codes", |session| {
            let Some((campaign, _)) = find_campaign(session, campaign)? else {
                return Ok(Vec::new());
            };
            let mut codes = Vec::new();
            session.each(LIST, &[int(&campaign)], &mut |row| {
                let damaged = || Fault::row("issued_codes", row.get(0));
                let code = CouponCode::new(row.get::<_, &str>(3)).map_err(|_| damaged())?;
                if code.digest().cast_signed() != row.get::<_, i64>(4) {
                    return Err(damaged());
                }
                let number = phone(row.get(1)).ok_or_else(damaged)?;
                codes.push(IssuedCode { number, id: row.get(2), code });
                Ok(())
            })?;
            Ok(codes)
        })
    }
}

impl LockedLedger {
    pub(super) fn add_issued(
        &mut self,
        campaign: &CampaignName,
        code_key: Option<KeyFingerprint>,
        at: Timestamp,
        codes: &[IssuedCode],
    ) -> Result<(), LedgerError> {
        self.writing("record the issued codes", |session| {
            let row = campaign_row(session, campaign, code_key, at)?;
            for codes in codes.chunks(AT_ONCE) {
                let numbers: Vec<_> = codes.iter().map(|c| stored(c.number.as_u64())).collect();
                let people: Vec<_> =
                    codes.iter().map(|c| stored(c.number.person().as_u64())).collect();
                let mut known = HashMap::new();
                session.each(KNOWN, &[int(&row), ints(&people)], &mut |row| {
                    known.insert(row.get::<_, i64>(0), row.get::<_, String>(1));
                    Ok(())
                })?;
                for (code, person) in codes.iter().zip(&people) {
                    let text = code.code.as_str();
                    if known.entry(*person).or_insert_with(|| text.to_owned()) != text {
                        let (campaign, number) = (campaign.clone(), code.number);
                        return Err(LedgerError::CodeChanged { campaign, number }.into());
                    }
                }
                let ids: Vec<_> = codes.iter().map(|c| c.id.as_deref()).collect();
                let texts_of: Vec<_> = codes.iter().map(|c| c.code.as_str()).collect();
                let digests: Vec<_> = codes.iter().map(|c| c.code.digest().cast_signed()).collect();
                let at = at.as_millis();
                let params = [
                    int(&row),
                    int(&at),
                    ints(&numbers),
                    ints(&people),
                    texts(&ids),
                    texts(&texts_of),
                    ints(&digests),
                ];
                session.run(ADD, &params)?;
            }
            marks::add(session, at, Occasion::Codes)
        })
    }
}
