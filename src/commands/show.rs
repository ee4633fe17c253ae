//! `offercast show`: a plan out of a file.

use super::context::Context;
use super::error::CommandError;
use super::plan_document::Presentation;
use super::plan_file;
use super::quote::command_line;
use crate::cli::{Exit, PlanFormat, ShowArgs};

/// Runs the command.
pub(super) fn show(context: &mut Context, args: &ShowArgs) -> Result<Exit, CommandError> {
    let document = plan_file::read(&args.plan)?;
    let is_sealed = document.seal.is_some();
    let mut presentation = Presentation::of_document(document, context.clock.now());
    let command = ["offercast", "apply", "--plan"].map(str::to_owned);
    let command = command_line(&[&command[..], &[args.plan.display().to_string()]].concat());
    presentation.set_commands(|_| is_sealed.then(|| command.clone()));
    match args.format {
        PlanFormat::Human => {
            let (out, look) = context.output.data();
            presentation.human(out, look, usize::from(args.samples))?;
        }
        PlanFormat::Json => context.print(&presentation.json()?)?,
    }
    Ok(Exit::Done)
}
