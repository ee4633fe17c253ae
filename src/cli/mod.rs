//! What can be typed.
//!
//! One file per command with its arguments; the doc comments are the help texts. Nothing
//! here looks at the world: what the arguments mean is found out in `commands`.

mod apply;
mod codes;
mod environment;
mod exit;
mod init;
mod ledger;
mod plan;
mod preview;
mod report;
mod resolve;
mod sandbox;
mod shared;
mod show;
mod status;
mod test;
mod util;
mod validate;

use clap::{Parser, Subcommand};

pub use apply::{ApplyArgs, ApplyFormat};
pub use codes::CodesArgs;
pub use environment::{Environment, names as variables};
pub use exit::Exit;
pub use init::{CiService, InitArgs};
pub use ledger::{
    LedgerAdoptArgs, LedgerCheckArgs, LedgerCommand, LedgerCopyArgs, LedgerExportArgs,
    LedgerExportFormat, LedgerForgetArgs, LedgerForgetFormat, LedgerInitArgs,
};
pub use plan::{PlanArgs, PlanFormat};
pub use preview::{PreviewArgs, PreviewFormat};
pub use report::{ReportArgs, ReportBy, ReportFormat};
pub use resolve::{ResolveArgs, ResolveAs};
pub use sandbox::SandboxArgs;
pub use shared::{CampaignPaths, ColorChoice, LedgerOption, PolicyOption, RatesOption};
pub use show::ShowArgs;
pub use status::{StatusArgs, StatusFormat};
pub use test::TestArgs;
pub use util::{SchemaArgs, SchemaName, UtilCommand};
pub use validate::{ValidateArgs, ValidateFormat};

/// Plan, review and apply WhatsApp limited-time-offer campaigns
///
/// Campaigns are YAML files in git. `validate` and `plan` run in the pull request and send
/// nothing; `apply` sends exactly what a reviewer approved, to each person at most once.
#[derive(Debug, Parser)]
#[command(name = "offercast", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done or nothing to do · 1 error · 2 changes (plan \
    --detailed-exitcode) · 3 plan stale · 4 refused by a limit or a guard · 5 people still \
    pending · 6 ledger not available · 7 outcomes unknown · 8 halted · 64 usage · 65 invalid \
    input · 130/143 stopped by a signal")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a folder with a campaign to change, a sample audience and pipelines
    Init(InitArgs),
    /// Check campaign files and report every fault
    Validate(ValidateArgs),
    /// Show who would get which message, and send nothing
    Plan(PlanArgs),
    /// Show a plan that was written to a file
    Show(ShowArgs),
    /// Show one person's message as they will see it, and the request that sends it
    Preview(PreviewArgs),
    /// Send what a plan shows, to each person at most once
    Apply(ApplyArgs),
    /// Send the real message to named testers
    Test(TestArgs),
    /// Write the coupon codes a plan would give to a file, for the shop
    Codes(CodesArgs),
    /// Show where every campaign stands, or one person's history
    Status(StatusArgs),
    /// Sum up what accepted messages cost at most
    Report(ReportArgs),
    /// Settle people whose outcome is unknown
    Resolve(ResolveArgs),
    /// Create, check or export the ledger of what was sent
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Run a local stand-in for the Kaleyra endpoint
    Sandbox(SandboxArgs),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Print completions, the man page, the command reference or a new code key
    #[command(subcommand)]
    Util(UtilCommand),
}
