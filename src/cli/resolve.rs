//! `offercast resolve`

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

use super::shared::LedgerOption;

/// Settle people whose outcome is unknown
///
/// Their message may or may not have reached Kaleyra. `--as sent` counts it as sent: the
/// person never gets it again. `--as unsent` lets a new plan, with a new approval, send it
/// again. `--from` reads the answer from Kaleyra's own report. Shows what it would do, then
/// asks; without a terminal it needs `--confirm` with the number of people.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["recipient", "id", "all", "from"]))]
#[command(group = ArgGroup::new("how").required(true).args(["verdict", "from"]))]
pub struct ResolveArgs {
    /// The campaign's name
    #[arg(value_name = "NAME")]
    pub campaign: String,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// Wait this long for an apply to release the ledger
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub lock_timeout: Duration,

    /// What is to be taken for true
    #[arg(long = "as", id = "verdict", value_enum, value_name = "VERDICT")]
    pub verdict: Option<ResolveAs>,

    /// The people whose numbers are read from standard input, one per line; must be `-`
    #[arg(long, value_name = "-")]
    pub recipient: Option<String>,

    /// Everybody with this id
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,

    /// Everybody who is unknown
    #[arg(long)]
    pub all: bool,

    /// Only those whose outcome is unknown for this reason, such as `timeout`
    #[arg(long, value_name = "CAUSE", conflicts_with_all = ["recipient", "id", "from"])]
    pub cause: Option<String>,

    /// A report of Kaleyra's, as CSV or TSV
    #[arg(long, value_name = "FILE", requires = "map")]
    pub from: Option<PathBuf>,

    /// The report's columns, such as `number=To,status=Status,message_id=Message ID`
    #[arg(long, value_name = "COLUMNS", requires = "from")]
    pub map: Option<String>,

    /// With `--as unsent`: refuse attempts younger than this, at least 5min, since a late
    /// delivery may still come
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub min_age: Duration,

    /// Settle without asking if it is exactly so many people
    #[arg(long, value_name = "N")]
    pub confirm: Option<u64>,
}

/// What a person says about unknown outcomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ResolveAs {
    /// The message was sent
    Sent,
    /// The message was not sent
    Unsent,
}
