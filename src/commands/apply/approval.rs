//! Who says that a plan may be sent, and to which plan they said it.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::path::PathBuf;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::plan_file::{self, PlanFileFault};
use super::Work;
use crate::cli::ApplyArgs;
use crate::ledger::ReadLedger;
use crate::model::{PlanId, Timestamp};
use crate::plan::document::{EnvelopeEntry, NamedPlan, PlanDocument, PlanObject};
use crate::view::text::people;

/// How approval is given.
pub(super) enum Approval {
    /// `--plan FILE`, once or more.
    Files(Vec<PlanFile>),
    /// `--approve ID`, once or more.
    Ids(Vec<PlanId>),
    /// `--auto-approve`.
    Automatic,
    /// A person at the terminal is asked.
    Ask,
}

/// A plan file as it was read.
pub(super) struct PlanFile {
    path: PathBuf,
    document: PlanDocument,
}

impl Approval {
    /// Reads the arguments and the files they name; refuses what may not be used here.
    pub(super) fn of(context: &Context, args: &ApplyArgs) -> Result<Self, CommandError> {
        if args.auto_approve {
            if context.environment.is_ci() && !args.sandbox {
                return Err(CommandError::NotApproved(
                    "`--auto-approve` is refused in CI: approve the plan by its id",
                ));
            }
            return Ok(Self::Automatic);
        }
        if !args.plan.is_empty() {
            return read_files(&args.plan).map(Self::Files);
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

    /// The campaigns to apply: as typed, else those of the plan files, else the usual folder.
    pub(super) fn paths(&self, args: &ApplyArgs) -> Vec<PathBuf> {
        match self {
            _ if !args.paths.is_empty() => args.paths.clone(),
            Self::Files(_) => self.approved().map(|plan| PathBuf::from(&plan.entry.file)).collect(),
            _ => vec![PathBuf::from("campaigns")],
        }
    }

    /// Whether plans were approved before this run.
    pub(super) fn is_given(&self) -> bool {
        matches!(self, Self::Files(_) | Self::Ids(_))
    }

    /// Whether there are plan files, which what is planned now is held against.
    pub(super) fn has_files(&self) -> bool {
        matches!(self, Self::Files(_))
    }

    /// Refuses files of another ledger, and files that were changed.
    pub(super) fn verify(&self, ledger: &dyn ReadLedger) -> Result<(), CommandError> {
        let Self::Files(files) = self else { return Ok(()) };
        files.iter().try_for_each(|file| plan_file::verify(&file.document, &file.path, ledger))
    }

    /// Refuses every plan that is not an approved one, and says what changed.
    ///
    /// Approval and its expiry guard consumption, not resume: a plan consumed before was
    /// approved then. But where plans are named, nothing else is sent, resumed or new.
    pub(super) fn expect_current(
        &self,
        context: &Context,
        work: &[Work<'_>],
        ledger: &dyn ReadLedger,
    ) -> Result<(), CommandError> {
        if !self.is_given() {
            return Ok(());
        }
        let found = |id: PlanId| work.iter().any(|item| item.decided.plan.id == Some(id));
        for item in work {
            let plan = &item.decided.plan;
            let Some(id) = plan.id.filter(|id| !self.ids().any(|approved| approved == *id)) else {
                continue;
            };
            for approved in self.ids().filter(|approved| !found(*approved)) {
                let before = ledger.consumed(&plan.campaign, approved)?;
                if let Some(by) = before.and_then(|before| before.superseded_by) {
                    let campaign = plan.campaign.to_string();
                    return Err(CommandError::ApprovalSuperseded { campaign, approved, by });
                }
            }
            if item.is_open() {
                return Err(self.stale(item, id));
            }
        }
        let any_open = work.iter().any(Work::is_open);
        if let Some(id) = self.ids().find(|id| !found(*id)).filter(|_| any_open) {
            return Err(CommandError::UnknownApproval(id));
        }
        self.expect_unexpired(context, work)
    }

    fn expect_unexpired(&self, context: &Context, work: &[Work<'_>]) -> Result<(), CommandError> {
        let Self::Files(files) = self else { return Ok(()) };
        let now = context.clock.now();
        for PlanFile { document, .. } in files {
            let Some(text) = &document.envelope.expires_at else { continue };
            let expired = Timestamp::parse(text).is_none_or(|end| end <= now);
            let is_of_file = |item: &&Work<'_>| {
                let id = item.decided.plan.id.map(|id| id.to_string());
                document.plans.iter().any(|plan| plan.plan_id == id)
            };
            let mut new = work.iter().filter(|item| item.is_open() && item.is_new());
            if let Some(item) = new.find(is_of_file).filter(|_| expired) {
                return Err(CommandError::PlanExpired {
                    campaign: item.decided.plan.campaign.to_string(),
                    expired_at: text.clone(),
                });
            }
        }
        Ok(())
    }

    /// Says what changed, where a file tells what it was.
    fn stale(&self, item: &Work<'_>, found: PlanId) -> CommandError {
        let campaign = item.decided.plan.campaign.to_string();
        let Some(approved) = self.approved().find(|plan| plan.plan.campaign == campaign) else {
            return CommandError::NotTheApproved { campaign, found };
        };
        let Work { prepared, decided } = item;
        let secret = prepared.snapshot.as_ref().map(|snapshot| &snapshot.secret);
        let plan = PlanObject::of(&decided.plan, &prepared.entry.campaign, secret);
        let entry = EnvelopeEntry::of(&decided.plan, &prepared.entry.campaign);
        let now = NamedPlan { plan: &plan, entry: &entry };
        CommandError::StalePlan { campaign, changes: now.changes_since(&approved) }
    }

    /// Refuses what nobody can approve, before keys are asked for.
    pub(super) fn expect_possible(
        &self,
        context: &Context,
        work: &[Work<'_>],
    ) -> Result<(), CommandError> {
        match self {
            Self::Ask if needs_approval(work) && !context.output.interaction().may_ask => {
                Err(CommandError::NotApproved(
                    "nobody can be asked here: approve the plan with `--approve ID`",
                ))
            }
            Self::Files(_) | Self::Ids(_) | Self::Automatic | Self::Ask => Ok(()),
        }
    }

    fn approved(&self) -> impl Iterator<Item = NamedPlan<'_>> {
        let files = match self {
            Self::Files(files) => files.as_slice(),
            _ => &[],
        };
        files.iter().flat_map(|PlanFile { document, .. }| document.named())
    }

    fn ids(&self) -> impl Iterator<Item = PlanId> {
        let stated = match self {
            Self::Ids(ids) => ids.as_slice(),
            _ => &[],
        };
        let of_files =
            self.approved().filter_map(|plan| PlanId::parse(plan.plan.plan_id.as_deref()?));
        stated.iter().copied().chain(of_files)
    }
}

/// Reads plan files; no campaign may have a plan in two of them.
fn read_files(paths: &[PathBuf]) -> Result<Vec<PlanFile>, CommandError> {
    let mut files: Vec<PlanFile> = Vec::with_capacity(paths.len());
    let mut campaigns = HashSet::new();
    for path in paths {
        let document = plan_file::read(path)?;
        for plan in &document.plans {
            if !campaigns.insert(plan.campaign.clone()) {
                let fault = PlanFileFault::SecondPlan(plan.campaign.clone());
                return Err(CommandError::PlanFile { path: path.clone(), fault });
            }
        }
        files.push(PlanFile { path: path.clone(), document });
    }
    Ok(files)
}

/// Asks, where approval was not given on the command line; the word for the ledger. To be
/// called after [`Approval::expect_current`] and [`Approval::expect_possible`].
pub(super) fn approve(
    context: &mut Context,
    approval: &Approval,
    work: &[Work<'_>],
) -> Result<&'static str, CommandError> {
    match approval {
        Approval::Automatic => Ok("auto"),
        Approval::Files(_) => Ok("file"),
        Approval::Ids(_) => Ok("id"),
        Approval::Ask if !needs_approval(work) => Ok("prompt"),
        Approval::Ask => ask(context, work).map(|()| "prompt"),
    }
}

fn needs_approval(work: &[Work<'_>]) -> bool {
    work.iter().any(|item| item.is_open() && item.is_new())
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
