//! The emergency journal: where the outcomes of messages on the wire go when the ledger
//! refuses to be written.
//!
//! [`Journal::prepare`] takes its room on the disk before the first intent, so that a disk
//! that is full later has it still. [`Found::read`] is for whoever next holds the lock.

mod entry;
mod file;
mod place;
#[cfg(test)]
mod tests;

pub(super) use entry::Entry;
pub use entry::UnrecordedOutcome;
pub(super) use file::Found;
pub use file::Journal;
pub(super) use place::JournalPlace;
