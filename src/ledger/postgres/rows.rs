//! The columns of PostgreSQL's rows, in the order of [`crate::ledger::rows`]'s lists.

use tokio_postgres::Row;

use crate::ledger::rows::{DECIDING_COLUMNS, Deciding, StoredPlan, Texts, Verified};
use crate::ledger::types::ConsumedPlan;
use crate::model::{State, Timestamp};

use super::fault::Fault;

/// Reads the deciding columns.
pub(super) fn read_recipient(row: &Row) -> Result<Verified<'_>, Fault> {
    let deciding = Deciding {
        campaign: row.get(1),
        plan: row.get(2),
        number: row.get(4),
        code_digest: row.get(5),
        content: row.get(6),
        round: row.get(7),
    };
    let id = row.get(0);
    let state = State::parse(row.get(3)).ok_or_else(|| Fault::row("recipients", id))?;
    Ok(Verified::new(id, deciding, state, row.get(8))?)
}

/// Reads the texts of the same row, which come after the deciding columns.
pub(super) fn read_texts<'r>(recipient: &Verified<'_>, row: &'r Row) -> Result<Texts<'r>, Fault> {
    let texts = Texts {
        ext_id: row.get(DECIDING_COLUMNS),
        coupon_code: row.get(DECIDING_COLUMNS + 1),
        params: row.get(DECIDING_COLUMNS + 2),
        url_suffix: row.get(DECIDING_COLUMNS + 3),
        header_url: row.get(DECIDING_COLUMNS + 4),
    };
    Ok(recipient.texts(texts, row.get(DECIDING_COLUMNS + 5))?)
}

/// A plan's row id and what was consumed.
pub(super) fn read_plan(row: &Row) -> Result<(i64, ConsumedPlan), Fault> {
    let id = row.get(0);
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
    Ok((id, stored.verified(id, row.get(7))?))
}

/// An instant that may be absent.
pub(super) fn instant(row: &Row, column: usize) -> Option<Timestamp> {
    row.get::<_, Option<i64>>(column).map(Timestamp::from_millis)
}
