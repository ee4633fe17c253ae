//! How an apply ends: the summary, the ledger's note of it, the exit code.

use std::io;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::quote::{command_line, path_option};
use super::engine::Ran;
use super::patience::Patience;
use super::record::Record;
use crate::cli::{ApplyArgs, ApplyFormat, Exit};
use crate::event::{RunReport, StopReason};
use crate::ledger::{Journal, LastStop, LockedLedger};
use crate::model::UtcOffset;
use crate::send::StoreError;
use crate::view::{self, run};

/// What all campaigns of an invocation came to.
#[derive(Debug)]
pub(super) struct Ending {
    exit: Exit,
    people: u64,
    requests: u64,
}

impl Default for Ending {
    fn default() -> Self {
        Self { exit: Exit::Done, people: 0, requests: 0 }
    }
}

impl Ending {
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// People put on the wire so far, for `--limit`.
    pub(super) fn people(&self) -> u64 {
        self.people
    }

    /// Ends the invocation because of an error. Once requests were made, none of the exit
    /// codes that promise the contrary will do.
    pub(super) fn cut_short(
        self,
        context: &mut Context,
        record: &mut Record,
        error: CommandError,
    ) -> Result<Exit, CommandError> {
        if self.requests == 0 || error.exit() == Exit::Error {
            return Err(error);
        }
        record.failed(&error);
        let (out, look) = context.output.messages();
        view::error::write(out, look, &error, error.hint().as_deref())
            .map_err(CommandError::Output)?;
        Ok(self.exit.worse(Exit::Halted))
    }
}

/// Sums up one campaign's run. Whether the campaigns after it must wait.
pub(super) fn end(
    context: &mut Context,
    args: &ApplyArgs,
    ran: &Ran,
    journal: &Journal,
    ending: &mut Ending,
) -> Result<bool, CommandError> {
    let report = &ran.report;
    let this_run = &report.this_run;
    ending.people += this_run.accepted + this_run.rejected + this_run.unknown;
    ending.requests += report.requests;
    ending.exit = ending.exit.worse(exit_of(report));
    let next = (report.counts.pending > 0 && !args.sandbox).then(|| resume_command(args));
    if args.format == ApplyFormat::Human {
        let (out, look) = context.output.data();
        writeln!(out)
            .and_then(|()| run::write_summary(out, look, report, next.as_deref()))
            .and_then(|()| out.flush())
            .map_err(CommandError::Output)?;
    }
    if let Some(error) = &ran.store_error {
        tell_of_failure(context, ran, error, journal).map_err(CommandError::Output)?;
    }
    Ok(match report.stop {
        StopReason::Finished
        | StopReason::OfferOver
        | StopReason::AttemptsUsedUp
        | StopReason::Daily => false,
        StopReason::Halted(reason) => reason.stops_all_campaigns(),
        StopReason::Limit
        | StopReason::Deadline
        | StopReason::Interrupted
        | StopReason::Terminated => true,
    })
}

/// The ledger failed: what it did not take, and where that is.
fn tell_of_failure(
    context: &mut Context,
    ran: &Ran,
    error: &StoreError,
    journal: &Journal,
) -> io::Result<()> {
    let outcomes = |count| view::text::plural(count, "outcome", "outcomes");
    let path = journal.path().display();
    let hint = if ran.lost.is_empty() && ran.kept == 0 {
        "nothing more was sent; all outcomes are in the ledger".to_owned()
    } else if ran.lost.is_empty() {
        format!(
            "nothing more was sent; {} on the way to the ledger went to `{path}`: the next apply \
             records them",
            outcomes(ran.kept)
        )
    } else {
        format!(
            "nothing more was sent; {} could not be kept in `{path}` either: the next apply \
             counts them as unknown and does not send them again; keep the lines below, which \
             say what became of them",
            outcomes(ran.lost.len() as u64)
        )
    };
    let (out, look) = context.output.messages();
    view::error::write(out, look, error, Some(&hint))?;
    for outcome in &ran.lost {
        writeln!(out, "{outcome}")?;
    }
    out.flush()
}

/// Leaves a note in the ledger of how the run ended, for `status`.
pub(super) fn record(
    context: &Context,
    ledger: &mut dyn LockedLedger,
    report: &RunReport,
    patience: &Patience,
) -> Result<(), CommandError> {
    let stop = LastStop {
        at: context.clock.now(),
        reason: run::stop_word(report.stop).to_owned(),
        detail: match (&report.detail, report.next_at) {
            (Some(detail), _) => Some(format!("{}: {}", detail.code, detail.text)),
            (None, Some(at)) => Some(format!("not before {}", at.rfc3339(UtcOffset::UTC))),
            (None, None) => None,
        },
    };
    Ok(patience.keep_on(ledger, |ledger, _| ledger.record_stop(&report.campaign, &stop))?)
}

fn exit_of(report: &RunReport) -> Exit {
    let stopped = match report.stop {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::Terminated => Exit::Terminated,
        StopReason::Halted(_) => Exit::Halted,
        // Nobody is pending once the offer is over, but people were not reached who should
        // have been: a pipeline must not be green.
        StopReason::OfferOver => Exit::Pending,
        // Beside other machines one may be done with its part, and people left of another's.
        StopReason::Finished
        | StopReason::Limit
        | StopReason::Deadline
        | StopReason::Daily
        | StopReason::AttemptsUsedUp
            if report.counts.pending > 0 =>
        {
            Exit::Pending
        }
        StopReason::Limit
        | StopReason::Deadline
        | StopReason::Daily
        | StopReason::AttemptsUsedUp
        | StopReason::Finished => Exit::Done,
    };
    let unknown = if report.this_run.unknown > 0 { Exit::Unknown } else { Exit::Done };
    stopped.worse(unknown)
}

/// The command that goes on: a consumed plan needs no new approval.
pub(super) fn resume_command(args: &ApplyArgs) -> String {
    let paths = args.paths.iter().map(|path| path.display().to_string());
    let mut words = vec!["offercast".to_owned(), "apply".to_owned()];
    if let Some(ledger) = &args.ledger.ledger {
        words.extend(["--ledger".to_owned(), ledger.clone()]);
    }
    words.extend(path_option("--rates", args.rates.rates.as_deref()));
    words.extend(path_option("--policy", args.policy.policy.as_deref()));
    words.extend(paths);
    command_line(&words)
}
