//! Rows on their way from the reader to the visitor, some hundred at a time.

use std::sync::Arc;

use crate::model::{Fields, Origin, PhoneNumber, Recipient};

use super::dropped::DropReason;
use super::filter::{RowFilter, RowFilterFault};
use super::lines::ReadError;
use super::number::{NumberReader, Reading};
use super::report::Sighting;
use super::row::{Row, RowRead};
use super::source::{FileSource, Rows};
use super::stream::PlacesOf;

/// Rows in a block: enough that handing it over costs nothing, few enough that blocks fit
/// the processor's cache.
const ROWS: usize = 256;
/// A block ends early when its rows have so many bytes: rows may have a mebibyte each.
const BYTES: usize = 1 << 18;
/// Buffers larger than this are not kept for the next row.
const USUAL_ROW_BYTES: usize = 1 << 13;

/// Rows read together.
pub(super) struct Block<T> {
    slots: Vec<Slot<T>>,
    filled: usize,
    /// Some numbers of the rows, and their places in the same order.
    numbers: Vec<PhoneNumber>,
    places: Vec<Option<u32>>,
}

/// One row and what has become of it so far.
pub(super) struct Slot<T> {
    pub(super) row: Row,
    pub(super) read: RowRead,
    /// The number, where it can be said before the row is judged; and then, that it exists.
    pub(super) known: Option<PhoneNumber>,
    /// What others do not matter for; `None` until it is judged.
    pub(super) judgement: Option<Judgement<T>>,
    /// The row as a recipient, where it is one.
    pub(super) recipient: Option<Recipient>,
    /// Where the recipient stands in a list of the caller's.
    pub(super) place: Option<u32>,
    /// What the recipient is to those before.
    pub(super) sighting: Sighting,
}

/// What is decided about a row by itself.
pub(super) enum Judgement<T> {
    /// Somebody to send to, unless seen before.
    Keep { reading: Reading },
    /// The same.
    Made {
        reading: Reading,
        /// What the caller made of the recipient.
        made: T,
    },
    /// Nobody to send to.
    Drop { number: Option<PhoneNumber>, reason: DropReason },
    /// `where` has no answer.
    Fault(RowFilterFault),
}

impl<T> Block<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), filled: 0, numbers: Vec::new(), places: Vec::new() }
    }

    /// Reads the next rows. Whether there may be more; not after an error, which leaves the
    /// rows before it in place.
    pub(super) fn fill(&mut self, rows: &mut Rows<'_>) -> Result<bool, ReadError> {
        self.filled = 0;
        let mut bytes = 0;
        while self.filled < ROWS && bytes < BYTES {
            if self.filled == self.slots.len() {
                self.slots.push(Slot::new(&rows.names));
            }
            let slot = &mut self.slots[self.filled];
            slot.shrink();
            let Some(read) = rows.next(&mut slot.row)? else { return Ok(false) };
            slot.read = read;
            bytes += slot.row.text.len();
            self.filled += 1;
        }
        Ok(true)
    }

    pub(super) fn slots(&mut self) -> &mut [Slot<T>] {
        &mut self.slots[..self.filled]
    }

    /// Leaves those numbers known that stand in a list of numbers which exist.
    pub(super) fn find_existing(&mut self, exist: &PlacesOf<'_>) {
        let number = |slot: &Slot<T>| slot.known;
        self.find(exist, number, |slot, place| slot.known = slot.known.filter(|_| place.is_some()));
    }

    /// Finds where those to send to stand in a list of the caller's.
    pub(super) fn find_places(&mut self, place: &PlacesOf<'_>) {
        self.find(place, Slot::kept, |slot, place| slot.place = place);
    }

    /// Looks up those rows that have such a number.
    fn find(
        &mut self,
        places: &PlacesOf<'_>,
        number: impl Fn(&Slot<T>) -> Option<PhoneNumber>,
        found: impl Fn(&mut Slot<T>, Option<u32>),
    ) {
        let slots = &mut self.slots[..self.filled];
        self.numbers.clear();
        self.numbers.extend(slots.iter().filter_map(&number));
        self.places.clear();
        self.places.resize(self.numbers.len(), None);
        places(&self.numbers, &mut self.places);
        let asked = slots.iter_mut().filter(|slot| number(slot).is_some());
        for (slot, place) in asked.zip(&self.places) {
            found(slot, *place);
        }
    }
}

impl<T> Slot<T> {
    fn new(names: &Arc<[String]>) -> Self {
        let (row, sighting) = (Row::new(Arc::clone(names)), Sighting::New);
        let (read, known, judgement) = (Ok(()), None, None);
        Self { row, read, known, judgement, recipient: None, place: None, sighting }
    }

    /// The number that stands in the row, as far as that can be said without a numbering plan.
    pub(super) fn phone(&self, layout: &Layout) -> Option<PhoneNumber> {
        let cell = layout.phone.and_then(|column| self.row.cell(column));
        NumberReader::as_it_stands(cell.filter(|_| self.read.is_ok())?)
    }

    /// The number, where a row is somebody to send to by itself.
    fn kept(&self) -> Option<PhoneNumber> {
        match self.judgement {
            Some(Judgement::Keep { reading }) => Some(reading.number),
            _ => None,
        }
    }

    fn shrink(&mut self) {
        let kept = self.recipient.as_ref().map_or(0, |recipient| recipient.fields.capacity());
        if self.row.text.capacity().max(kept) > USUAL_ROW_BYTES {
            self.row.text = String::new();
            self.recipient = None;
        }
    }

    /// Makes the row a recipient, in the memory of the one before it. The cells are the
    /// recipient's from then on.
    pub(super) fn fill(&mut self, id: Option<usize>, number: PhoneNumber, origin: Origin) {
        let row = &mut self.row;
        let recipient = self.recipient.get_or_insert_with(|| Recipient {
            number,
            id: None,
            fields: Fields::default(),
            origin,
        });
        if !Arc::ptr_eq(recipient.fields.names(), &row.names) {
            recipient.fields = Fields::new(Arc::clone(&row.names), &[]);
        }
        recipient.number = number;
        recipient.origin = origin;
        let id = id.and_then(|column| row.cell(column)).filter(|id| !id.is_empty());
        match (id, &mut recipient.id) {
            (Some(id), Some(kept)) => {
                kept.clear();
                kept.push_str(id);
            }
            (id, kept) => *kept = id.map(str::to_owned),
        }
        recipient.fields.exchange(&mut row.text, &mut row.spans);
    }
}

/// Where in a row the columns stand that decide about it.
pub(super) struct Layout {
    names: Arc<[String]>,
    pub(super) phone: Option<usize>,
    pub(super) id: Option<usize>,
    pub(super) variables: Vec<Option<usize>>,
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

    /// That of a row, which is nearly always that of the row before it.
    pub(super) fn for_row<'l>(
        last: &'l mut Option<Self>,
        row: &Row,
        file: &FileSource<'_>,
    ) -> &'l Self {
        if last.as_ref().is_some_and(|layout| !layout.fits(row)) {
            *last = None;
        }
        last.get_or_insert_with(|| Self::of(&row.names, file))
    }

    /// Whether a row has the columns that this is the layout of.
    fn fits(&self, row: &Row) -> bool {
        Arc::ptr_eq(&self.names, &row.names) || self.names == row.names
    }
}
