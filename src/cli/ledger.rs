//! `offercast ledger …`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::shared::LedgerOption;

/// Create, check or export the ledger of what was sent, or make it forget people.
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
    /// Forget people for good
    Forget(LedgerForgetArgs),
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

/// Forget people for good
///
/// Removes their numbers, ids, codes and texts, and Kaleyra's ids of their messages, from every
/// row, whatever the campaign. Counts and states stay what they are, and so do cost and codes
/// that are taken. What is kept of a person is a keyed hash: no plan of any campaign sends to
/// them again, and `test` refuses them. Whoever was pending is skipped. It cannot be undone.
/// Shows what there is of them in counts, then asks; without a terminal it needs `--confirm`
/// with the number of people. Nobody can apply meanwhile.
#[derive(Debug, Args)]
pub struct LedgerForgetArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// The folder of the campaigns
    #[arg(long, value_name = "DIR", default_value = "campaigns")]
    pub campaigns: PathBuf,

    /// Wait this long for an apply to release the ledger
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub lock_timeout: Duration,

    /// `-`: the numbers are read from standard input, one per line; or one number
    ///
    /// Better from standard input: what is typed here stays in the shell's history, and
    /// everybody on the machine can see it. Numbers have their country code, such as
    /// `+91 98123 45678`. A person with several spellings is named by any of them.
    #[arg(long, value_name = "-|NUMBER", allow_hyphen_values = true)]
    pub recipient: String,

    /// Show what there is of them and forget nobody
    #[arg(long)]
    pub dry_run: bool,

    /// Forget without asking if it is exactly so many people
    #[arg(long, value_name = "N")]
    pub confirm: Option<u64>,

    /// The form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: LedgerForgetFormat,
}

/// Forms of what was forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LedgerForgetFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
}
