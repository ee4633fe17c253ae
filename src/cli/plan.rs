//! `offercast plan`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::shared::{CampaignPaths, LedgerOption, PolicyOption, RatesOption};

/// Show who would get which message, and send nothing
///
/// Reads the campaigns, their audiences and the ledger; uses no network, needs no API key
/// and writes nothing but the file of `--out`. Numbers, codes and values from the audience are masked. The plan id
/// it prints stands for exactly these people, messages and terms: `apply --approve ID`
/// sends that, or nothing.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag a person can give or leave")]
pub struct PlanArgs {
    /// Which campaigns.
    #[command(flatten)]
    pub campaigns: CampaignPaths,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// What messages cost.
    #[command(flatten)]
    pub rates: RatesOption,

    /// What no campaign may exceed.
    #[command(flatten)]
    pub policy: PolicyOption,

    /// The form of the plan
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: PlanFormat,

    /// Also write the plan to a file, for `show` and `apply --plan`
    ///
    /// The file holds no number, no code and no secret: it can be committed or posted. It is
    /// replaced as a whole or not at all.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Also refuse growth and lost opt-outs since the plans of this file
    ///
    /// A plan with more than twice the people of the one before, or whose exclude lists lost more
    /// than 1 % of their rows, is refused. The one before is the plan that was applied last; with
    /// this also the plan of the same campaign in FILE, such as the one approved last, applied or
    /// not.
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,

    /// How long the file's plans may be applied, such as `48h` [default: no end]
    #[arg(long, value_name = "DURATION", requires = "out", value_parser = humantime::parse_duration)]
    pub expires_in: Option<Duration>,

    /// The most bytes of `--format markdown`
    #[arg(long, value_name = "N", default_value_t = 65_000, value_parser = clap::value_parser!(u32).range(2_000..))]
    pub max_bytes: u32,

    /// Exit 2 when there is something to send
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// How many people to show per campaign
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=20))]
    pub samples: u16,

    /// Show numbers, codes and values in full; only on a terminal
    #[arg(long)]
    pub show_recipients: bool,

    /// Plan as if nothing had ever been sent; such a plan cannot be applied
    #[arg(long, conflicts_with = "ledger")]
    pub no_ledger: bool,

    /// Plan against an empty ledger and a code key of the moment; needs no environment
    #[arg(long, conflicts_with_all = ["ledger", "no_ledger"])]
    pub sandbox: bool,
}

/// Forms of the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum PlanFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// A comment on a pull request
    Markdown,
    /// One HTML file
    Html,
    /// GitHub annotations
    Github,
    /// GitLab's report of changes, for the merge request's widget
    Gitlab,
}
