//! What a dead process left behind, settled before anything else happens: outcomes in this
//! machine's emergency journal first, then `attempting` rows that nothing is known of.
//!
//! Another machine may have taken over in between and held those people as `unknown(crash)`:
//! their outcome still counts, since only the very attempt it is of can be meant.

use std::fs::File;

use crate::ledger::error::LedgerError;
use crate::ledger::journal::{Entry, Found, JournalPlace};
use crate::ledger::outcome::GROUP_REFUSED;
use crate::ledger::types::Imported;
use crate::model::{Lineage, State, Timestamp};

use super::fault::Fault;
use super::hold::Hold;
use super::session::{Session, int, text};

const KNOWS: &str = "SELECT 1 FROM offercast.holders WHERE epoch = $1 AND mark = $2";

// Of somebody who was forgotten meanwhile only the state is recorded, and they are not sent to
// again.
const RECORD: &str = "UPDATE offercast.recipients
  SET state = CASE WHEN number < 0 AND $4 = 'pending' THEN 'skipped' ELSE $4 END,
    cause = CASE WHEN number < 0 AND $4 = 'pending' THEN 'forgotten' ELSE $5 END,
    detail = CASE WHEN number > 0 THEN $6 END, message_id = CASE WHEN number > 0 THEN $7 END,
    request_id = CASE WHEN number > 0 THEN $8 END, updated_at = $3,
    accepted_at = CASE WHEN $4 = 'accepted' THEN $3 END,
    offer_ends_at = CASE WHEN $4 = 'pending' THEN NULL ELSE offer_ends_at END,
    attempts = greatest(attempts - $9, 0)
  WHERE id = $1 AND epoch = $2
    AND (state = 'attempting' OR (state = 'unknown' AND cause = 'crash'))";

const RESCUE: &str = "UPDATE offercast.recipients
  SET state = 'unknown', cause = 'crash', updated_at = $2
  WHERE state = 'attempting' AND (epoch IS NULL OR epoch < $1)";

/// A journal that its writer has left behind.
pub(super) struct Left {
    place: JournalPlace,
    /// Nobody else takes it meanwhile.
    _claim: File,
    /// What is in it, where that is of another ledger.
    foreign: Option<Found>,
}

/// Holds whoever a dead process left open, as part of the caller's transaction; returns how
/// many became `unknown(crash)`. Not for a machine that joins others: theirs are open.
pub(super) fn rescue(session: &Session, hold: &Hold, now: Timestamp) -> Result<u64, Fault> {
    session.run(RESCUE, &[int(&hold.epoch), int(&now.as_millis())])
}

/// Takes in the journals, as part of the caller's transaction; returns them and what they
/// gave.
pub(super) fn settle(session: &Session, lineage: &Lineage) -> Result<(Vec<Left>, Imported), Fault> {
    let mut imported = Imported::default();
    let mut left = Vec::new();
    for place in JournalPlace::all_of(lineage)? {
        let Some(claim) = place.claim()? else { continue };
        let mut foreign = None;
        if let Some(found) = Found::read(&place)? {
            imported.unusable += found.torn;
            let mark = &found.seen.mark;
            if found.seen.lineage == *lineage
                && session.row(KNOWS, &[int(&mark.serial), text(&mark.id)])?.is_some()
            {
                for entry in &found.entries {
                    record(session, mark.serial, entry, &mut imported)?;
                }
            } else {
                imported.unusable += found.entries.len() as u64;
                foreign = Some(found);
            }
        }
        left.push(Left { place, _claim: claim, foreign });
    }
    Ok((left, imported))
}

/// Removes the journals, once what they held is durable in the ledger.
pub(super) fn clear(left: Vec<Left>) -> Result<(), LedgerError> {
    left.into_iter().try_for_each(|Left { place, foreign, .. }| match foreign {
        Some(found) => found.set_aside(&place),
        None => place.remove(),
    })
}

fn record(
    session: &Session,
    epoch: i64,
    entry: &Entry,
    imported: &mut Imported,
) -> Result<(), Fault> {
    let Some(words) = entry.words() else {
        imported.unusable += 1;
        return Ok(());
    };
    let returned = words.state == State::Pending && words.cause != Some(GROUP_REFUSED);
    match session.run(
        RECORD,
        &[
            int(&entry.row),
            int(&epoch),
            int(&entry.at),
            text(&words.state.as_str()),
            text(&words.cause),
            text(&words.detail),
            text(&words.message_id),
            text(&words.request_id),
            int(&i64::from(returned)),
        ],
    )? {
        0 => imported.settled += 1,
        _ => imported.recorded += 1,
    }
    Ok(())
}
