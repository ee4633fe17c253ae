//! One campaign sent beside other machines: as long as somebody waits whom nobody has
//! claimed, and then until the others have ended too.

use std::thread::sleep;
use std::time::Duration;

use super::super::context::Context;
use super::super::error::CommandError;
use super::Work;
use super::engine::{Engine, Ran, find_plan};
use super::far_side::Account;
use super::heart::Heart;
use super::telling::tell_end;
use crate::event::{RunReport, StopReason};
use crate::ledger::{Journal, LedgerError, LockedLedger, Post};
use crate::model::{HaltReason, StateCounts};
use crate::send::{StoreError, messages_in_a_window};
use crate::view::text::plural;

/// How often the others are looked at while there is nothing to do.
const GLANCE: Duration = Duration::from_millis(250);

/// Sends what this machine gets of a campaign. The report is of this machine; its counts are
/// of everybody at the end.
pub(super) fn run(
    context: &mut Context,
    engine: &Engine<'_>,
    item: &Work<'_>,
    account: &Account,
    mut ledger: Box<dyn LockedLedger>,
    journal: &mut Journal,
    people_before: u64,
) -> Result<Ran, CommandError> {
    let campaign = &item.prepared.entry.campaign;
    let heart = engine.heart.as_ref().expect("it is beside others");
    let patience = engine.patience();
    let found = find_plan(item, &mut *ledger, &patience)?;
    let rate = campaign.delivery.rate;
    let most = messages_in_a_window(rate);
    let post = Post {
        plan: found.row,
        sender: campaign.sender.from,
        interval: rate.interval(),
        most,
        is_alone: campaign.delivery.daily.is_some(),
    };
    let window = rate.interval().saturating_mul(u32::try_from(most).unwrap_or(u32::MAX));
    heart.enter(&post, window, &patience)?;
    let mut total = engine.empty_report(item, StopReason::Finished);
    let telling = engine.telling();
    let (mut has_told, mut failure) = (false, None);
    let (stop, mut last) = loop {
        let standing = heart.look();
        tell_rescued(context, heart);
        let Some(standing) = standing else {
            break (StopReason::Halted(HaltReason::Ledger), None);
        };
        if let Some(reason) = standing.halt.as_deref().and_then(HaltReason::parse) {
            break (StopReason::Halted(reason), None);
        }
        if let Some(stop) = engine.asked_to_stop() {
            break (stop, None);
        }
        if standing.has_work && standing.part > 0 && !standing.is_held {
            let before = people_before + people(&total.this_run);
            let ran = match engine.run(item, account, ledger, journal, before, &telling) {
                Ok(ran) => ran,
                // Nothing was sent, as the exit code says then.
                Err(error) if total.requests == 0 => return Err(error),
                Err(error) => {
                    total.stop = StopReason::Halted(HaltReason::Ledger);
                    tell_end(&telling, &total);
                    return Ok(Ran { store_error: Some(StoreError::new(error)), ..Ran::of(total) });
                }
            };
            add(&mut total, &ran.report);
            let goes_on = ran.report.stop == StopReason::Finished && ran.is_recorded;
            match ran.store {
                Some(store) if goes_on => ledger = store,
                store => {
                    let stop = ran.report.stop;
                    ledger = match store {
                        Some(store) => store,
                        None => return Ok(Ran { report: total, store: None, ..ran }),
                    };
                    break (stop, Some(Ran { store: None, ..ran }));
                }
            }
        } else if !standing.has_work && standing.others == 0 {
            match heart.reclaim(&patience) {
                Ok(true) => sleep(GLANCE),
                Ok(false) => break (StopReason::Finished, None),
                Err(error) if total.requests == 0 => return Err(error.into()),
                Err(error) => {
                    failure = Some(error);
                    break (StopReason::Halted(HaltReason::Ledger), None);
                }
            }
        } else {
            if !has_told {
                has_told = true;
                let others = plural(standing.others.max(1), "other machine", "other machines");
                context.tell(&format!("{}  waiting for {others}", campaign.name));
            }
            sleep(GLANCE);
        }
    };
    total.stop = stop;
    if let StopReason::Halted(reason) = stop
        && last.is_some()
        && reason != HaltReason::Ledger
    {
        failure = heart.halt(reason, &patience).err();
    }
    if last.as_ref().is_none_or(|ran| ran.is_recorded) && heart.lease()() {
        let counts = |ledger: &mut dyn LockedLedger, _| ledger.read().counts(&campaign.name);
        match patience.keep_on(&mut *ledger, counts) {
            Ok(counts) => total.counts = counts,
            Err(error) => failure = Some(error),
        }
    }
    if failure.is_some() && stop == StopReason::Finished {
        total.stop = StopReason::Halted(HaltReason::Ledger);
    }
    if stop == StopReason::Finished || last.is_none() {
        tell_end(&telling, &total);
    }
    let mut ran = last.take().unwrap_or_else(|| Ran::of(total.clone()));
    // That another took over may be known here, and there only that the server was away.
    let loss = heart.loss();
    if ran.store_error.is_none() || matches!(loss, Some(LedgerError::TakenOver { .. })) {
        ran.store_error = loss.or(failure).map(StoreError::new);
    }
    Ok(Ran { report: total, store: Some(ledger), ..ran })
}

fn people(counts: &StateCounts) -> u64 {
    counts.accepted + counts.rejected + counts.unknown
}

/// A further run of the same machine.
fn add(total: &mut RunReport, run: &RunReport) {
    let StateCounts { accepted, rejected, unknown, skipped, pending: _, attempting: _ } =
        run.this_run;
    total.this_run.accepted += accepted;
    total.this_run.rejected += rejected;
    total.this_run.unknown += unknown;
    total.this_run.skipped += skipped;
    for &(cause, count) in &run.unknown {
        match total.unknown.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, sum)) => *sum += count,
            None => total.unknown.push((cause, count)),
        }
    }
    total.requests += run.requests;
    total.took += run.took;
    total.detail.clone_from(&run.detail);
    total.next_at = run.next_at;
    total.counts = run.counts;
}

fn tell_rescued(context: &mut Context, heart: &Heart) {
    let rescued = heart.rescued();
    if rescued > 0 {
        context.warn(&format!(
            "another machine died while {} on the wire: unknown now, and held",
            plural(rescued, "message was", "messages were")
        ));
    }
}
