//! Consumption: before the first request, every new plan is on stable storage with all its
//! people, for all campaigns of the invocation or for none.

use std::ops::ControlFlow;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::reading::ReadingProgress;
use super::Work;
use crate::audience::Item;
use crate::ledger::{Consumption, LockedLedger, NewRecipient, PlanRecord, PlanRow};
use crate::model::Sid;

/// Writes all new plans in one transaction.
///
/// The audience is read a second time; whoever is not in the plan, or would get other
/// content than planned, stops the whole consumption: a file changed in between.
pub(super) fn consume(
    context: &Context,
    ledger: &mut LockedLedger,
    work: &[Work<'_>],
    sid: &Sid,
    approval: &'static str,
) -> Result<(), CommandError> {
    let new: Vec<_> = work.iter().filter(|item| item.is_open() && item.is_new()).collect();
    if new.is_empty() {
        return Ok(());
    }
    let now = context.clock.now();
    let sid = sid.fingerprint(ledger.read().secret());
    let mut consumption = ledger.begin_consumption()?;
    for item in new {
        let Work { prepared, decided } = item;
        let campaign = &prepared.entry.campaign;
        let record = PlanRecord {
            campaign: campaign.name.clone(),
            id: decided.plan.id.expect("an apply plans with a ledger"),
            offer_end: campaign.offer.window.end(now),
            terms: decided.plan.terms.pairs().to_vec(),
            code_key: prepared.composer.key_fingerprint(),
            approval,
            api_host: prepared.endpoint.identity(),
            sid: sid.clone(),
            consumed_at: now,
        };
        let row = consumption.plan(&record)?;
        write_recipients(context, &mut consumption, row, item)?;
    }
    consumption.commit()?;
    Ok(())
}

fn write_recipients(
    context: &Context,
    consumption: &mut Consumption<'_>,
    row: PlanRow,
    item: &Work<'_>,
) -> Result<(), CommandError> {
    let Work { prepared, decided } = item;
    let sends = &decided.plan.sends;
    let changed = || CommandError::AudienceChanged(prepared.entry.campaign.name.to_string());
    let mut written = 0;
    let mut failure = None;
    let mut progress = ReadingProgress::new(context, prepared, "recording the plan");
    let read = prepared.audience.read(&prepared.exclusions, &mut |kept| {
        progress.row();
        let Item::Kept(recipient, ()) = kept else { return ControlFlow::Continue(()) };
        let Ok(index) = sends.binary_search_by_key(&recipient.number, |planned| planned.number)
        else {
            return ControlFlow::Continue(());
        };
        let counter = decided.codes.as_ref().map_or(0, |codes| codes.counter_for(recipient.number));
        let recorded = match prepared.composer.message(recipient, counter) {
            Ok(message) if message.content == sends[index].content => {
                let id = recipient.id.clone();
                let new = NewRecipient { number: recipient.number, id, message };
                consumption.recipient(row, &new).map_err(CommandError::from)
            }
            Ok(_) | Err(_) => Err(changed()),
        };
        match recorded {
            Ok(()) => {
                written += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match (failure, read) {
        (Some(error), _) => Err(error),
        (None, Err(_)) => Err(changed()),
        (None, Ok(_)) if written != sends.len() => Err(changed()),
        (None, Ok(_)) => Ok(()),
    }
}
