//! The one judge of all runs: the ledger's file as any SQLite client reads it, against what
//! the stand-in accepted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use crate::support::Database;
use offercast::sandbox::Accepted;
use rusqlite::{Connection, OpenFlags};

/// The ledger at one moment.
pub(crate) struct Look {
    planned: Option<i64>,
    rows: Vec<Row>,
}

struct Row {
    number: i64,
    state: String,
    cause: Option<String>,
    message_id: Option<String>,
}

impl Look {
    /// Reads the ledger, without a word of the program's own code.
    pub(crate) fn at(ledger: &Path) -> Self {
        let connection = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("the ledger can be opened");
        connection.busy_timeout(std::time::Duration::from_secs(5)).expect("it can wait");
        let planned = connection
            .query_row("SELECT sum(planned) FROM plans", [], |row| row.get(0))
            .expect("the ledger can be read");
        let mut statement = connection
            .prepare(
                "SELECT number, state, cause, message_id FROM recipients AS r
                 FULL JOIN deliveries AS d ON d.id = r.id",
            )
            .expect("the ledger can be read");
        let rows = statement
            .query_map([], |row| {
                Ok(Row {
                    number: row.get(0)?,
                    state: row.get(1)?,
                    cause: row.get(2)?,
                    message_id: row.get(3)?,
                })
            })
            .expect("the ledger can be read");
        let rows = rows.map(|row| row.expect("a row can be read")).collect();
        Self { planned, rows }
    }

    /// The same for a ledger in PostgreSQL, as `psql` reads it.
    pub(crate) fn in_database(database: &Database) -> Self {
        let planned = database.query("SELECT sum(planned) FROM offercast.plans").parse().ok();
        let rows =
            database.query("SELECT number, state, cause, message_id FROM offercast.recipients");
        let row = |line: &str| {
            let mut cells = line.split('|');
            let mut text = || cells.next().expect("four columns").to_owned();
            let number = text().parse().expect("a number");
            let (state, cause, id) = (text(), text(), text());
            let some = |text: String| (!text.is_empty()).then_some(text);
            Row { number, state, cause: some(cause), message_id: some(id) }
        };
        Self { planned, rows: rows.lines().map(row).collect() }
    }

    /// How many people are in a state.
    pub(crate) fn count(&self, state: &str) -> u64 {
        self.rows.iter().filter(|row| row.state == state).count() as u64
    }

    /// How many outcomes are unknown because a process died.
    pub(crate) fn lost_in_crashes(&self) -> u64 {
        self.rows.iter().filter(|row| row.cause.as_deref() == Some("crash")).count() as u64
    }

    /// How many people are planned, over all plans.
    pub(crate) fn planned(&self) -> Option<i64> {
        self.planned
    }

    /// Whether the plan was consumed.
    pub(crate) fn is_planned(&self) -> bool {
        self.planned.is_some()
    }

    /// What must hold at every moment, also while nothing runs and after every crash. The
    /// stand-in must have been asked after the ledger.
    #[track_caller]
    pub(crate) fn expect_order(&self, received: &[Accepted], people: usize) {
        if self.is_planned() {
            assert_eq!(self.planned, i64::try_from(people).ok(), "everybody is planned");
            assert_eq!(self.rows.len(), people, "nobody is lost: {}", self.sum());
        } else {
            assert!(self.rows.is_empty(), "nobody is known before the plan is");
        }
        let mut accepted: HashMap<i64, &Accepted> = HashMap::new();
        for message in received {
            let twice = accepted.insert(number(message), message);
            assert!(twice.is_none(), "accepted twice: {twice:?} and {message:?}");
        }
        for row in &self.rows {
            let there = accepted.remove(&row.number);
            match (row.state.as_str(), there) {
                ("accepted", Some(there)) => {
                    assert_eq!(row.message_id.as_ref(), Some(&there.message_id), "{row:?}");
                }
                ("unknown" | "attempting", _) | ("pending" | "rejected", None) => {}
                (_, there) => panic!("the ledger has {row:?}, the far side {there:?}"),
            }
        }
        assert!(accepted.is_empty(), "sent to strangers: {accepted:?}");
    }

    /// What must hold while machines send: nobody is accepted twice, and whoever was accepted
    /// before the ledger was asked is not waiting in it.
    #[track_caller]
    pub(crate) fn expect_known(&self, received: &[Accepted]) {
        let states: HashMap<i64, &Row> = self.rows.iter().map(|row| (row.number, row)).collect();
        let mut seen = HashSet::new();
        for message in received {
            assert!(seen.insert(number(message)), "accepted twice: {message:?}");
            let row = states.get(&number(message)).expect("nobody is sent to who is not planned");
            assert!(!matches!(row.state.as_str(), "pending" | "skipped" | "rejected"), "{row:?}");
        }
    }

    /// What must hold at the end: everybody is settled.
    #[track_caller]
    pub(crate) fn expect_settled(&self) {
        let open = self.count("pending") + self.count("attempting");
        assert_eq!(open, 0, "{}", self.sum());
    }

    fn sum(&self) -> String {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(&row.state).or_default() += 1;
        }
        format!("{counts:?} of {:?}", self.planned)
    }
}

fn number(message: &Accepted) -> i64 {
    i64::try_from(message.recipient.as_u64()).expect("numbers have 15 digits at most")
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, state, cause, message_id } = self;
        write!(f, "{number} {state} {cause:?} {message_id:?}")
    }
}
