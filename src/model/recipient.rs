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
    values: Vec<String>,
}

impl Fields {
    /// Pairs column names with a row's cells; a missing cell is an absent variable.
    pub fn new(names: Arc<[String]>, values: Vec<String>) -> Self {
        Self { names, values }
    }

    /// Puts another row's cells under the same columns, in the memory of this one's: a
    /// reader of a million rows needs one `Fields`.
    pub fn refill<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        let mut filled = 0;
        for cell in cells {
            match self.values.get_mut(filled) {
                Some(value) => {
                    value.clear();
                    value.push_str(cell);
                }
                None => self.values.push(cell.to_owned()),
            }
            filled += 1;
        }
        self.values.truncate(filled);
    }

    /// The columns.
    pub fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// The cell under a column, if the row has it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let index = self.names.iter().position(|column| column == name)?;
        self.values.get(index).map(String::as_str)
    }

    /// All cells with their columns, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(String::as_str).zip(self.values.iter().map(String::as_str))
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
