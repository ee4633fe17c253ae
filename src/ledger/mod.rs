//! The memory: what was planned, attempted and answered, on stable storage.
//!
//! [`ReadLedger`] is what planning and reports see; [`LockedLedger`] is the one writer,
//! and holding it is holding the lock. A [`LedgerAddress`] opens either, wherever the ledger
//! lives. Format and queries: `docs/ledger.md`.

mod address;
mod company;
mod error;
mod filesystem;
mod forgetting;
mod forgotten;
mod holder;
mod home;
mod journal;
mod lock;
mod lock_wait;
mod moving;
mod new_recipient;
mod outcome;
mod place;
mod postgres;
mod priced;
mod rows;
mod serial;
mod settlement;
mod sqlite;
mod store;
mod store_fault;
mod types;

pub use address::{AddressError, LedgerAddress, Place};
pub use company::{Answers, Beat, Company, Post, Standing};
pub use error::{Damage, Exposure, LedgerError, WriteNeed};
pub use filesystem::FilesystemKind;
pub use forgotten::{CampaignTraces, Forgetting, Forgotten, ForgottenRow, Remains, Traces, Whose};
pub use holder::Holder;
pub use home::Moved;
pub use journal::{Journal, UnrecordedOutcome};
pub use lock_wait::LockWait;
pub use new_recipient::NewRecipient;
pub use postgres::{PassfileError, ServerAddress, ServerAddressError};
pub use priced::KeptRates;
pub use settlement::{AuditRow, Decision, Settlement, TestSendRow, Verdict};
pub use store::{Consumption, LockedLedger, Opened, ReadLedger};
pub use store_fault::StoreFault;
pub use types::{
    CampaignMemory, CampaignStatusRow, Change, ConsumedPlan, FoundPlan, HistoryRow, Imported,
    IssuedCode, Known, LastStop, NewLedger, PendingRow, PlanRecord, PlanRow, RowId, Sent, Snapshot,
    TestSend, Who,
};
