//! Forgetting people: nothing in the file names them any more, not even in its freed parts.
//!
//! Every row is looked at: an index that lost an entry would leave a person in.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::ledger::error::LedgerError;
use crate::ledger::forgetting::{Found, Named, NamedRecipient, People};
use crate::ledger::forgotten::{
    FORGOTTEN, Forgetting, Forgotten, PersonHash, Remains, Traces, stored_prefix,
};
use crate::ledger::rows::{DECIDING_COLUMNS, NO_CONTENT, deciding_columns};
use crate::ledger::serial::Occasion;
use crate::ledger::settlement::Decision;
use crate::model::{LedgerSecret, PhoneNumber, Timestamp};

use super::fault::Fault;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::rows::{everybody, read_recipient};
use super::statements::Statements;
use super::status::campaign_name;
use super::survey::Survey;

const FORGOTTEN_PEOPLE: &str = "SELECT person, forgotten_at FROM forgotten NOT INDEXED";

const RECIPIENTS: &str = concat!(
    "SELECT ",
    deciding_columns!("d"),
    ", r.person, d.cause FROM ",
    everybody!(),
    " ORDER BY r.id"
);
const ISSUED: &str = "SELECT id, campaign, number, person FROM issued_codes NOT INDEXED";
const AUDIT: &str = "SELECT id, campaign, number, person FROM audit NOT INDEXED";
const TESTS: &str = "SELECT id, number FROM test_sends";
const CAMPAIGNS: &str = "SELECT id, name FROM campaigns NOT INDEXED";

const ADD: &str = "INSERT INTO forgotten (person, forgotten_at, forgotten_by) VALUES (?1, ?2, ?3)
  ON CONFLICT DO NOTHING";
// Written before the row changes, so that it tells what was.
const NOTE: &str = "INSERT INTO audit (campaign, plan, number, person, attempted_at, from_state,
    from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT r.campaign, r.plan, ?2, ?3, d.attempted_at, d.state, d.cause, ?4, ?5, NULL, ?6, ?7
  FROM recipients AS r JOIN deliveries AS d ON d.id = r.id WHERE r.id = ?1";
const ERASE: &str = "UPDATE recipients SET number = ?2, person = ?3, content_hash = ?4,
    checksum = ?5, ext_id = NULL, coupon_code = '', params = NULL, url_suffix = NULL,
    header_url = NULL, text_checksum = ?6
  WHERE id = ?1";
const ERASE_DELIVERY: &str = "UPDATE deliveries SET detail = NULL, message_id = NULL,
    request_id = NULL, state = ?2, cause = ?3, updated_at = coalesce(?4, updated_at)
  WHERE id = ?1 AND state <> 'attempting'";
const ERASE_ISSUED: &str = "UPDATE issued_codes SET number = ?2, person = ?3, ext_id = NULL,
    coupon_code = '' WHERE id = ?1";
const ERASE_AUDIT: &str = "UPDATE audit SET number = ?2, person = ?3 WHERE id = ?1";
const ERASE_TEST: &str = "DELETE FROM test_sends WHERE id = ?1";

impl ReadLedger {
    /// Everybody whom the ledger has forgotten.
    pub fn forgotten(&self) -> Result<Forgotten, LedgerError> {
        self.reading("read who is forgotten", |connection| read(connection, self.secret()))
    }
}

/// Everybody whom the ledger has forgotten, as part of the caller's reading.
pub(super) fn read(connection: &Connection, secret: &LedgerSecret) -> Result<Forgotten, Fault> {
    let mut statement = connection.prepare(FORGOTTEN_PEOPLE)?;
    let people =
        statement.query_map([], |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))?;
    Ok(Forgotten::new(secret, people.collect::<Result<Vec<_>, _>>()?))
}

impl LockedLedger {
    /// What the ledger has of these people.
    pub fn traces(&self, people: &[PhoneNumber]) -> Result<Traces, LedgerError> {
        let people = People::of(people);
        self.reader.reading("look for people", |connection| {
            let found = find(connection, &people)?;
            traces(connection, self.reader.secret(), &people, &found)
        })
    }

    /// Forgets them. When it returns no row names them, on stable storage.
    pub fn forget(
        &mut self,
        people: &[PhoneNumber],
        decision: &Decision,
    ) -> Result<Forgetting, LedgerError> {
        let people = People::of(people);
        let secret = self.reader.secret().clone();
        self.reader.forget_survey();
        // Already the transaction leaves nothing of what it replaces in the pages it writes.
        self.set_secure_delete(true)?;
        let done = self.writing("forget people", |connection| {
            // Kaleyra's words about somebody whose own row was lost would stay.
            Survey::take(connection)?;
            let found = find(connection, &people)?;
            let traces = traces(connection, &secret, &people, &found)?;
            erase(connection, &people, &found, &PersonHash::new(&secret), decision)?;
            Ok((traces, marks::add(connection, decision.at, Occasion::Forgotten)?))
        });
        self.set_secure_delete(false)?;
        let (traces, mark) = done?;
        self.keep_mark(mark)?;
        Ok(Forgetting { traces, remains: self.rewrite().err() })
    }

    fn set_secure_delete(&self, on: bool) -> Result<(), LedgerError> {
        let set = self.reader.connection.pragma_update(None, "secure_delete", on);
        set.map_err(|error| Fault::from(error).at(&self.reader.file.named, "forget people"))
    }

    /// Writes the whole file anew from its rows and empties the write-ahead log: rows that were
    /// deleted or replaced long ago leave their bytes in freed parts of both.
    fn rewrite(&self) -> Result<(), Remains> {
        let connection = &self.reader.connection;
        connection.execute_batch("VACUUM").map_err(|_| Remains::NotRewritten)?;
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        match connection.query_row(checkpoint, [], |row| row.get::<_, i64>(0)) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Remains::Read),
            Err(_) => Err(Remains::NotRewritten),
        }
    }
}

fn find(connection: &Connection, people: &People) -> Result<Found, Fault> {
    let mut found = Found::default();
    let mut statement = connection.prepare(RECIPIENTS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(number) = people.name(row.get("number")?, row.get(DECIDING_COLUMNS)?) {
            let cause = row.get_ref(DECIDING_COLUMNS + 1)?.as_str_or_null()?;
            found.recipients.push(NamedRecipient::new(&read_recipient(row)?, number, cause));
        }
    }
    found.issued = named(connection, ISSUED, people)?;
    found.audit = named(connection, AUDIT, people)?;
    let mut statement = connection.prepare(TESTS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(number) = people.name_number(row.get(1)?) {
            found.tests.push((row.get(0)?, number));
        }
    }
    Ok(found)
}

fn named(connection: &Connection, sql: &str, people: &People) -> Result<Vec<Named>, Fault> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(number) = people.name(row.get(2)?, row.get(3)?) {
            found.push(Named { id: row.get(0)?, campaign: row.get(1)?, number });
        }
    }
    Ok(found)
}

fn traces(
    connection: &Connection,
    secret: &LedgerSecret,
    people: &People,
    found: &Found,
) -> Result<Traces, Fault> {
    let mut names = HashMap::new();
    let mut statement = connection.prepare(CAMPAIGNS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        names.insert(id, campaign_name(id, row.get_ref(1)?.as_str()?)?);
    }
    Ok(found.traces(people, &names, &read(connection, secret)?))
}

fn erase(
    connection: &Connection,
    people: &People,
    found: &Found,
    hash: &PersonHash,
    Decision { by, at, .. }: &Decision,
) -> Result<(), Fault> {
    let at = at.as_millis();
    let mut statements = Statements::new(connection);
    for row in &found.recipients {
        let erased = row.erased(hash);
        let (number, person, to) = (erased.number, erased.person, erased.state.as_str());
        let noted = statements.run(NOTE, (erased.id, number, person, to, FORGOTTEN, by, at))?;
        let changed_at = erased.is_changed.then_some(at);
        let delivery = (erased.id, to, &erased.cause, changed_at);
        if statements.run(ERASE_DELIVERY, delivery)? != 1 {
            return Err(Fault::row("deliveries", erased.id));
        }
        let (content, checksum) = (NO_CONTENT.as_slice(), erased.checksum);
        let of_row = (erased.id, number, person, content, checksum, erased.text_checksum);
        // Somebody who is found row by row and not by their id would not be forgotten.
        if (noted, statements.run(ERASE, of_row)?) != (1, 1) {
            return Err(Fault::row("recipients", erased.id));
        }
    }
    for (sql, rows) in [(ERASE_ISSUED, &found.issued), (ERASE_AUDIT, &found.audit)] {
        for Named { id, number, .. } in rows {
            statements.run(sql, (id, stored_prefix(*number), hash.of(number.person())))?;
        }
    }
    for (id, _) in &found.tests {
        statements.run(ERASE_TEST, [id])?;
    }
    for person in people.hashes(hash) {
        statements.run(ADD, (person, at, by))?;
    }
    Ok(())
}
