//! Forgetting people: no row in the database names them any more.

use std::collections::HashMap;

use crate::ledger::error::LedgerError;
use crate::ledger::forgetting::{Erased, Found, Named, NamedRecipient, People};
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
use super::rows::read_recipient;
use super::session::{Session, bytes, int, ints, text, texts};
use super::status::campaign_name;

/// People looked for in one statement.
const AT_ONCE: usize = 5_000;

const FORGOTTEN_PEOPLE: &str = "SELECT person, forgotten_at FROM offercast.forgotten";

const RECIPIENTS: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    ", r.person, r.cause FROM offercast.recipients AS r WHERE r.person = ANY ($1)"
);
const ISSUED: &str = "SELECT id, campaign, number, person FROM offercast.issued_codes
  WHERE person = ANY ($1)";
const AUDIT: &str = "SELECT id, campaign, number, person FROM offercast.audit
  WHERE person = ANY ($1)";
const TESTS: &str = "SELECT id, number FROM offercast.test_sends";
const CAMPAIGNS: &str = "SELECT id, name FROM offercast.campaigns";

const ADD: &str = "INSERT INTO offercast.forgotten (person, forgotten_at, forgotten_by)
  SELECT person, $2, $3 FROM unnest($1) AS n (person) ON CONFLICT DO NOTHING";
// Written before the rows change, so that it tells what was.
const NOTE: &str = "INSERT INTO offercast.audit (campaign, plan, number, person, attempted_at,
    from_state, from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT r.campaign, r.plan, e.number, e.person, r.attempted_at, r.state, r.cause, e.to_state,
    $5, NULL, $6, $7
  FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS e (id, number, person, to_state, place)
    JOIN offercast.recipients AS r ON r.id = e.id
  ORDER BY e.place";
const ERASE: &str = "UPDATE offercast.recipients AS r SET number = e.number, person = e.person,
    content_hash = $8, checksum = e.checksum, ext_id = NULL, coupon_code = '', params = NULL,
    url_suffix = NULL, header_url = NULL, text_checksum = e.text_checksum, detail = NULL,
    message_id = NULL, request_id = NULL, state = e.state, cause = e.cause,
    updated_at = coalesce(e.changed_at, r.updated_at)
  FROM unnest($1, $2, $3, $4, $5, $6, $7, $9)
    AS e (id, number, person, checksum, text_checksum, state, cause, changed_at)
  WHERE r.id = e.id AND r.state <> 'attempting'";
const ERASE_ISSUED: &str = "UPDATE offercast.issued_codes AS i SET number = e.number,
    person = e.person, ext_id = NULL, coupon_code = ''
  FROM unnest($1, $2, $3) AS e (id, number, person) WHERE i.id = e.id";
const ERASE_AUDIT: &str = "UPDATE offercast.audit AS a SET number = e.number, person = e.person
  FROM unnest($1, $2, $3) AS e (id, number, person) WHERE a.id = e.id";
const ERASE_TESTS: &str = "DELETE FROM offercast.test_sends WHERE id = ANY ($1)";

const IS_OWNER: &str = "SELECT bool_and(pg_has_role(c.relowner, 'USAGE')) FROM pg_class AS c
  WHERE c.oid = ANY (ARRAY['offercast.recipients', 'offercast.issued_codes', 'offercast.audit',
    'offercast.test_sends']::regclass[])";

/// Each is written anew: a plain `VACUUM` would leave the old bytes in pages until something
/// else comes to stand there.
const REWRITE: [&str; 4] = [
    "VACUUM (FULL) offercast.recipients",
    "VACUUM (FULL) offercast.issued_codes",
    "VACUUM (FULL) offercast.audit",
    "VACUUM (FULL) offercast.test_sends",
];

impl ReadLedger {
    pub(super) fn read_forgotten(&self) -> Result<Forgotten, LedgerError> {
        self.reading("read who is forgotten", |session| read(session, &self.secret))
    }
}

/// Everybody whom the ledger has forgotten, as part of the caller's transaction.
pub(super) fn read(session: &Session, secret: &LedgerSecret) -> Result<Forgotten, Fault> {
    let mut people = Vec::new();
    session.each(FORGOTTEN_PEOPLE, &[], &mut |row| {
        people.push((row.get(0), Timestamp::from_millis(row.get(1))));
        Ok(())
    })?;
    Ok(Forgotten::new(secret, people))
}

impl LockedLedger {
    pub(super) fn find_traces(&self, people: &[PhoneNumber]) -> Result<Traces, LedgerError> {
        let people = People::of(people);
        self.reader.reading("look for people", |session| {
            let found = find(session, &people)?;
            traces(session, &self.reader.secret, &people, &found)
        })
    }

    pub(super) fn forget_people(
        &mut self,
        people: &[PhoneNumber],
        decision: &Decision,
    ) -> Result<Forgetting, LedgerError> {
        let people = People::of(people);
        let secret = &self.reader.secret;
        let traces = self.writing("forget people", |session| {
            self.hold.expect_alone(session)?;
            let found = find(session, &people)?;
            let traces = traces(session, secret, &people, &found)?;
            erase(session, &people, &found, &PersonHash::new(secret), decision)?;
            marks::add(session, decision.at, Occasion::Forgotten)?;
            Ok(traces)
        })?;
        Ok(Forgetting { traces, remains: self.rewrite().err() })
    }

    fn rewrite(&self) -> Result<(), Remains> {
        let session = &self.reader.session;
        match session.row(IS_OWNER, &[]) {
            Ok(Some(row)) if row.get::<_, Option<bool>>(0) == Some(true) => {}
            Ok(_) => return Err(Remains::NotOwner),
            Err(_) => return Err(Remains::NotRewritten),
        }
        let rewritten = REWRITE.iter().try_for_each(|table| session.batch(table));
        rewritten.map_err(|_| Remains::NotRewritten)
    }
}

fn find(session: &Session, people: &People) -> Result<Found, Fault> {
    let mut found = Found::default();
    for persons in people.stored().chunks(AT_ONCE) {
        session.each(RECIPIENTS, &[ints(&persons)], &mut |row| {
            let verified = read_recipient(row)?;
            let person = row.get(DECIDING_COLUMNS);
            if let Some(number) = people.name(verified.deciding.number, person) {
                let cause = row.get(DECIDING_COLUMNS + 1);
                found.recipients.push(NamedRecipient::new(&verified, number, cause));
            }
            Ok(())
        })?;
        for (sql, rows) in [(ISSUED, &mut found.issued), (AUDIT, &mut found.audit)] {
            session.each(sql, &[ints(&persons)], &mut |row| {
                if let Some(number) = people.name(row.get(2), row.get(3)) {
                    rows.push(Named { id: row.get(0), campaign: row.get(1), number });
                }
                Ok(())
            })?;
        }
    }
    session.each(TESTS, &[], &mut |row| {
        let number = people.name_number(row.get(1));
        found.tests.extend(number.map(|number| (row.get(0), number)));
        Ok(())
    })?;
    Ok(found)
}

fn traces(
    session: &Session,
    secret: &LedgerSecret,
    people: &People,
    found: &Found,
) -> Result<Traces, Fault> {
    let mut names = HashMap::new();
    for row in session.rows(CAMPAIGNS, &[])? {
        let id = row.get(0);
        names.insert(id, campaign_name(id, row.get(1))?);
    }
    Ok(found.traces(people, &names, &read(session, secret)?))
}

fn erase(
    session: &Session,
    people: &People,
    found: &Found,
    hash: &PersonHash,
    Decision { by, at, .. }: &Decision,
) -> Result<(), Fault> {
    let at = at.as_millis();
    for rows in found.recipients.chunks(AT_ONCE) {
        let rows: Vec<_> = rows.iter().map(|row| row.erased(hash)).collect();
        erase_recipients(session, &rows, by, at)?;
    }
    for (sql, rows) in [(ERASE_ISSUED, &found.issued), (ERASE_AUDIT, &found.audit)] {
        for rows in rows.chunks(AT_ONCE) {
            let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
            let numbers: Vec<_> = rows.iter().map(|row| stored_prefix(row.number)).collect();
            let persons: Vec<_> = rows.iter().map(|row| hash.of(row.number.person())).collect();
            session.run(sql, &[ints(&ids), ints(&numbers), ints(&persons)])?;
        }
    }
    let tests: Vec<_> = found.tests.iter().map(|(id, _)| *id).collect();
    session.run(ERASE_TESTS, &[ints(&tests)])?;
    for persons in people.hashes(hash).chunks(AT_ONCE) {
        session.run(ADD, &[ints(&persons), int(&at), text(by)])?;
    }
    Ok(())
}

fn erase_recipients(session: &Session, rows: &[Erased], by: &str, at: i64) -> Result<(), Fault> {
    let of = |value: fn(&Erased) -> i64| rows.iter().map(value).collect::<Vec<_>>();
    let (ids, numbers, persons) = (of(|row| row.id), of(|row| row.number), of(|row| row.person));
    let (checksums, text_checksums) = (of(|row| row.checksum), of(|row| row.text_checksum));
    let states: Vec<_> = rows.iter().map(|row| row.state.as_str()).collect();
    let causes: Vec<_> = rows.iter().map(|row| row.cause.as_deref()).collect();
    let changed: Vec<_> = rows.iter().map(|row| row.is_changed.then_some(at)).collect();
    let note = [
        ints(&ids),
        ints(&numbers),
        ints(&persons),
        texts(&states),
        text(&FORGOTTEN),
        text(&by),
        int(&at),
    ];
    session.run(NOTE, &note)?;
    let no_content = NO_CONTENT.as_slice();
    let erased = session.run(
        ERASE,
        &[
            ints(&ids),
            ints(&numbers),
            ints(&persons),
            ints(&checksums),
            ints(&text_checksums),
            texts(&states),
            texts(&causes),
            bytes(&no_content),
            ints(&changed),
        ],
    )?;
    if erased == rows.len() as u64 {
        return Ok(());
    }
    Err(Fault::row("recipients", ids.first().copied().unwrap_or_default()))
}
