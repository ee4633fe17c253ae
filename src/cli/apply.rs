//! `offercast apply`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::shared::{LedgerOption, PolicyOption, RatesOption};

/// Send what a plan shows, to each person at most once
///
/// Plans again, compares with what was approved, writes every intent to the ledger before
/// it sends, and sums up. Running it again goes on where it stopped; running it after
/// success makes no request.
#[derive(Clone, Debug, Args)]
pub struct ApplyArgs {
    /// Campaign files, or folders of them [default: those of `--plan`, else campaigns]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// What messages cost.
    #[command(flatten)]
    pub rates: RatesOption,

    /// What no campaign may exceed.
    #[command(flatten)]
    pub policy: PolicyOption,

    /// Send only what this plan file holds; repeat it for several files
    ///
    /// The file comes from `plan --out`. Nothing is sent unless every plan comes out the same
    /// now; what changed is said, from what to what.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["auto_approve", "approve", "sandbox"])]
    pub plan: Vec<PathBuf>,

    /// Send only the plan with this id; repeat it for several campaigns
    #[arg(long, value_name = "ID", conflicts_with = "auto_approve")]
    pub approve: Vec<String>,

    /// Send without asking; refused in CI, except with --sandbox
    #[arg(long)]
    pub auto_approve: bool,

    /// Stop cleanly after so many people
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Stop cleanly after this time, such as `5h30m`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub deadline: Option<Duration>,

    /// Wait this long for another apply to release the ledger
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub lock_timeout: Duration,

    /// How many people to show per campaign before sending
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=20))]
    pub samples: u16,

    /// The form of what is told while sending
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ApplyFormat,

    /// Keep what comes of it in this file, as JSON: written at the start, before the first
    /// request and at the end, whatever the end is
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Send to a stand-in inside this process, with a ledger that is gone at exit
    #[arg(long, conflicts_with = "ledger")]
    pub sandbox: bool,
}

/// Forms of what is told while sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ApplyFormat {
    /// For people: a bar on a terminal, plain lines otherwise
    #[default]
    Human,
    /// One JSON event per line
    Json,
}
