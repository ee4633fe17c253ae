//! Kaleyra's report of what became of messages: one row for each, as CSV or TSV.
//!
//! Strict: what a report tells decides about people, so one row that cannot be read refuses
//! the whole file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::model::{MessageId, PhoneNumber, Receipt};

use super::delimited::DelimitedRows;
use super::finding::{Finding, nearest};
use super::header::names_of;
use super::lines::{Lines, ReadError};
use super::number::{NumberFault, NumberReader};
use super::row::{Row, RowFault};
use super::source::read_finding;

#[cfg(test)]
mod tests;

/// Unreadable rows listed; further ones are counted.
const LISTED_ROWS: u64 = 20;

/// Which columns of a report hold what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptColumns {
    /// The recipient's number. Reports write digits with their country code, without `+`.
    pub number: String,
    /// The status word.
    pub status: String,
    /// Kaleyra's id of the message, if there is such a column.
    pub message_id: Option<String>,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptRow {
    /// Who.
    pub number: PhoneNumber,
    /// What became of the message.
    pub receipt: Receipt,
    /// Kaleyra's id of it.
    pub message_id: Option<MessageId>,
}

/// A report that was read whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptFile {
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Gives every row of a report to `visit`. What was visited counts only when the whole file
/// could be read.
pub fn read_receipts(
    path: &Path,
    columns: &ReceiptColumns,
    visit: &mut dyn FnMut(ReceiptRow),
) -> Result<ReceiptFile, Vec<Finding>> {
    let name = path.display().to_string();
    let file = open(path).map_err(|error| {
        vec![Finding::in_file("report/unreadable", &name, format!("cannot be read: {error}"))]
    })?;
    let mut hashing = Hashing { inner: file, hasher: Sha256::new() };
    let tabs = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tsv"));
    let delimiter = if tabs { b'\t' } else { b',' };
    let rows = read(&mut hashing, delimiter, &name, columns, visit)?;
    let sha256 = HEXLOWER.encode(hashing.hasher.finalize().as_slice());
    Ok(ReceiptFile { rows, sha256 })
}

/// A pipe or device could keep the program waiting for ever.
fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

fn read(
    file: impl Read,
    delimiter: u8,
    name: &str,
    columns: &ReceiptColumns,
    visit: &mut dyn FnMut(ReceiptRow),
) -> Result<u64, Vec<Finding>> {
    let failed = |error: ReadError| vec![read_finding(&error, name, false)];
    let mut reader = DelimitedRows::new(Lines::new(file, None).map_err(failed)?, delimiter);
    let Some((first, cut)) = reader.header().map_err(failed)? else {
        let message = format!("`{name}` is empty: its first line must name the columns");
        return Err(vec![Finding::in_file("report/empty-file", name, message)]);
    };
    let names = names_of(&first, cut, delimiter, name, false)?;
    let place = Columns::find(columns, &names, name)?;
    let mut faults = Faults { file: name, listed: Vec::new(), count: 0 };
    let mut row = Row::new(super::ndjson::no_names());
    let mut rows = 0;
    while let Some(cut) = reader.next(&mut row).map_err(failed)? {
        rows += 1;
        match place.read(&row, cut) {
            Ok(read) => visit(read),
            Err(fault) => faults.add(row.line, &fault),
        }
    }
    faults.finish().map(|()| rows)
}

/// Where the columns stand.
struct Columns {
    number: usize,
    status: usize,
    message_id: Option<usize>,
}

/// Why a row tells nothing.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Row(#[from] RowFault),
    #[error(transparent)]
    Number(#[from] NumberFault),
    #[error("`{0}` is no known status")]
    Status(String),
    #[error("the message id is longer than 256 bytes or holds control characters")]
    MessageId,
}

impl Columns {
    fn find(wanted: &ReceiptColumns, names: &[String], file: &str) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut find = |column: &str| {
            let found = names.iter().position(|name| name == column);
            if found.is_none() {
                findings.push(missing(column, names, file));
            }
            found.unwrap_or_default()
        };
        let columns = Self {
            number: find(&wanted.number),
            status: find(&wanted.status),
            message_id: wanted.message_id.as_deref().map(&mut find),
        };
        if findings.is_empty() { Ok(columns) } else { Err(findings) }
    }

    fn read(&self, row: &Row, cut: Result<(), RowFault>) -> Result<ReceiptRow, Fault> {
        cut?;
        let cell = |column: usize| row.cell(column).unwrap_or_default().trim();
        let word = cell(self.status);
        let message_id = match self.message_id.map(cell).filter(|id| !id.is_empty()) {
            Some(id) => Some(MessageId::new(id).ok_or(Fault::MessageId)?),
            None => None,
        };
        Ok(ReceiptRow {
            number: number(cell(self.number))?,
            receipt: receipt(word).ok_or_else(|| Fault::Status(word.chars().take(40).collect()))?,
            message_id,
        })
    }
}

/// A number as reports write it: all digits, country code first.
fn number(text: &str) -> Result<PhoneNumber, NumberFault> {
    let reader = NumberReader::international();
    let reading = match reader.read(text) {
        Err(NumberFault::NoCountryCode { .. }) => reader.read(&format!("+{text}")),
        read => read,
    };
    reading.map(|reading| reading.number)
}

/// A status word in any of the spellings of Kaleyra's pages: `not-sent`, `NOT-SENT`,
/// `not sent`, and `0` for a failure. `not sent` means that Kaleyra never handed the message
/// on, `failed` that Meta or the phone refused it: it did not arrive, either way.
fn receipt(word: &str) -> Option<Receipt> {
    let folded: String = word
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    match folded.as_str() {
        "sent" => Some(Receipt::Sent),
        "delivered" => Some(Receipt::Delivered),
        "read" => Some(Receipt::Read),
        "failed" | "notsent" | "0" => Some(Receipt::Failed),
        _ => None,
    }
}

fn missing(column: &str, names: &[String], file: &str) -> Finding {
    let finding =
        Finding::in_file("report/missing-column", file, format!("it has no column `{column}`"));
    if let Some(near) = nearest(column, names.iter().map(String::as_str)) {
        return finding.hint(format!("did you mean `{near}`?"));
    }
    let all: Vec<_> = names.iter().take(30).map(|name| format!("`{name}`")).collect();
    finding.hint(format!("its columns are {}", all.join(", ")))
}

/// The rows that cannot be read.
struct Faults<'f> {
    file: &'f str,
    listed: Vec<Finding>,
    count: u64,
}

impl Faults<'_> {
    fn add(&mut self, line: u64, fault: &Fault) {
        self.count += 1;
        if self.count > LISTED_ROWS {
            return;
        }
        let (rule, hint) = match fault {
            Fault::Row(_) => ("report/unreadable-row", None),
            Fault::Number(_) => ("report/bad-number", None),
            Fault::Status(_) => (
                "report/unknown-status",
                Some("known are sent, delivered, read, failed and not-sent; leave out other rows"),
            ),
            Fault::MessageId => ("report/bad-message-id", None),
        };
        let finding = Finding::in_line(rule, self.file, line, fault.to_string());
        self.listed.push(match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
    }

    fn finish(mut self) -> Result<(), Vec<Finding>> {
        if self.count > LISTED_ROWS {
            let message = format!("{} more rows cannot be read", self.count - LISTED_ROWS);
            self.listed.push(Finding::in_file("report/unreadable-row", self.file, message));
        }
        if self.listed.is_empty() { Ok(()) } else { Err(self.listed) }
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
