//! What to do about a ledger that refuses.

use crate::ledger::LedgerError;

/// A missing ledger never suggests `init`: who was sent to is in the ledger that is gone.
pub(super) fn ledger_hint(error: &LedgerError) -> Option<String> {
    let text = match error {
        LedgerError::Missing { .. } => {
            "restore it, or name the right one with `--ledger` or `OFFERCAST_LEDGER`: without it \
             nobody knows who was sent to already"
        }
        LedgerError::Locked { .. } => {
            "wait for the other apply, or allow time with `--lock-timeout`"
        }
        LedgerError::OlderCopy { found: serial, .. } | LedgerError::Unproven { serial, .. } => {
            return Some(format!(
                "bring back the newest copy, with the files beside it; if there is none, \
                 `offercast ledger adopt --serial {serial}` goes on with this one: whoever was \
                 sent to since can be sent to again"
            ));
        }
        LedgerError::Restored { serial, .. } => {
            return Some(format!(
                "if nothing is missing in it, or the server that has it is lost for good, \
                 `offercast ledger adopt --serial {serial}` goes on with this one: whoever was \
                 sent to since the backup can be sent to again"
            ));
        }
        LedgerError::Moved { to, serial, .. } => {
            return Some(format!(
                "name `{to}` with `--ledger` or `OFFERCAST_LEDGER`; if the move was cut off, run \
                 `offercast ledger copy` with the same places again; if that place is lost for \
                 good, `offercast ledger adopt --serial {serial}` goes on here: whoever was sent \
                 to since can be sent to again"
            ));
        }
        LedgerError::Replica { .. } => {
            "name the primary: a replica may not have the newest outcomes"
        }
        LedgerError::Pooled { .. } => {
            "name the server itself, not PgBouncer or the like in front of it"
        }
        LedgerError::Setting { setting: "synchronous_commit", .. } => {
            "`ALTER ROLE … SET synchronous_commit = on`: otherwise the server may forget what \
             was sent"
        }
        LedgerError::Forked { .. } => {
            "bring back the copy that was applied from this folder: this one does not know who \
             was sent to from here"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
