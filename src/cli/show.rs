//! `offercast show`

use std::path::PathBuf;

use clap::Args;

use super::plan::PlanFormat;

/// Show a plan that was written to a file
///
/// Shows what the file says, with times as they are now, in any form that `plan` has. It asks
/// neither the campaigns nor the ledger; `apply --plan` does, and refuses a file that was
/// changed.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The file that `plan --out` wrote
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,

    /// The form of the plan
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: PlanFormat,

    /// The most bytes of `--format markdown`
    #[arg(long, value_name = "N", default_value_t = 65_000, value_parser = clap::value_parser!(u32).range(2_000..))]
    pub max_bytes: u32,

    /// How many people to show per campaign
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=20))]
    pub samples: u16,
}
