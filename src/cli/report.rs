//! `offercast report`

use clap::{Args, ValueEnum};

use super::shared::LedgerOption;

/// Sum up what accepted messages cost at most, for whoever pays
///
/// Prices every message that Kaleyra accepted by the rate card that `apply` was given. Messages
/// with an unknown outcome are shown beside the sum, those that a report told as failed are
/// left out of it.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// Messages accepted at this time or later: a day in UTC, or an instant (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,

    /// Messages accepted before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,

    /// What to sum up by
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "campaign,market",
        value_name = "WHAT"
    )]
    pub by: Vec<ReportBy>,

    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormat,
}

/// What sums are made by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ReportBy {
    /// One line for each campaign
    Campaign,
    /// One line for each market and rate
    Market,
}

/// Forms of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ReportFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// CSV
    Csv,
}
