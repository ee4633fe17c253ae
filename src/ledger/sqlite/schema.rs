//! The tables of format 1. `docs/ledger.md` describes every column; change both together,
//! and never this text without a new [`FORMAT`].
//!
//! There are no indexes but those that keep something unique, and what decides who is sent to
//! reads tables `NOT INDEXED`: SQLite's quick check does not compare indexes with their
//! tables, so one flipped bit in an index could hide people who were sent to.
//!
//! `recipients` has what was reviewed, `deliveries` what became of it, a row each for a person:
//! sending changes the second alone, so it can neither alter the first nor has to write it anew
//! twice for each message. They are read together, `recipients` in its order and each delivery
//! by its id, so that one which is missing or out of its place is damage, not a person less.
//!
//! In `recipients` what is read of everybody comes first and the texts of the message after
//! it: SQLite takes a row apart from its start, and a plan reads a million of them. One number
//! is one person, so the index over persons keeps numbers unique as well. It begins with the
//! person, by whom it is sorted when it is built: campaigns are few.
//!
//! What a state asks of the other columns is one CASE, the common states first: each word is
//! compared once where a row is written, and once where the file's structure is checked. An IN
//! list of three or more would have SQLite build a temporary table for each row.

use rusqlite::Connection;

/// Marks the file as ours ("OFFC" in ASCII), so that `file` and other programs know it.
pub(super) const APPLICATION_ID: i64 = 0x4f46_4643;

/// The format this version writes, kept as SQLite's `user_version`.
pub(super) const FORMAT: i64 = 1;

macro_rules! person_index {
    () => {
        "CREATE UNIQUE INDEX recipients_person ON recipients (person, campaign)"
    };
}

/// Takes the index over persons away, and builds it anew from the rows, which fails where a
/// person is twice in a campaign.
pub(super) const DROP_PERSON_INDEX: &str = "DROP INDEX recipients_person";
pub(super) const BUILD_PERSON_INDEX: &str = person_index!();

/// Run once, in one transaction, on an empty file.
pub(super) const CREATE: &str = concat!(
    "
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  lineage TEXT NOT NULL,
  secret BLOB NOT NULL CHECK (length(secret) = 32),
  created_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  api_host TEXT,
  sid_fingerprint TEXT,
  moved_to TEXT
) STRICT;

CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  code_key TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE plans (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns (id),
  plan_id TEXT NOT NULL,
  sender INTEGER NOT NULL CHECK (sender BETWEEN 1000000 AND 999999999999999),
  consumed_at INTEGER NOT NULL,
  offer_ends_at INTEGER,
  offer_window_ms INTEGER,
  terms TEXT NOT NULL,
  code_key TEXT,
  approval TEXT NOT NULL,
  api_host TEXT NOT NULL,
  sid_fingerprint TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  planned INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  CHECK ((offer_ends_at IS NULL) <> (offer_window_ms IS NULL))
) STRICT;

CREATE TABLE recipients (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns (id),
  plan INTEGER NOT NULL REFERENCES plans (id),
  number INTEGER NOT NULL CHECK (number BETWEEN 1000000 AND 999999999999999
    OR number BETWEEN -1999 AND -20),
  person INTEGER NOT NULL,
  code_digest INTEGER NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 16),
  round INTEGER NOT NULL CHECK (round >= 0),
  checksum INTEGER NOT NULL,
  ext_id TEXT,
  coupon_code TEXT NOT NULL,
  params TEXT,
  url_suffix TEXT,
  header_url TEXT,
  text_checksum INTEGER NOT NULL,
  CHECK ((number > 0) = (person > 0)),
  CHECK (number > 0 OR (ext_id IS NULL AND coupon_code = '' AND params IS NULL
    AND url_suffix IS NULL AND header_url IS NULL))
) STRICT;

",
    person_index!(),
    ";

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY REFERENCES recipients (id),
  state TEXT NOT NULL,
  cause TEXT,
  receipt TEXT CHECK (receipt = 'sent' OR receipt = 'failed' OR receipt = 'delivered'
    OR receipt = 'read'),
  attempted_at INTEGER,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  detail TEXT,
  message_id TEXT,
  request_id TEXT,
  offer_ends_at INTEGER,
  accepted_at INTEGER,
  updated_at INTEGER NOT NULL,
  CHECK (CASE state
    WHEN 'accepted' THEN attempted_at IS NOT NULL AND accepted_at IS NOT NULL
    WHEN 'pending' THEN accepted_at IS NULL AND receipt IS NULL
    WHEN 'attempting' THEN attempted_at IS NOT NULL AND accepted_at IS NULL AND receipt IS NULL
    WHEN 'rejected' THEN cause IS NOT NULL AND accepted_at IS NULL AND receipt IS NULL
    WHEN 'unknown' THEN cause IS NOT NULL AND accepted_at IS NULL AND receipt IS NULL
    WHEN 'skipped' THEN cause IS NOT NULL AND accepted_at IS NULL AND receipt IS NULL
    ELSE 0 END)
) STRICT;

CREATE TABLE marks (
  serial INTEGER PRIMARY KEY,
  mark TEXT NOT NULL CHECK (length(mark) = 32),
  made_at INTEGER NOT NULL,
  occasion TEXT NOT NULL
) STRICT;

CREATE TABLE issued_codes (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns (id),
  number INTEGER NOT NULL CHECK (number BETWEEN 1000000 AND 999999999999999
    OR number BETWEEN -1999 AND -20),
  person INTEGER NOT NULL,
  ext_id TEXT,
  coupon_code TEXT NOT NULL,
  code_digest INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  UNIQUE (campaign, person),
  CHECK ((number > 0) = (person > 0)),
  CHECK (number > 0 OR (ext_id IS NULL AND coupon_code = ''))
) STRICT;

CREATE TABLE test_sends (
  id INTEGER PRIMARY KEY,
  campaign TEXT NOT NULL,
  number INTEGER NOT NULL,
  coupon_code TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  detail TEXT,
  message_id TEXT,
  request_id TEXT,
  sent_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rates (
  id INTEGER PRIMARY KEY,
  plan INTEGER NOT NULL REFERENCES plans (id),
  since INTEGER NOT NULL,
  card TEXT NOT NULL
) STRICT;

CREATE TABLE stops (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns (id),
  stopped_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns (id),
  plan INTEGER NOT NULL REFERENCES plans (id),
  number INTEGER NOT NULL,
  person INTEGER NOT NULL,
  attempted_at INTEGER,
  from_state TEXT NOT NULL,
  from_cause TEXT,
  to_state TEXT NOT NULL,
  reason TEXT NOT NULL,
  evidence TEXT,
  done_by TEXT NOT NULL,
  done_at INTEGER NOT NULL
) STRICT;

CREATE TABLE forgotten (
  person INTEGER PRIMARY KEY CHECK (person < 0),
  forgotten_at INTEGER NOT NULL,
  forgotten_by TEXT NOT NULL
) STRICT;
"
);

const OBJECTS: &str = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name LIMIT 100";

/// Whether the file has exactly our tables and indexes: no constraint dropped, no trigger
/// or view added.
pub(super) fn is_intact(connection: &Connection) -> rusqlite::Result<bool> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(CREATE)?;
    Ok(objects(connection)? == objects(&model)?)
}

fn objects(connection: &Connection) -> rusqlite::Result<Vec<[String; 4]>> {
    let mut statement = connection.prepare(OBJECTS)?;
    let rows =
        statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::moving::TABLES;

    /// A column that were not in the list would stay behind without a word.
    #[test]
    fn a_ledger_that_is_moved_takes_every_column_along() {
        let connection = Connection::open_in_memory().expect("SQLite has memory");
        connection.execute_batch(CREATE).expect("the tables are SQL");
        // What becomes of a recipient is part of their row wherever it comes from or goes to.
        let columns = "SELECT DISTINCT replace(m.name, 'deliveries', 'recipients') || '.' || i.name
            FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS i
            WHERE m.type = 'table' ORDER BY 1";
        let mut statement = connection.prepare(columns).expect("the query is SQL");
        let made = statement.query_map([], |row| row.get(0)).expect("it has rows");
        let made: Vec<String> = made.collect::<Result<_, _>>().expect("names are text");
        let mut listed: Vec<_> = TABLES
            .iter()
            .flat_map(|table| {
                table.columns.iter().map(|(name, _)| format!("{}.{name}", table.name))
            })
            .chain(["meta.moved_to".to_owned()])
            .collect();
        listed.sort_unstable();
        assert_eq!(made, listed);
    }
}
