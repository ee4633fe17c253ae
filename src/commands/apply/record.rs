//! What an apply came to, kept on the way and told however it ends: the report, the event
//! stream, the page of a GitHub job.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::github;
use super::super::plan_document::Presentation;
use super::Work;
use super::ending::resume_command;
use crate::cli::{ApplyArgs, ApplyFormat, Exit};
use crate::diagnostic::{Diagnostic, Sources};
use crate::event::RunReport;
use crate::model::{StateCounts, Timestamp};
use crate::plan::Progress;
use crate::view::error::ErrorWords;
use crate::view::run::{ApplyStory, JsonEvents, Operation, PlannedRun, report_text, step_summary};

/// How often a progress event is printed.
const EVENT_INTERVAL: Duration = Duration::from_secs(1);

/// The event stream, which the engine's thread writes to while an apply sends.
pub(super) type Events = Arc<Mutex<JsonEvents>>;

/// An apply's record.
pub(super) struct Record {
    args: ApplyArgs,
    started_at: Timestamp,
    events: Option<Events>,
    plans: Vec<PlannedRun>,
    runs: Vec<RunReport>,
    error: Option<ErrorWords>,
    next: Option<String>,
}

impl Record {
    /// Begins the stream and the report. A report that cannot be written stops everything
    /// while there is nothing to report.
    pub(super) fn begin(context: &Context, args: &ApplyArgs) -> Result<Self, CommandError> {
        let clock = context.clock;
        let events = (args.format == ApplyFormat::Json).then(|| {
            let now = Box::new(move || clock.now());
            let events = JsonEvents::new(context.output.data_stream().open(), EVENT_INTERVAL, now);
            Arc::new(Mutex::new(events))
        });
        let record = Self {
            args: args.clone(),
            started_at: context.clock.now(),
            events,
            plans: Vec::new(),
            runs: Vec::new(),
            error: None,
            next: None,
        };
        record.write_report(context, None)?;
        Ok(record)
    }

    /// What was typed.
    pub(super) fn args(&self) -> &ApplyArgs {
        &self.args
    }

    /// Takes the arguments with the campaigns that a plan file names.
    pub(super) fn goes_on_with(&mut self, args: &ApplyArgs) {
        self.args = args.clone();
    }

    /// The stream, if there is one.
    pub(super) fn events(&self) -> Option<Events> {
        self.events.clone()
    }

    /// Tells what is wrong with files.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        self.tell(|events, _| {
            for diagnostic in diagnostics {
                events.diagnostic(diagnostic, sources);
            }
        });
    }

    /// Notes what was planned.
    pub(super) fn planned(&mut self, work: &[Work<'_>], presentation: &Presentation) {
        let planned =
            work.iter().zip(presentation.moments()).map(|(item, (_, _, now))| PlannedRun {
                campaign: item.decided.plan.campaign.to_string(),
                file: item.prepared.entry.campaign.path.display().to_string(),
                plan_id: item.decided.plan.id.map(|id| id.to_string()),
                progress: match item.decided.plan.progress {
                    Progress::New => "new",
                    Progress::Resumes(_) => "resumes",
                    Progress::Finished(_) => "finished",
                },
                send: if item.is_open() { item.decided.plan.tally.send } else { 0 },
                refused: now.refused.iter().map(|finding| finding.text.clone()).collect(),
            });
        self.plans = planned.collect();
        let pending = self.plans.iter().map(|plan| plan.send).sum();
        self.tell(|events, record| {
            for plan in &record.plans {
                events.planned(plan);
            }
            let counts = StateCounts { pending, ..StateCounts::default() };
            events.change_summary(Operation::Plan, counts);
        });
    }

    /// Notes, on disk, that requests are about to be made.
    pub(super) fn sending(&self, context: &Context) -> Result<(), CommandError> {
        self.write_report(context, None)
    }

    /// Notes what became of one campaign.
    pub(super) fn ran(&mut self, report: &RunReport) {
        if report.counts.pending > 0 && !self.args.sandbox {
            self.next = Some(resume_command(&self.args));
        }
        self.runs.push(report.clone());
    }

    /// Notes an error that ends the apply.
    pub(super) fn failed(&mut self, error: &CommandError) {
        let words = ErrorWords::of(error, error.hint());
        self.tell(|events, _| events.error(&words));
        self.error = Some(words);
    }

    /// Tells how it ended, everywhere. What cannot be written is warned of; a report that
    /// cannot be written is an error.
    pub(super) fn end(&self, context: &mut Context, exit: Exit) -> Exit {
        let story = self.story(context, Some(exit));
        self.tell(|events, _| {
            if !story.runs.is_empty() {
                events.change_summary(Operation::Apply, story.counts());
            }
            events.exit(&story);
        });
        let counts = story.counts();
        let ids: Vec<_> = story.plans.iter().filter_map(|plan| plan.plan_id.as_deref()).collect();
        let report = self.args.report.as_deref().map(|path| path.display().to_string());
        let outputs = [
            ("exit_code", exit.code().to_string()),
            ("plan_id", ids.join(" ")),
            ("requests", story.requests().to_string()),
            ("planned", counts.planned().to_string()),
            ("accepted", counts.accepted.to_string()),
            ("unknown", counts.unknown.to_string()),
            ("rejected", counts.rejected.to_string()),
            ("pending", counts.pending.to_string()),
            ("skipped", counts.skipped.to_string()),
            ("report", report.unwrap_or_default()),
        ];
        let mut warnings = Vec::new();
        warnings.extend(github::set_outputs(&context.environment, &outputs).err());
        let summary = |budget| step_summary(&story, budget);
        warnings.extend(github::add_summary(&context.environment, summary).err());
        for warning in warnings {
            context.warn(&warning);
        }
        match self.write_report(context, Some(exit)) {
            Ok(()) => exit,
            Err(error) => {
                let words = ErrorWords::of(&error, None);
                context.warn(&format!("{}: {}", words.message, words.causes.join(": ")));
                exit.worse(Exit::Error)
            }
        }
    }

    fn story(&self, context: &Context, exit: Option<Exit>) -> ApplyStory<'_> {
        ApplyStory {
            started_at: self.started_at,
            now: context.clock.now(),
            exit_code: exit.map(Exit::code),
            sandbox: self.args.sandbox,
            error: self.error.as_ref(),
            plans: &self.plans,
            runs: &self.runs,
            next: self.next.as_deref(),
        }
    }

    fn tell(&self, say: impl FnOnce(&mut JsonEvents, &Self)) {
        if let Some(events) = &self.events {
            say(&mut events.lock().unwrap_or_else(PoisonError::into_inner), self);
        }
    }

    fn write_report(&self, context: &Context, exit: Option<Exit>) -> Result<(), CommandError> {
        let Some(path) = &self.args.report else { return Ok(()) };
        let text = report_text(&self.story(context, exit)).map_err(|source| {
            CommandError::System { what: "the report cannot be written", source: source.into() }
        })?;
        replace(path, &text).map_err(|source| CommandError::Write { path: path.clone(), source })
    }
}

/// Puts a whole file in place of another, or leaves that as it is.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
