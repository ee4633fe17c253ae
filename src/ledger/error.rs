//! What can go wrong with a ledger. Every text carries the place or the campaign; none
//! carries a number, a code or a secret.

use std::path::PathBuf;

use crate::model::{CampaignName, Lineage, PhoneNumber, PlanId, State};

use super::address::Place;
use super::filesystem::FilesystemKind;
use super::holder::Holder;
use super::store_fault::StoreFault;
use super::types::RowId;

/// Why the ledger did not do what was asked. Nothing of a refused transaction is written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No file is there. Never taken for a first run: only `init` creates a ledger.
    #[error("there is no ledger at `{place}`")]
    Missing {
        /// Where it was looked for.
        place: Place,
    },
    /// `init` found something at the path.
    #[error("`{place}` exists already")]
    Exists {
        /// What exists.
        place: Place,
    },
    /// The file is something else, or an `init` was cut off before it was one.
    #[error("`{place}` is not an offercast ledger")]
    NotALedger {
        /// The file.
        place: Place,
    },
    /// A later version of offercast wrote it.
    #[error("the ledger `{place}` has format {found}, this version reads up to {known}")]
    Newer {
        /// The file.
        place: Place,
        /// Its format.
        found: i64,
        /// The latest this version knows.
        known: i64,
    },
    /// An earlier version wrote it, and only a writer may bring it up to date.
    #[error("the ledger `{place}` has format {found}, the next apply brings it to {known}")]
    OlderFormat {
        /// The file.
        place: Place,
        /// Its format.
        found: i64,
        /// The one this version writes.
        known: i64,
    },
    /// A copy from the past: what was sent since is not in it.
    #[error(
        "the ledger `{place}` is older than what was applied from this folder: serial {found}, \
         expected at least {expected}"
    )]
    OlderCopy {
        /// The file.
        place: Place,
        /// Its serial.
        found: i64,
        /// The serial it was last seen with.
        expected: i64,
    },
    /// Another copy was applied since the two were one.
    #[error(
        "the ledger `{place}` is another copy than the one applied from this folder: they differ \
         from serial {serial} on, or before"
    )]
    Forked {
        /// The file.
        place: Place,
        /// The serial it was last seen with, under another mark.
        serial: i64,
    },
    /// The file that would tell whether this is the newest copy is missing or unreadable.
    #[error(
        "whether the ledger `{place}` (serial {serial}) is the newest copy cannot be told: \
         `{place}.serial` is missing or unreadable"
    )]
    Unproven {
        /// The ledger.
        place: Place,
        /// Its serial.
        serial: i64,
    },
    /// `ledger adopt` was told another serial than the file's.
    #[error("the ledger `{place}` has serial {found}, not {stated}")]
    OtherSerial {
        /// The file.
        place: Place,
        /// Its serial.
        found: i64,
        /// What was said.
        stated: i64,
    },
    /// What is in the file is not what was written.
    #[error("the ledger `{place}` is damaged: {damage}")]
    Damaged {
        /// The file.
        place: Place,
        /// What was found.
        damage: Damage,
    },
    /// Another apply holds it.
    #[error("the ledger `{place}` is in use, {}", Holder::describe(holder.as_ref()))]
    Locked {
        /// The file.
        place: Place,
        /// Who, as far as the lock file tells.
        holder: Option<Holder>,
    },
    /// A file system that cannot promise what is asked of it.
    #[error("the ledger `{place}` is on {kind}, which cannot keep it safely")]
    Filesystem {
        /// The file.
        place: Place,
        /// Which.
        kind: FilesystemKind,
    },
    /// It must be written to and cannot be.
    #[error("the ledger `{place}` or its folder is read-only: {need}")]
    ReadOnly {
        /// The file.
        place: Place,
        /// Why reading is not enough.
        need: WriteNeed,
    },
    /// Others could have tampered with it.
    #[error("the ledger `{place}` is not safe to use: {exposure}")]
    Permissions {
        /// The file.
        place: Place,
        /// What is wrong.
        exposure: Exposure,
    },
    /// Another ledger than the one the campaigns folder names.
    #[error("the ledger `{place}` is {found}, but {expected} is expected")]
    WrongLineage {
        /// The file.
        place: Place,
        /// What the campaigns folder names.
        expected: Lineage,
        /// What the file is.
        found: Lineage,
    },
    /// A database setting did not take.
    #[error(
        "the ledger `{place}` does not keep the setting `{setting}`: {found} instead of {wanted}"
    )]
    Setting {
        /// The file.
        place: Place,
        /// The SQLite pragma.
        setting: &'static str,
        /// What was set.
        wanted: &'static str,
        /// What was read back.
        found: String,
    },
    /// The ledger belongs to another API host.
    #[error("this ledger's messages go through `{ledger}`, the plan's through `{plan}`")]
    OtherHost {
        /// The host of the first apply.
        ledger: String,
        /// The host of this plan.
        plan: String,
    },
    /// The ledger belongs to another Kaleyra account. The SID is a secret.
    #[error("this ledger's messages are sent from another Kaleyra account (SID)")]
    OtherAccount,
    /// The plan is consumed and has people left: it is resumed, not consumed again.
    #[error("plan {plan} of `{campaign}` is consumed already")]
    AlreadyConsumed {
        /// The campaign.
        campaign: CampaignName,
        /// The plan.
        plan: PlanId,
    },
    /// One consumption holds at most one plan of a campaign.
    #[error("campaign `{campaign}` is planned twice in one apply")]
    CampaignTwice {
        /// The campaign.
        campaign: CampaignName,
    },
    /// The person's message is on its way, out, refused or in doubt: not to be planned anew.
    #[error("{number} is {state} in `{campaign}` and cannot be planned again")]
    Settled {
        /// The campaign.
        campaign: CampaignName,
        /// Who (masked).
        number: PhoneNumber,
        /// Where they stand.
        state: State,
    },
    /// The person was forgotten: nobody sends to them again.
    #[error("{number} is forgotten and cannot be planned in `{campaign}`")]
    Forgotten {
        /// The campaign.
        campaign: CampaignName,
        /// Who (masked).
        number: PhoneNumber,
    },
    /// One person twice in one plan, perhaps in two spellings.
    #[error("{number} is planned twice in `{campaign}`")]
    TwiceInPlan {
        /// The campaign.
        campaign: CampaignName,
        /// Who (masked).
        number: PhoneNumber,
    },
    /// An earlier step of this consumption failed, so none of it is kept.
    #[error("the plan was not recorded, because an earlier step failed")]
    Incomplete,
    /// The connection broke before a plan's people were all in the ledger.
    #[error("the connection to the ledger was lost while the plan was recorded: none of it is")]
    NotRecorded,
    /// The ledger went to another place.
    #[error("the ledger `{place}` was moved to `{to}`")]
    Moved {
        /// Where it was.
        place: Place,
        /// Where it is.
        to: String,
        /// Its last serial here.
        serial: i64,
    },
    /// What arrived in the new place is not what was sent there. None of it is kept.
    #[error("the copy of the table `{table}` is not what the ledger has: nothing was moved")]
    CopyDiffers {
        /// Which table.
        table: &'static str,
    },
    /// A row is not in the state that the change starts from. The whole write is refused.
    #[error("row {} is {} in the ledger, not {expected}", row.0, found_state(*found))]
    UnexpectedState {
        /// The row.
        row: RowId,
        /// What the change starts from.
        expected: State,
        /// What the ledger has; `None` when there is no such row.
        found: Option<State>,
    },
    /// A code once given out never changes.
    #[error("{number} was given another code of `{campaign}` before")]
    CodeChanged {
        /// The campaign.
        campaign: CampaignName,
        /// Who (masked).
        number: PhoneNumber,
    },
    /// Nothing is known of the campaign.
    #[error("the ledger knows no campaign `{campaign}`")]
    NoSuchCampaign {
        /// The campaign.
        campaign: CampaignName,
    },
    /// The server cannot be reached, or lets nobody in.
    #[error("the ledger `{place}` cannot be reached")]
    Unreachable {
        /// The database.
        place: Place,
        /// Why not.
        source: StoreFault,
    },
    /// The server follows another one, and what was sent last may not have come to it.
    #[error("the server of the ledger `{place}` is a replica")]
    Replica {
        /// The database.
        place: Place,
    },
    /// Something between here and the server shares connections out.
    #[error("the ledger `{place}` is behind a connection pooler, through which no lock holds")]
    Pooled {
        /// The database.
        place: Place,
    },
    /// The server was put back from a backup, moved, or its replica has taken over.
    #[error(
        "the server of the ledger `{place}` is not the one that it was applied on until serial \
         {serial}, or not in the same state: whether the newest outcomes are in it cannot be told"
    )]
    Restored {
        /// The database.
        place: Place,
        /// The ledger's serial.
        serial: i64,
    },
    /// Another process holds the ledger now: nothing may be written by this one any more.
    #[error("another process has taken the ledger `{place}` over")]
    TakenOver {
        /// The database.
        place: Place,
    },
    /// The operating system refused.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("cannot {operation} in the ledger `{place}`")]
    Store {
        /// The file.
        place: Place,
        /// What was tried.
        operation: &'static str,
        /// Why not.
        source: StoreFault,
    },
}

/// What is wrong with a damaged ledger.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// SQLite's own check.
    #[error("{0}")]
    Structure(String),
    /// A row's contents do not fit its checksum, or cannot be what was written.
    #[error("row {row} of `{table}` is not as it was written")]
    Row {
        /// Which table.
        table: &'static str,
        /// Its id.
        row: i64,
    },
    /// Tables or indexes are missing or altered.
    #[error("its tables are not those of its format")]
    Schema,
}

/// Why a ledger that cannot be written to is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WriteNeed {
    /// An apply records what it does.
    #[error("outcomes could not be recorded")]
    Apply,
    /// The last apply was cut off and its newest records are in the `-wal` file.
    #[error("its newest records are in a `-wal` file that cannot be read without writing")]
    Unsettled,
}

/// How others could have tampered with a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Exposure {
    /// The path is a symbolic link.
    #[error("it is a symbolic link")]
    Symlink,
    /// The file has several names, so locks taken under one would not hold for another.
    #[error("it has more than one name (hard link)")]
    HardLink,
    /// Everybody may write the file.
    #[error("everybody may write to it")]
    WorldWritable,
    /// Everybody may replace the file.
    #[error("everybody may write to its folder")]
    WorldWritableFolder,
    /// Somebody else owns the file.
    #[error("it belongs to another user")]
    ForeignOwner,
}

fn found_state(found: Option<State>) -> &'static str {
    found.map_or("absent", State::as_str)
}
