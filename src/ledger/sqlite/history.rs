//! One recipient after another: for `status --recipient`, `--id`, `--code` and exports.

use std::ops::ControlFlow;

use rusqlite::{Params, Row};

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{ALL_COLUMNS, deciding_columns, stored, text_columns};
use crate::ledger::types::{HistoryRow, RowId, Who};
use crate::model::{CampaignName, PlanId, Receipt, Timestamp};

use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{everybody, read_recipient, read_texts};

macro_rules! history_of {
    ($($rows:tt)*) => {
        concat!(
            "SELECT ",
            deciding_columns!("d"),
            ", ",
            text_columns!(),
            ", c.name, p.plan_id, d.cause, d.attempts, d.message_id, d.request_id,
              d.offer_ends_at, d.accepted_at, d.updated_at, d.receipt, d.attempted_at FROM ",
            $($rows)*
        )
    };
}

// LEFT JOIN: a row without its plan is damage to tell of, not a row to leave out.
macro_rules! each_row {
    ($condition:literal) => {
        history_of!(concat!(
            everybody!(),
            " LEFT JOIN plans AS p ON p.id = r.plan
              LEFT JOIN campaigns AS c ON c.id = r.campaign
              WHERE (?1 IS NULL OR c.name = ?1) ",
            $condition
        ))
    };
}

// Few people, so that sorting them costs nothing to speak of. A delivery that is missing is
// told of here as well.
const UNKNOWN: &str = each_row!(
    "AND (d.state = 'unknown' OR d.id IS NULL) ORDER BY c.name, d.cause, d.attempted_at, r.id"
);
const ALL: &str = each_row!("ORDER BY r.id");
const BY_ID: &str = each_row!("AND r.ext_id = ?2 ORDER BY r.id");
const BY_CODE: &str = each_row!("AND r.coupon_code = ?2 ORDER BY r.id");
// The one search through an index: campaign by campaign, one look each.
const BY_PERSON: &str = history_of!(
    "campaigns AS c CROSS JOIN recipients AS r ON r.campaign = c.id
      LEFT JOIN deliveries AS d ON d.id = r.id
      LEFT JOIN plans AS p ON p.id = r.plan
      WHERE (?1 IS NULL OR c.name = ?1) AND r.person = ?2 ORDER BY r.id"
);

impl ReadLedger {
    /// Visits the rows asked for, in the order they were planned, in constant memory, until
    /// the visitor breaks off. Ids and codes are searched for row by row.
    pub fn visit_history(
        &self,
        who: &Who,
        campaign: Option<&CampaignName>,
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let name = campaign.map(CampaignName::as_str);
        match who {
            Who::All => self.visit(ALL, [name], visit),
            Who::Unknown => self.visit(UNKNOWN, [name], visit),
            Who::Number(number) => {
                self.visit(BY_PERSON, (name, stored(number.person().as_u64())), visit)
            }
            Who::Id(id) => self.visit(BY_ID, (name, id), visit),
            Who::Code(code) => self.visit(BY_CODE, (name, code), visit),
        }
    }

    fn visit(
        &self,
        sql: &'static str,
        params: impl Params,
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let at = |fault: Fault| fault.at(&self.file.named, "read the history");
        let store = |error: rusqlite::Error| at(Fault::from(error));
        self.expect_sound().map_err(at)?;
        let mut statement = self.connection.prepare(sql).map_err(store)?;
        let mut rows = statement.query(params).map_err(store)?;
        while let Some(row) = rows.next().map_err(store)? {
            if visit(read(row).map_err(at)?).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<HistoryRow, Fault> {
    let verified = read_recipient(row)?;
    let texts = read_texts(&verified, row)?;
    let damaged = || Fault::row("recipients", verified.id);
    let column = |offset: usize| row.get_ref(ALL_COLUMNS + offset);
    let text = |offset: usize| -> Result<Option<String>, Fault> {
        Ok(column(offset)?.as_str_or_null()?.map(str::to_owned))
    };
    let instant = |offset: usize| -> Result<Option<Timestamp>, Fault> {
        Ok(column(offset)?.as_i64_or_null()?.map(Timestamp::from_millis))
    };
    let of_delivery = || Fault::row("deliveries", verified.id);
    let receipt = match text(9)? {
        Some(word) => Some(Receipt::parse(&word).ok_or_else(of_delivery)?),
        None => None,
    };
    Ok(HistoryRow {
        row: RowId(verified.id),
        campaign: CampaignName::new(column(0)?.as_str()?).map_err(|_| damaged())?,
        whose: verified.whose,
        id: texts.ext_id.map(str::to_owned),
        state: verified.state,
        cause: text(2)?,
        attempts: row.get(ALL_COLUMNS + 3)?,
        message_id: text(4)?,
        request_id: text(5)?,
        coupon_code: verified.code(&texts)?,
        content: verified.content,
        plan: PlanId::parse(column(1)?.as_str()?).ok_or_else(damaged)?,
        offer_ends_at: instant(6)?,
        receipt,
        attempted_at: instant(10)?,
        accepted_at: instant(7)?,
        updated_at: instant(8)?.ok_or_else(of_delivery)?,
    })
}
