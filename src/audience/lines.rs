//! Lines of a file, one at a time, bounded, decoded and counted.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memchr;

/// The most bytes of one row: an unclosed quote must not swallow a file into memory.
pub(super) const MAX_ROW_BYTES: usize = 1 << 20;

/// Bytes read from the disk at once.
const BUFFER_BYTES: usize = 1 << 18;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The system failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// A row of more than a mebibyte.
    #[error("the row that begins here is longer than 1 MiB")]
    TooLong {
        /// 1-based line on which the row begins.
        line: u64,
        /// Whether a quote was open all the time.
        in_quotes: bool,
    },
    /// The file ended inside a quoted cell.
    #[error("a quote in the row that begins here is never closed")]
    OpenQuote {
        /// 1-based line on which the row begins.
        line: u64,
    },
    /// Bytes that are no UTF-8.
    #[error("this is not UTF-8 (byte {byte} of the file)")]
    NotUtf8 {
        /// 1-based line.
        line: u64,
        /// 0-based offset in the file.
        byte: u64,
    },
    /// The file says that it is UTF-16.
    #[error("this file is UTF-16")]
    Utf16,
    /// A NUL byte: the file is no text.
    #[error("there is a NUL (byte {byte} of the file)")]
    Nul {
        /// 1-based line.
        line: u64,
        /// 0-based offset in the file.
        byte: u64,
    },
}

impl ReadError {
    /// The line it is about, when there is one.
    pub(super) fn line(&self) -> Option<u64> {
        match *self {
            Self::Io(_) => None,
            Self::Utf16 => Some(1),
            Self::TooLong { line, .. }
            | Self::OpenQuote { line }
            | Self::NotUtf8 { line, .. }
            | Self::Nul { line, .. } => Some(line),
        }
    }

    pub(super) fn rule(&self, exclude: bool) -> &'static str {
        match (self, exclude) {
            (Self::Io(_), false) => "audience/unreadable-file",
            (Self::Io(_), true) => "exclude/unreadable-file",
            (Self::TooLong { .. }, false) => "audience/row-too-long",
            (Self::TooLong { .. }, true) => "exclude/row-too-long",
            (Self::OpenQuote { .. }, false) => "audience/open-quote",
            (Self::OpenQuote { .. }, true) => "exclude/open-quote",
            (Self::NotUtf8 { .. } | Self::Utf16 | Self::Nul { .. }, false) => "audience/encoding",
            (Self::NotUtf8 { .. } | Self::Utf16 | Self::Nul { .. }, true) => "exclude/encoding",
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io(_) => None,
            Self::TooLong { in_quotes: true, .. } | Self::OpenQuote { .. } => {
                Some("close the quote, or write a quote inside a cell twice (`\"\"`)")
            }
            Self::TooLong { in_quotes: false, .. } => {
                Some("a row is one line: check the file's line endings")
            }
            Self::NotUtf8 { .. } | Self::Utf16 | Self::Nul { .. } => {
                Some("save the file as UTF-8 (in a spreadsheet: `CSV UTF-8`)")
            }
        }
    }
}

/// Reads lines. Each must be asked for with the same buffer that collects the row.
pub(super) struct Lines<'p, R = File> {
    input: BufReader<R>,
    line: u64,
    byte: u64,
    /// How many of the bytes in the buffer are known to be text: a look at all of them at
    /// once costs less than one at each line.
    sound: usize,
    progress: Option<&'p AtomicU64>,
}

impl<'p, R: Read> Lines<'p, R> {
    /// Begins a file. Bytes read are added to `progress`.
    pub(super) fn new(input: R, progress: Option<&'p AtomicU64>) -> Result<Self, ReadError> {
        let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
        let mut byte = 0;
        let start = input.fill_buf()?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(ReadError::Utf16);
        }
        if start.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
            byte = 3;
        }
        Ok(Self { input, line: 0, byte, sound: 0, progress })
    }

    /// 1-based number of the line read last; 0 before the first.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Appends the next line with its line feed. `false` at the end of the file.
    ///
    /// `begun` is the line on which the row being collected in `row` began, and `in_quotes`
    /// whether it goes on because of an open quote.
    pub(super) fn append(
        &mut self,
        row: &mut Vec<u8>,
        begun: Option<u64>,
    ) -> Result<bool, ReadError> {
        let before = row.len();
        if self.sound == 0 {
            self.sound = text_bytes(self.input.fill_buf()?);
        }
        let room = (MAX_ROW_BYTES + 1).saturating_sub(before);
        let read = self.append_bytes(room, row)?;
        if read == 0 && room > 0 {
            return Ok(false);
        }
        self.line += 1;
        if row.len() > MAX_ROW_BYTES {
            let line = begun.unwrap_or(self.line);
            return Err(ReadError::TooLong { line, in_quotes: begun.is_some() });
        }
        // The first fault of a file, and what reaches beyond the buffer, is behind them.
        if read <= self.sound {
            self.sound -= read;
        } else {
            self.sound = 0;
            self.check(&row[before..])?;
        }
        self.byte += read as u64;
        if let Some(progress) = self.progress {
            progress.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// Appends what is left of the line, its line feed included, but no more than `room` bytes.
    fn append_bytes(&mut self, room: usize, row: &mut Vec<u8>) -> io::Result<usize> {
        // Nearly every line is in the buffer, whole.
        let buffer = self.input.buffer();
        let Some(end) = memchr(b'\n', &buffer[..buffer.len().min(room)]) else {
            return self.input.by_ref().take(room as u64).read_until(b'\n', row);
        };
        row.extend_from_slice(&buffer[..=end]);
        self.input.consume(end + 1);
        Ok(end + 1)
    }

    fn check(&self, line: &[u8]) -> Result<(), ReadError> {
        if let Err(error) = std::str::from_utf8(line) {
            let byte = self.byte + error.valid_up_to() as u64;
            return Err(ReadError::NotUtf8 { line: self.line, byte });
        }
        // `contains` on bytes is a vectorised search.
        if line.contains(&0) {
            let at = line.iter().position(|&byte| byte == 0).unwrap_or(0);
            return Err(ReadError::Nul { line: self.line, byte: self.byte + at as u64 });
        }
        Ok(())
    }
}

/// How many bytes come before the first that is in no text, or in one that goes on later.
fn text_bytes(bytes: &[u8]) -> usize {
    let text = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    memchr(0, &bytes[..text]).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<String>, ReadError> {
        let mut lines = Lines::new(bytes, None)?;
        let mut found = Vec::new();
        loop {
            let mut row = Vec::new();
            if !lines.append(&mut row, None)? {
                return Ok(found);
            }
            found.push(String::from_utf8(row).expect("checked"));
        }
    }

    #[test]
    fn the_byte_order_mark_is_no_text() {
        assert_eq!(all(b"\xef\xbb\xbfphone\n1\n").expect("readable"), ["phone\n", "1\n"]);
    }

    #[test]
    fn other_encodings_are_refused_with_the_byte() {
        assert!(matches!(all(b"\xff\xfep\0h\0"), Err(ReadError::Utf16)));
        assert!(matches!(all(b"name\nJos\xe9\n"), Err(ReadError::NotUtf8 { line: 2, byte: 8 })));
        assert!(matches!(
            all(b"\xef\xbb\xbfname\nJo\0\n"),
            Err(ReadError::Nul { line: 2, byte: 10 })
        ));
    }

    /// Gives a few bytes at a time.
    struct Slow<'b>(&'b [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn faults_are_told_of_the_same_byte_wherever_a_reading_ends() {
        let bytes = "phone\nJosé\n\u{1f600}\r\nx".as_bytes();
        for at_once in 1..=bytes.len() {
            let mut lines = Lines::new(Slow(bytes, at_once), None).expect("no mark");
            let mut row = Vec::new();
            while lines.append(&mut row, None).expect("text") {}
            assert_eq!(row, bytes, "{at_once} at once");
            assert_eq!(lines.line(), 4);
            for (fault, is_nul) in [(b'\0', true), (b'\xff', false)] {
                for at in [0, 5, 6, 11, 17, bytes.len()] {
                    let mut broken = bytes.to_vec();
                    broken.insert(at, fault);
                    let mut lines = Lines::new(Slow(&broken, at_once), None).expect("no mark");
                    let mut row = Vec::new();
                    let error = loop {
                        match lines.append(&mut row, None) {
                            Ok(more) => assert!(more, "{fault} at {at} is no text"),
                            Err(error) => break error,
                        }
                    };
                    let (found, nul) = match error {
                        ReadError::NotUtf8 { byte, .. } => (byte, false),
                        ReadError::Nul { byte, .. } => (byte, true),
                        other => panic!("{other}"),
                    };
                    assert_eq!((found, nul), (at as u64, is_nul), "{at_once} at once");
                }
            }
        }
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let endless = vec![b'x'; MAX_ROW_BYTES + 10];
        assert!(matches!(all(&endless), Err(ReadError::TooLong { line: 1, in_quotes: false })));
        assert!(all(&vec![b'x'; MAX_ROW_BYTES]).is_ok());
    }
}
