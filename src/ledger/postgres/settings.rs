//! What the server must promise before a ledger in it is trusted.

use crate::ledger::error::LedgerError;

use super::fault::Fault;
use super::session::Session;

/// PostgreSQL 14, as the server counts.
const OLDEST: i64 = 140_000;

const RECOVERY: &str = "SELECT pg_is_in_recovery(), current_setting('server_version_num')::bigint,
    current_setting('server_version')";

const DURABLE: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync'),
    current_setting('full_page_writes'), current_setting('transaction_read_only')";

/// Which server this is and on which of its timelines: both change when a ledger is put back
/// from a backup or a replica takes over.
pub(super) const SERVER: &str = "SELECT system_identifier::text || '/' ||
    left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()";

/// Refuses a server that is too old, or that only follows another one: what was sent last
/// may not have come to it yet.
pub(super) fn expect_primary(session: &Session) -> Result<(), Fault> {
    let place = session.place().clone();
    let row = session.row(RECOVERY, &[])?.expect("a SELECT without FROM has one row");
    if row.get::<_, bool>(0) {
        return Err(LedgerError::Replica { place }.into());
    }
    if row.get::<_, i64>(1) < OLDEST {
        let found: String = row.get(2);
        return Err(setting(session, "server_version", "14 or later", found));
    }
    Ok(())
}

/// Refuses a server that could lose what it has said is written.
pub(super) fn expect_durable(session: &Session) -> Result<(), Fault> {
    let row = session.row(DURABLE, &[])?.expect("a SELECT without FROM has one row");
    let value = |column: usize| row.get::<_, String>(column);
    if !matches!(value(0).as_str(), "on" | "remote_apply") {
        return Err(setting(session, "synchronous_commit", "on", value(0)));
    }
    for (column, name) in [(1, "fsync"), (2, "full_page_writes")] {
        if value(column) != "on" {
            return Err(setting(session, name, "on", value(column)));
        }
    }
    if value(3) != "off" {
        return Err(setting(session, "default_transaction_read_only", "off", value(3)));
    }
    Ok(())
}

fn setting(session: &Session, setting: &'static str, wanted: &'static str, found: String) -> Fault {
    LedgerError::Setting { place: session.place().clone(), setting, wanted, found }.into()
}
