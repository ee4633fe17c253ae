//! Small tables: labels to the left, numbers to the right.

use super::{pad_left, pad_right, safe, width};

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table small enough to be held whole, since its widths follow from all its rows.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[Align]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; cells are made harmless. Cells beyond the columns are left out, missing
    /// ones are empty.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells = cells.into_iter().take(self.columns.len());
        self.rows.push(cells.map(|cell| safe(cell.as_ref()).into_owned()).collect());
    }

    /// The lines, each indented by `indent` spaces and without blanks at its end; two
    /// spaces between columns.
    pub fn lines(&self, indent: usize) -> impl Iterator<Item = String> {
        let widest = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max()
        };
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|column| widest(column).unwrap_or(0)).collect();
        self.rows.iter().map(move |row| {
            let mut line = " ".repeat(indent);
            for (column, cell) in row.iter().enumerate() {
                if column > 0 {
                    line.push_str("  ");
                }
                line.push_str(&match self.columns[column] {
                    Align::Left => pad_right(cell, widths[column]),
                    Align::Right => pad_left(cell, widths[column]),
                });
            }
            line.truncate(line.trim_end().len());
            line
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
        table.row(["accepted", "12,440", "by Kaleyra"]);
        table.row(["rejected", "31"]);
        table.row(["日本\u{7}", "9", "x", "beyond"]);
        insta::assert_snapshot!(table.lines(2).collect::<Vec<_>>().join("\n"), @r"
        accepted   12,440  by Kaleyra
        rejected       31
        日本\u{7}       9  x
        ");
    }
}
