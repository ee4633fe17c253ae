//! One row as read, before anybody asks whom it means.

use std::sync::Arc;

/// A row's cells, in buffers that are used again for the next row.
#[derive(Debug)]
pub(super) struct Row {
    /// 1-based line on which the row begins.
    pub(super) line: u64,
    /// The columns the cells stand under.
    pub(super) names: Arc<[String]>,
    /// The cells' texts, at `spans`.
    pub(super) text: String,
    /// One stretch of `text` per cell.
    pub(super) spans: Vec<(usize, usize)>,
}

/// Whether a row could be taken apart.
pub(super) type RowRead = Result<(), RowFault>;

/// Why a row cannot be taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RowFault {
    /// Another number of cells than the header has.
    #[error("the row has {found} cells, the header {expected}")]
    Ragged {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Text between a closing quote and the next delimiter.
    #[error("there is text after a closing quote")]
    AfterQuote,
    /// A carriage return outside quotes that is not followed by a line feed.
    #[error("there is a lone carriage return in the row")]
    CarriageReturn,
    /// The line is no JSON.
    #[error("the line is no JSON object")]
    NotAnObject,
    /// A list or an object where a text or a number belongs.
    #[error("a value of the row is a list or an object")]
    Nested,
    /// One key twice.
    #[error("a key of the row appears twice")]
    DuplicateKey,
}

impl Row {
    pub(super) fn new(names: Arc<[String]>) -> Self {
        Self { line: 0, names, text: String::new(), spans: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// A cell by position; empty when the row has no such cell.
    pub(super) fn cell(&self, index: usize) -> Option<&str> {
        let &(start, end) = self.spans.get(index)?;
        self.text.get(start..end)
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.spans.len()).filter_map(|index| self.cell(index))
    }
}
