//! `offercast schema`, `offercast util …`

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Print a JSON Schema
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, value_name = "NAME")]
    pub name: SchemaName,
}

/// The schemas there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum SchemaName {
    /// The campaign file
    Campaign,
    /// The plan file and `plan --format json`
    Plan,
    /// The policy file
    Policy,
    /// One line of `apply --format json`
    Events,
    /// The file of `apply --report`
    Report,
}

/// Texts made from the program itself.
#[derive(Debug, Subcommand)]
pub enum UtilCommand {
    /// Print a completion script
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the man page
    Man,
    /// Print the command reference in Markdown
    Reference,
    /// Print a new key for `OFFERCAST_CODE_KEY`
    CodeKey,
}
