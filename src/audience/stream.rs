//! The audience of one campaign, read as a stream.
//!
//! Each row goes the same way: read, number normalised, `where`, restricted countries,
//! excluded people, people already seen. What is left is a recipient.
//!
//! It is long because it is the one place where the order of the steps can be seen whole.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{
    Campaign, Fields, ListEntry, OnDuplicate, Origin, PhoneNumber, Recipient, RecipientSource,
};

use super::dropped::{DropKind, DropReason, Dropped};
use super::exclude::Exclusions;
use super::files::Roots;
use super::filter::{RowFilter, RowFilterFault};
use super::finding::Finding;
use super::number::{NumberReader, Reading};
use super::report::{AudienceReport, Seen, Sighting};
use super::row::Row;
use super::sanctions::is_restricted;
use super::source::{Columns, FileSource, Source, columns_of_list};

#[cfg(test)]
mod tests;

/// Faults of rows listed at most; further ones are counted.
const LISTED_FAULTS: u64 = 20;

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
pub enum Item<'r> {
    /// Somebody to send to. The value is used again for the next row.
    Kept(&'r Recipient),
    /// A row that is not sent to.
    Dropped(&'r Dropped),
}

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
        self.progress.store(0, Ordering::Relaxed);
        let mut pass = Pass {
            audience: self,
            exclusions,
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

/// One reading of all sources.
struct Pass<'p, 'c> {
    audience: &'p Audience<'c>,
    exclusions: &'p Exclusions,
    visit: &'p mut dyn FnMut(Item<'_>) -> ControlFlow<()>,
    seen: Seen,
    report: AudienceReport,
    faults: Faults,
}

/// Where in a row the columns stand that decide about it.
struct Layout {
    names: Arc<[String]>,
    phone: Option<usize>,
    id: Option<usize>,
    variables: Vec<Option<usize>>,
}

impl Layout {
    fn of(names: &Arc<[String]>, file: &FileSource<'_>) -> Self {
        let position = |column: &str| names.iter().position(|name| name == column);
        let variables = file.filter.iter().flat_map(RowFilter::variables);
        Self {
            names: Arc::clone(names),
            phone: position(&file.declared.phone),
            id: file.declared.id.as_deref().and_then(position),
            variables: variables.map(|name| position(name)).collect(),
        }
    }
}

impl Pass<'_, '_> {
    fn file(&mut self, file: &FileSource<'_>, source: u16) {
        let names: Arc<[String]> = Arc::default();
        let mut layout = Layout::of(&names, file);
        let mut recipient: Option<Recipient> = None;
        let audience = self.audience;
        let read = file.rows(&audience.roots, &audience.progress, &mut |row, read| {
            let origin = Origin { source, line: row.line };
            if let Err(fault) = read {
                let reason = DropReason::Row(fault);
                return self.drop(Dropped { origin, number: None, reason });
            }
            if !Arc::ptr_eq(&row.names, &layout.names) {
                layout = Layout::of(&row.names, file);
            }
            let judged = match self.judge(row, &layout, file) {
                Ok(judged) => judged,
                Err(fault) => return self.faults.filter(&file.name, row.line, &fault),
            };
            match judged {
                Err((number, reason)) => self.drop(Dropped { origin, number, reason }),
                Ok(reading) => {
                    let recipient = fill(&mut recipient, row, &layout, reading, origin);
                    self.keep(recipient, reading, &file.declared.phone)
                }
            }
        });
        if let Err(findings) = read {
            self.faults.findings.extend(findings);
        }
    }

    fn list(&mut self, entries: &[ListEntry], numbers: NumberReader, source: u16) {
        for entry in entries {
            let origin = Origin { source, line: entry.line };
            let flow = match numbers.read(&entry.phone) {
                Err(fault) => {
                    let reason = DropReason::Number(fault);
                    self.drop(Dropped { origin, number: None, reason })
                }
                Ok(reading) => match self.refusal(reading.number) {
                    Some(reason) => {
                        self.drop(Dropped { origin, number: Some(reading.number), reason })
                    }
                    None => self.keep(&listed(entry, reading, origin), reading, "phone"),
                },
            };
            if flow.is_break() {
                return;
            }
        }
    }

    /// Whether a row is somebody to send to, as far as others do not matter.
    fn judge(
        &self,
        row: &Row,
        layout: &Layout,
        file: &FileSource<'_>,
    ) -> Result<Result<Reading, (Option<PhoneNumber>, DropReason)>, RowFilterFault> {
        let cell = layout.phone.and_then(|column| row.cell(column)).unwrap_or_default();
        let reading = match file.numbers.read(cell) {
            Ok(reading) => reading,
            Err(fault) => return Ok(Err((None, DropReason::Number(fault)))),
        };
        if let Some(filter) = &file.filter
            && !filter.passes(row, &layout.variables, reading)?
        {
            return Ok(Err((Some(reading.number), DropReason::Filtered)));
        }
        match self.refusal(reading.number) {
            Some(reason) => Ok(Err((Some(reading.number), reason))),
            None => Ok(Ok(reading)),
        }
    }

    /// Why nobody is sent to at a number, duplicates aside.
    fn refusal(&self, number: PhoneNumber) -> Option<DropReason> {
        if is_restricted(number) {
            return Some(DropReason::Sanctioned);
        }
        let entry = self.exclusions.entry_of(number.person())?;
        Some(DropReason::Excluded { entry })
    }

    fn keep(&mut self, recipient: &Recipient, reading: Reading, phone: &str) -> ControlFlow<()> {
        let origin = recipient.origin;
        let person = recipient.number.person();
        let sighting = self.seen.note(person, &recipient.fields, phone, origin);
        if sighting != Sighting::New {
            if let Sighting::Differs(first) = sighting {
                let name = self.audience.source_name(origin.source);
                let earlier = self.audience.source_name(first.source);
                self.faults.duplicate(&name, origin.line, &earlier, first.line);
            }
            let (number, reason) = (Some(recipient.number), DropReason::Duplicate);
            return self.drop(Dropped { origin, number, reason });
        }
        self.report.rows += 1;
        self.report.kept += 1;
        self.report.in_us += u64::from(reading.in_us);
        if let Some(counts) = self.report.sources.get_mut(usize::from(origin.source)) {
            counts.rows += 1;
            counts.kept += 1;
        }
        self.hand_on(Item::Kept(recipient))
    }

    fn drop(&mut self, dropped: Dropped) -> ControlFlow<()> {
        self.report.rows += 1;
        if let Some(counts) = self.report.sources.get_mut(usize::from(dropped.origin.source)) {
            counts.rows += 1;
        }
        self.report.note_dropped(&dropped);
        self.hand_on(Item::Dropped(&dropped))
    }

    fn hand_on(&mut self, item: Item<'_>) -> ControlFlow<()> {
        let flow = (self.visit)(item);
        self.report.stopped = flow.is_break();
        flow
    }
}

/// Puts a row into the recipient that is used for all rows.
fn fill<'r>(
    recipient: &'r mut Option<Recipient>,
    row: &Row,
    layout: &Layout,
    reading: Reading,
    origin: Origin,
) -> &'r Recipient {
    let recipient = recipient.get_or_insert_with(|| Recipient {
        number: reading.number,
        id: None,
        fields: Fields::default(),
        origin,
    });
    if !Arc::ptr_eq(recipient.fields.names(), &row.names) {
        recipient.fields = Fields::new(Arc::clone(&row.names), Vec::new());
    }
    recipient.fields.refill(row.cells());
    recipient.number = reading.number;
    recipient.origin = origin;
    let id = layout.id.and_then(|column| row.cell(column)).filter(|id| !id.is_empty());
    match (id, &mut recipient.id) {
        (Some(id), Some(kept)) => {
            kept.clear();
            kept.push_str(id);
        }
        (id, kept) => *kept = id.map(str::to_owned),
    }
    recipient
}

fn listed(entry: &ListEntry, reading: Reading, origin: Origin) -> Recipient {
    let phone = std::iter::once(("phone", entry.phone.as_str()));
    let others = entry.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let (names, values): (Vec<_>, Vec<_>) =
        phone.chain(others).map(|(name, value)| (name.to_owned(), value.to_owned())).unzip();
    let fields = Fields::new(names.into(), values);
    Recipient { number: reading.number, id: None, fields, origin }
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

/// Faults of rows that stop the campaign, the first of them in full.
#[derive(Default)]
struct Faults {
    findings: Vec<Finding>,
    count: u64,
}

impl Faults {
    fn filter(&mut self, file: &str, line: u64, fault: &RowFilterFault) -> ControlFlow<()> {
        let finding = Finding::in_line("where/row", file, line, fault.to_string());
        self.add(match fault.hint() {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
        ControlFlow::Continue(())
    }

    fn duplicate(&mut self, file: &str, line: u64, first_file: &str, first_line: u64) {
        let message = "the same person appears before with different variables";
        let finding = Finding::in_line("audience/duplicate", file, line, message)
            .hint("keep one of the rows, or set `on_duplicate: first`")
            .related(first_file, first_line, "first here");
        self.add(finding);
    }

    fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.count <= LISTED_FAULTS {
            self.findings.push(finding);
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        if let Some(more) = self.count.checked_sub(LISTED_FAULTS).filter(|more| *more > 0) {
            let message = format!("{} cannot be used either", count(more, "further row"));
            let finding = Finding::in_campaign(
                "audience/more-faults",
                "/recipients".to_owned(),
                None,
                message,
            );
            self.findings.push(finding);
        }
        self.findings
    }
}

fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
