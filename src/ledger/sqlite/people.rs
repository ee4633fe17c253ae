//! Everybody of one campaign, read by several connections at once: taking rows apart is
//! nearly all that reading a ledger costs.
//!
//! Each connection reads the rows of one range of ids. Two things could go wrong that cannot
//! with one connection alone, and both are looked for: that another process writes between
//! the first and the last of them beginning to read, and that a damaged tree leads one of them
//! past rows (reading from the first row to the last asks the tree for no key).

use std::thread;

use rusqlite::{Connection, Row};

use crate::ledger::error::Damage;
use crate::ledger::rows::{DECIDING_COLUMNS, Deciding, Verified, deciding_columns};
use crate::ledger::types::ConsumedPlan;
use crate::model::State;

use super::fault::Fault;
use super::open::ReadLedger;
use super::pragmas;
use super::rows::{read_recipient, read_state};
use super::survey::Survey;

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

/// Everybody, for a survey on the way.
const EVERYBODY: &str = concat!(
    "SELECT ",
    deciding_columns!(),
    ", r.cause, r.receipt, r.attempted_at FROM recipients AS r NOT INDEXED
      WHERE r.id >= ?1 ORDER BY r.id"
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
    /// Why they were left out, where they were.
    pub(super) cause: Option<&'r str>,
    /// What was told later of a message that was accepted.
    pub(super) receipt: Option<&'r str>,
}

/// What becomes of everybody who is read, on any thread.
pub(super) struct Keeping<K, S> {
    /// What is kept of a person, if anything is.
    pub(super) keep: K,
    /// Puts what one connection read into an order.
    pub(super) sort: S,
    /// Whether a survey is taken on the way, of the other campaigns, too.
    pub(super) surveys: bool,
}

/// What `keeping` makes of everybody: a list in the order of their rows that were each sorted
/// on the thread which read them, one after the other, and the survey that was asked for. A row
/// whose campaign and plan do not go together is damage.
pub(super) fn read_people<T, K, S>(
    connection: &Connection,
    helpers: Helpers,
    of: Of<'_>,
    keeping: &Keeping<K, S>,
) -> Result<(Vec<T>, Option<Survey>), Fault>
where
    T: Send,
    K: Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault> + Sync,
    S: Fn(&mut [T]) + Sync,
{
    let helpers = helpers.in_step();
    let last: i64 = connection.query_row(LAST, [], |row| row.get(0))?;
    let others = i64::try_from(helpers.len()).expect("there are few cores");
    let step = last / (others + 1);
    let parts = thread::scope(|scope| {
        let readers: Vec<_> = (1..)
            .zip(helpers)
            .map(|(at, helper)| {
                let end = (at < others).then_some((at + 1) * step);
                scope.spawn(move || Part::read(&helper, of, at * step, end, keeping))
            })
            .collect();
        let end = (others > 0).then_some(step);
        let mut parts = vec![Part::read(connection, of, i64::MIN, end, keeping)?];
        for reader in readers {
            parts.push(reader.join().expect("a reader does not panic")?);
        }
        Ok::<_, Fault>(parts)
    })?;
    if parts.windows(2).any(|pair| pair[0].next != pair[1].first) {
        let found = "rows of `recipients` cannot be reached by their ids".to_owned();
        return Err(Fault::Damaged(Damage::Structure(found)));
    }
    let (mut kept, mut survey) = (Vec::new(), Survey::default());
    for part in parts {
        if kept.is_empty() {
            kept = part.kept;
        } else {
            kept.extend(part.kept);
        }
        survey.add(part.survey);
    }
    Ok((kept, keeping.surveys.then_some(survey)))
}

/// The people of one range of ids.
struct Part<T> {
    kept: Vec<T>,
    survey: Survey,
    /// The first row at or after the beginning of the range.
    first: Option<i64>,
    /// The first row after its end.
    next: Option<i64>,
}

impl<T> Part<T> {
    /// Reads the rows from `start` on and before `end`.
    fn read<K, S>(
        connection: &Connection,
        of: Of<'_>,
        start: i64,
        end: Option<i64>,
        keeping: &Keeping<K, S>,
    ) -> Result<Self, Fault>
    where
        K: Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault>,
        S: Fn(&mut [T]),
    {
        let survey = Survey::default();
        let mut part = Self { kept: Vec::new(), survey, first: None, next: None };
        let mut statement = connection.prepare(if keeping.surveys { EVERYBODY } else { PEOPLE })?;
        let mut rows = if keeping.surveys {
            statement.query([start])?
        } else {
            statement.query((of.campaign, start))?
        };
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            part.first.get_or_insert(id);
            if end.is_some_and(|end| id >= end) {
                part.next = Some(id);
                break;
            }
            if keeping.surveys && !part.survey(row, id, of)? {
                continue;
            }
            let verified = read_recipient(row)?;
            let Deciding { campaign, plan, .. } = verified.deciding;
            if campaign != of.campaign || !of.has(plan) {
                return Err(Fault::row("recipients", id));
            }
            let text = |state, column| {
                if verified.state != state {
                    return Ok::<_, Fault>(None);
                }
                Ok(row.get_ref(DECIDING_COLUMNS + column)?.as_str_or_null()?)
            };
            let more = More { cause: text(State::Skipped, 0)?, receipt: text(State::Accepted, 1)? };
            part.kept.extend((keeping.keep)(verified, more)?);
        }
        (keeping.sort)(&mut part.kept);
        Ok(part)
    }

    /// Looks at a row for the survey; whether it is one of those who are read.
    fn survey(&mut self, row: &Row<'_>, id: i64, of: Of<'_>) -> Result<bool, Fault> {
        let (campaign, plan) = (row.get(1)?, row.get(2)?);
        let state = read_state(row, 3, id)?;
        self.survey.note(id, campaign, plan, state, row.get(DECIDING_COLUMNS + 2)?);
        Ok(campaign == of.campaign || of.has(plan))
    }
}

impl Of<'_> {
    fn has(&self, plan: i64) -> bool {
        self.plans.iter().any(|(row, _)| *row == plan)
    }
}
