//! One outcome as the journal keeps it: a line of JSON in a slot of its own, under a digest
//! that also names the ledger's state it belongs to.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::outcome::OutcomeWords;
use crate::ledger::serial::Mark;
use crate::ledger::types::Change;
use crate::model::{LedgerSecret, Lineage, State, UnknownCause};

/// A slot's size. An outcome's two ids have 256 bytes at most each, so only Kaleyra's words
/// on a rejection ever have to be shortened.
pub(super) const SLOT: usize = 1024;

/// The digest's 16 hexadecimal digits and a space.
const DIGEST: usize = 17;

/// What is left for the JSON and its line end.
const MOST_JSON: usize = SLOT - DIGEST - 1;

/// Characters of Kaleyra's words that are kept where all of them are too many.
const FEWER_WORDS: usize = 100;

/// What became of one recipient, in the ledger's words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger) struct Entry {
    pub(in crate::ledger) row: i64,
    pub(in crate::ledger) at: i64,
    pub(in crate::ledger) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ledger) cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ledger) detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ledger) message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ledger) request_id: Option<String>,
}

impl Entry {
    /// The outcome in a change; other changes concern nothing that was on the wire.
    pub(super) fn of(change: &Change) -> Option<Self> {
        let Change::Conclude { row, at, outcome } = change else { return None };
        let words = OutcomeWords::of(outcome);
        let owned = |word: Option<&str>| word.map(str::to_owned);
        Some(Self {
            row: row.0,
            at: at.as_millis(),
            state: words.state.as_str().to_owned(),
            cause: owned(words.cause),
            detail: owned(words.detail),
            message_id: owned(words.message_id),
            request_id: owned(words.request_id),
        })
    }

    /// The entry's words, if they are words that an outcome can have.
    pub(in crate::ledger) fn words(&self) -> Option<OutcomeWords<'_>> {
        let state = State::parse(&self.state)?;
        let words = OutcomeWords {
            state,
            cause: self.cause.as_deref(),
            detail: self.detail.as_deref(),
            message_id: self.message_id.as_deref(),
            request_id: self.request_id.as_deref(),
        };
        let sound = match state {
            State::Accepted => words.message_id.is_some(),
            State::Rejected | State::Pending => words.cause.is_some(),
            State::Unknown => words.cause.and_then(UnknownCause::parse).is_some(),
            State::Attempting | State::Skipped => false,
        };
        sound.then_some(words)
    }

    /// Whether its message was on the wire.
    pub(super) fn was_sent(&self) -> bool {
        self.state != State::Pending.as_str()
    }

    /// The slot's bytes.
    pub(super) fn to_slot(&self, lineage: &Lineage, mark: &Mark) -> [u8; SLOT] {
        let json = self.json();
        let json = if json.len() > MOST_JSON { self.shortened().json() } else { json };
        let mut slot = [0; SLOT];
        slot[..DIGEST - 1].copy_from_slice(digest(lineage, mark, json.as_bytes()).as_bytes());
        slot[DIGEST - 1] = b' ';
        slot[DIGEST..DIGEST + json.len()].copy_from_slice(json.as_bytes());
        slot[DIGEST + json.len()] = b'\n';
        slot
    }

    /// Reads a slot. `None` when it is empty, torn, or belongs to another ledger or state.
    pub(super) fn of_slot(slot: &[u8], lineage: &Lineage, mark: &Mark) -> Option<Self> {
        let (found, rest) = slot.split_at_checked(DIGEST)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let json = &rest[..end];
        let expected = digest(lineage, mark, json);
        if found.get(..DIGEST - 1)? != expected.as_bytes() {
            return None;
        }
        serde_json::from_slice(json).ok()
    }

    /// The same without what an outcome can do without.
    fn shortened(&self) -> Self {
        let mut entry = self.clone();
        entry.detail = entry.detail.map(|text| text.chars().take(FEWER_WORDS).collect());
        if entry.json().len() > MOST_JSON {
            entry.detail = None;
            entry.request_id = None;
        }
        entry
    }

    fn json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }
}

/// Over the ledger, its state and the text, so that an entry counts nowhere else.
fn digest(lineage: &Lineage, mark: &Mark, json: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(b"offercast journal 1\0")
        .chain_update(lineage.as_str())
        .chain_update(mark.to_string())
        .chain_update(json)
        .finalize();
    HEXLOWER.encode(&digest[..(DIGEST - 1) / 2])
}

/// An outcome that neither the ledger nor the journal took, as a line for people: no number,
/// no code, the ledger's row and a check that only this ledger's secret can make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnrecordedOutcome {
    entry: Entry,
    check: String,
}

impl UnrecordedOutcome {
    pub(super) fn new(entry: Entry, secret: &LedgerSecret) -> Self {
        let mac = secret.mac(b"unrecorded outcome", entry.json().as_bytes());
        Self { entry, check: HEXLOWER.encode(&mac[..8]) }
    }
}

impl fmt::Display for UnrecordedOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unrecorded {} check={}", self.entry.json(), self.check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::types::RowId;
    use crate::model::{HaltReason, MessageId, NotSent, Outcome, Rejection, RequestId, Timestamp};

    fn lineage() -> Lineage {
        Lineage::from_bytes([7; 16])
    }

    fn mark(serial: i64) -> Mark {
        Mark { serial, id: "0".repeat(32) }
    }

    fn entry(outcome: Outcome) -> Entry {
        let at = Timestamp::from_millis(1_796_095_800_000);
        Entry::of(&Change::Conclude { row: RowId(42), at, outcome }).expect("an outcome")
    }

    fn accepted(message_id: &str) -> Outcome {
        let message_id = MessageId::new(message_id).expect("an id");
        Outcome::Accepted { message_id, request_id: RequestId::new("req-1") }
    }

    fn outcomes() -> Vec<Outcome> {
        let rejection = Rejection { code: "E13001".into(), text: "not on WhatsApp".into() };
        vec![
            accepted("req-1:1"),
            Outcome::Rejected(rejection),
            Outcome::Unknown(UnknownCause::Timeout),
            Outcome::NotSent(NotSent::NoConnection),
            Outcome::NotSent(NotSent::Refused(HaltReason::Balance)),
        ]
    }

    #[test]
    fn an_outcome_reads_back_as_it_was_kept() {
        for outcome in outcomes() {
            let entry = entry(outcome.clone());
            let slot = entry.to_slot(&lineage(), &mark(3));
            assert_eq!(Entry::of_slot(&slot, &lineage(), &mark(3)).as_ref(), Some(&entry));
            assert!(entry.words().is_some(), "{outcome:?}");
        }
    }

    #[test]
    fn another_ledger_or_another_state_of_it_reads_nothing() {
        let slot = entry(accepted("req-1:1")).to_slot(&lineage(), &mark(3));
        assert_eq!(Entry::of_slot(&slot, &Lineage::from_bytes([8; 16]), &mark(3)), None);
        assert_eq!(Entry::of_slot(&slot, &lineage(), &mark(4)), None);
        assert_eq!(Entry::of_slot(&[0; SLOT], &lineage(), &mark(3)), None);
    }

    #[test]
    fn a_slot_torn_at_any_byte_reads_nothing() {
        let slot = entry(accepted("req-1:1")).to_slot(&lineage(), &mark(3));
        let end = slot.iter().position(|byte| *byte == b'\n').expect("a line");
        for written in 0..=end {
            let mut torn = [0; SLOT];
            torn[..written].copy_from_slice(&slot[..written]);
            assert_eq!(Entry::of_slot(&torn, &lineage(), &mark(3)), None, "{written}");
        }
        assert_eq!(Entry::of_slot(&slot[..7], &lineage(), &mark(3)), None);
    }

    #[test]
    fn the_longest_outcome_fits_its_slot() {
        let long = "\"".repeat(256);
        let longest = [
            Outcome::Accepted {
                message_id: MessageId::new(&long).expect("an id"),
                request_id: RequestId::new(&long),
            },
            Outcome::Rejected(Rejection { code: "🪔".repeat(64), text: "🪔".repeat(200) }),
        ];
        for outcome in longest {
            let slot = entry(outcome).to_slot(&lineage(), &mark(i64::MAX));
            let read = Entry::of_slot(&slot, &lineage(), &mark(i64::MAX)).expect("readable");
            assert!(read.words().is_some());
        }
    }

    #[test]
    fn a_line_for_people_names_the_row_and_nobody() {
        let secret = LedgerSecret::new([42; 32]);
        let line = UnrecordedOutcome::new(entry(accepted("req-1:1")), &secret).to_string();
        let start = "unrecorded {\"row\":42,\"at\":1796095800000,\"state\":\"accepted\",";
        assert!(line.starts_with(start), "{line}");
        assert!(line.contains("\"message_id\":\"req-1:1\"") && line.contains(" check="), "{line}");
    }
}
