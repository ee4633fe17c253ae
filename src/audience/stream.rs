//! The audience of one campaign, read as a stream.
//!
//! Each row goes the same way: read, number normalised, `where`, restricted countries,
//! excluded people, people already seen. What is left is a recipient.
//!
//! It is long because it is the one place where the order of the steps can be seen whole.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{Campaign, ListEntry, OnDuplicate, PhoneNumber, Recipient, RecipientSource};

use super::dropped::{DropKind, Dropped};
use super::exclude::Exclusions;
use super::faults::{Faults, count};
use super::files::Roots;
use super::finding::Finding;
use super::number::NumberReader;
use super::pass::{Judge, Pass};
use super::report::{AudienceReport, Seen};
use super::source::{Columns, FileSource, Source, columns_of_list};

#[cfg(test)]
mod tests;

/// The audience of one campaign: every source found, every header and `where` checked.
pub struct Audience<'c> {
    campaign: &'c Campaign,
    roots: Roots,
    sources: Vec<Source<'c>>,
    columns: Vec<Columns>,
    warnings: Vec<Finding>,
    progress: Arc<AtomicU64>,
}

/// What the visitor of [`Audience::read`] is handed, in the order of the sources' rows.
#[derive(Clone, Copy, Debug)]
pub enum Item<'r, T = ()> {
    /// Somebody to send to, and what was made of them. The recipient's memory is used again
    /// for later rows.
    Kept(&'r Recipient, T),
    /// A row that is not sent to.
    Dropped(&'r Dropped),
}

/// Finds where people stand in a list.
pub type PlacesOf<'p> = dyn Fn(&[PhoneNumber], &mut [Option<u32>]) + Sync + 'p;

impl<'c> Audience<'c> {
    /// Finds all sources of a campaign and checks what can be known before rows are read:
    /// headers, columns, countries, `where`.
    pub fn open(campaign: &'c Campaign, roots: &Roots) -> Result<Self, Vec<Finding>> {
        let (mut sources, mut columns) = (Vec::new(), Vec::new());
        let (mut warnings, mut findings) = (Vec::new(), Vec::new());
        for (index, source) in campaign.recipients.iter().enumerate() {
            match source {
                RecipientSource::List(entries) => {
                    let numbers = NumberReader::international();
                    warnings.extend(faults_of_list(entries, numbers, index));
                    columns.push(columns_of_list(entries));
                    sources.push(Source::List { entries, numbers });
                }
                RecipientSource::File(declared) => match FileSource::open(declared, index, roots) {
                    Ok((source, found)) => {
                        warnings.extend(found);
                        columns.push(source.columns.clone());
                        sources.push(Source::File(Box::new(source)));
                    }
                    Err(found) => findings.extend(found),
                },
            }
        }
        if !findings.is_empty() {
            findings.extend(warnings);
            return Err(findings);
        }
        let progress = Arc::default();
        Ok(Self { campaign, roots: roots.clone(), sources, columns, warnings, progress })
    }

    /// The template variables of each source, in the campaign's order.
    pub fn columns(&self) -> &[Columns] {
        &self.columns
    }

    /// What a reviewer should know without a row being read.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The name of a source for messages: its file as found, or the campaign file.
    pub fn source_name(&self, source: u16) -> String {
        match self.sources.get(usize::from(source)) {
            Some(Source::File(file)) => file.name.clone(),
            _ => self.campaign.path.display().to_string(),
        }
    }

    /// Bytes of all files together, as they were when opened.
    pub fn total_bytes(&self) -> u64 {
        let bytes = |source: &Source<'_>| match source {
            Source::File(file) => file.bytes,
            Source::List { .. } => 0,
        };
        self.sources.iter().map(bytes).sum()
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }

    pub(super) fn bytes_read(&self) -> &AtomicU64 {
        &self.progress
    }

    /// Bytes read by the reading that is going on; for another thread to watch.
    pub fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.progress)
    }

    /// Reads all rows from the start and hands each to `visit`, which may stop the reading.
    ///
    /// # Errors
    /// A file that cannot be read on, rows on which `where` has no answer, and, under
    /// `on_duplicate: error`, people who appear twice with different variables. Rows before
    /// the fault have been visited.
    pub fn read(
        &self,
        exclusions: &Exclusions,
        visit: &mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    ) -> Result<AudienceReport, Vec<Finding>> {
        self.read_with(exclusions, &|_, _| (), &|_, _| (), visit)
    }

    /// Like [`Audience::read`], with something made of each recipient on the way: `place` and
    /// `make` run on all processors and out of order, `visit` on this thread and in order.
    /// What is made of a person seen before is thrown away.
    ///
    /// `place` tells of each of some numbers where its person stands in a list that has
    /// everybody once, if they do: the same for all spellings of a number, and no one else's.
    /// It is given as many places, all `None`. Whoever has a place needs no more memory than a
    /// bit.
    ///
    /// # Errors
    /// Those of [`Audience::read`].
    pub fn read_with<T: Send>(
        &self,
        exclusions: &Exclusions,
        place: &PlacesOf<'_>,
        make: &(dyn Fn(&Recipient, Option<u32>) -> T + Sync),
        visit: &mut dyn FnMut(Item<'_, T>) -> ControlFlow<()>,
    ) -> Result<AudienceReport, Vec<Finding>> {
        self.read_by(Judge { exclusions, exist: None, place, make }, visit)
    }

    /// Like [`Audience::read_with`] when the same process reads once more. `exist` has a place
    /// for numbers of which an earlier reading said that they exist, in this very spelling:
    /// whether a number does hangs on nothing but its digits, and looking it up in a numbering
    /// plan is a good part of a reading.
    ///
    /// # Errors
    /// Those of [`Audience::read`].
    pub fn read_again<T: Send>(
        &self,
        exclusions: &Exclusions,
        exist: &PlacesOf<'_>,
        place: &PlacesOf<'_>,
        make: &(dyn Fn(&Recipient, Option<u32>) -> T + Sync),
        visit: &mut dyn FnMut(Item<'_, T>) -> ControlFlow<()>,
    ) -> Result<AudienceReport, Vec<Finding>> {
        self.read_by(Judge { exclusions, exist: Some(exist), place, make }, visit)
    }

    fn read_by<T: Send>(
        &self,
        judge: Judge<'_, T>,
        visit: &mut dyn FnMut(Item<'_, T>) -> ControlFlow<()>,
    ) -> Result<AudienceReport, Vec<Finding>> {
        self.progress.store(0, Ordering::Relaxed);
        let mut pass = Pass {
            audience: self,
            judge,
            visit,
            seen: Seen::new(self.campaign.on_duplicate),
            report: AudienceReport::new(self.sources.len(), self.campaign.exclude.len()),
            faults: Faults::default(),
        };
        for (index, source) in self.sources.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            match source {
                Source::List { entries, numbers } => pass.list(entries, *numbers, index),
                Source::File(file) => pass.file(file, index),
            }
            if pass.report.stopped {
                break;
            }
        }
        let (report, faults) = (pass.report, pass.faults.finish());
        if faults.is_empty() { Ok(self.with_warnings(report)) } else { Err(faults) }
    }

    fn with_warnings(&self, mut report: AudienceReport) -> AudienceReport {
        let mut warn = |rule, message: String, hint: &str| {
            let finding = Finding::in_campaign(rule, "/recipients".to_owned(), None, message);
            report.warnings.push(finding.hint(hint).into_warning());
        };
        let repeated = report.dropped.get(DropKind::Duplicate);
        if repeated > 0 && self.campaign.on_duplicate == OnDuplicate::First {
            let verb = if repeated == 1 { "means" } else { "mean" };
            let message = format!("{} {verb} a person who appears before", count(repeated, "row"));
            warn(
                "audience/duplicates",
                message,
                "the first row of a person counts; `on_duplicate: error` refuses rows that differ",
            );
        }
        if report.in_us > 0 {
            let message = format!("{} in the United States", count(report.in_us, "recipient"));
            warn(
                "audience/us-numbers",
                message,
                "WhatsApp has delivered no marketing templates to US numbers since 2025-04-01",
            );
        }
        report
    }
}

fn faults_of_list(
    entries: &[ListEntry],
    numbers: NumberReader,
    source: usize,
) -> impl Iterator<Item = Finding> {
    entries.iter().enumerate().filter_map(move |(index, entry)| {
        let fault = numbers.read(&entry.phone).err()?;
        let pointer = format!("/recipients/{source}/list/{index}/phone");
        let finding = Finding::in_campaign("audience/bad-number", pointer, None, fault.to_string());
        let finding = match fault.hint() {
            Some(hint) => finding.hint(hint),
            None => finding,
        };
        Some(finding.into_warning())
    })
}
