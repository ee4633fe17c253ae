//! Making a ledger: its schema and the one row that names it, in one transaction.

use crate::ledger::error::LedgerError;
use crate::ledger::rows::meta_checksum;
use crate::ledger::types::NewLedger;

use super::address::ServerAddress;
use super::fault::Fault;
use super::schema;
use super::session::{Session, bytes, int, text};
use super::settings;

const FILL_META: &str = "INSERT INTO offercast.meta
    (id, format, lineage, secret, created_at, checksum, epoch)
  VALUES (1, $1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING";

const FIND_META: &str = "SELECT 1 FROM offercast.meta";

/// Creates the tables, or fills those that somebody made with [`sql`].
pub(in crate::ledger) fn init(address: &ServerAddress, new: &NewLedger) -> Result<(), LedgerError> {
    let session = Session::open(address)?;
    make(&session, new).map_err(|fault| {
        // Nothing of it is kept; the connection ends here.
        let _ = session.batch("ROLLBACK");
        fault.at(session.place(), "create the tables")
    })
}

fn make(session: &Session, new: &NewLedger) -> Result<(), Fault> {
    begin(session)?;
    let (lineage, secret) = (new.lineage.as_str(), new.secret.expose().as_slice());
    let created_at = new.created_at.as_millis();
    let checksum = meta_checksum(lineage, secret, created_at);
    let params =
        [int(&schema::FORMAT), text(&lineage), bytes(&secret), int(&created_at), int(&checksum)];
    if session.run(FILL_META, &params)? == 0 {
        return Err(LedgerError::Exists { place: session.place().clone() }.into());
    }
    session.batch("COMMIT")
}

/// Begins a transaction that finds the tables there.
pub(super) fn begin(session: &Session) -> Result<(), Fault> {
    settings::expect_primary(session)?;
    settings::expect_durable(session)?;
    session.batch("BEGIN")?;
    if schema::description(session)?.is_none() {
        session.batch(schema::CREATE)?;
    }
    if schema::is_intact(session)? {
        Ok(())
    } else {
        Err(LedgerError::NotALedger { place: session.place().clone() }.into())
    }
}

/// Refuses tables that are a ledger already.
pub(super) fn expect_empty(session: &Session) -> Result<(), Fault> {
    match session.row(FIND_META, &[])? {
        Some(_) => Err(LedgerError::Exists { place: session.place().clone() }.into()),
        None => Ok(()),
    }
}

/// The statements that [`init`] would run, for whoever keeps the database.
pub(in crate::ledger) fn sql() -> String {
    format!("BEGIN;\n\n{}\nCOMMIT;\n", schema::CREATE)
}
