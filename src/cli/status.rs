//! `offercast status`

use clap::{Args, ValueEnum};

use super::shared::LedgerOption;

/// Show where every campaign stands, or one person's history
///
/// Works while an apply runs. Numbers and codes are masked unless a person was asked for.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this campaign
    #[arg(value_name = "NAME")]
    pub campaign: Option<String>,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// List everybody whose outcome is unknown, by cause and time of the attempt
    #[arg(long, group = "who")]
    pub unknown: bool,

    /// History of the person whose number is read from standard input; must be `-`
    #[arg(long, value_name = "-", group = "who")]
    pub recipient: Option<String>,

    /// History of the person with this id
    #[arg(long, value_name = "ID", group = "who")]
    pub id: Option<String>,

    /// History of the person who got this coupon code
    #[arg(long, value_name = "CODE", group = "who")]
    pub code: Option<String>,

    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: StatusFormat,
}

/// Forms of the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum StatusFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// A Markdown table
    Markdown,
    /// CSV
    Csv,
}
