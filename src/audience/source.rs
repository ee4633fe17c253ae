//! One source of recipients: opened, its columns known, its `where` compiled.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::model::{AudienceFile, FileFormat, ListEntry};

use super::delimited::DelimitedRows;
use super::files::Roots;
use super::filter::{self, RowFilter};
use super::finding::Finding;
use super::header::{missing_column, names_of};
use super::lines::{Lines, ReadError};
use super::ndjson::{JsonRows, no_names};
use super::number::NumberReader;
use super::row::{Row, RowRead};

/// Rows of an NDJSON file that are looked at to learn its keys.
const NDJSON_SAMPLE: usize = 1000;

/// The columns of one source: the template variables its rows have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Columns {
    /// The names, in order.
    pub names: Vec<String>,
    /// Whether rows may have others: NDJSON has no header, only its first 1,000 rows were
    /// looked at.
    pub guessed: bool,
}

/// A source ready to be read, as often as needed.
pub(super) enum Source<'c> {
    File(Box<FileSource<'c>>),
    List { entries: &'c [ListEntry], numbers: NumberReader },
}

/// A recipients file whose header fits the campaign.
pub(super) struct FileSource<'c> {
    pub(super) declared: &'c AudienceFile,
    /// The file as found, for messages.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) numbers: NumberReader,
    pub(super) filter: Option<RowFilter>,
    pub(super) columns: Columns,
}

impl<'c> FileSource<'c> {
    /// Opens a file, reads its header and checks all that the campaign says about it.
    /// Findings that do not stop the reading come second.
    pub(super) fn open(
        declared: &'c AudienceFile,
        index: usize,
        roots: &Roots,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let pointer = |key: &str| format!("/recipients/{index}/{key}");
        let numbers = NumberReader::new(declared.country.as_deref()).map_err(|unknown| {
            let rule = "audience/unknown-country";
            vec![Finding::in_campaign(rule, pointer("country"), None, unknown.to_string())]
        })?;
        let found = roots.open(&declared.path).map_err(|error| {
            let (rule, hint) = (error.rule(false), error.hint());
            vec![Finding::in_campaign(rule, pointer("file"), None, error.to_string()).hint(hint)]
        })?;
        let name = found.path.display().to_string();
        let columns = columns_of(found.file, declared.format, &name)?;
        let mut findings = Vec::new();
        for (key, column) in [("phone", Some(&declared.phone)), ("id", declared.id.as_ref())] {
            let Some(column) = column else { continue };
            // An NDJSON file without rows has no keys to judge by.
            let nothing_known = columns.guessed && columns.names.is_empty();
            if !nothing_known && !columns.names.contains(column) {
                let rule = "audience/missing-column";
                let at = pointer(key);
                findings.push(missing_column(rule, at, &name, column, &columns.names));
            }
        }
        let mut warnings = Vec::new();
        let filter = match &declared.filter {
            None => None,
            Some(text) => match filter::check(text, &columns) {
                Ok(checked) => {
                    let doubts = checked.doubts.into_iter();
                    warnings.extend(doubts.map(|doubt| doubt.at(pointer("where")).into_warning()));
                    Some(checked.filter)
                }
                Err(faults) => {
                    findings.extend(faults.into_iter().map(|fault| fault.at(pointer("where"))));
                    None
                }
            },
        };
        if columns.guessed && columns.names.is_empty() {
            let message = format!("`{name}` has no rows");
            warnings.push(Finding::in_file("audience/no-rows", &name, message).into_warning());
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let bytes = found.bytes;
        Ok((Self { declared, name, bytes, numbers, filter, columns }, warnings))
    }

    /// Opens the file again, at its first row, so that it can be read as often as needed.
    pub(super) fn rows<'p>(
        &self,
        roots: &Roots,
        progress: &'p AtomicU64,
    ) -> Result<Rows<'p>, Vec<Finding>> {
        let found = roots.open(&self.declared.path).map_err(|error| {
            vec![Finding::in_file(error.rule(false), &self.name, error.to_string())]
        })?;
        let failed = |error: &ReadError| vec![read_finding(error, &self.name, false)];
        let lines = Lines::new(found.file, Some(progress)).map_err(|error| failed(&error))?;
        let Some(delimiter) = delimiter_of(self.declared.format) else {
            return Ok(Rows { names: no_names(), reader: RowReader::Json(JsonRows::new(lines)) });
        };
        let mut rows = DelimitedRows::new(lines, delimiter);
        let header = rows.header().map_err(|error| failed(&error))?;
        let names: Arc<[String]> = self.columns.names.clone().into();
        let unchanged = header.is_some_and(|(row, _)| {
            row.cells().map(str::trim).eq(names.iter().map(String::as_str))
        });
        if !unchanged {
            let message = "the header has changed since the file was checked";
            return Err(vec![Finding::in_line("audience/changed", &self.name, 1, message)]);
        }
        Ok(Rows { names, reader: RowReader::Delimited(rows) })
    }
}

/// The rows of one file, from the first on.
pub(super) struct Rows<'p> {
    /// The columns; none for NDJSON, whose rows each name their own.
    pub(super) names: Arc<[String]>,
    reader: RowReader<'p>,
}

enum RowReader<'p> {
    Delimited(DelimitedRows<'p, File>),
    Json(JsonRows<'p, File>),
}

impl Rows<'_> {
    /// Reads the next row into `row`; `None` at the end.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<Option<RowRead>, ReadError> {
        match &mut self.reader {
            RowReader::Delimited(rows) => rows.next(row),
            RowReader::Json(rows) => rows.next(row),
        }
    }
}

/// `,` or a tab; `None` for NDJSON.
pub(super) fn delimiter_of(format: FileFormat) -> Option<u8> {
    match format {
        FileFormat::Csv => Some(b','),
        FileFormat::Tsv => Some(b'\t'),
        FileFormat::Ndjson => None,
    }
}

/// A fault of the file itself, at its line where it has one.
pub(super) fn read_finding(error: &ReadError, file: &str, exclude: bool) -> Finding {
    let finding = match error.line() {
        Some(line) => Finding::in_line(error.rule(exclude), file, line, error.to_string()),
        None => Finding::in_file(error.rule(exclude), file, error.to_string()),
    };
    match error.hint() {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}

fn columns_of(file: File, format: FileFormat, name: &str) -> Result<Columns, Vec<Finding>> {
    let failed = |error: &ReadError| vec![read_finding(error, name, false)];
    let lines = Lines::new(file, None).map_err(|error| failed(&error))?;
    if let Some(delimiter) = delimiter_of(format) {
        let mut rows = DelimitedRows::new(lines, delimiter);
        let Some((row, read)) = rows.header().map_err(|error| failed(&error))? else {
            let message = format!("`{name}` is empty: its first line must name the columns");
            return Err(vec![Finding::in_file("audience/empty-file", name, message)]);
        };
        let names = names_of(&row, read, delimiter, name, false)?;
        return Ok(Columns { names: names.to_vec(), guessed: false });
    }
    let mut rows = JsonRows::new(lines);
    let mut row = Row::new(no_names());
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for _ in 0..NDJSON_SAMPLE {
        let Some(read) = rows.next(&mut row).map_err(|error| failed(&error))? else { break };
        if read.is_ok() {
            for name in row.names.iter().filter(|name| seen.insert((*name).clone())) {
                names.push(name.clone());
            }
        }
    }
    Ok(Columns { names, guessed: true })
}

/// The variables of a list: the keys of all its entries.
pub(super) fn columns_of_list(entries: &[ListEntry]) -> Columns {
    let mut seen = BTreeSet::from(["phone"]);
    let mut names = vec!["phone".to_owned()];
    for (key, _) in entries.iter().flat_map(|entry| &entry.fields) {
        if seen.insert(key) {
            names.push(key.clone());
        }
    }
    Columns { names, guessed: false }
}
