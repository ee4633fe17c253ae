//! CSV (RFC 4180) and TSV, row by row.
//!
//! The `csv` crate reads the same texts the same way (a test holds both together), but takes
//! an unclosed quote at the end of a file without a word, has no bound on a row, and cannot
//! name the physical line behind blank lines and CRLF: here each of these decides about
//! people, so rows are cut here.

use std::io::Read;
use std::sync::Arc;

use memchr::memchr3_iter;

use super::lines::{Lines, ReadError};
use super::row::{Row, RowFault, RowRead};

#[cfg(test)]
mod tests;

/// Reads rows of one file.
pub(super) struct DelimitedRows<'p, R> {
    lines: Lines<'p, R>,
    /// The bytes of the row that is being cut.
    bytes: Vec<u8>,
    delimiter: u8,
    columns: usize,
}

impl<'p, R: Read> DelimitedRows<'p, R> {
    pub(super) fn new(lines: Lines<'p, R>, delimiter: u8) -> Self {
        Self { lines, bytes: Vec::new(), delimiter, columns: 0 }
    }

    /// Reads the first row, whatever its width; `None` when the file has none. All others
    /// must be as wide.
    pub(super) fn header(&mut self) -> Result<Option<(Row, RowRead)>, ReadError> {
        let mut row = Row::new(Arc::default());
        let Some(read) = self.cut(&mut row)? else { return Ok(None) };
        self.columns = row.spans.len();
        Ok(Some((row, read)))
    }

    /// Reads the next row into `row`, blank lines skipped; `None` at the end.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<Option<RowRead>, ReadError> {
        let Some(read) = self.cut(row)? else { return Ok(None) };
        let (expected, found) = (self.columns, row.spans.len());
        let wide =
            if found == expected { Ok(()) } else { Err(RowFault::Ragged { expected, found }) };
        Ok(Some(read.and(wide)))
    }

    fn cut(&mut self, row: &mut Row) -> Result<Option<RowRead>, ReadError> {
        loop {
            row.clear();
            self.bytes.clear();
            if !self.lines.append(&mut self.bytes, None)? {
                return Ok(None);
            }
            row.line = self.lines.line();
            let end = without_line_end(&self.bytes);
            if end == 0 {
                continue;
            }
            let mut read = Ok(());
            let mut start = 0;
            for at in memchr3_iter(self.delimiter, b'"', b'\r', &self.bytes[..end]) {
                match self.bytes[at] {
                    b'"' => {
                        row.spans.clear();
                        return self.cut_quoted(row).map(Some);
                    }
                    b'\r' => read = Err(RowFault::CarriageReturn),
                    _ => {
                        row.spans.push((start, at));
                        start = at + 1;
                    }
                }
            }
            row.spans.push((start, end));
            if read.is_ok() {
                self.hand_over(end, row);
            }
            return Ok(Some(read));
        }
    }

    /// Makes the first so many bytes the row's text.
    fn hand_over(&self, length: usize, row: &mut Row) {
        // Lines are checked as they are read and cut at ASCII bytes only.
        row.text.push_str(std::str::from_utf8(&self.bytes[..length]).unwrap_or_default());
    }

    /// Takes a row with quotes apart. Cells are unquoted in place: they only get shorter.
    fn cut_quoted(&mut self, row: &mut Row) -> Result<RowRead, ReadError> {
        let (mut at, mut written) = (0, 0);
        loop {
            let start = written;
            if self.bytes.get(at) == Some(&b'"') {
                at += 1;
                loop {
                    match (self.bytes.get(at).copied(), self.bytes.get(at + 1).copied()) {
                        (Some(b'"'), Some(b'"')) => {
                            self.bytes[written] = b'"';
                            (at, written) = (at + 2, written + 1);
                        }
                        (Some(b'"'), _) => {
                            at += 1;
                            break;
                        }
                        (Some(byte), _) => {
                            self.bytes[written] = byte;
                            (at, written) = (at + 1, written + 1);
                        }
                        (None, _) => {
                            if !self.lines.append(&mut self.bytes, Some(row.line))? {
                                return Err(ReadError::OpenQuote { line: row.line });
                            }
                        }
                    }
                }
            } else {
                while let Some(&byte) = self.bytes.get(at) {
                    if byte == self.delimiter || byte == b'\n' || byte == b'\r' {
                        break;
                    }
                    self.bytes[written] = byte;
                    (at, written) = (at + 1, written + 1);
                }
            }
            row.spans.push((start, written));
            match &self.bytes[at..] {
                [] | b"\n" | b"\r" | b"\r\n" => {
                    self.hand_over(written, row);
                    return Ok(Ok(()));
                }
                [byte, ..] if *byte == self.delimiter => at += 1,
                [b'\r', ..] => return Ok(Err(RowFault::CarriageReturn)),
                _ => return Ok(Err(RowFault::AfterQuote)),
            }
        }
    }
}

fn without_line_end(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}
