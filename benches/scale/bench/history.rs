//! A ledger put into the state of a campaign that is partly or wholly done, without the
//! sending: a million requests would take minutes and measure something else.

use std::path::Path;

use rusqlite::Connection;

use super::server::Server;

/// Everybody accepted but the last `pending` people.
const ACCEPT: &str = "UPDATE deliveries
  SET state = 'accepted', attempts = 1, attempted_at = updated_at, accepted_at = updated_at,
    message_id = 'scale:' || id, request_id = 'scale'
  WHERE state = 'pending' AND id <= (SELECT max(id) FROM deliveries) - ?1";

/// The same in PostgreSQL, with the room of the old rows given back as its own cleaning does.
const ACCEPT_THERE: &str = "UPDATE offercast.recipients
  SET state = 'accepted', attempts = 1, attempted_at = updated_at, accepted_at = updated_at,
    message_id = 'scale:' || id, request_id = 'scale'
  WHERE state = 'pending' AND id <= (SELECT max(id) FROM offercast.recipients) - ";

/// Makes everybody in a database but the last `pending` people accepted.
pub(super) fn accept_all_but_in(server: &Server, database: &str, pending: u64) {
    server.psql(database, &format!("{ACCEPT_THERE}{pending}"));
    server.psql(database, "VACUUM ANALYZE offercast.recipients");
}

/// Makes everybody but the last `pending` people accepted.
///
/// # Errors
/// Those of the ledger's file.
pub(super) fn accept_all_but(ledger: &Path, pending: u64) -> rusqlite::Result<()> {
    let connection = Connection::open(ledger)?;
    connection.execute(ACCEPT, [pending.cast_signed()])?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    connection.close().map_err(|(_, error)| error)
}
