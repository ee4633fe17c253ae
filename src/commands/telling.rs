//! What a plan tells of its audience: counts with reasons, unusable rows, samples, codes.

use super::findings::row_fault;
use super::planning::Prepared;
use crate::audience::{AudienceReport, DropKind, Dropped};
use crate::compose::{CodeBook, Composer, RowFault};
use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Exclude, Recipient};
use crate::plan::{
    AudienceSummary, CodeSummary, ExcludeSummary, InputDigest, InvalidRow, Sample, SampleMessage,
    SourceSummary,
};

/// The most faulty rows that are listed one by one.
const MOST_ROW_ERRORS: usize = 20;
/// The most unusable rows a plan names.
const MOST_INVALID_ROWS: usize = 20;

/// Rows that give no message: some are the row's own fault and are left out, some show that
/// the campaign and its audience do not fit together.
#[derive(Default)]
pub(super) struct Unusable {
    count: u64,
    rows: Vec<InvalidRow>,
    pub(super) errors: Vec<Diagnostic>,
}

impl Unusable {
    pub(super) fn add(&mut self, prepared: &Prepared<'_>, recipient: &Recipient, fault: RowFault) {
        if fault.is_of_the_row() {
            self.count += 1;
            if self.rows.len() < MOST_INVALID_ROWS {
                let place = row_place(prepared, recipient);
                self.rows.push(InvalidRow { place, reason: fault.message });
            }
        } else if self.errors.len() < MOST_ROW_ERRORS {
            let (file, line) = row_position(prepared, recipient);
            let place = Place::Line { file, line, column: None };
            self.errors.push(row_fault(&prepared.entry.document, place, fault));
        }
    }
}

/// A person as a reviewer reads them: masked, and in full where they asked on their own
/// terminal and the code can be drawn. `counter` is that of the person's code.
pub(super) fn sample(
    prepared: &Prepared<'_>,
    recipient: &Recipient,
    reveal: bool,
    counter: u32,
) -> Result<Sample, RowFault> {
    let masked = prepared.composer.masked(recipient)?;
    let full = (reveal && prepared.composer.can_draw())
        .then(|| prepared.composer.message(recipient, counter))
        .transpose()?;
    Ok(Sample {
        number: recipient.number,
        place: row_place(prepared, recipient),
        message: SampleMessage {
            params: masked.params,
            code: masked.code,
            url_suffix: masked.url_suffix,
            header_url: masked.header_url,
        },
        revealed: full.map(|full| SampleMessage {
            params: full.params,
            code: full.coupon_code.as_str().to_owned(),
            url_suffix: full.url_suffix,
            header_url: full.header_url,
        }),
    })
}

pub(super) fn summarise(
    prepared: &Prepared<'_>,
    report: &AudienceReport,
    unusable: Unusable,
    digests: &[Option<InputDigest>],
) -> AudienceSummary {
    let invalid = report.first_dropped.iter().filter(|dropped| dropped.reason.kind().is_invalid());
    let mut invalid_rows: Vec<_> = invalid
        .map(|Dropped { origin, reason, .. }| InvalidRow {
            place: format!("{}:{}", prepared.audience.source_name(origin.source), origin.line),
            reason: match reason.hint() {
                Some(hint) => format!("{reason}: {hint}"),
                None => reason.to_string(),
            },
        })
        .collect();
    invalid_rows.extend(unusable.rows);
    invalid_rows.truncate(MOST_INVALID_ROWS);
    let names = (0u16..).map(|source| prepared.audience.source_name(source));
    let sources = names.zip(&report.sources).zip(digests).map(|((name, counts), digest)| {
        SourceSummary { name, rows: counts.rows, kept: counts.kept, digest: digest.clone() }
    });
    let lists = prepared.entry.campaign.exclude.iter().enumerate().map(|(index, entry)| {
        let (name, late) = match entry {
            Exclude::File { path, late, .. } => (path.clone(), *late),
            Exclude::Campaign(name) => (format!("campaign {name}"), false),
        };
        ExcludeSummary {
            name,
            late,
            rows: prepared.exclusions.rows().get(index).copied().unwrap_or_default(),
            people: report.excluded_by.get(index).copied().unwrap_or_default(),
            digest: prepared.excluded.get(index).cloned().flatten(),
        }
    });
    AudienceSummary {
        rows: report.rows,
        sources: sources.collect(),
        invalid: report.dropped.invalid() + unusable.count,
        invalid_rows,
        filtered: report.dropped.get(DropKind::Filtered),
        sanctioned: report.dropped.get(DropKind::Sanctioned),
        duplicates: report.dropped.get(DropKind::Duplicate),
        excluded: lists.collect(),
        us_numbers: report.in_us,
    }
}

pub(super) fn code_summary(composer: &Composer, codes: Option<&CodeBook>) -> CodeSummary {
    if composer.unique() && !composer.can_draw() {
        return CodeSummary::Unproven;
    }
    let Some(book) = codes else {
        return if composer.code_depends_on_recipient() {
            CodeSummary::NotUnique
        } else {
            CodeSummary::Shared
        };
    };
    let report = book.report();
    #[expect(clippy::cast_precision_loss, reason = "odds are shown to two digits")]
    let one_guess_in = report.guesses_per_hit.map(|guesses| guesses as f64);
    CodeSummary::Unique { codes: report.unique, redrawn: report.redrawn, one_guess_in }
}

/// Where a recipient's row stands, as a person would look it up.
fn row_place(prepared: &Prepared<'_>, recipient: &Recipient) -> String {
    let (file, line) = row_position(prepared, recipient);
    format!("{file}:{line}")
}

fn row_position(prepared: &Prepared<'_>, recipient: &Recipient) -> (String, u64) {
    (prepared.audience.source_name(recipient.origin.source), recipient.origin.line)
}
