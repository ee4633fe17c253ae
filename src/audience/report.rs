//! What one reading of the audience found.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Fields, OnDuplicate, Origin, Recipient};

use super::dropped::{DropCounts, DropReason, Dropped};
use super::finding::Finding;
use super::people::{PersonMap, PersonSet, Places};

/// Dropped rows kept for the report; the visitor gets all.
const KEPT_DROPS: usize = 20;

/// What one reading of the audience found. Always `rows = kept + dropped.total()`.
#[derive(Clone, Debug, Default)]
pub struct AudienceReport {
    /// Rows read, over all sources; headers and blank lines are none.
    pub rows: u64,
    /// Rows handed on as recipients.
    pub kept: u64,
    /// Rows dropped, by kind.
    pub dropped: DropCounts,
    /// The first rows dropped for a fault of theirs: not those that `where` or an exclude
    /// list means to leave out.
    pub first_dropped: Vec<Dropped>,
    /// Counts per source, in the campaign's order.
    pub sources: Vec<SourceCounts>,
    /// Rows dropped per entry of the campaign's `exclude`.
    pub excluded_by: Vec<u64>,
    /// Recipients with a United States number.
    pub in_us: u64,
    /// Whether the visitor stopped the reading before the end.
    pub stopped: bool,
    /// What a reviewer should know.
    pub warnings: Vec<Finding>,
}

/// What became of one source's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SourceCounts {
    /// Rows read.
    pub rows: u64,
    /// Rows handed on as recipients.
    pub kept: u64,
}

impl AudienceReport {
    pub(super) fn new(sources: usize, excludes: usize) -> Self {
        Self {
            sources: vec![SourceCounts::default(); sources],
            excluded_by: vec![0; excludes],
            ..Self::default()
        }
    }

    pub(super) fn note_dropped(&mut self, dropped: &Dropped) {
        self.dropped.add(dropped.reason.kind());
        match dropped.reason {
            DropReason::Excluded { entry } => {
                if let Some(count) = self.excluded_by.get_mut(usize::from(entry)) {
                    *count += 1;
                }
            }
            DropReason::Filtered => {}
            _ if self.first_dropped.len() < KEPT_DROPS => self.first_dropped.push(*dropped),
            _ => {}
        }
    }
}

/// Who was seen so far: 8 bytes a person, a bit for those who have a place, more only where
/// rows have to be compared.
pub(super) enum Seen {
    First(Places, PersonSet),
    Compared(PersonMap<(u64, Origin)>),
}

/// What a row is to those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sighting {
    New,
    Again,
    /// The same person with other variables, first seen there.
    Differs(Origin),
}

impl Seen {
    pub(super) fn new(mode: OnDuplicate) -> Self {
        match mode {
            OnDuplicate::First => Self::First(Places::default(), PersonSet::default()),
            OnDuplicate::Error => Self::Compared(PersonMap::default()),
        }
    }

    /// Notes a row. `place` is where the person stands in the caller's list, `phone` the
    /// column with the number, which one person may write in several ways.
    pub(super) fn note(
        &mut self,
        recipient: &Recipient,
        place: Option<u32>,
        phone: &str,
    ) -> Sighting {
        let person = recipient.number.person().as_u64();
        match self {
            Self::First(places, others) => {
                let is_new = match place {
                    Some(place) => places.insert(place),
                    None => others.insert(person),
                };
                if is_new { Sighting::New } else { Sighting::Again }
            }
            Self::Compared(people) => {
                let origin = recipient.origin;
                let digest = digest(&recipient.fields, phone);
                let first = *people.entry(person).or_insert((digest, origin));
                match first {
                    (_, there) if there == origin => Sighting::New,
                    (same, _) if same == digest => Sighting::Again,
                    (_, there) => Sighting::Differs(there),
                }
            }
        }
    }
}

/// A digest of a row's variables that does not depend on the order of its columns.
fn digest(fields: &Fields, phone: &str) -> u64 {
    let cells = fields.iter().filter(|(name, _)| *name != phone);
    cells.fold(0, |sum, cell| {
        let mut hasher = DefaultHasher::new();
        cell.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}
