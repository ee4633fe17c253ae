//! `offercast preview`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Show one person's message as they will see it, and the request that sends it
///
/// Sends nothing; uses no network, no ledger and no account. Without `--recipient` and
/// `--row` it takes the first person of the audience. The number, the code and values from
/// the audience are masked. The offer's end is the one of an apply at this moment.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,

    /// The person with this number; `-` reads it from standard input, where nobody else on
    /// the machine can see it
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, conflicts_with = "row")]
    pub recipient: Option<String>,

    /// The person in this row, as plans name it: a line of the audience file, after the file's
    /// name and a colon where there are several
    #[arg(long, value_name = "[FILE:]LINE")]
    pub row: Option<String>,

    /// The form of the preview
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: PreviewFormat,

    /// Show number, code and values in full; only on a terminal. A code that is somebody
    /// else's already is drawn again by the plan: `codes` has the last word
    #[arg(long)]
    pub show_recipients: bool,
}

/// Forms of the preview.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum PreviewFormat {
    /// A bubble, as on a phone, and the fields of the request
    #[default]
    Human,
    /// One HTML file
    Html,
    /// The request as a curl command
    Curl,
    /// One JSON object
    Json,
}
