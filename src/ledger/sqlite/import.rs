//! What a dead process left behind, settled before anything else happens: outcomes in the
//! emergency journal first, then `attempting` rows that nothing is known of.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ledger::journal::{Entry, Found, JournalPlace};
use crate::ledger::types::{Imported, RowId};
use crate::model::Timestamp;

use super::fault::Fault;
use super::marks;
use super::open::ReadLedger;
use super::statements::Statements;
use super::survey::anybody_attempting;
use super::write::conclude;

const RESCUE: &str = "UPDATE deliveries SET state = 'unknown', cause = 'crash', updated_at = ?1
  WHERE state = 'attempting'";

/// Settles everything; returns what the journal gave and how many became `unknown(crash)`.
pub(super) fn settle(ledger: &ReadLedger, now: Timestamp) -> Result<(Imported, u64), Fault> {
    let ReadLedger { connection, file, .. } = ledger;
    let journal = JournalPlace::beside(file);
    let found = Found::read(&journal)?;
    if found.is_none() && !anybody_attempting(connection)? {
        return Ok((Imported::default(), 0));
    }
    ledger.expect_sound()?;
    let belongs = match &found {
        Some(found) => {
            found.seen.lineage == *ledger.lineage() && marks::has(connection, &found.seen.mark)?
        }
        None => false,
    };
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut imported = Imported::default();
    if let Some(found) = &found {
        imported.unusable = found.torn;
        if belongs {
            record(&transaction, &found.entries, &mut imported)?;
        } else {
            imported.unusable += found.entries.len() as u64;
        }
    }
    let rescued = transaction.execute(RESCUE, [now.as_millis()])?;
    transaction.commit()?;
    match found {
        Some(found) if belongs => found.reset()?,
        Some(found) => found.set_aside(&journal)?,
        None => {}
    }
    Ok((imported, rescued as u64))
}

/// A row that still is `attempting` takes its outcome; every other row knows better.
fn record(
    transaction: &Connection,
    entries: &[Entry],
    imported: &mut Imported,
) -> Result<(), Fault> {
    let mut statements = Statements::new(transaction);
    for entry in entries {
        let Some(words) = entry.words() else {
            imported.unusable += 1;
            continue;
        };
        let at = Timestamp::from_millis(entry.at);
        match conclude(&mut statements, RowId(entry.row), at, &words)? {
            0 => imported.settled += 1,
            _ => imported.recorded += 1,
        }
    }
    Ok(())
}
