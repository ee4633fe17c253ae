//! `offercast show`: a plan out of a file.

use super::context::Context;
use super::error::CommandError;
use super::plan_document::{Asked, Presentation};
use super::plan_file;
use super::quote::command_line;
use crate::cli::{Exit, ShowArgs};
use crate::diagnostic::Sources;

/// Runs the command.
pub(super) fn show(context: &mut Context, args: &ShowArgs) -> Result<Exit, CommandError> {
    let document = plan_file::read(&args.plan)?;
    let is_sealed = document.seal.is_some();
    let mut presentation = Presentation::of_document(document, context.clock.now());
    let command = ["offercast", "apply", "--plan"].map(str::to_owned);
    let command = command_line(&[&command[..], &[args.plan.display().to_string()]].concat());
    presentation.set_commands(|_| is_sealed.then(|| command.clone()));
    let asked = Asked {
        format: args.format,
        samples: usize::from(args.samples),
        max_bytes: usize::try_from(args.max_bytes).unwrap_or(usize::MAX),
    };
    presentation.write(context, asked, &[], &Sources::default())?;
    Ok(Exit::Done)
}
