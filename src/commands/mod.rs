//! What happens: one file per command, and the only place where the layers meet.

mod annotations;
mod apply;
mod codes;
mod confirm;
mod context;
mod crash;
mod error;
mod findings;
mod forget;
mod github;
mod init;
mod ledger;
mod ledger_hint;
mod ledgers;
mod load;
mod login;
mod lookalike;
mod numbers;
mod plan;
mod plan_document;
mod plan_file;
mod planning;
mod policy;
mod preconditions;
mod preview;
mod quote;
mod rates;
mod reading;
mod reference;
mod report;
mod resolve;
mod sandbox;
mod secrets;
mod show;
mod spending;
mod status;
mod telling;
mod test;
mod unique_codes;
mod util;
mod validate;

use context::Context;
pub use error::CommandError;

use crate::cli::{Cli, Command, Exit};
use crate::view;

/// Does what was typed; errors are told here, with their cause and what to do.
pub fn execute(cli: &Cli) -> Exit {
    crash::keep_private();
    let mut context = match Context::of_process(cli.color) {
        Ok(context) => context,
        Err(error) => {
            let environment = view::Environment::of_process();
            let mut output = view::Output::of_process(view::ColourChoice::Never, &environment);
            return tell_error(&mut output, &error);
        }
    };
    let done = match &cli.command {
        Command::Init(args) => init::init(&mut context, args),
        Command::Validate(args) => validate::validate(&mut context, args),
        Command::Plan(args) => plan::plan(&mut context, args),
        Command::Show(args) => show::show(&mut context, args),
        Command::Preview(args) => preview::preview(&mut context, args),
        Command::Apply(args) => apply::apply(&mut context, args),
        Command::Test(args) => test::test(&mut context, args),
        Command::Codes(args) => codes::codes(&mut context, args),
        Command::Status(args) => status::status(&mut context, args),
        Command::Report(args) => spending::report(&mut context, args),
        Command::Resolve(args) => resolve::resolve(&mut context, args),
        Command::Ledger(command) => ledger::ledger(&mut context, command),
        Command::Sandbox(args) => sandbox::sandbox(&mut context, args),
        Command::Schema(args) => util::schema(&mut context, args),
        Command::Util(command) => util::util(&mut context, command),
    };
    match done {
        Ok(exit) => exit,
        Err(error) => tell_error(&mut context.output, &error),
    }
}

fn tell_error(output: &mut view::Output, error: &CommandError) -> Exit {
    let (out, look) = output.messages();
    // A closed standard error leaves the exit code to say it.
    let _ = view::error::write(out, look, error, error.hint().as_deref());
    error.exit()
}
