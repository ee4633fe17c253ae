//! Consent to exactly what was shown.

use std::io::{self, BufRead};

use super::super::context::Context;
use super::super::error::CommandError;
use crate::view::text::people;

/// Lets through what `--confirm` states or a person at the terminal says yes to.
pub(super) fn confirm(
    context: &mut Context,
    stated: Option<u64>,
    count: u64,
) -> Result<(), CommandError> {
    match stated {
        Some(stated) if stated == count => return Ok(()),
        Some(_) => return Err(CommandError::NotConfirmed { people: count }),
        None if !context.output.interaction().may_ask => {
            return Err(CommandError::NotConfirmed { people: count });
        }
        None => {}
    }
    context.output.flush().map_err(CommandError::Output)?;
    let question = format!("Settle {} so? Only `yes` settles: ", people(count));
    let (out, _) = context.output.messages();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(CommandError::Output)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(CommandError::Output)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(CommandError::NotConfirmed { people: count }) }
}
