//! `offercast ledger forget`: nothing in the ledger names these people any more, and no plan
//! sends to them again.

use super::confirm::confirm;
use super::context::Context;
use super::error::CommandError;
use super::ledgers::{address, expect_lineage, lock, tell_opened};
use super::login::decided_by;
use super::numbers::numbers_or_number;
use crate::cli::{Exit, LedgerForgetArgs, LedgerForgetFormat};
use crate::ledger::{Decision, Forgetting, LockedLedger, Traces};
use crate::view::forgetting::{write_human, write_json};
use crate::view::text::people;

/// Runs the command. Nothing is written before all of it was shown and agreed to.
pub(super) fn forget(context: &mut Context, args: &LedgerForgetArgs) -> Result<Exit, CommandError> {
    let numbers = numbers_or_number(&args.recipient)?;
    let address = address(context, &args.ledger)?;
    let opened = lock(context, &address, args.lock_timeout)?;
    expect_lineage(opened.ledger.read(), std::slice::from_ref(&args.campaigns))?;
    tell_opened(context, &opened);
    let mut ledger = opened.ledger;
    let traces = ledger.traces(&numbers)?;
    if args.format == LedgerForgetFormat::Human {
        let (out, look) = context.output.data();
        write_human(out, look, &traces).map_err(CommandError::Output)?;
    }
    let count = traces.people;
    let question = format!("Forget {}? It cannot be undone. Only `yes` forgets: ", people(count));
    let refused = || CommandError::NotConfirmedToForget { people: count };
    let consent = if args.dry_run {
        Err(None)
    } else {
        confirm(context, args.confirm, count, &question, refused).map_err(Some)
    };
    if let Err(refusal) = consent {
        show(context, args, &traces, None)?;
        ledger.close()?;
        return refusal.map_or(Ok(Exit::Done), Err);
    }
    let decision = Decision { by: decided_by(context), at: context.clock.now(), evidence: None };
    let done = ledger.forget(&numbers, &decision)?;
    show(context, args, &done.traces, Some(&done))?;
    tell(context, ledger, &done)
}

fn show(
    context: &mut Context,
    args: &LedgerForgetArgs,
    traces: &Traces,
    done: Option<&Forgetting>,
) -> Result<(), CommandError> {
    if args.format == LedgerForgetFormat::Json {
        let (out, _) = context.output.data();
        write_json(out, traces, done).map_err(CommandError::Output)?;
    }
    context.output.flush().map_err(CommandError::Output)
}

fn tell(
    context: &mut Context,
    ledger: Box<dyn LockedLedger>,
    done: &Forgetting,
) -> Result<Exit, CommandError> {
    ledger.close()?;
    context.tell(&format!(
        "Forgot {}: the ledger names them no more, and nobody sends to them again.",
        people(done.traces.people)
    ));
    let Some(remains) = done.remains else { return Ok(Exit::Done) };
    context.warn(&format!(
        "what was written of them before may still stand in freed parts of the ledger, because \
         {remains}; see \"Forgetting a person\" in docs/ledger.md"
    ));
    Ok(Exit::Error)
}
