//! One recipient after another: for `status --recipient`, `--id`, `--code` and exports.
//!
//! Rows are fetched through a cursor, so that memory stays small and the visitor is free to
//! ask the ledger for more.

use std::ops::ControlFlow;

use tokio_postgres::Row;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{ALL_COLUMNS, deciding_columns, stored, text_columns};
use crate::ledger::types::{HistoryRow, RowId, Who};
use crate::model::{CampaignName, PlanId, Receipt};

use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{instant, read_recipient, read_texts};
use super::session::{Param, int, text};

// LEFT JOIN: a row without its plan is damage to tell of, not a row to leave out.
macro_rules! history_of {
    ($condition:literal, $order:literal) => {
        concat!(
            "DECLARE history NO SCROLL CURSOR FOR SELECT ",
            deciding_columns!("r"),
            ", ",
            text_columns!(),
            ", c.name, p.plan_id, r.cause, r.attempts, r.message_id, r.request_id,
              r.offer_ends_at, r.accepted_at, r.updated_at, r.receipt, r.attempted_at
              FROM offercast.recipients AS r LEFT JOIN offercast.plans AS p ON p.id = r.plan
              LEFT JOIN offercast.campaigns AS c ON c.id = r.campaign
              WHERE ($1 IS NULL OR c.name = $1) ",
            $condition,
            " ORDER BY ",
            $order
        )
    };
}

const ALL: &str = history_of!("", "r.id");
const UNKNOWN: &str = history_of!(
    "AND r.state = 'unknown'",
    "c.name COLLATE \"C\", r.cause COLLATE \"C\", r.attempted_at, r.id"
);
const BY_ID: &str = history_of!("AND r.ext_id = $2", "r.id");
const BY_CODE: &str = history_of!("AND r.coupon_code = $2", "r.id");
// Through the unique index: campaign by campaign, one look each.
const BY_PERSON: &str =
    history_of!("AND r.campaign IN (SELECT id FROM offercast.campaigns) AND r.person = $2", "r.id");

const FETCH: &str = "FETCH FORWARD 2000 FROM history";

impl ReadLedger {
    pub(super) fn visit_rows(
        &self,
        who: &Who,
        campaign: Option<&CampaignName>,
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let name = campaign.map(CampaignName::as_str);
        match who {
            Who::All => self.visit(ALL, &[text(&name)], visit),
            Who::Unknown => self.visit(UNKNOWN, &[text(&name)], visit),
            Who::Number(number) => {
                let person = stored(number.person().as_u64());
                self.visit(BY_PERSON, &[text(&name), int(&person)], visit)
            }
            Who::Id(id) => self.visit(BY_ID, &[text(&name), text(id)], visit),
            Who::Code(code) => self.visit(BY_CODE, &[text(&name), text(code)], visit),
        }
    }

    fn visit(
        &self,
        cursor: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.reading("read the history", |session| {
            session.run(cursor, params)?;
            loop {
                let rows = session.rows(FETCH, &[])?;
                if rows.is_empty() {
                    return Ok(());
                }
                for row in &rows {
                    if visit(read(row)?).is_break() {
                        return Ok(());
                    }
                }
            }
        })
    }
}

fn read(row: &Row) -> Result<HistoryRow, Fault> {
    let verified = read_recipient(row)?;
    let texts = read_texts(&verified, row)?;
    let damaged = || Fault::row("recipients", verified.id);
    let word = |offset: usize| row.get::<_, Option<&str>>(ALL_COLUMNS + offset);
    let text = |offset: usize| word(offset).map(str::to_owned);
    let receipt = match word(9) {
        Some(word) => Some(Receipt::parse(word).ok_or_else(damaged)?),
        None => None,
    };
    Ok(HistoryRow {
        row: RowId(verified.id),
        campaign: word(0).and_then(|name| CampaignName::new(name).ok()).ok_or_else(damaged)?,
        whose: verified.whose,
        id: texts.ext_id.map(str::to_owned),
        state: verified.state,
        cause: text(2),
        attempts: u32::try_from(row.get::<_, i64>(ALL_COLUMNS + 3)).map_err(|_| damaged())?,
        message_id: text(4),
        request_id: text(5),
        coupon_code: verified.code(&texts)?,
        content: verified.content,
        plan: word(1).and_then(PlanId::parse).ok_or_else(damaged)?,
        offer_ends_at: instant(row, ALL_COLUMNS + 6),
        receipt,
        attempted_at: instant(row, ALL_COLUMNS + 10),
        accepted_at: instant(row, ALL_COLUMNS + 7),
        updated_at: instant(row, ALL_COLUMNS + 8).ok_or_else(damaged)?,
    })
}
