//! Acceptances of neighbours, written by one statement: a row that is come by from the one
//! before it costs less than one that is looked for by a statement of its own.

use crate::ledger::types::Change;
use crate::model::{MessageId, Outcome, RequestId, Timestamp};

use super::statements::Statements;

// Ids that count up with the rows, of one request: Kaleyra's are `<request id>:<index>`. As what
// changes many rows while a run sends it says OR FAIL: any failure undoes the whole transaction,
// so SQLite need not keep the pages as they were before the statement.
const COUNTED: &str = "UPDATE OR FAIL deliveries SET state = 'accepted',
    message_id = ?3 || (id + ?6), request_id = ?4, accepted_at = ?2, updated_at = ?2
  WHERE id BETWEEN ?1 AND ?5 AND state = 'attempting'";
// Ids of ?6 bytes each, one after the other, and those of their requests, of ?7 bytes each. It
// calls a function, which might fail in a way of its own: SQLite keeps the pages for that.
const LISTED: &str = "UPDATE OR FAIL deliveries SET state = 'accepted',
    message_id = CAST(substr(?3, (id - ?1) * ?6 + 1, ?6) AS TEXT),
    request_id = CAST(substr(?4, (id - ?1) * ?7 + 1, ?7) AS TEXT),
    accepted_at = ?2, updated_at = ?2
  WHERE id BETWEEN ?1 AND ?5 AND state = 'attempting'";

/// An acceptance as it is written.
#[derive(Clone, Copy)]
struct Acceptance<'c> {
    row: i64,
    at: Timestamp,
    message_id: &'c MessageId,
    request_id: Option<&'c RequestId>,
}

impl<'c> Acceptance<'c> {
    fn of(change: &'c Change) -> Option<Self> {
        let Change::Conclude { row, at, outcome } = change else { return None };
        let Outcome::Accepted { message_id, request_id } = outcome else { return None };
        Some(Self { row: row.0, at: *at, message_id, request_id: request_id.as_ref() })
    }

    /// What the message's id counts from: what is before its number, and the number less the
    /// row, if it is written as numbers are.
    fn count(&self) -> Option<(&'c str, i64)> {
        let id = self.message_id.as_str();
        let before = id.trim_end_matches(|last: char| last.is_ascii_digit());
        let digits = &id[before.len()..];
        let is_plain = digits == "0" || !digits.starts_with('0');
        let number = digits.parse::<i64>().ok().filter(|_| is_plain)?;
        Some((before, number - self.row))
    }

    /// Whether one statement can write both from lists: with ids of the same lengths.
    fn is_as_long_as(&self, other: &Self) -> bool {
        let lengths = |of: &Self| {
            of.request_id.map(|request| (of.message_id.as_str().len(), request.as_str().len()))
        };
        lengths(self).is_some() && lengths(self) == lengths(other)
    }
}

/// Whether this acceptance goes on counting where another one of its request began.
fn goes_on(first: &Acceptance<'_>, count: Option<(&str, i64)>, next: &Acceptance<'_>) -> bool {
    first.request_id == next.request_id && count.is_some() && next.count() == count
}

/// How many of these changes can be written together with the acceptance before them: those of
/// the same time and of the rows after its own, as far as their ids count up, or else are as long.
pub(super) fn neighbours(first: &Change, others: &[Change]) -> usize {
    let Some(first) = Acceptance::of(first) else { return 0 };
    let neighbours = others.iter().zip(first.row + 1..).map_while(|(change, row)| {
        Acceptance::of(change).filter(|next| next.row == row && next.at == first.at)
    });
    let count = first.count();
    match neighbours.clone().take_while(|next| goes_on(&first, count, next)).count() {
        0 => neighbours.take_while(|next| first.is_as_long_as(next)).count(),
        counted => counted,
    }
}

/// Writes acceptances of neighbours; how many rows were in the state that they start from.
pub(super) fn write(
    statements: &mut Statements<'_>,
    changes: &[Change],
) -> rusqlite::Result<usize> {
    let all = || changes.iter().filter_map(Acceptance::of);
    let (Some(first), Some(second)) = (all().next(), all().nth(1)) else { return Ok(0) };
    let (at, last) = (first.at.as_millis(), changes[changes.len() - 1].row().0);
    let count = first.count();
    if let Some((before, number)) = count.filter(|_| goes_on(&first, count, &second)) {
        let request_id = first.request_id.map(RequestId::as_str);
        return statements.run(COUNTED, (first.row, at, before, request_id, last, number));
    }
    // As bytes: a text is counted in characters.
    let message_ids: String = all().map(|one| one.message_id.as_str()).collect();
    let request_ids = all().filter_map(|one| one.request_id).map(RequestId::as_str);
    let request_ids: String = request_ids.collect();
    let length = |ids: &str| i64::try_from(ids.len() / changes.len()).expect("ids are short");
    let (each, each_request) = (length(&message_ids), length(&request_ids));
    let (message_ids, request_ids) = (message_ids.into_bytes(), request_ids.into_bytes());
    let params = (first.row, at, message_ids, request_ids, last, each, each_request);
    statements.run(LISTED, params)
}
