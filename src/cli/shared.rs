//! Arguments that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Which campaigns.
#[derive(Clone, Debug, Args)]
pub struct CampaignPaths {
    /// Campaign files, or folders of them
    #[arg(value_name = "PATH", default_value = "campaigns")]
    pub paths: Vec<PathBuf>,
}

/// Which ledger.
#[derive(Clone, Debug, Default, Args)]
pub struct LedgerOption {
    /// The ledger of what was sent: a file or `postgres://user@host/database` [default:
    /// `$OFFERCAST_LEDGER`, else `.offercast/ledger.db`]
    #[arg(long, value_name = "LEDGER")]
    pub ledger: Option<String>,
}

/// What messages cost.
#[derive(Clone, Debug, Default, Args)]
pub struct RatesOption {
    /// A rate card, to say what it costs at most [default: `$OFFERCAST_RATES`]
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,
}

/// What no campaign may exceed.
#[derive(Clone, Debug, Default, Args)]
pub struct PolicyOption {
    /// A policy that holds beside every campaign's own limits, and beside `$OFFERCAST_POLICY`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
