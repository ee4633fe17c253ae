//! Codes of a plan are everybody's own: what the ledger knows of them, and new draws for the
//! few whose codes collide.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::thread;

use super::error::CommandError;
use super::planning::Prepared;
use super::telling::sample;
use crate::audience::Item;
use crate::compose::{CodeBook, CodeBookError, Composer};
use crate::ledger::Snapshot;
use crate::model::{PhoneNumber, Recipient, State};
use crate::plan::{Past, Planner, Sample};

/// The codes that left the house, sent or issued: each stays its person's, and nobody else
/// gets one. Codes that were only planned may still change with the campaign.
pub(super) fn known_codes(
    composer: &Composer,
    snapshot: Option<&Snapshot>,
    past: &Past<'_>,
) -> CodeBook {
    let mut book = CodeBook::new(composer.code_space());
    if let Some(memory) = snapshot.and_then(|snapshot| snapshot.campaign.as_ref()) {
        for known in memory.known.iter().filter(|known| known.code_may_be_out()) {
            match known.state {
                State::Pending | State::Skipped => book.know(known.number, known.code),
                State::Accepted if past.is_sent_again(known) => {
                    book.know(known.number, known.code);
                }
                State::Attempting | State::Accepted | State::Rejected | State::Unknown => {
                    book.take(known.code);
                }
            }
        }
        // Whoever had them cannot be told from others any more: they are nobody's from now on.
        memory.taken.iter().for_each(|code| book.take(*code));
        for (number, code) in &memory.issued {
            book.know(*number, code.digest());
        }
    }
    book
}

/// Why no codes were found for those who collide.
pub(super) enum RedrawError {
    Command(CommandError),
    Codes(CodeBookError),
}

/// Sorts people and codes, each on a processor of its own, and settles the codes.
pub(super) fn put_in_order(
    planner: &mut Planner<'_>,
    codes: Option<&mut CodeBook>,
    prepared: &Prepared<'_>,
) -> Result<(), RedrawError> {
    thread::scope(|scope| {
        scope.spawn(|| planner.put_in_order());
        codes.map_or(Ok(()), |book| redraw(prepared, book))
    })
}

/// Reads the rows of the few people whose codes collide once more, and draws for them.
fn redraw(prepared: &Prepared<'_>, book: &mut CodeBook) -> Result<(), RedrawError> {
    let composer = &prepared.composer;
    loop {
        let waiting = book.collisions().map_err(RedrawError::Codes)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let rows = rows_of(prepared, &waiting).map_err(RedrawError::Command)?;
        for number in waiting {
            let recipient = rows.get(&number).ok_or_else(|| {
                RedrawError::Command(CommandError::AudienceChanged(
                    prepared.entry.campaign.name.to_string(),
                ))
            })?;
            book.redraw(number, &mut |counter| Ok(composer.code(recipient, counter)?.digest()))
                .map_err(RedrawError::Codes)?;
        }
    }
}

fn rows_of(
    prepared: &Prepared<'_>,
    people: &[PhoneNumber],
) -> Result<HashMap<PhoneNumber, Recipient>, CommandError> {
    let wanted: HashSet<_> = people.iter().copied().collect();
    let mut rows = HashMap::with_capacity(wanted.len());
    let read = prepared.audience.read(&prepared.exclusions, &mut |item| {
        if let Item::Kept(recipient, ()) = item
            && wanted.contains(&recipient.number)
        {
            rows.insert(recipient.number, recipient.clone());
        }
        if rows.len() == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match read {
        Ok(_) => Ok(rows),
        Err(_) => Err(CommandError::AudienceChanged(prepared.entry.campaign.name.to_string())),
    }
}

/// Samples are made before colliding codes are drawn again: those of the redrawn are made
/// once more, with the codes that are theirs.
pub(super) fn show_redrawn(
    prepared: &Prepared<'_>,
    book: &CodeBook,
    samples: &mut [Sample],
) -> Result<(), CommandError> {
    let redrawn = |sample: &&mut Sample| book.counter_for(sample.number) > 0;
    let people: Vec<_> = samples.iter_mut().filter(redrawn).map(|shown| shown.number).collect();
    if people.is_empty() {
        return Ok(());
    }
    let rows = rows_of(prepared, &people)?;
    for shown in samples.iter_mut().filter(redrawn) {
        let counter = book.counter_for(shown.number);
        if let Some(Ok(again)) =
            rows.get(&shown.number).map(|recipient| sample(prepared, recipient, true, counter))
        {
            *shown = again;
        }
    }
    Ok(())
}
