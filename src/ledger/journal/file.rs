//! The journal's file: a header and slots, all of it on the disk before it is needed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::thread;

use super::entry::{Entry, SLOT, UnrecordedOutcome};
use super::place::JournalPlace;
use crate::ledger::error::LedgerError;
use crate::ledger::lock::no_follow;
use crate::ledger::lock_wait::TRY_EVERY;
use crate::ledger::place::sync_folder;
use crate::ledger::serial::{Mark, Seen};
use crate::ledger::types::Change;
use crate::model::{LedgerSecret, Lineage};

const TITLE: &str = "offercast journal 1 ";

/// How often a journal that others have taken for left behind is tried to be made: for ten
/// seconds, which is long for recording what they found in such journals.
const ATTEMPTS: u32 = 200;

/// Zeros are written this many slots at a time.
const AT_ONCE: usize = 256;

/// The most slots read: 1,024 requests of 100 people, twice.
const MOST_SLOTS: u64 = 2 * 1024 * 100;

/// Room on the disk for outcomes that the ledger does not take.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    lineage: Lineage,
    mark: Mark,
    secret: LedgerSecret,
    slots: u64,
    used: u64,
}

impl Journal {
    /// Writes the whole file once, so that writing in it later needs no more room. What it
    /// held before is gone: it was imported when the lock was taken.
    pub(in crate::ledger) fn prepare(
        place: &JournalPlace,
        seen: Seen,
        secret: &LedgerSecret,
        slots: u64,
    ) -> Result<Self, LedgerError> {
        place.make_folder()?;
        let path = place.path.clone();
        let fail = |source| LedgerError::Io {
            path: path.clone(),
            operation: "make room for outcomes in",
            source,
        };
        let (file, is_new) = make(place).map_err(fail)?;
        let Seen { lineage, mark } = seen;
        let slots = slots.min(MOST_SLOTS);
        zero(&file, slots + 1)
            .and_then(|()| file.write_all_at(header(&lineage, &mark).as_bytes(), 0))
            .and_then(|()| file.sync_all())
            .map_err(fail)?;
        if is_new {
            sync_folder(&place.folder)?;
        }
        Ok(Self { file, path, lineage, mark, secret: secret.clone(), slots, used: 0 })
    }

    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Keeps the outcomes among these changes, on stable storage when this returns: how many
    /// were kept, and those for which there was no room or no disk. Those of messages that
    /// were on the wire come first: of the others nothing is lost but an attempt.
    pub fn keep(&mut self, changes: &[Change]) -> (u64, Vec<UnrecordedOutcome>) {
        let (mut entries, unsent): (Vec<_>, Vec<_>) =
            changes.iter().filter_map(Entry::of).partition(Entry::was_sent);
        if entries.is_empty() && unsent.is_empty() {
            return (0, Vec::new());
        }
        entries.extend(unsent);
        let mut written = 0;
        for entry in &entries {
            let slot = entry.to_slot(&self.lineage, &self.mark);
            let at = (1 + self.used) * SLOT as u64;
            if self.used == self.slots || self.file.write_all_at(&slot, at).is_err() {
                break;
            }
            self.used += 1;
            written += 1;
        }
        // What a failed flush left on the disk is not known: it is told rather than trusted.
        let kept = if self.file.sync_data().is_ok() { written } else { 0 };
        let lost = entries.drain(kept..).filter(Entry::was_sent);
        let lost = lost.map(|entry| UnrecordedOutcome::new(entry, &self.secret)).collect();
        (kept as u64, lost)
    }
}

/// A journal as the next holder of the lock finds it.
#[derive(Debug)]
pub(in crate::ledger) struct Found {
    /// The outcomes that are whole, in the order they were kept.
    pub(in crate::ledger) entries: Vec<Entry>,
    /// The ledger it was written for, at this mark.
    pub(in crate::ledger) seen: Seen,
    /// Slots with something in them that is not whole.
    pub(in crate::ledger) torn: u64,
    file: File,
    path: PathBuf,
}

impl Found {
    /// Reads the journal, if there is one with something in it.
    pub(in crate::ledger) fn read(place: &JournalPlace) -> Result<Option<Self>, LedgerError> {
        let path = place.path.clone();
        let fail = |source| LedgerError::Io { path: path.clone(), operation: "read", source };
        let file = match open(&path, false) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(fail(source)),
        };
        let slots = file.metadata().map_err(fail)?.len() / SLOT as u64;
        let mut slot = [0; SLOT];
        if slots == 0 {
            return Ok(None);
        }
        file.read_exact_at(&mut slot, 0).map_err(fail)?;
        let Some(seen) = read_header(&slot) else { return Ok(None) };
        let (mut entries, mut torn) = (Vec::new(), 0);
        for index in 1..slots.min(MOST_SLOTS + 1) {
            file.read_exact_at(&mut slot, index * SLOT as u64).map_err(fail)?;
            match Entry::of_slot(&slot, &seen.lineage, &seen.mark) {
                Some(entry) => entries.push(entry),
                None => torn += u64::from(slot.iter().any(|byte| *byte != 0)),
            }
        }
        let found = Self { entries, seen, torn, file, path };
        Ok((!found.entries.is_empty() || found.torn > 0).then_some(found))
    }

    /// Empties it, once what it held is on stable storage in the ledger. Cut off in between,
    /// it is read again, and every row it names has its outcome already.
    pub(in crate::ledger) fn reset(self) -> Result<(), LedgerError> {
        let slots = self.file.metadata().map(|metadata| metadata.len() / SLOT as u64);
        slots.and_then(|slots| zero(&self.file, slots)).and_then(|()| self.file.sync_all()).map_err(
            |source| LedgerError::Io { path: self.path.clone(), operation: "empty", source },
        )
    }

    /// Puts it out of the way, because it belongs to another ledger than the one in its place.
    pub(in crate::ledger) fn set_aside(self, place: &JournalPlace) -> Result<(), LedgerError> {
        let mut aside = place.path.clone().into_os_string();
        aside.push(".foreign");
        fs::rename(&self.path, aside).map_err(|source| LedgerError::Io {
            path: self.path.clone(),
            operation: "rename",
            source,
        })?;
        sync_folder(&place.folder)
    }
}

/// The file, locked, which says that its writer lives, until it does no more; and whether it is
/// a new one. Before it is locked, another process may take it for left behind, find nothing in
/// it and remove it.
fn make(place: &JournalPlace) -> io::Result<(File, bool)> {
    for _ in 0..ATTEMPTS {
        let is_new = fs::symlink_metadata(&place.path).is_err();
        let file = open(&place.path, true)?;
        if place.locks(&file)? {
            return Ok((file, is_new));
        }
        thread::sleep(TRY_EVERY);
    }
    Err(ErrorKind::WouldBlock.into())
}

/// Never a link, a pipe or a device; open for both, so that not even a pipe is waited for.
fn open(path: &std::path::Path, create: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_follow())
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Real zeros rather than a hole: the point is that the disk has given the room.
fn zero(file: &File, slots: u64) -> io::Result<()> {
    let zeros = vec![0; SLOT * AT_ONCE];
    let end = slots * SLOT as u64;
    let mut at = 0;
    while at < end {
        let count = zeros.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        file.write_all_at(&zeros[..count], at)?;
        at += count as u64;
    }
    Ok(())
}

fn header(lineage: &Lineage, mark: &Mark) -> String {
    format!("{TITLE}{lineage} {mark}\n")
}

fn read_header(slot: &[u8]) -> Option<Seen> {
    let end = slot.iter().position(|byte| *byte == b'\n')?;
    let line = str::from_utf8(slot.get(..=end)?).ok()?;
    Seen::parse(line.strip_prefix(TITLE)?)
}
