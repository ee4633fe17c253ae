//! `offercast ledger …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::shared::LedgerOption;

/// Create, check or export the ledger of what was sent.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Create an empty ledger
    Init(LedgerInitArgs),
    /// Check the ledger and its figures
    Check(LedgerCheckArgs),
    /// Take a copy over as the newest there is
    Adopt(LedgerAdoptArgs),
    /// Move it to another place
    Copy(LedgerCopyArgs),
    /// Write what the ledger knows of every recipient
    Export(LedgerExportArgs),
}

/// Create an empty ledger
///
/// Prints its lineage and writes it to `.ledger` in the campaigns folder. Commit that
/// file: from then on, planning or applying with any other ledger is refused, so that a
/// lost ledger can't lead to a second message.
#[derive(Debug, Args)]
pub struct LedgerInitArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// The folder of the campaigns
    #[arg(long, value_name = "DIR", default_value = "campaigns")]
    pub campaigns: PathBuf,

    /// Give up the ledger with this lineage: whoever it sent to can be sent to again
    #[arg(long, value_name = "LINEAGE")]
    pub replace: Option<String>,

    /// Print the statements that create the tables in PostgreSQL, and do nothing
    ///
    /// For whoever keeps the database. `ledger init` fills tables that were made so.
    #[arg(long)]
    pub print_sql: bool,
}

/// Check the ledger and its figures
///
/// Exits 6 when something is wrong.
#[derive(Debug, Args)]
pub struct LedgerCheckArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,
}

/// Take a copy over as the newest there is
///
/// An apply refuses a ledger that is older than the one it applied here last, or that was
/// moved without the `.serial` file beside it: whoever was sent to since is not in it. If
/// the newer one is lost for good, or there is none, this goes on with the copy. Whoever was
/// sent to after the copy was made can be sent to again.
#[derive(Debug, Args)]
pub struct LedgerAdoptArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// The folder of the campaigns
    #[arg(long, value_name = "DIR", default_value = "campaigns")]
    pub campaigns: PathBuf,

    /// The copy's serial, as the refusal named it
    #[arg(long, value_name = "N")]
    pub serial: i64,
}

/// Move the ledger to another place, from a file to a database or back
///
/// Copies every row, reads all of it back, and marks the old ledger as moved: from then on
/// it refuses, and the new one is the same ledger, with the same lineage. What was cut off is
/// finished by running it again. Nobody can apply meanwhile.
#[derive(Debug, Args)]
pub struct LedgerCopyArgs {
    /// The ledger: a file or `postgres://user@host/database`
    #[arg(value_name = "FROM")]
    pub from: String,

    /// Where it goes; there must be none yet
    #[arg(value_name = "TO")]
    pub to: String,
}

/// Write what the ledger knows of every recipient
///
/// Columns: `campaign`, `recipient`, `id`, `state`, `cause`, `attempts`, `message_id`,
/// `coupon_code`, `content_hash`, `plan_id`, `accepted_at`, `updated_at`, `attempted_at`,
/// `receipt`.
#[derive(Debug, Args)]
pub struct LedgerExportArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// Only this campaign
    #[arg(long, value_name = "NAME")]
    pub campaign: Option<String>,

    /// The form of the export
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: LedgerExportFormat,

    /// Write to this new file, with mode 0600
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write numbers and codes in full; off a terminal only with --out
    #[arg(long)]
    pub show_recipients: bool,
}

/// Forms of the export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LedgerExportFormat {
    /// CSV, safe to open in a spreadsheet
    #[default]
    Csv,
    /// One JSON object per line
    Ndjson,
}
