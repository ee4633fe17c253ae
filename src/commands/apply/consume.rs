//! Consumption: before the first request, every new plan is on stable storage with all its
//! people, for all campaigns of the invocation or for none.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, Builder};

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::reading::{Afterword, ReadingProgress};
use super::Work;
use super::patience::Patience;
use crate::audience::Item;
use crate::ledger::{Consumption, LedgerError, LockedLedger, NewRecipient, PlanRecord, PlanRow};
use crate::model::{PhoneNumber, Recipient, Sid, Timestamp};
use crate::plan::{Lookup, Planned};

/// People handed from the reader to the writer at once, and how often before it waits.
const BATCH: usize = 256;
const BATCHES: usize = 4;

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
    let (now, began) = (context.clock.now(), context.clock.monotonic());
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
    let telling = Afterword::new(context, began, "recording the plan: bringing it to the disk");
    let committed = consumption.commit();
    drop(telling);
    match committed {
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

/// Writes them in the order of the audience. It is read on a thread of its own: taking rows
/// apart and writing them to the ledger are each as much as a processor does meanwhile.
fn write_recipients(
    context: &Context,
    consumption: &mut dyn Consumption,
    row: PlanRow,
    item: &Work<'_>,
) -> Result<(), CommandError> {
    let Work { prepared, decided } = item;
    let mut written = 0;
    let mut progress = ReadingProgress::new(context, prepared, "recording the plan");
    let unchanged = thread::scope(|scope| {
        let (hand_on, batches) = sync_channel(BATCHES);
        let reader = Builder::new().name("audience".to_owned());
        let reader = reader.spawn_scoped(scope, move || read_again(item, &hand_on));
        let reader = reader.map_err(|source| CommandError::System {
            what: "no thread could be started",
            source: source.into(),
        })?;
        for new in batches.iter().flatten() {
            progress.row();
            consumption.recipient(row, &new)?;
            written += 1;
        }
        Ok::<_, CommandError>(reader.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    if unchanged && written == decided.plan.sends.len() {
        return Ok(());
    }
    Err(CommandError::AudienceChanged(prepared.entry.campaign.name.to_string()))
}

/// Hands everybody planned on, unless nobody takes them any more. False when the audience is
/// not what was planned.
fn read_again(item: &Work<'_>, hand_on: &SyncSender<Vec<NewRecipient>>) -> bool {
    let Work { prepared, decided } = item;
    let people = Lookup::over(&decided.plan.sends);
    let place =
        |numbers: &[PhoneNumber], places: &mut [Option<u32>]| people.places(numbers, places);
    // Whoever is planned was read before, by the plan that is being consumed.
    let exist = |numbers: &[PhoneNumber], places: &mut [Option<u32>]| {
        people.places(numbers, places);
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = place.filter(|place| people.at(*place).number == *number);
        }
    };
    let compose = |recipient: &Recipient, place: Option<u32>| {
        let planned = place.map(|place| people.at(place));
        planned.map_or(Composed::NotPlanned, |planned| new_recipient(item, planned, recipient))
    };
    let mut unchanged = true;
    let mut batch = Vec::with_capacity(BATCH);
    let exclusions = &prepared.exclusions;
    let read = prepared.audience.read_again(exclusions, &exist, &place, &compose, &mut |kept| {
        match kept {
            Item::Kept(_, Composed::Planned(new)) => batch.push(new),
            Item::Kept(_, Composed::Changed) => {
                unchanged = false;
                return ControlFlow::Break(());
            }
            Item::Kept(_, Composed::NotPlanned) | Item::Dropped(_) => {}
        }
        if batch.len() < BATCH {
            return ControlFlow::Continue(());
        }
        match hand_on.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    // Whoever hung up knows why.
    let _ = hand_on.send(batch);
    unchanged && read.is_ok()
}

/// A row of the audience, held against the plan.
enum Composed {
    /// The plan does not send to this person.
    NotPlanned,
    /// The message that was planned.
    Planned(NewRecipient),
    /// Not the message that was planned, or none, or to another spelling of the number.
    Changed,
}

fn new_recipient(item: &Work<'_>, planned: &Planned, recipient: &Recipient) -> Composed {
    let Work { prepared, decided } = item;
    let number = recipient.number;
    let counter = decided.codes.as_ref().map_or(0, |codes| codes.counter_for(number));
    match prepared.composer.message(recipient, counter) {
        Ok(message) if message.content == planned.content && number == planned.number => {
            Composed::Planned(NewRecipient::new(number, recipient.id.as_deref(), &message))
        }
        Ok(_) | Err(_) => Composed::Changed,
    }
}
