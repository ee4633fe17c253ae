//! Consent to exactly what was shown.

use std::io::{self, BufRead};

use super::context::Context;
use super::error::CommandError;

/// Lets through what `--confirm` states or a person at the terminal says yes to; `refused` is
/// what ends the command otherwise.
pub(super) fn confirm(
    context: &mut Context,
    stated: Option<u64>,
    count: u64,
    question: &str,
    refused: impl Fn() -> CommandError,
) -> Result<(), CommandError> {
    match stated {
        Some(stated) if stated == count => return Ok(()),
        Some(_) => return Err(refused()),
        None if !context.output.interaction().may_ask => return Err(refused()),
        None => {}
    }
    context.output.flush().map_err(CommandError::Output)?;
    let (out, _) = context.output.messages();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(CommandError::Output)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(CommandError::Output)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(refused()) }
}
