//! Acceptances of neighbours, written by one statement: a row that is come by from the one
//! before it costs less than one that is looked for by a statement of its own.

use crate::ledger::types::Change;
use crate::model::{MessageId, Outcome, RequestId, Timestamp};

use super::statements::Statements;

// Ids of ?6 bytes each, one after the other, of one request. As all statements that change many
// rows it says OR FAIL: any failure undoes the whole transaction, so SQLite need not keep the
// pages as they were before the statement.
const OF_ONE_REQUEST: &str = "UPDATE OR FAIL deliveries SET state = 'accepted',
    message_id = CAST(substr(?3, (id - ?1) * ?6 + 1, ?6) AS TEXT), request_id = ?4,
    accepted_at = ?2, updated_at = ?2
  WHERE id BETWEEN ?1 AND ?5 AND state = 'attempting'";
// The same where each has a request of their own, its id of ?7 bytes.
const OF_THEIR_OWN: &str = "UPDATE OR FAIL deliveries SET state = 'accepted',
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

    /// Whether one statement can write both: of the same time, with ids of the same lengths.
    fn goes_with(&self, other: &Self) -> bool {
        let lengths = |of: &Self| {
            (of.message_id.as_str().len(), of.request_id.map(|request| request.as_str().len()))
        };
        self.at == other.at && lengths(self) == lengths(other)
    }
}

/// How many of these changes can be written together with the acceptance before them: those of
/// the rows after its own, as far as they are of the same request, or else of others.
pub(super) fn neighbours(first: &Change, others: &[Change]) -> usize {
    let Some(first) = Acceptance::of(first) else { return 0 };
    let mut neighbours = others.iter().zip(first.row + 1..).map_while(|(change, row)| {
        Acceptance::of(change).filter(|next| next.row == row && first.goes_with(next))
    });
    match neighbours.next() {
        None => 0,
        Some(second) if second.request_id == first.request_id => {
            1 + neighbours.take_while(|next| next.request_id == first.request_id).count()
        }
        Some(_) => 1 + neighbours.count(),
    }
}

/// Writes acceptances of neighbours; how many rows were in the state that they start from.
pub(super) fn write(
    statements: &mut Statements<'_>,
    changes: &[Change],
) -> rusqlite::Result<usize> {
    let all: Vec<_> = changes.iter().filter_map(Acceptance::of).collect();
    let [first, .., last] = &*all else { return Ok(0) };
    let at = first.at.as_millis();
    let length = |id: &str| i64::try_from(id.len()).expect("ids are short");
    // As bytes: a text is counted in characters.
    let message_ids: String = all.iter().map(|one| one.message_id.as_str()).collect();
    let (message_ids, each) = (message_ids.into_bytes(), length(first.message_id.as_str()));
    let of_first = first.request_id.map(RequestId::as_str);
    if all[1].request_id == first.request_id {
        let params = (first.row, at, message_ids, of_first, last.row, each);
        return statements.run(OF_ONE_REQUEST, params);
    }
    let request_ids = all.iter().filter_map(|one| one.request_id).map(RequestId::as_str);
    let request_ids = request_ids.collect::<String>().into_bytes();
    let each_request = length(of_first.unwrap_or_default());
    let params = (first.row, at, message_ids, request_ids, last.row, each, each_request);
    statements.run(OF_THEIR_OWN, params)
}
