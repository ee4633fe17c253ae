//! Who says that a plan may be sent, and to which plan they said it.

use std::io::{self, BufRead};

use super::super::context::Context;
use super::super::error::CommandError;
use super::Work;
use crate::cli::ApplyArgs;
use crate::model::PlanId;
use crate::view::text::people;

/// How approval is given.
pub(super) enum Approval {
    /// `--approve ID`, once or more.
    Ids(Vec<PlanId>),
    /// `--auto-approve`.
    Automatic,
    /// A person at the terminal is asked.
    Ask,
}

impl Approval {
    /// Reads the arguments; refuses what may not be used here.
    pub(super) fn of(context: &Context, args: &ApplyArgs) -> Result<Self, CommandError> {
        if args.auto_approve {
            if context.environment.is_ci() && !args.sandbox {
                return Err(CommandError::NotApproved(
                    "`--auto-approve` is refused in CI: approve the plan by its id",
                ));
            }
            return Ok(Self::Automatic);
        }
        if args.approve.is_empty() {
            return Ok(Self::Ask);
        }
        let ids = args.approve.iter().map(|text| {
            PlanId::parse(text).ok_or_else(|| CommandError::Usage {
                message: format!("`{}` is not a plan id", crate::view::text::safe(text)),
                hint: Some(
                    "a plan id has 32 hexadecimal digits; `offercast plan` prints it".into(),
                ),
            })
        });
        Ok(Self::Ids(ids.collect::<Result<_, _>>()?))
    }

    pub(super) fn is_by_id(&self) -> bool {
        matches!(self, Self::Ids(_))
    }

    /// Refuses what nobody approved and nobody can, before keys are asked for.
    pub(super) fn expect_possible(
        &self,
        context: &Context,
        work: &[Work<'_>],
    ) -> Result<(), CommandError> {
        match self {
            Self::Ids(ids) => approve_ids(ids, work),
            Self::Ask if needs_approval(work) && !context.output.interaction().may_ask => {
                Err(CommandError::NotApproved(
                    "nobody can be asked here: approve the plan with `--approve ID`",
                ))
            }
            Self::Automatic | Self::Ask => Ok(()),
        }
    }
}

/// Asks, where approval was not given on the command line; the word for the ledger. To be
/// called after [`Approval::expect_possible`].
///
/// Approval guards consumption, not resume: a plan consumed before was approved then. But
/// where ids are given, nothing else is sent, resumed or new.
pub(super) fn approve(
    context: &mut Context,
    approval: &Approval,
    work: &[Work<'_>],
) -> Result<&'static str, CommandError> {
    match approval {
        Approval::Automatic => Ok("auto"),
        Approval::Ids(_) => Ok("id"),
        Approval::Ask if !needs_approval(work) => Ok("prompt"),
        Approval::Ask => ask(context, work).map(|()| "prompt"),
    }
}

fn needs_approval(work: &[Work<'_>]) -> bool {
    work.iter().any(|item| item.is_open() && item.is_new())
}

fn approve_ids(ids: &[PlanId], work: &[Work<'_>]) -> Result<(), CommandError> {
    for item in work.iter().filter(|item| item.is_open()) {
        let plan = &item.decided.plan;
        if let Some(found) = plan.id.filter(|id| !ids.contains(id)) {
            return Err(CommandError::NotTheApproved {
                campaign: plan.campaign.to_string(),
                found,
            });
        }
    }
    let known = |id: &PlanId| work.iter().any(|item| item.decided.plan.id == Some(*id));
    match ids.iter().find(|id| !known(id)) {
        Some(id) => Err(CommandError::UnknownApproval(*id)),
        None => Ok(()),
    }
}

fn ask(context: &mut Context, work: &[Work<'_>]) -> Result<(), CommandError> {
    let count = work.iter().filter(|item| item.is_open()).map(|item| item.decided.plan.tally.send);
    let question = format!(
        "Send to {}? A sent message cannot be unsent. Only `yes` sends: ",
        people(count.sum())
    );
    let (out, _) = context.output.messages();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(CommandError::Output)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(CommandError::Output)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(CommandError::Declined) }
}
