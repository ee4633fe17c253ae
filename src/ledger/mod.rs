//! The memory: what was planned, attempted and answered, on stable storage.
//!
//! [`ReadLedger`] is what planning and reports see; [`LockedLedger`] is the one writer,
//! and holding it is holding the lock. Format and queries: `docs/ledger.md`.

mod address;
mod error;
mod filesystem;
mod lock;
mod place;
mod sqlite;
mod types;

pub use address::{AddressError, LedgerAddress};
pub use error::{Damage, Exposure, LedgerError, StoreFault, WriteNeed};
pub use filesystem::FilesystemKind;
pub use sqlite::{Consumption, LockedLedger, Opened, ReadLedger, init};
pub use types::{
    CampaignMemory, CampaignStatusRow, Change, ConsumedPlan, FoundPlan, HistoryRow, Holder,
    IssuedCode, Known, LastStop, LockTimeout, NewLedger, NewRecipient, PendingRow, PlanRecord,
    PlanRow, RowId, Snapshot, TestSend, Who,
};
