//! Moving a ledger into a database or out of one.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::ledger::address::Place;
use crate::ledger::error::LedgerError;
use crate::ledger::holder::Holder;
use crate::ledger::lock_wait::LockWait;
use crate::ledger::moving::{self, Kind, TABLES, Table, Tally, Transfer, Value, Values};
use crate::ledger::serial::{Mark, Occasion};
use crate::model::{Lineage, Timestamp};

use super::address::ServerAddress;
use super::fault::Fault;
use super::open::{LockedLedger, ReadLedger};
use super::session::{Session, int, text};
use super::{init, marks, schema};

const MOVED_TO: &str = "SELECT moved_to FROM offercast.meta WHERE id = 1";
const SET_MOVED_TO: &str = "UPDATE offercast.meta SET moved_to = $1 WHERE id = 1";
const HAS_MARK: &str = "SELECT 1 FROM offercast.marks WHERE serial = $1 AND mark = $2";

/// Where a ledger went, if it was moved.
fn moved_to(session: &Session) -> Result<Option<String>, Fault> {
    let row = session.row(MOVED_TO, &[])?.ok_or_else(|| Fault::row("meta", 1))?;
    Ok(row.get(0))
}

/// Refuses a ledger that was moved, to any place but this one.
pub(super) fn expect_here(session: &Session, but: Option<&str>) -> Result<(), Fault> {
    match moved_to(session)? {
        Some(to) if but != Some(to.as_str()) => {
            let place = session.place().clone();
            let (mark, _) = marks::last(session)?;
            Err(LedgerError::Moved { place, to, serial: mark.serial }.into())
        }
        _ => Ok(()),
    }
}

/// Takes the mark of having been moved away.
pub(super) fn stay(session: &Session) -> Result<(), Fault> {
    session.run(SET_MOVED_TO, &[text(&None::<String>)])?;
    Ok(())
}

impl ReadLedger {
    /// Whether this is the ledger of that lineage, and has been at this mark.
    pub(in crate::ledger) fn has_been_at(
        &self,
        lineage: &Lineage,
        mark: &Mark,
    ) -> Result<bool, LedgerError> {
        self.reading("read its marks", |session| {
            let found = session.row(HAS_MARK, &[int(&mark.serial), text(&mark.id)])?;
            Ok(self.lineage == *lineage && (mark.serial == 0 || found.is_some()))
        })
    }
}

impl LockedLedger {
    /// Opens the ledger to move it; one that was moved there already may be moved again.
    pub(in crate::ledger) fn open_to_move(
        address: &ServerAddress,
        to: &Place,
        wait: LockWait<'_>,
        holder: &Holder,
    ) -> Result<Self, LedgerError> {
        Ok(Self::open_moving(address, &to.to_string(), wait, holder)?.ledger)
    }
}

impl moving::Outgoing for LockedLedger {
    fn lineage(&self) -> &Lineage {
        &self.reader.lineage
    }

    fn last_mark(&self) -> Result<Mark, LedgerError> {
        self.reader.reading("read its last mark", |session| Ok(marks::last(session)?.0))
    }

    fn was_moved(&self) -> Result<bool, LedgerError> {
        self.reader.reading("read where it is", |session| Ok(moved_to(session)?.is_some()))
    }

    fn hand_over(
        &mut self,
        at: Timestamp,
        to: &Place,
        transfer: &mut Transfer<'_>,
    ) -> Result<(), LedgerError> {
        self.writing("move it", |session| {
            if moved_to(session)?.is_none() {
                session.run(SET_MOVED_TO, &[text(&to.to_string())])?;
                marks::add(session, at, Occasion::Moved)?;
            }
            for (index, table) in TABLES.iter().enumerate() {
                each(session, table, &mut |values| Ok(transfer.row(index, values)?))?;
            }
            Ok(transfer.expect_arrived()?)
        })
    }
}

/// Tables that are no ledger yet: nobody else sees them before the transaction ends.
pub(in crate::ledger) struct Incoming {
    session: Session,
    /// Which server this is: a mark tells where it was made or came to.
    server: String,
}

impl Incoming {
    /// Begins a ledger in the database. Refuses when there is one.
    pub(in crate::ledger) fn begin(address: &ServerAddress) -> Result<Self, LedgerError> {
        let session = Session::open(address)?;
        let begin = || -> Result<String, Fault> {
            init::begin(&session)?;
            init::expect_empty(&session)?;
            marks::server(&session)
        };
        let server = begin().map_err(|fault| fault.at(session.place(), "create the tables"))?;
        Ok(Self { session, server })
    }

    /// What a row has here that is no part of the ledger.
    fn extra(&self, table: &Table) -> Vec<(&'static str, Kind, Value)> {
        match table.name {
            "meta" => vec![
                ("format", Kind::Integer, Value::Integer(schema::FORMAT)),
                ("epoch", Kind::Integer, Value::Integer(0)),
            ],
            "marks" => vec![("server", Kind::Text, Value::Text(self.server.clone()))],
            _ => Vec::new(),
        }
    }

    /// The rows brought their ids with them: the next ones follow those.
    fn go_on_counting(&self) -> Result<(), LedgerError> {
        self.filling(|session| {
            for table in TABLES.iter().filter(|table| table.key == "id" && table.name != "meta") {
                let name = table.name;
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('offercast.{name}', 'id'), max(id))
                     FROM offercast.{name} HAVING max(id) IS NOT NULL"
                );
                session.row(&sql, &[])?;
            }
            Ok(())
        })
    }

    fn filling<T>(
        &self,
        fill: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        fill(&self.session).map_err(|fault| fault.at(self.session.place(), "fill it"))
    }
}

impl moving::Incoming for Incoming {
    fn rows(&mut self, table: &Table, rows: &[Values]) -> Result<(), LedgerError> {
        self.filling(|session| {
            let extra = self.extra(table);
            let names: Vec<_> = extra.iter().map(|(name, ..)| format!(", {name}")).collect();
            let sql = format!(
                "COPY offercast.{} ({}{}) FROM STDIN BINARY",
                table.name,
                table.list(),
                names.concat()
            );
            let kinds = table.columns.iter().map(|(_, kind)| kind);
            let types: Vec<_> =
                kinds.chain(extra.iter().map(|(_, kind, _)| kind)).copied().map(type_of).collect();
            let rows = rows.iter().map(|row| {
                let values = row.iter().chain(extra.iter().map(|(.., value)| value));
                values.map(|value| value as &(dyn ToSql + Sync)).collect::<Vec<_>>()
            });
            session.copy(&sql, &types, rows)?;
            Ok(())
        })
    }

    fn read_back(&mut self) -> Result<Vec<Tally>, LedgerError> {
        self.go_on_counting()?;
        self.filling(|session| {
            let tally = |table| {
                let mut tally = Tally::default();
                each(session, table, &mut |values| {
                    tally.add(&values);
                    Ok(())
                })?;
                Ok(tally)
            };
            TABLES.iter().map(tally).collect()
        })
    }

    fn commit(self: Box<Self>) -> Result<(), LedgerError> {
        self.filling(|session| session.batch("COMMIT"))
    }
}

/// Visits a table's rows in their order.
fn each(
    session: &Session,
    table: &Table,
    visit: &mut dyn FnMut(Values) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let sql =
        format!("SELECT {} FROM offercast.{} ORDER BY {}", table.list(), table.name, table.key);
    session.each(&sql, &[], &mut |row| {
        let kinds = table.columns.iter().enumerate();
        visit(kinds.map(|(index, (_, kind))| value(row, index, *kind)).collect())
    })
}

fn value(row: &Row, index: usize, kind: Kind) -> Value {
    let value = match kind {
        Kind::Integer => row.get::<_, Option<i64>>(index).map(Value::Integer),
        Kind::Text => row.get::<_, Option<String>>(index).map(Value::Text),
        Kind::Blob => row.get::<_, Option<Vec<u8>>>(index).map(Value::Blob),
    };
    value.unwrap_or(Value::Null)
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Integer => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Blob => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Blob(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}
