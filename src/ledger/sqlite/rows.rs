//! The columns of SQLite's rows, in the order of [`crate::ledger::rows`]'s lists.
//!
//! A state is read beside what was planned ([`everybody!`]). Where it is missing, the person's
//! delivery is: nobody may take them for somebody who was never planned, or never sent to.

use rusqlite::Row;

use crate::ledger::rows::{DECIDING_COLUMNS, Deciding, StoredPlan, Texts, Verified};
use crate::ledger::types::ConsumedPlan;
use crate::model::State;

use super::fault::Fault;

/// Everybody who was planned, and what became of them, each row looked at.
macro_rules! everybody {
    () => {
        "recipients AS r NOT INDEXED LEFT JOIN deliveries AS d ON d.id = r.id"
    };
}
pub(super) use everybody;

/// Which row it is, and whose.
pub(super) struct RowPlace {
    pub(super) id: i64,
    pub(super) campaign: i64,
    pub(super) plan: i64,
}

/// Reads the deciding columns.
pub(super) fn read_recipient<'r>(row: &'r Row<'_>) -> Result<Verified<'r>, Fault> {
    read_rest(row, &read_place(row, row.get(0)?)?)
}

/// Reads where the row `id` belongs.
pub(super) fn read_place(row: &Row<'_>, id: i64) -> Result<RowPlace, Fault> {
    Ok(RowPlace { id, campaign: row.get(1)?, plan: row.get(2)? })
}

/// Reads the other deciding columns. A reading of everybody takes each column once: asking
/// SQLite for one costs as much as all that is done with it.
pub(super) fn read_rest<'r>(row: &'r Row<'_>, place: &RowPlace) -> Result<Verified<'r>, Fault> {
    let deciding = Deciding {
        campaign: place.campaign,
        plan: place.plan,
        number: row.get(4)?,
        code_digest: row.get(5)?,
        content: row.get_ref(6)?.as_blob()?,
        round: row.get(7)?,
    };
    let state = read_state(row, 3, place.id)?;
    Ok(Verified::new(place.id, deciding, state, row.get(8)?)?)
}

/// Reads the state of the person `id` from a column.
pub(super) fn read_state(row: &Row<'_>, column: usize, id: i64) -> Result<State, Fault> {
    let word = row.get_ref(column)?.as_str_or_null()?;
    word.and_then(State::parse).ok_or_else(|| Fault::row("deliveries", id))
}

/// Reads the texts of the same row, which come after the deciding columns.
pub(super) fn read_texts<'r>(
    recipient: &Verified<'_>,
    row: &'r Row<'_>,
) -> Result<Texts<'r>, Fault> {
    let column = |offset: usize| row.get_ref(DECIDING_COLUMNS + offset);
    let texts = Texts {
        ext_id: column(0)?.as_str_or_null()?,
        coupon_code: column(1)?.as_str()?,
        params: column(2)?.as_str_or_null()?,
        url_suffix: column(3)?.as_str_or_null()?,
        header_url: column(4)?.as_str_or_null()?,
    };
    Ok(recipient.texts(texts, column(5)?.as_i64()?)?)
}

/// A plan's row id and what was consumed.
pub(super) fn read_plan(row: &Row<'_>) -> Result<(i64, ConsumedPlan), Fault> {
    let id = row.get(0)?;
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
    Ok((id, stored.verified(id, row.get(7)?)?))
}
