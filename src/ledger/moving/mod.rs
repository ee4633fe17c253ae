//! Moving a ledger to another place: a file to a database, a database to a file.
//!
//! At no instant can both be applied from. All rows are in the new place and were read back
//! from it before the old one is marked as moved, and only then does the new one come into
//! being: what is cut off in between leaves a ledger that refuses, and moving it to the same
//! place again finishes the work.

mod table;

use super::address::Place;
use super::error::LedgerError;
use super::rows::Checksum;
use super::serial::Mark;
use crate::model::{Lineage, Timestamp};
pub(super) use table::{Kind, TABLES, Table, Value, Values};

/// Rows that are written together.
const AT_ONCE: usize = 5_000;

/// How many rows go by between two words on how far it is.
const ROWS_BETWEEN_WORDS: u64 = 100_000;

/// The ledger that is left.
pub(super) trait Outgoing {
    fn lineage(&self) -> &Lineage;

    /// Its last mark.
    fn last_mark(&self) -> Result<Mark, LedgerError>;

    /// Whether it was moved before, by a move that was perhaps cut off.
    fn was_moved(&self) -> Result<bool, LedgerError>;

    /// Marks the ledger as moved, hands over all rows, and makes the mark durable if every
    /// one arrived. Where it is marked already, it stays so.
    fn hand_over(
        &mut self,
        at: Timestamp,
        to: &Place,
        transfer: &mut Transfer<'_>,
    ) -> Result<(), LedgerError>;
}

/// The ledger that comes into being; dropping it leaves no trace.
pub(super) trait Incoming {
    /// Takes rows after those before them.
    fn rows(&mut self, table: &Table, rows: &[Values]) -> Result<(), LedgerError>;

    /// What is there now, in the order of [`TABLES`].
    fn read_back(&mut self) -> Result<Vec<Tally>, LedgerError>;

    /// Makes it a ledger, on stable storage.
    fn commit(self: Box<Self>) -> Result<(), LedgerError>;
}

/// What a table holds: enough to tell that a copy is one.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Tally {
    rows: u64,
    checksum: i64,
}

/// Rows on their way.
pub(super) struct Transfer<'t> {
    incoming: Box<dyn Incoming>,
    tallies: Vec<Tally>,
    /// Rows of one table that are not written yet.
    waiting: (usize, Vec<Values>),
    /// Told the table's name and how many of its rows are over.
    progress: &'t mut dyn FnMut(&str, u64),
}

impl Tally {
    /// Counts a row.
    pub(super) fn add(&mut self, values: &[Value]) {
        let mut sum = Checksum::new().integer(self.checksum);
        for value in values {
            sum = match value {
                Value::Null => sum.value(None),
                Value::Integer(number) => sum.value(Some(&number.to_le_bytes())),
                Value::Text(text) => sum.text(Some(text)),
                Value::Blob(bytes) => sum.value(Some(bytes)),
            };
        }
        self.rows += 1;
        self.checksum = sum.finish();
    }
}

impl<'t> Transfer<'t> {
    pub(super) fn new(incoming: Box<dyn Incoming>, progress: &'t mut dyn FnMut(&str, u64)) -> Self {
        let tallies = vec![Tally::default(); TABLES.len()];
        Self { incoming, tallies, waiting: (0, Vec::new()), progress }
    }

    /// Takes a row of the table with this place in [`TABLES`].
    pub(super) fn row(&mut self, table: usize, values: Values) -> Result<(), LedgerError> {
        if self.waiting.0 != table || self.waiting.1.len() >= AT_ONCE {
            self.flush()?;
            self.waiting.0 = table;
        }
        let tally = &mut self.tallies[table];
        tally.add(&values);
        self.waiting.1.push(values);
        if tally.rows.is_multiple_of(ROWS_BETWEEN_WORDS) {
            (self.progress)(TABLES[table].name, tally.rows);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LedgerError> {
        let (table, rows) = &mut self.waiting;
        if !rows.is_empty() {
            self.incoming.rows(&TABLES[*table], rows)?;
            rows.clear();
        }
        Ok(())
    }

    /// Refuses to go on unless everything arrived as it was sent.
    pub(super) fn expect_arrived(&mut self) -> Result<(), LedgerError> {
        self.flush()?;
        let arrived = self.incoming.read_back()?;
        let differs = |(sent, found): &(&Tally, &Tally)| sent != found;
        match self.tallies.iter().zip(&arrived).position(|pair| differs(&pair)) {
            None => Ok(()),
            Some(table) => Err(LedgerError::CopyDiffers { table: TABLES[table].name }),
        }
    }

    /// Brings the new ledger into being; returns how many recipients it has.
    pub(super) fn finish(self) -> Result<u64, LedgerError> {
        self.incoming.commit()?;
        let recipients = TABLES.iter().position(|table| table.name == "recipients");
        Ok(recipients.map_or(0, |table| self.tallies[table].rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fault = fn(&Table, &mut Vec<Values>);

    /// A place that loses or changes one row on the way.
    struct Faulty {
        tallies: Vec<Tally>,
        fault: Fault,
    }

    impl Incoming for Faulty {
        fn rows(&mut self, table: &Table, rows: &[Values]) -> Result<(), LedgerError> {
            let mut rows = rows.to_vec();
            (self.fault)(table, &mut rows);
            let index = TABLES.iter().position(|one| one.name == table.name).expect("ours");
            for row in &rows {
                self.tallies[index].add(row);
            }
            Ok(())
        }

        fn read_back(&mut self) -> Result<Vec<Tally>, LedgerError> {
            Ok(self.tallies.clone())
        }

        fn commit(self: Box<Self>) -> Result<(), LedgerError> {
            Ok(())
        }
    }

    fn arrives(fault: Fault) -> Result<(), LedgerError> {
        let tallies = vec![Tally::default(); TABLES.len()];
        let progress = &mut |_: &str, _: u64| {};
        let mut transfer = Transfer::new(Box::new(Faulty { tallies, fault }), progress);
        for id in 0..7 {
            transfer.row(1, vec![Value::Integer(id), Value::Text("diwali".into()), Value::Null])?;
        }
        transfer.row(3, vec![Value::Integer(1), Value::Blob(vec![1, 2])])?;
        transfer.expect_arrived()
    }

    #[test]
    fn what_arrived_must_be_what_was_sent() {
        assert!(arrives(|_, _| {}).is_ok());
        let faults: [(&str, Fault); 5] = [
            ("campaigns", |table, rows| {
                if table.name == "campaigns" {
                    rows.pop();
                }
            }),
            ("campaigns", |_, rows| rows.reverse()),
            ("campaigns", |_, rows| rows[0][1] = Value::Text("diwalj".into())),
            ("campaigns", |_, rows| rows[0].reverse()),
            ("recipients", |table, rows| {
                if table.name == "recipients" {
                    rows[0][1] = Value::Blob(vec![1]);
                }
            }),
        ];
        for (named, fault) in faults {
            let refused = arrives(fault).expect_err("the copy differs");
            assert!(
                matches!(refused, LedgerError::CopyDiffers { table } if table == named),
                "{refused}"
            );
        }
    }
}
