//! `offercast validate`

use clap::{Args, ValueEnum};

use super::shared::CampaignPaths;

/// Check campaign files and report every fault
///
/// Reads the campaigns, the header rows of their audience files and their header pictures
/// or videos; needs no network, no ledger and no key. Exits 65 when there is an error;
/// warnings do not count.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Which campaigns.
    #[command(flatten)]
    pub campaigns: CampaignPaths,

    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ValidateFormat,
}

/// Forms of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ValidateFormat {
    /// For people, on standard error
    #[default]
    Human,
    /// One JSON object
    Json,
    /// GitHub annotations
    Github,
    /// A GitLab code quality report
    Gitlab,
    /// SARIF 2.1.0
    Sarif,
}
