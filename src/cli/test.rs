//! `offercast test`

use std::path::PathBuf;

use clap::Args;

use super::shared::LedgerOption;

/// Send the real message to named testers
///
/// The message of the campaign with a code that starts with TEST. It is kept apart in the
/// ledger: it never counts, never uses up a code, and never stops a person from getting
/// the campaign.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,

    /// A tester's number with its country code; repeat it for several
    #[arg(long, value_name = "NUMBER", required_unless_present = "to_file")]
    pub to: Vec<String>,

    /// A file with one tester's number per line
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,

    /// A value for a column of the audience, such as `first_name=Asha`; a column without
    /// one is filled with its own name
    #[arg(long = "set", value_name = "COLUMN=VALUE")]
    pub values: Vec<String>,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,

    /// Send to a stand-in inside this process, with a ledger that is gone at exit
    #[arg(long, conflicts_with = "ledger")]
    pub sandbox: bool,
}
