//! Everybody of one campaign, read by several connections at once: taking rows apart is
//! nearly all that reading a ledger costs.
//!
//! Each connection reads the rows of some ranges of ids. Two things could go wrong that cannot
//! with one connection alone, and both are looked for: that another process writes between
//! the first and the last of them beginning to read, and that a damaged tree leads one of them
//! past rows (reading from the first row to the last asks the tree for no key).

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use rusqlite::{Connection, Row, Rows};

use crate::ledger::error::Damage;
use crate::ledger::rows::{DECIDING_COLUMNS, Verified, deciding_columns};
use crate::ledger::types::ConsumedPlan;
use crate::model::State;

use super::fault::Fault;
use super::open::ReadLedger;
use super::pragmas;
use super::rows::{RowPlace, everybody, read_place, read_rest, read_state};
use super::survey::Survey;

/// Smaller files are read sooner by one connection.
const SMALL: u64 = 8 << 20;

/// More connections than this wait for each other's pages.
const MOST: usize = 4;

/// Ranges of ids for each of them.
const RANGES_EACH: i64 = 8;

/// Everybody who is in a campaign or in one of its plans. A row's checksum tells of a flipped
/// bit only where the row is read: one that fell out of its campaign is still in its plan, and
/// its person must not be taken for somebody who was never sent to.
const PEOPLE: &str = concat!(
    "SELECT ",
    deciding_columns!("d"),
    ", d.cause, d.receipt FROM ",
    everybody!(),
    " WHERE r.id >= ?2
        AND (r.campaign = ?1 OR r.plan IN (SELECT id FROM plans WHERE campaign = ?1))
      ORDER BY r.id"
);

/// Everybody, for a survey on the way.
const EVERYBODY: &str = concat!(
    "SELECT ",
    deciding_columns!("d"),
    ", d.cause, d.receipt, d.attempted_at FROM ",
    everybody!(),
    " WHERE r.id >= ?1 ORDER BY r.id"
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
    /// Puts what one thread has read into an order.
    pub(super) sort: S,
    /// Whether a survey is taken on the way, of the other campaigns, too.
    pub(super) surveys: bool,
}

/// What `keeping` makes of everybody: the lists of all threads, each sorted, one after the
/// other, and the survey that was asked for. A row whose campaign and plan do not go together is
/// damage.
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
    let last = connection.query_row(LAST, [], |row| row.get(0))?;
    let ranges = &Ranges::up_to(last, helpers.len());
    let readings = thread::scope(|scope| {
        let readers: Vec<_> = helpers
            .into_iter()
            .map(|helper| scope.spawn(move || Reading::of(&helper, of, ranges, keeping)))
            .collect();
        let mut readings = vec![Reading::of(connection, of, ranges, keeping)?];
        for reader in readers {
            readings.push(reader.join().expect("a reader does not panic")?);
        }
        Ok::<_, Fault>(readings)
    })?;
    let (mut kept, mut parts) = (Vec::new(), Vec::new());
    for reading in readings {
        if kept.is_empty() {
            kept = reading.kept;
        } else {
            kept.extend(reading.kept);
        }
        parts.extend(reading.parts);
    }
    parts.sort_unstable_by_key(|part| part.at);
    if parts.windows(2).any(|pair| pair[0].next != pair[1].first) {
        let found = "rows of `recipients` cannot be reached by their ids".to_owned();
        return Err(Fault::Damaged(Damage::Structure(found)));
    }
    let mut survey = Survey::default();
    for part in parts {
        survey.add(part.survey);
    }
    if keeping.surveys {
        survey.expect_everybody(connection)?;
    }
    Ok((kept, keeping.surveys.then_some(survey)))
}

/// Ranges of ids that are still to be read.
struct Ranges {
    step: i64,
    count: i64,
    taken: AtomicI64,
}

impl Ranges {
    /// All ids, for one connection and so many helpers. There are several for each: whoever is
    /// done sooner, because others need the processor, takes another.
    fn up_to(last: i64, helpers: usize) -> Self {
        let helpers = i64::try_from(helpers).expect("there are few cores");
        let count = if helpers == 0 { 1 } else { (1 + helpers) * RANGES_EACH };
        Self { step: last / count, count, taken: AtomicI64::new(0) }
    }

    fn take(&self) -> Option<Range> {
        let at = self.taken.fetch_add(1, Ordering::Relaxed);
        let start = if at == 0 { i64::MIN } else { at * self.step };
        let end = (at + 1 < self.count).then_some((at + 1) * self.step);
        (at < self.count).then_some(Range { at, start, end })
    }
}

/// One of them.
struct Range {
    /// Which one it is, in order.
    at: i64,
    start: i64,
    /// The first id behind it.
    end: Option<i64>,
}

/// What one connection has read.
struct Reading<T> {
    kept: Vec<T>,
    parts: Vec<Part>,
}

impl<T> Reading<T> {
    /// Reads ranges until none is left.
    fn of<K, S>(
        connection: &Connection,
        of: Of<'_>,
        ranges: &Ranges,
        keeping: &Keeping<K, S>,
    ) -> Result<Self, Fault>
    where
        K: Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault>,
        S: Fn(&mut [T]),
    {
        let mut statement = connection.prepare(if keeping.surveys { EVERYBODY } else { PEOPLE })?;
        let mut reading = Self { kept: Vec::new(), parts: Vec::new() };
        while let Some(Range { at, start, end }) = ranges.take() {
            let rows = if keeping.surveys {
                statement.query([start])?
            } else {
                statement.query((of.campaign, start))?
            };
            let part = Part { at, survey: Survey::default(), first: None, next: None };
            reading.parts.push(part.read(rows, end, of, keeping, &mut reading.kept)?);
        }
        (keeping.sort)(&mut reading.kept);
        Ok(reading)
    }
}

/// What was seen in one range.
struct Part {
    at: i64,
    survey: Survey,
    /// The first row at or after the beginning of the range.
    first: Option<i64>,
    /// The first row after its end.
    next: Option<i64>,
}

impl Part {
    /// Reads its rows, which come before `end`.
    fn read<T, K, S>(
        mut self,
        mut rows: Rows<'_>,
        end: Option<i64>,
        of: Of<'_>,
        keeping: &Keeping<K, S>,
        kept: &mut Vec<T>,
    ) -> Result<Self, Fault>
    where
        K: Fn(Verified<'_>, More<'_>) -> Result<Option<T>, Fault>,
    {
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            self.first.get_or_insert(id);
            if end.is_some_and(|end| id >= end) {
                self.next = Some(id);
                break;
            }
            let place = read_place(row, id)?;
            let (in_campaign, in_plan) = (place.campaign == of.campaign, of.has(place.plan));
            if keeping.surveys && !in_campaign && !in_plan {
                self.note(row, &place, read_state(row, 3, id)?)?;
                continue;
            }
            let verified = read_rest(row, &place)?;
            if !in_campaign || !in_plan {
                return Err(Fault::row("recipients", id));
            }
            if keeping.surveys {
                self.note(row, &place, verified.state)?;
            }
            let text = |state, column| {
                if verified.state != state {
                    return Ok::<_, Fault>(None);
                }
                Ok(row.get_ref(DECIDING_COLUMNS + column)?.as_str_or_null()?)
            };
            let more = More { cause: text(State::Skipped, 0)?, receipt: text(State::Accepted, 1)? };
            kept.extend((keeping.keep)(verified, more)?);
        }
        Ok(self)
    }

    /// Takes a row into the survey.
    fn note(&mut self, row: &Row<'_>, place: &RowPlace, state: State) -> Result<(), Fault> {
        let RowPlace { id, campaign, plan } = *place;
        self.survey.note(id, campaign, plan, state, row.get(DECIDING_COLUMNS + 2)?);
        Ok(())
    }
}

impl Of<'_> {
    fn has(&self, plan: i64) -> bool {
        self.plans.iter().any(|(row, _)| *row == plan)
    }
}
