//! The same people, the same content, another campaign's name: most likely a copied file.

use std::ops::ControlFlow;
use std::time::Duration;

use super::error::CommandError;
use crate::ledger::{ReadLedger, Who};
use crate::model::{State, Timestamp};
use crate::plan::{Notice, Plan};

/// How far back is looked.
const PERIOD: Duration = Duration::from_hours(30 * 24);
/// The most rows of one campaign that are looked at: enough to notice, soon done.
const MOST_ROWS: u64 = 100_000;
/// Campaigns that share this part of the people looked at, one in so many, are alike.
const PART: u64 = 10;

/// A warning for each campaign of the last 30 days that many of these people got the same
/// content from.
pub(super) fn lookalikes(
    ledger: &dyn ReadLedger,
    plan: &Plan,
    now: Timestamp,
) -> Result<Vec<Notice>, CommandError> {
    let mut notices = Vec::new();
    if plan.sends.is_empty() {
        return Ok(notices);
    }
    let since = now.minus(PERIOD);
    for campaign in ledger.consumed_since(since)? {
        if campaign == plan.campaign {
            continue;
        }
        let (mut looked_at, mut same) = (0, 0);
        ledger.visit_history(&Who::All, Some(&campaign), &mut |person| {
            looked_at += 1;
            let reached =
                matches!(person.state, State::Accepted | State::Unknown | State::Attempting);
            let planned = person.whose.number().and_then(|number| {
                plan.sends.binary_search_by_key(&number, |sent| sent.number).ok()
            });
            let is_same = planned.is_some_and(|at| plan.sends[at].content == person.content);
            same += u64::from(reached && is_same);
            if looked_at < MOST_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let smaller = looked_at.min(plan.sends.len() as u64);
        if same > 0 && same.saturating_mul(PART) >= smaller {
            notices.push(Notice::Lookalike { campaign, people: same });
        }
    }
    Ok(notices)
}
