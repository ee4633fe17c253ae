//! Settling by a person's word: sent, or not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::numbers::numbers;
use super::Proposal;
use crate::cli::{ResolveArgs, ResolveAs};
use crate::ledger::{HistoryRow, LockedLedger, RowId, Settlement, Verdict, Who};
use crate::model::{CampaignName, PhoneNumber, State, Timestamp, UnknownCause, format_duration};
use crate::view::resolve::{Claim, Claimed, write_claim};
use crate::view::text::plural;

/// A provider's queue may deliver late: below this, no attempt counts as over.
const LEAST_AGE: Duration = Duration::from_mins(5);
/// The most people listed who cannot be settled.
const LISTED: usize = 20;

/// What is said about whom.
pub(super) struct Word {
    claim: ResolveAs,
    min_age: Duration,
    whom: Whom,
}

enum Whom {
    Numbers(Vec<PhoneNumber>),
    Id(String),
    All(Option<UnknownCause>),
}

impl Word {
    /// Reads the arguments and, where they say so, standard input. `None` where a report is
    /// to decide.
    pub(super) fn of(args: &ResolveArgs) -> Result<Option<Self>, CommandError> {
        let Some(claim) = args.verdict else { return Ok(None) };
        if args.from.is_some() {
            let message = "`--as` and `--from` exclude each other: the report decides".to_owned();
            return Err(CommandError::Usage { message, hint: None });
        }
        if args.min_age < LEAST_AGE {
            let message = "`--min-age` is at least 5min".to_owned();
            let hint = Some("until then a late delivery is likely, not only possible".to_owned());
            return Err(CommandError::Usage { message, hint });
        }
        let whom = match (&args.recipient, &args.id) {
            (Some(stdin), _) => Whom::Numbers(numbers(stdin)?),
            (None, Some(id)) => Whom::Id(id.clone()),
            (None, None) => Whom::All(args.cause.as_deref().map(cause).transpose()?),
        };
        Ok(Some(Self { claim, min_age: args.min_age, whom }))
    }

    /// Finds the people, checks that all of them can be settled so, and shows what it means.
    pub(super) fn propose(
        &self,
        context: &mut Context,
        ledger: &dyn LockedLedger,
        campaign: &CampaignName,
    ) -> Result<Proposal, CommandError> {
        let mut found = Found::default();
        let mut visit = |row: HistoryRow| -> Result<(), CommandError> {
            found.take(&row, &self.whom);
            Ok(())
        };
        match &self.whom {
            Whom::All(_) => ledger.read().history(&Who::Unknown, Some(campaign), &mut visit)?,
            Whom::Id(id) => {
                ledger.read().history(&Who::Id(id.clone()), Some(campaign), &mut visit)?;
                found.expect_somebody("this id", campaign)?;
            }
            Whom::Numbers(numbers) => {
                for number in numbers {
                    let before = found.seen();
                    let who = Who::Number(*number);
                    ledger.read().history(
                        &who,
                        Some(campaign),
                        |row| -> Result<(), CommandError> {
                            found.take(&row, &self.whom);
                            Ok(())
                        },
                    )?;
                    if found.seen() == before {
                        found.others.push((Some(*number), None));
                    }
                }
            }
        }
        found.refuse_others(context, campaign)?;
        let now = context.clock.now();
        if self.claim == ResolveAs::Unsent {
            found.refuse_young(now, self.min_age)?;
        }
        let verdict = match self.claim {
            ResolveAs::Sent => Verdict::Sent,
            ResolveAs::Unsent => Verdict::Unsent,
        };
        if !found.rows.is_empty() {
            let claimed = Claimed {
                campaign: campaign.as_str(),
                claim: match self.claim {
                    ResolveAs::Sent => Claim::Sent,
                    ResolveAs::Unsent => Claim::Unsent,
                },
                causes: found.causes.into_iter().collect(),
                attempts: found.attempts,
                now,
            };
            let (out, look) = context.output.data();
            write_claim(out, look, &claimed).map_err(CommandError::Output)?;
        }
        let settlements =
            found.rows.into_iter().map(|row| Settlement { row, verdict: verdict.clone() });
        Ok(Proposal { settlements: settlements.collect(), evidence: None })
    }
}

/// The people that the ledger has for what was said.
#[derive(Default)]
struct Found {
    rows: Vec<RowId>,
    causes: BTreeMap<UnknownCause, u64>,
    /// The first and the last attempt.
    attempts: Option<(Timestamp, Timestamp)>,
    /// Who is not unknown, and where they stand; `None` when they were never planned.
    others: Vec<(Option<PhoneNumber>, Option<State>)>,
}

impl Found {
    fn seen(&self) -> usize {
        self.rows.len() + self.others.len()
    }

    fn take(&mut self, row: &HistoryRow, whom: &Whom) {
        if row.state != State::Unknown {
            self.others.push((row.whose.number(), Some(row.state)));
            return;
        }
        let cause = row.cause.as_deref().and_then(UnknownCause::parse);
        if let Whom::All(Some(wanted)) = whom
            && cause != Some(*wanted)
        {
            return;
        }
        self.rows.push(row.row);
        if let Some(cause) = cause {
            *self.causes.entry(cause).or_default() += 1;
        }
        let at = row.attempted_at.unwrap_or(row.updated_at);
        let (first, last) = self.attempts.unwrap_or((at, at));
        self.attempts = Some((first.min(at), last.max(at)));
    }

    fn expect_somebody(&self, what: &str, campaign: &CampaignName) -> Result<(), CommandError> {
        if self.seen() > 0 {
            return Ok(());
        }
        let people = format!("nobody in `{campaign}` has {what}");
        Err(CommandError::NotSettleable { people })
    }

    /// One of them who is not unknown refuses all: whoever named them is mistaken.
    fn refuse_others(
        &self,
        context: &mut Context,
        campaign: &CampaignName,
    ) -> Result<(), CommandError> {
        if self.others.is_empty() {
            return Ok(());
        }
        for (number, state) in self.others.iter().take(LISTED) {
            let stands =
                state.map_or("was never planned".to_owned(), |state| format!("is {state}"));
            let number = number.map_or("forgotten".to_owned(), |number| number.to_string());
            context.tell(&format!("  {number}  {stands}"));
        }
        let count = self.others.len() as u64;
        let them = plural(count, "person named here is", "people named here are");
        let people = format!("{them} not unknown in `{campaign}`");
        Err(CommandError::NotSettleable { people })
    }

    fn refuse_young(&self, now: Timestamp, min_age: Duration) -> Result<(), CommandError> {
        let Some((_, last)) = self.attempts else { return Ok(()) };
        // A clock that was set back makes every attempt young, which is the safe side.
        let age = now.since(last);
        if age >= min_age {
            return Ok(());
        }
        let minutes = |minutes: u64| format_duration(Duration::from_mins(minutes));
        Err(CommandError::TooYoung {
            age: minutes(age.as_secs() / 60),
            min_age: format_duration(min_age),
            wait: minutes((min_age.saturating_sub(age).as_secs() / 60) + 1),
        })
    }
}

fn cause(word: &str) -> Result<UnknownCause, CommandError> {
    UnknownCause::parse(&word.replace('-', "_")).ok_or_else(|| {
        let causes: Vec<_> = UnknownCause::ALL.iter().map(|cause| cause.as_str()).collect();
        CommandError::Usage {
            message: format!("`{}` is no cause", crate::view::text::safe(word)),
            hint: Some(format!("causes are {}", causes.join(", "))),
        }
    })
}
