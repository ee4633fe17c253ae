//! `offercast codes`

use std::path::PathBuf;

use clap::Args;

use super::shared::LedgerOption;

/// Write the coupon codes a plan would give to a file, for the shop
///
/// The file is CSV (`code`, `id`, `offer_ends_at`, `plan_id`) with mode 0600, so that the shop
/// knows every code before a customer does. The ledger marks them as issued: they never
/// change any more, whatever is added to the audience.
#[derive(Debug, Args)]
pub struct CodesArgs {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,

    /// The file to write; must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerOption,
}
