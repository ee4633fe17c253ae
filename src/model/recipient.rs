//! One person of the audience, as read from a source.

use std::fmt;
use std::sync::Arc;

use super::phone::PhoneNumber;

/// One usable row: a number that exists, and the row's cells.
#[derive(Clone)]
pub struct Recipient {
    /// Where the message goes.
    pub number: PhoneNumber,
    /// The id column's value, if the source has one.
    pub id: Option<String>,
    /// The other cells.
    pub fields: Fields,
    /// Where the row stands.
    pub origin: Origin,
}

impl fmt::Debug for Recipient {
    /// The number masked, the cells by name only: rows are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {:?}, {:?})", self.number, self.fields, self.origin)
    }
}

/// The cells of a row, by column name. Texts exactly as written.
#[derive(Clone, Default)]
pub struct Fields {
    names: Arc<[String]>,
    text: String,
    /// One stretch of `text` for each cell.
    spans: Vec<(usize, usize)>,
}

impl Fields {
    /// Pairs column names with a row's cells; a missing cell is an absent variable.
    pub fn new(names: Arc<[String]>, values: &[String]) -> Self {
        let (mut text, mut spans) = (String::new(), Vec::with_capacity(values.len()));
        for value in values {
            spans.push((text.len(), text.len() + value.len()));
            text.push_str(value);
        }
        Self { names, text, spans }
    }

    /// Exchanges the cells for those of another row under the same columns, which are these
    /// stretches of a text: a reader of a million rows copies none of them.
    pub fn exchange(&mut self, text: &mut String, spans: &mut Vec<(usize, usize)>) {
        std::mem::swap(&mut self.text, text);
        std::mem::swap(&mut self.spans, spans);
    }

    /// Bytes of memory that are kept for cells.
    pub fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// The columns.
    pub fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The cell under a column, if the row has it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.names.iter().position(|column| column == name)?;
        self.cell(index)
    }

    /// All cells with their columns, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let cells = (0..self.spans.len()).filter_map(|index| self.cell(index));
        self.names.iter().map(String::as_str).zip(cells)
    }

    fn cell(&self, index: usize) -> Option<&str> {
        let &(start, end) = self.spans.get(index)?;
        self.text.get(start..end)
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.iter()).finish()
    }
}

/// Where a row stands: the source's position in `recipients` (from 0) and its line (from 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Origin {
    /// Index into the campaign's `recipients`.
    pub source: u16,
    /// 1-based line in that file (or in the campaign file, for a list).
    pub line: u64,
}
