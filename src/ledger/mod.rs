//! The memory: what was planned, attempted and answered, on stable storage.
//!
//! [`ReadLedger`] is what planning and reports see; [`LockedLedger`] is the one writer,
//! and holding it is holding the lock. Format and queries: `docs/ledger.md`.

mod address;
mod error;
mod filesystem;
mod journal;
mod lock;
mod outcome;
mod place;
mod serial;
mod settlement;
mod sqlite;
mod types;

pub use address::{AddressError, LedgerAddress};
pub use error::{Damage, Exposure, LedgerError, StoreFault, WriteNeed};
pub use filesystem::FilesystemKind;
pub use journal::{Journal, UnrecordedOutcome};
pub use settlement::{AuditRow, Decision, Settlement, TestSendRow, Verdict};
pub use sqlite::{Consumption, Imported, LockedLedger, Opened, ReadLedger, init};
pub use types::{
    CampaignMemory, CampaignStatusRow, Change, ConsumedPlan, FoundPlan, HistoryRow, Holder,
    IssuedCode, Known, LastStop, LockTimeout, NewLedger, NewRecipient, PendingRow, PlanRecord,
    PlanRow, RowId, Snapshot, TestSend, Who,
};
