//! `offercast validate`: all faults of all files in one run.

use super::context::Context;
use super::error::CommandError;
use super::load::{self, Loaded};
use super::report::checked;
use crate::cli::{Exit, ValidateArgs, ValidateFormat};
use crate::view::diagnostics::{write_github, write_gitlab, write_human, write_json, write_sarif};

/// Runs the command.
pub(super) fn validate(context: &mut Context, args: &ValidateArgs) -> Result<Exit, CommandError> {
    let loaded = load::load(context, &args.campaigns.paths)?;
    write(context, args.format, &loaded)
        .and_then(|()| context.output.flush())
        .map_err(CommandError::Output)?;
    Ok(if loaded.has_errors() { Exit::Invalid } else { Exit::Done })
}

fn write(context: &mut Context, format: ValidateFormat, loaded: &Loaded) -> std::io::Result<()> {
    let Loaded { sources, diagnostics, files, .. } = loaded;
    match format {
        ValidateFormat::Human => {
            let (out, look) = context.output.messages();
            write_human(out, look, diagnostics, sources, checked(diagnostics, *files))
        }
        ValidateFormat::Json => write_json(context.output.data().0, diagnostics, sources),
        ValidateFormat::Github => write_github(context.output.data().0, diagnostics, sources),
        ValidateFormat::Gitlab => write_gitlab(context.output.data().0, diagnostics, sources),
        ValidateFormat::Sarif => write_sarif(context.output.data().0, diagnostics, sources),
    }
}
