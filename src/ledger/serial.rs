//! The memory of a ledger outside the ledger: the last mark it was seen with, in
//! `<ledger>.serial`. A copy put back from a backup does not have that mark.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use crate::model::Lineage;

use super::error::LedgerError;
use super::lock::no_follow;
use super::place::{LedgerFile, sync_folder};

/// The most bytes of the file that are read.
const MOST_BYTES: u64 = 256;

/// One moment of a ledger's life: a serial that rises by one each time, and a random id that
/// tells two copies apart that went different ways from there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// From 1; 0 before the first mark.
    pub(super) serial: i64,
    /// 32 hexadecimal digits.
    pub(super) id: String,
}

impl Mark {
    /// Where a ledger stands that was never applied.
    pub(super) fn start() -> Self {
        Self { serial: 0, id: "0".repeat(32) }
    }

    fn parse(serial: &str, id: &str) -> Option<Self> {
        let hexadecimal = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        let sound = id.len() == 32 && id.chars().all(hexadecimal);
        let serial = serial.parse().ok().filter(|serial| *serial >= 0)?;
        sound.then(|| Self { serial, id: id.to_owned() })
    }
}

impl fmt::Display for Mark {
    /// Always as many characters, so that a line can be written over another in place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020} {}", self.serial, self.id)
    }
}

/// When a mark is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Occasion {
    /// Plans were consumed.
    Plan,
    /// An apply is about to send.
    Run,
    /// An apply has sent.
    Stop,
    /// Codes were given out.
    Codes,
    /// Outcomes were settled.
    Settled,
    /// People were forgotten.
    Forgotten,
    /// The ledger went to another place.
    Moved,
    /// Somebody took the ledger over as the newest copy there is.
    Adopted,
}

impl Occasion {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Stop => "stop",
            Self::Codes => "codes",
            Self::Settled => "settled",
            Self::Forgotten => "forgotten",
            Self::Moved => "moved",
            Self::Adopted => "adopted",
        }
    }
}

/// What was seen last in a ledger's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// Which ledger.
    pub(super) lineage: Lineage,
    /// Its last mark.
    pub(super) mark: Mark,
}

impl Seen {
    /// Reads `<ledger>.serial`. `None` when it is missing, or not what [`Self::keep`] writes.
    pub(super) fn read(ledger: &LedgerFile) -> Result<Option<Self>, LedgerError> {
        let path = ledger.beside(ENDING);
        let io = |source| LedgerError::Io { path: path.clone(), operation: "read", source };
        match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io(source)),
        }
        let file = OpenOptions::new().read(true).custom_flags(no_follow()).open(&path);
        let mut bytes = Vec::new();
        file.and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes)).map_err(io)?;
        Ok(str::from_utf8(&bytes).ok().and_then(Self::parse))
    }

    /// Writes it, on stable storage when this returns. It is one short write in place, which
    /// needs no room on a disk that is full.
    pub(super) fn keep(&self, ledger: &LedgerFile) -> Result<(), LedgerError> {
        let path = ledger.beside(ENDING);
        let io = |source| LedgerError::Io { path: path.clone(), operation: "write", source };
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow())
            .open(&path)
            .map_err(io)?;
        file.write_all_at(self.to_line().as_bytes(), 0)
            .and_then(|()| file.sync_all())
            .map_err(io)?;
        if is_new { sync_folder(&ledger.folder) } else { Ok(()) }
    }

    fn to_line(&self) -> String {
        format!("{} {}\n", self.lineage, self.mark)
    }

    /// Reads one line of a lineage and a mark.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_suffix('\n')?.split(' ');
        let lineage = Lineage::parse(words.next()?)?;
        let mark = Mark::parse(words.next()?, words.next()?)?;
        words.next().is_none().then_some(Self { lineage, mark })
    }
}

const ENDING: &str = ".serial";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_all_lines_are_as_long() {
        let lineage = Lineage::from_bytes([7; 16]);
        let later = Mark { serial: i64::MAX, id: "a1".repeat(16) };
        let [first, last] =
            [Mark::start(), later].map(|mark| Seen { lineage: lineage.clone(), mark });
        for seen in [&first, &last] {
            assert_eq!(Seen::parse(&seen.to_line()).as_ref(), Some(seen));
        }
        assert_eq!(first.to_line().len(), last.to_line().len());
    }

    #[test]
    fn what_is_cut_off_or_foreign_says_nothing() {
        let whole = Seen { lineage: Lineage::from_bytes([7; 16]), mark: Mark::start() }.to_line();
        for end in 0..whole.len() {
            assert_eq!(Seen::parse(&whole[..end]), None, "{end}");
        }
        for foreign in ["\n", "a b c\n", &whole.replace("00 0", "-1 0"), &format!("{whole}{whole}")]
        {
            assert_eq!(Seen::parse(foreign), None, "{foreign}");
        }
    }
}
