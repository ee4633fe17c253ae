//! The memory: what was planned, attempted and answered, on stable storage.

mod types;

pub use types::{
    CampaignMemory, CampaignStatusRow, Change, ConsumedPlan, HistoryRow, Known, LastStop,
    LockTimeout, NewRecipient, PendingRow, PlanRecord, PlanRow, RowId, Snapshot, Who,
};
