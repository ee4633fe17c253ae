//! Everybody of one campaign, read by several connections at once: taking rows apart is
//! nearly all that reading a ledger costs.
//!
//! Each connection reads the rows of one range of ids. Two things could go wrong that cannot
//! with one connection alone, and both are looked for: that another process writes between
//! the first and the last of them beginning to read, and that a damaged tree leads one of them
//! past rows (reading from the first row to the last asks the tree for no key).

use std::thread;

use rusqlite::Connection;

use crate::ledger::error::Damage;
use crate::ledger::rows::{DECIDING_COLUMNS, Deciding, Verified, deciding_columns};
use crate::ledger::types::ConsumedPlan;

use super::fault::Fault;
use super::open::ReadLedger;
use super::pragmas;
use super::rows::read_recipient;

/// Smaller files are read sooner by one connection.
const SMALL: u64 = 8 << 20;

/// More connections than this wait for each other's pages.
const MOST: usize = 4;

/// Everybody who is in a campaign or in one of its plans. A row's checksum tells of a flipped
/// bit only where the row is read: one that fell out of its campaign is still in its plan, and
/// its person must not be taken for somebody who was never sent to.
const PEOPLE: &str = concat!(
    "SELECT ",
    deciding_columns!(),
    ", r.cause, r.receipt FROM recipients AS r NOT INDEXED
      WHERE r.id >= ?2
        AND (r.campaign = ?1 OR r.plan IN (SELECT id FROM plans WHERE campaign = ?1))
      ORDER BY r.id"
);

/// No row has a higher id.
const LAST: &str = "SELECT coalesce(max(id), 0) FROM recipients";

/// Connections beside the one that a reading is done with.
pub(super) struct Helpers(Vec<Helper>);

struct Helper {
    connection: Connection,
    /// What the file was like before the reading began.
    version: i64,
}

impl Helpers {
    /// To be had before the reading begins. None where they are no help; one that cannot be
    /// had is done without.
    pub(super) fn of(ledger: &ReadLedger) -> Self {
        let size = std::fs::metadata(&ledger.file.path).map_or(0, |metadata| metadata.len());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::several(ledger, if size < SMALL { 0 } else { cores.min(MOST) - 1 })
    }

    /// So many of them.
    pub(super) fn several(ledger: &ReadLedger, wanted: usize) -> Self {
        let helper = || -> rusqlite::Result<Helper> {
            let connection = ledger.mode.connect(&ledger.file)?;
            pragmas::defend(&connection)?;
            let version = version(&connection)?;
            Ok(Helper { connection, version })
        };
        Self((0..wanted).map_while(|_| helper().ok()).collect())
    }

    /// Those that see the same as the reading that has begun: between the two looks at the
    /// version, and so when the reading began, nobody wrote.
    pub(super) fn in_step(self) -> Vec<Connection> {
        let sees_the_same = |helper: &Helper| -> rusqlite::Result<bool> {
            helper.connection.execute_batch("BEGIN; SELECT id FROM meta;")?;
            Ok(version(&helper.connection)? == helper.version)
        };
        let same = self.0.into_iter().filter(|helper| sees_the_same(helper).unwrap_or_default());
        same.map(|helper| helper.connection).collect()
    }
}

/// Changes whenever another connection has written
/// (<https://www.sqlite.org/pragma.html#pragma_data_version>).
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_one(None, "data_version")
}

/// A campaign whose people are read.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    /// Its row.
    pub(super) campaign: i64,
    /// All its plans.
    pub(super) plans: &'a [(i64, ConsumedPlan)],
}

/// What is known of a person beside what was planned.
pub(super) struct More<'r> {
    /// Why they stand where they stand.
    pub(super) cause: Option<&'r str>,
    /// What was told of their message later.
    pub(super) receipt: Option<&'r str>,
}

/// What `keep` makes of everybody, in the order of their rows. A row whose campaign and plan
/// do not go together is damage.
pub(super) fn read_people<T: Send>(
    connection: &Connection,
    helpers: Helpers,
    of: Of<'_>,
    keep: impl Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault> + Sync,
) -> Result<Vec<T>, Fault> {
    let helpers = helpers.in_step();
    let last: i64 = connection.query_row(LAST, [], |row| row.get(0))?;
    let others = i64::try_from(helpers.len()).expect("there are few cores");
    let (step, keep) = (last / (others + 1), &keep);
    let parts = thread::scope(|scope| {
        let readers: Vec<_> = (1..)
            .zip(helpers)
            .map(|(at, helper)| {
                let end = (at < others).then_some((at + 1) * step);
                scope.spawn(move || Part::read(&helper, of, at * step, end, keep))
            })
            .collect();
        let end = (others > 0).then_some(step);
        let mut parts = vec![Part::read(connection, of, i64::MIN, end, keep)?];
        for reader in readers {
            parts.push(reader.join().expect("a reader does not panic")?);
        }
        Ok::<_, Fault>(parts)
    })?;
    if parts.windows(2).any(|pair| pair[0].next != pair[1].first) {
        let found = "rows of `recipients` cannot be reached by their ids".to_owned();
        return Err(Fault::Damaged(Damage::Structure(found)));
    }
    let mut kept = Vec::new();
    for part in parts {
        if kept.is_empty() { kept = part.kept } else { kept.extend(part.kept) }
    }
    Ok(kept)
}

/// The people of one range of ids.
struct Part<T> {
    kept: Vec<T>,
    /// The first row at or after the beginning of the range.
    first: Option<i64>,
    /// The first row after its end.
    next: Option<i64>,
}

impl<T> Part<T> {
    /// Reads the rows from `start` on and before `end`.
    fn read(
        connection: &Connection,
        of: Of<'_>,
        start: i64,
        end: Option<i64>,
        keep: &impl Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault>,
    ) -> Result<Self, Fault> {
        let mut part = Self { kept: Vec::new(), first: None, next: None };
        let mut statement = connection.prepare(PEOPLE)?;
        let mut rows = statement.query((of.campaign, start))?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            part.first.get_or_insert(id);
            if end.is_some_and(|end| id >= end) {
                part.next = Some(id);
                break;
            }
            let verified = read_recipient(row)?;
            let Deciding { campaign, plan, .. } = verified.deciding;
            if campaign != of.campaign || of.plans.iter().all(|(row, _)| *row != plan) {
                return Err(Fault::row("recipients", id));
            }
            let more = More {
                cause: row.get_ref(DECIDING_COLUMNS)?.as_str_or_null()?,
                receipt: row.get_ref(DECIDING_COLUMNS + 1)?.as_str_or_null()?,
            };
            part.kept.extend(keep(verified, more)?);
        }
        Ok(part)
    }
}
