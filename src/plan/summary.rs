//! Counts with their reasons: everybody read is in exactly one of them.

use super::action::{Action, HoldReason, SkipReason};
use super::inputs::InputDigest;

/// What reading the audience came to, before the ledger is asked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AudienceSummary {
    /// Rows read from all sources.
    pub rows: u64,
    /// The sources, in the campaign's order.
    pub sources: Vec<SourceSummary>,
    /// Rows unusable as such: no valid number, wrong number of cells.
    pub invalid: u64,
    /// The first of them, for the reviewer.
    pub invalid_rows: Vec<InvalidRow>,
    /// Rows for which `where` is false.
    pub filtered: u64,
    /// Rows of countries that WhatsApp does not serve.
    pub sanctioned: u64,
    /// Repetitions of a person.
    pub duplicates: u64,
    /// The exclude lists, in the campaign's order.
    pub excluded: Vec<ExcludeSummary>,
    /// People kept who have a US number (marketing is not delivered there).
    pub us_numbers: u64,
}

/// One source of recipients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceSummary {
    /// The file as found, or the campaign file for a list.
    pub name: String,
    /// Rows read.
    pub rows: u64,
    /// People kept.
    pub kept: u64,
    /// Of the people kept; `None` where rows were not marked.
    pub digest: Option<InputDigest>,
}

/// One exclude list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExcludeSummary {
    /// The file as written, or the other campaign.
    pub name: String,
    /// Whether it is read again at apply.
    pub late: bool,
    /// Rows read.
    pub rows: u64,
    /// People of the audience it leaves out, each counted with the first list that has them.
    pub people: u64,
    /// Of its numbers; `None` where rows were not marked.
    pub digest: Option<InputDigest>,
}

/// A row that could not be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidRow {
    /// `file:line`.
    pub place: String,
    /// Why, without the row's values.
    pub reason: String,
}

impl AudienceSummary {
    /// All rows left out before the ledger is asked.
    pub fn dropped(&self) -> u64 {
        let excluded: u64 = self.excluded.iter().map(|list| list.people).sum();
        self.invalid + self.filtered + self.sanctioned + self.duplicates + excluded
    }
}

/// What becomes of the people kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// `+`
    pub send: u64,
    /// Of those, people who get it again because their message failed later.
    pub after_failure: u64,
    /// `=`
    pub same: u64,
    /// `!`
    pub differs: u64,
    /// `·`, refused by Kaleyra before.
    pub rejected_before: u64,
    /// `·`, left out by the plan consumed last, because the offer was over.
    pub left_out_before: u64,
    /// `·`, settled as unsent: not before the plan consumed last is finished.
    pub settled_unsent: u64,
    /// `·`, forgotten: nobody sends to them again.
    pub forgotten: u64,
    /// `?`, outcome unknown.
    pub unknown: u64,
    /// `?`, on the wire, or left there by an apply that died.
    pub attempting: u64,
    /// In the ledger for this campaign, but no longer in the audience.
    pub gone: u64,
    /// Of those, still pending in the plan consumed last.
    pub gone_pending: u64,
}

impl Tally {
    /// Counts one person.
    pub(super) fn count(&mut self, action: Action) {
        *match action {
            Action::Send => &mut self.send,
            Action::Same => &mut self.same,
            Action::Differs => &mut self.differs,
            Action::Skip(SkipReason::RejectedBefore) => &mut self.rejected_before,
            Action::Skip(SkipReason::LeftOutBefore) => &mut self.left_out_before,
            Action::Skip(SkipReason::SettledUnsent) => &mut self.settled_unsent,
            Action::Skip(SkipReason::Forgotten) => &mut self.forgotten,
            Action::Hold(HoldReason::Unknown) => &mut self.unknown,
            Action::Hold(HoldReason::Attempting) => &mut self.attempting,
        } += 1;
    }

    /// Everybody the planner was shown.
    pub fn considered(&self) -> u64 {
        let left_out = self.rejected_before + self.left_out_before + self.settled_unsent;
        let skipped = left_out + self.forgotten;
        self.send + self.same + self.differs + skipped + self.unknown + self.attempting
    }
}

/// What is known of the coupon codes.
#[derive(Clone, PartialEq, Debug)]
pub enum CodeSummary {
    /// Everybody gets the same code.
    Shared,
    /// Codes may repeat; uniqueness was not asked for.
    NotUnique,
    /// No two people may share a code; without the key it is not proven yet.
    Unproven,
    /// No two people share a code.
    Unique {
        /// How many codes.
        codes: u64,
        /// How many were drawn again because of a collision.
        redrawn: u64,
        /// A guessed code hits once in so many tries; `None` when it is not drawn by
        /// `code()`.
        one_guess_in: Option<f64>,
    },
}
