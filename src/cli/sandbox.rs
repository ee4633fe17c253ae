//! `offercast sandbox`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Run a local stand-in for the Kaleyra endpoint
///
/// Checks requests as the documentation of the endpoint says and answers as it does. Point
/// `apply` at it with `OFFERCAST_API_URL=http://127.0.0.1:PORT`, or use it with curl. Stops
/// on Ctrl-C.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Where to listen; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,

    /// Append one JSON line for each accepted recipient to this file
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Scripted behaviour: a JSON file, or the JSON itself
    #[arg(long, value_name = "SCRIPT")]
    pub script: Option<String>,

    /// Seed of the script's chances and of the ids given out
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}
