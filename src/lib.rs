//! offercast runs WhatsApp limited-time-offer campaigns that live as YAML files in git.
//!
//! The way of the data, from file to send, is the list of modules: [`cli`] is what can be
//! typed and [`commands`] what then happens; [`parse`] turns a campaign file into a
//! [`model`] campaign, [`audience`] streams its recipients, [`compose`] writes each one's
//! message, [`rates`] knows its price, [`ledger`] remembers, [`plan`] decides, [`send`] carries out through
//! [`kaleyra`] and tells about it in [`event`]s, and [`view`] finds the words.
//! [`diagnostic`] is a problem with a place, [`sandbox`] a stand-in for the far side, and
//! [`clock`] the only reader of time and chance.
//!
//! Who may import whom is drawn in `docs/architecture.md` and held by a test.

pub mod audience;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod compose;
pub mod diagnostic;
pub mod event;
pub mod kaleyra;
pub mod ledger;
pub mod model;
pub mod parse;
pub mod plan;
pub mod rates;
pub mod sandbox;
pub mod send;
pub mod view;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// Runs the program with these arguments, the program's own name first.
///
/// Usage errors end with 64 and not with clap's 2, which means "there are changes".
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match cli::Cli::try_parse_from(args) {
        Ok(cli) => commands::execute(&cli).into(),
        Err(error) => {
            // Nothing can be done about a closed stream; the exit code still says it.
            let _ = error.print();
            let exit = if error.use_stderr() { cli::Exit::Usage } else { cli::Exit::Done };
            exit.into()
        }
    }
}
