//! Codes that the shop knows before anyone else.

use rusqlite::OptionalExtension;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{phone, stored};
use crate::ledger::serial::Occasion;
use crate::ledger::types::IssuedCode;
use crate::model::{CampaignName, CouponCode, KeyFingerprint, Timestamp};

use super::consume::campaign_row;
use super::fault::Fault;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::snapshot::find_campaign;
use super::statements::Statements;

const ADD: &str = "INSERT INTO issued_codes
    (campaign, number, person, ext_id, coupon_code, code_digest, issued_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  ON CONFLICT DO NOTHING";

// A code is known from the person's message or, before that, from an earlier issue.
const KNOWN: &str = "SELECT coupon_code FROM recipients WHERE campaign = ?1 AND person = ?2
  UNION ALL SELECT coupon_code FROM issued_codes WHERE campaign = ?1 AND person = ?2 LIMIT 1";

const LIST: &str = "SELECT id, number, ext_id, coupon_code, code_digest FROM issued_codes
  WHERE campaign = ?1 AND number > 0 ORDER BY number";

impl ReadLedger {
    /// All codes ever given out for a campaign by the `codes` command, by number.
    pub fn issued_codes(&self, campaign: &CampaignName) -> Result<Vec<IssuedCode>, LedgerError> {
        self.reading("read the issued codes", |connection| {
            let Some((campaign, _)) = find_campaign(connection, campaign)? else {
                return Ok(Vec::new());
            };
            let mut statement = connection.prepare(LIST)?;
            let mut rows = statement.query([campaign])?;
            let mut codes = Vec::new();
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                let damaged = || Fault::row("issued_codes", id);
                let code = CouponCode::new(row.get_ref(3)?.as_str()?).map_err(|_| damaged())?;
                if code.digest().cast_signed() != row.get::<_, i64>(4)? {
                    return Err(damaged());
                }
                let number = phone(row.get(1)?).ok_or_else(damaged)?;
                codes.push(IssuedCode { number, id: row.get(2)?, code });
            }
            Ok(codes)
        })
    }
}

impl LockedLedger {
    /// Remembers codes as given out, all or none. A person whose code is known keeps it:
    /// the same one is no change, another one is refused.
    pub fn mark_issued(
        &mut self,
        campaign: &CampaignName,
        code_key: Option<KeyFingerprint>,
        at: Timestamp,
        codes: Vec<IssuedCode>,
    ) -> Result<(), LedgerError> {
        self.writing("record the issued codes", |connection| {
            let row = campaign_row(connection, campaign, code_key, at)?;
            let mut statements = Statements::new(connection);
            for IssuedCode { number, id, code } in codes {
                let person = stored(number.person().as_u64());
                let known: Option<String> =
                    statements.get(KNOWN)?.query_row((row, person), |row| row.get(0)).optional()?;
                if known.is_some_and(|known| known != code.as_str()) {
                    let campaign = campaign.clone();
                    return Err(LedgerError::CodeChanged { campaign, number }.into());
                }
                let digest = code.digest().cast_signed();
                let number = stored(number.as_u64());
                statements
                    .run(ADD, (row, number, person, id, code.as_str(), digest, at.as_millis()))?;
            }
            marks::add(connection, at, Occasion::Codes)
        })
        .and_then(|mark| self.keep_mark(mark))
    }
}
