//! Moving a ledger into a file or out of one.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};
use tempfile::NamedTempFile;

use crate::ledger::address::Place;
use crate::ledger::error::LedgerError;
use crate::ledger::holder::Holder;
use crate::ledger::lock_wait::LockWait;
use crate::ledger::moving::{self, Kind, TABLES, Table, Tally, Transfer, Value, Values};
use crate::ledger::place::{LedgerFile, sync_folder};
use crate::ledger::serial::{Mark, Occasion, Seen};
use crate::model::{Lineage, Timestamp};

use super::fault::Fault;
use super::open::{LockedLedger, ReadLedger};
use super::survey::Survey;
use super::{init, marks, schema};

const MOVED_TO: &str = "SELECT moved_to FROM meta WHERE id = 1";
const SET_MOVED_TO: &str = "UPDATE meta SET moved_to = ?1 WHERE id = 1";
const LINEAGE: &str = "SELECT lineage FROM meta WHERE id = 1";

/// Where a ledger went, if it was moved.
pub(super) fn moved_to(connection: &Connection) -> Result<Option<String>, Fault> {
    Ok(connection.query_row(MOVED_TO, [], |row| row.get(0))?)
}

/// Refuses a ledger that was moved, to any place but this one.
pub(super) fn expect_here(
    connection: &Connection,
    file: &LedgerFile,
    but: Option<&str>,
) -> Result<(), Fault> {
    match moved_to(connection)? {
        Some(to) if but != Some(to.as_str()) => {
            let serial = marks::last(connection)?.serial;
            Err(LedgerError::Moved { place: file.place(), to, serial }.into())
        }
        _ => Ok(()),
    }
}

/// Takes the mark of having been moved away.
pub(super) fn stay(connection: &Connection) -> Result<(), Fault> {
    connection.execute(SET_MOVED_TO, [None::<String>])?;
    Ok(())
}

impl ReadLedger {
    /// Whether this is the ledger of that lineage, and has been at this mark.
    pub(in crate::ledger) fn has_been_at(
        &self,
        lineage: &Lineage,
        mark: &Mark,
    ) -> Result<bool, LedgerError> {
        self.reading("read its marks", |connection| {
            Ok(self.lineage() == lineage && marks::has(connection, mark)?)
        })
    }
}

impl LockedLedger {
    /// Opens the ledger to move it; one that was moved there already may be moved again.
    pub(in crate::ledger) fn open_to_move(
        path: &std::path::Path,
        to: &Place,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Self, LedgerError> {
        Ok(Self::open_moving(path, &to.to_string(), wait, holder)?.ledger)
    }
}

impl moving::Outgoing for LockedLedger {
    fn lineage(&self) -> &Lineage {
        self.reader.lineage()
    }

    fn last_mark(&self) -> Result<Mark, LedgerError> {
        self.reader.reading("read its last mark", marks::last)
    }

    fn was_moved(&self) -> Result<bool, LedgerError> {
        self.reader.reading("read where it is", |connection| Ok(moved_to(connection)?.is_some()))
    }

    fn hand_over(
        &mut self,
        at: Timestamp,
        to: &Place,
        transfer: &mut Transfer<'_>,
    ) -> Result<(), LedgerError> {
        self.reader.forget_survey();
        let mark = self.writing("move it", |connection| {
            // Whoever is lost here would be lost there without a trace.
            Survey::take(connection)?;
            if moved_to(connection)?.is_none() {
                connection.execute(SET_MOVED_TO, [to.to_string()])?;
                marks::add(connection, at, Occasion::Moved)?;
            }
            for (index, table) in TABLES.iter().enumerate() {
                each(connection, table, &mut |values| Ok(transfer.row(index, values)?))?;
            }
            transfer.expect_arrived()?;
            marks::last(connection)
        })?;
        self.keep_mark(mark)
    }
}

/// A file that is not a ledger yet. It has a name of its own until all is in it.
pub(in crate::ledger) struct Incoming {
    file: LedgerFile,
    unnamed: NamedTempFile,
    connection: Connection,
}

impl Incoming {
    /// Begins a new file. Refuses when anything is at the path.
    pub(in crate::ledger) fn begin(path: &std::path::Path) -> Result<Self, LedgerError> {
        let file = LedgerFile::make_room(path)?;
        file.check_filesystem()?;
        // Only its owner may read it, as `tempfile` has it (0600).
        let unnamed = tempfile::Builder::new()
            .prefix(".ledger-copy-")
            .tempfile_in(&file.folder)
            .map_err(|source| file.io("create", source))?;
        let begin = || -> Result<Connection, Fault> {
            let connection = init::open_new(unnamed.path(), &file)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            init::create_tables(&connection)?;
            // Built once at the end: in any other order each row would cost a search.
            connection.execute_batch(schema::DROP_PERSON_INDEX)?;
            Ok(connection)
        };
        let connection = begin().map_err(|fault| fault.at(path, "create the tables"))?;
        Ok(Self { file, unnamed, connection })
    }

    fn filling<T>(
        &self,
        fill: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        fill(&self.connection).map_err(|fault| fault.at(&self.file.named, "fill it"))
    }
}

impl moving::Incoming for Incoming {
    fn rows(&mut self, table: &Table, rows: &[Values]) -> Result<(), LedgerError> {
        self.filling(|connection| {
            for part in parts(table) {
                let mut statement = connection.prepare(&part.insert(table))?;
                for row in rows {
                    let values = part.columns.iter().map(|index| borrowed(&row[*index]));
                    statement.execute(params_from_iter(values))?;
                }
            }
            Ok(())
        })
    }

    fn read_back(&mut self) -> Result<Vec<Tally>, LedgerError> {
        self.filling(|connection| {
            connection.execute_batch(schema::BUILD_PERSON_INDEX)?;
            let tally = |table| {
                let mut tally = Tally::default();
                each(connection, table, &mut |values| {
                    tally.add(&values);
                    Ok(())
                })?;
                Ok(tally)
            };
            TABLES.iter().map(tally).collect()
        })
    }

    fn commit(self: Box<Self>) -> Result<(), LedgerError> {
        let Self { file, unnamed, connection } = *self;
        let finish = || -> Result<Seen, Fault> {
            connection.execute_batch("COMMIT")?;
            let lineage: String = connection.query_row(LINEAGE, [], |row| row.get(0))?;
            let lineage = Lineage::parse(&lineage).ok_or_else(|| Fault::row("meta", 1))?;
            let seen = Seen { lineage, mark: marks::last(&connection)? };
            connection.close().map_err(|(_, error)| error)?;
            Ok(seen)
        };
        let seen = finish().map_err(|fault| fault.at(&file.named, "fill it"))?;
        unnamed.as_file().sync_all().map_err(|source| file.io("write", source))?;
        unnamed.persist_noclobber(&file.path).map_err(|failed| match failed.error.kind() {
            std::io::ErrorKind::AlreadyExists => LedgerError::Exists { place: file.place() },
            _ => file.io("name", failed.error),
        })?;
        seen.keep(&file)?;
        sync_folder(&file.folder)
    }
}

const RECIPIENTS: &str = "recipients";

/// The columns of a recipient that stand in a table of their own here.
const OF_DELIVERIES: [&str; 11] = [
    "state",
    "cause",
    "receipt",
    "attempted_at",
    "attempts",
    "detail",
    "message_id",
    "request_id",
    "offer_ends_at",
    "accepted_at",
    "updated_at",
];

/// One of this file's tables, which has all columns of a ledger's table or some of them.
struct Part {
    name: &'static str,
    /// Their places in the ledger's table.
    columns: Vec<usize>,
}

impl Part {
    fn insert(&self, table: &Table) -> String {
        let names: Vec<_> = self.columns.iter().map(|index| table.columns[*index].0).collect();
        let places = vec!["?"; names.len()].join(", ");
        format!("INSERT INTO {} ({}) VALUES ({places})", self.name, names.join(", "))
    }
}

/// Where a ledger's table stands in this file.
fn parts(table: &Table) -> Vec<Part> {
    let those = |wanted: &dyn Fn(&str) -> bool| {
        let columns = table.columns.iter().enumerate();
        columns.filter(|(_, (name, _))| wanted(name)).map(|(index, _)| index).collect()
    };
    if table.name != RECIPIENTS {
        return vec![Part { name: table.name, columns: those(&|_| true) }];
    }
    let of_delivery = |name: &str| OF_DELIVERIES.contains(&name);
    vec![
        Part { name: RECIPIENTS, columns: those(&|name| !of_delivery(name)) },
        Part { name: "deliveries", columns: those(&|name| name == "id" || of_delivery(name)) },
    ]
}

/// Visits a table's rows in their order.
fn each(
    connection: &Connection,
    table: &Table,
    visit: &mut dyn FnMut(Values) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (columns, name, key) = (table.list(), table.name, table.key);
    // A recipient without a delivery has no state, which no ledger takes.
    let deliveries = if name == RECIPIENTS { " LEFT JOIN deliveries USING (id)" } else { "" };
    let sql = format!("SELECT {columns} FROM {name} NOT INDEXED{deliveries} ORDER BY {key}");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kinds = table.columns.iter().enumerate();
        let values = kinds.map(|(index, (_, kind))| value(row, index, *kind));
        visit(values.collect::<Result<_, _>>()?)?;
    }
    Ok(())
}

fn value(row: &Row<'_>, index: usize, kind: Kind) -> Result<Value, Fault> {
    Ok(match (kind, row.get_ref(index)?) {
        (_, ValueRef::Null) => Value::Null,
        (Kind::Integer, value) => Value::Integer(value.as_i64()?),
        (Kind::Text, value) => Value::Text(value.as_str()?.to_owned()),
        (Kind::Blob, value) => Value::Blob(value.as_blob()?.to_owned()),
    })
}

fn borrowed(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}
