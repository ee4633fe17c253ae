//! Plans as they are shown: the document, what it comes to now, and the views of both.

use std::io::Write;
use std::path::Path;

use super::annotations::annotations;
use super::context::Context;
use super::error::CommandError;
use super::github;
use super::planning::{Decided, Prepared};
use crate::cli::PlanFormat;
use crate::diagnostic::Sources;
use crate::ledger::Sent;
use crate::model::Timestamp;
use crate::parse::Document;
use crate::plan::Sample;
use crate::plan::document::{
    Envelope, EnvelopeEntry, Moment, PlanDocument, PlanObject, SampleObject,
};
use crate::view::Look;
use crate::view::diagnostics::{write_github, write_notice};
use crate::view::plan::{PlanView, changes, decision, html, human, json, markdown, validity};

/// How plans are to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) format: PlanFormat,
    pub(super) samples: usize,
    pub(super) max_bytes: usize,
}

/// One campaign's plan as it was just made.
#[derive(Clone, Copy)]
pub(super) struct Item<'i> {
    pub(super) prepared: &'i Prepared<'i>,
    pub(super) decided: &'i Decided,
}

/// The plans of one invocation, or of one file, ready to be shown in any form.
pub(super) struct Presentation {
    document: PlanDocument,
    moments: Vec<Moment>,
    /// For each plan; `None` where it cannot be applied.
    commands: Vec<Option<String>>,
    /// For each plan, the samples in full; `None` where nobody asked for them.
    revealed: Vec<Option<Vec<SampleObject>>>,
}

impl Presentation {
    /// Plans that were just made.
    pub(super) fn of<'i>(items: impl Iterator<Item = Item<'i>>, now: Timestamp) -> Self {
        let (mut plans, mut campaigns, mut revealed) = (Vec::new(), Vec::new(), Vec::new());
        let mut sent = Vec::new();
        for Item { prepared, decided } in items {
            let (plan, campaign) = (&decided.plan, &prepared.entry.campaign);
            let secret = prepared.snapshot.as_ref().map(|snapshot| &snapshot.secret);
            plans.push(PlanObject::of(plan, campaign, secret));
            campaigns.push(EnvelopeEntry::of(plan, campaign));
            sent.push(prepared.sent.clone());
            revealed.push(plan.samples.iter().map(in_full).collect());
        }
        let tool_version = env!("CARGO_PKG_VERSION").to_owned();
        let envelope = Envelope { tool_version, expires_at: None, campaigns };
        let mut presentation = Self::at(PlanDocument::new(plans, envelope), now, &sent);
        presentation.revealed = revealed;
        presentation
    }

    /// Plans out of a file.
    pub(super) fn of_document(document: PlanDocument, now: Timestamp) -> Self {
        // What was sent since is in the ledger, which a file is shown without.
        let sent = vec![Vec::new(); document.plans.len()];
        Self::at(document, now, &sent)
    }

    fn at(document: PlanDocument, now: Timestamp, sent: &[Vec<Sent>]) -> Self {
        let pairs = document.plans.iter().zip(&document.envelope.campaigns).zip(sent);
        let moments: Vec<_> =
            pairs.map(|((plan, entry), sent)| Moment::of(plan, entry, now, sent)).collect();
        let (commands, revealed) = (vec![None; moments.len()], vec![None; moments.len()]);
        Self { document, moments, commands, revealed }
    }

    /// Names the command that applies each plan.
    pub(super) fn set_commands(&mut self, command: impl Fn(usize) -> Option<String>) {
        self.commands = (0..self.moments.len()).map(command).collect();
    }

    pub(super) fn document_mut(&mut self) -> &mut PlanDocument {
        &mut self.document
    }

    /// Each plan with what goes with it and what it comes to now.
    pub(super) fn moments(&self) -> impl Iterator<Item = (&PlanObject, &EnvelopeEntry, &Moment)> {
        let pairs = self.document.plans.iter().zip(&self.document.envelope.campaigns);
        pairs.zip(&self.moments).map(|((plan, entry), moment)| (plan, entry, moment))
    }

    /// Shows the plans to people.
    pub(super) fn human(
        &self,
        out: &mut dyn Write,
        look: Look,
        samples: usize,
    ) -> Result<(), CommandError> {
        let views = self.views(samples);
        for (index, view) in views.iter().enumerate() {
            if index > 0 {
                writeln!(out).map_err(CommandError::Output)?;
            }
            human::write(out, look, view).map_err(CommandError::Output)?;
        }
        if let Some(words) = validity(&views, self.document.envelope.expires_at.as_deref()) {
            writeln!(out, "{words}").map_err(CommandError::Output)?;
        }
        out.flush().map_err(CommandError::Output)
    }

    /// The plans in a form for other programs and pages.
    pub(super) fn write(
        &self,
        context: &mut Context,
        as_asked: Asked,
        documents: &[&Document],
        sources: &Sources,
    ) -> Result<(), CommandError> {
        let views = self.views(as_asked.samples);
        let expires_at = self.document.envelope.expires_at.as_deref();
        let json = match as_asked.format {
            PlanFormat::Json => Some(self.json()?),
            _ => None,
        };
        let (out, look) = context.output.data();
        match as_asked.format {
            PlanFormat::Human => return self.human(out, look, as_asked.samples),
            PlanFormat::Json => out.write_all(json.unwrap_or_default().as_bytes()),
            PlanFormat::Markdown => markdown::write(out, &views, expires_at, as_asked.max_bytes),
            PlanFormat::Html => html::write(out, &views, expires_at),
            PlanFormat::Gitlab => changes::write(out, &views),
            PlanFormat::Github => {
                let found = views
                    .iter()
                    .enumerate()
                    .flat_map(|(index, view)| annotations(view, documents.get(index).copied()));
                write_github(out, &found.collect::<Vec<_>>(), sources).and_then(|()| {
                    write_notice(out, "offercast plan", &decision(&views, expires_at))
                })
            }
        }
        .and_then(|()| out.flush())
        .map_err(CommandError::Output)
    }

    /// Tells a GitHub step what the plans come to. `file` is where they were written to.
    pub(super) fn set_outputs(&self, context: &mut Context, file: Option<&Path>) {
        let ids: Vec<_> = self.moments().filter_map(|(plan, ..)| plan.plan_id.as_deref()).collect();
        let views = self.views(0);
        let decision = decision(&views, self.document.envelope.expires_at.as_deref());
        let word = decision.split([':', ',']).next().unwrap_or_default();
        let outputs = [
            ("decision", word.to_lowercase().replace(' ', "_")),
            ("plan_id", ids.join(" ")),
            ("send", self.moments().map(|(plan, ..)| plan.counts.send).sum::<u64>().to_string()),
            ("plan_file", file.map(|file| file.display().to_string()).unwrap_or_default()),
        ];
        if let Err(warning) = github::set_outputs(&context.environment, &outputs) {
            context.warn(&warning);
        }
    }

    /// The plans as data.
    pub(super) fn json(&self) -> Result<String, CommandError> {
        json::printed(&self.document, &self.views(usize::MAX)).map_err(unwritable)
    }

    /// What every view is made from.
    pub(super) fn views(&self, samples: usize) -> Vec<PlanView<'_>> {
        let plans = self.moments().zip(&self.commands).zip(&self.revealed);
        plans
            .map(|(((plan, entry, moment), command), revealed)| PlanView {
                plan,
                entry,
                moment,
                apply_command: command.as_deref(),
                samples,
                revealed: revealed.as_deref(),
            })
            .collect()
    }
}

/// A plan that cannot be written as JSON: out of memory, in all likelihood.
pub(super) fn unwritable(source: serde_json::Error) -> CommandError {
    CommandError::System { what: "the plan cannot be written", source: source.into() }
}

fn in_full(sample: &Sample) -> Option<SampleObject> {
    let message = sample.revealed.as_ref()?;
    Some(SampleObject {
        recipient: sample.number.e164(),
        params: message.params.clone(),
        code: message.code.clone(),
        url_suffix: message.url_suffix.clone(),
        header_url: message.header_url.clone(),
    })
}
