//! Consumption: before the first request, every new plan is on stable storage with all its
//! people, for all campaigns of the invocation or for none.

use std::ops::ControlFlow;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::reading::ReadingProgress;
use super::Work;
use super::patience::Patience;
use crate::audience::Item;
use crate::ledger::{Consumption, LedgerError, LockedLedger, NewRecipient, PlanRecord, PlanRow};
use crate::model::{Recipient, Sid, Timestamp};
use crate::plan::Lookup;

/// Writes all new plans in one transaction.
///
/// The audience is read a second time; whoever is not in the plan, or would get other
/// content than planned, stops the whole consumption: a file changed in between.
pub(super) fn consume(
    context: &Context,
    ledger: &mut dyn LockedLedger,
    work: &[Work<'_>],
    sid: &Sid,
    approval: &'static str,
    patience: &Patience,
) -> Result<(), CommandError> {
    let new: Vec<_> = work.iter().filter(|item| item.is_open() && item.is_new()).collect();
    if new.is_empty() {
        return Ok(());
    }
    let now = context.clock.now();
    let sid = sid.fingerprint(ledger.read().secret());
    let people = new.iter().map(|item| item.decided.plan.sends.len() as u64).sum();
    let mut consumption = ledger.begin_consumption(people)?;
    for item in &new {
        let Work { prepared, decided } = item;
        let campaign = &prepared.entry.campaign;
        let record = PlanRecord {
            campaign: campaign.name.clone(),
            id: decided.plan.id.expect("an apply plans with a ledger"),
            sender: campaign.sender.from,
            offer_end: campaign.offer.window.end(now),
            terms: decided.plan.terms.record(&decided.plan.audience),
            code_key: prepared.composer.key_fingerprint(),
            approval,
            api_host: prepared.endpoint.identity(),
            sid: sid.clone(),
            consumed_at: now,
            again_after_failure: decided.plan.tally.after_failure > 0,
        };
        let row = consumption.plan(&record)?;
        write_recipients(context, &mut *consumption, row, item)?;
    }
    match consumption.commit() {
        Err(error) if error.is_away() => read_back(ledger, &new, now, patience, error),
        committed => Ok(committed?),
    }
}

/// The answer to a commit was lost: the ledger itself says whether the plans are in it.
fn read_back(
    ledger: &mut dyn LockedLedger,
    new: &[&Work<'_>],
    now: Timestamp,
    patience: &Patience,
    error: LedgerError,
) -> Result<(), CommandError> {
    let is_consumed = patience.go_on(ledger, error, |ledger| {
        for Work { prepared, decided } in new {
            let id = decided.plan.id.expect("an apply plans with a ledger");
            let found = ledger.read().consumed(&prepared.entry.campaign.name, id)?;
            // One of the same id may have been consumed before, and be finished.
            if found.is_none_or(|found| found.plan.consumed_at != now) {
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    if is_consumed { Ok(()) } else { Err(LedgerError::NotRecorded.into()) }
}

fn write_recipients(
    context: &Context,
    consumption: &mut dyn Consumption,
    row: PlanRow,
    item: &Work<'_>,
) -> Result<(), CommandError> {
    let Work { prepared, decided } = item;
    let planned = decided.plan.sends.len();
    let changed = || CommandError::AudienceChanged(prepared.entry.campaign.name.to_string());
    let mut written = 0;
    let mut failure = None;
    let mut progress = ReadingProgress::new(context, prepared, "recording the plan");
    let people = Lookup::over(&decided.plan.sends);
    let compose = |recipient: &Recipient| new_recipient(item, &people, recipient);
    let read = prepared.audience.read_with(&prepared.exclusions, &compose, &mut |kept| {
        progress.row();
        let recorded = match kept {
            Item::Kept(_, Composed::Planned(new)) => {
                consumption.recipient(row, &new).map_err(CommandError::from)
            }
            Item::Kept(_, Composed::Changed) => Err(changed()),
            Item::Kept(_, Composed::NotPlanned) | Item::Dropped(_) => {
                return ControlFlow::Continue(());
            }
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
        (None, Ok(_)) if written != planned => Err(changed()),
        (None, Ok(_)) => Ok(()),
    }
}

/// A row of the audience, held against the plan.
enum Composed {
    /// The plan does not send to this person.
    NotPlanned,
    /// The message that was planned.
    Planned(Box<NewRecipient>),
    /// Not the message that was planned, or none.
    Changed,
}

fn new_recipient(item: &Work<'_>, people: &Lookup<'_>, recipient: &Recipient) -> Composed {
    let Work { prepared, decided } = item;
    let number = recipient.number;
    let Some(planned) = people.find(number) else { return Composed::NotPlanned };
    let counter = decided.codes.as_ref().map_or(0, |codes| codes.counter_for(number));
    match prepared.composer.message(recipient, counter) {
        Ok(message) if message.content == planned.content => {
            Composed::Planned(Box::new(NewRecipient { number, id: recipient.id.clone(), message }))
        }
        Ok(_) | Err(_) => Composed::Changed,
    }
}
