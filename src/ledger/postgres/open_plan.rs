//! A plan being consumed: its people are written many at a time.

use std::collections::{HashMap, HashSet};

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use crate::ledger::error::LedgerError;
use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::rows::{Deciding, Texts, stored};
use crate::ledger::settlement::{AGAIN, AGAIN_BY};
use crate::model::{CampaignName, State, Timestamp};

use super::fault::Fault;
use super::session::{Session, int, ints, text};

/// People written at a time: enough to make the round trips cheap, few enough to keep.
const AT_ONCE: usize = 10_000;

const COPY: &str = "COPY offercast.recipients (campaign, plan, state, number, person,
    code_digest, content_hash, round, checksum, ext_id, coupon_code, params, url_suffix,
    header_url, text_checksum, attempts, updated_at) FROM STDIN BINARY";
const COPY_TYPES: [Type; 17] = [
    Type::INT8,
    Type::INT8,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::BYTEA,
    Type::INT8,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::INT8,
    Type::INT8,
];

const FIND_RECIPIENTS: &str = "SELECT id, plan, person, state, attempts,
    round + CASE WHEN cause = 'unsent' OR (state = 'accepted' AND receipt = 'failed') THEN 1
      ELSE 0 END,
    coalesce(state = 'accepted' AND receipt = 'failed', false)
  FROM offercast.recipients WHERE campaign = $1 AND person = ANY ($2)";
const REMOVE_RECIPIENTS: &str = "DELETE FROM offercast.recipients
  WHERE id = ANY ($1) AND state IN ('pending', 'skipped')";
const REMOVE_FAILED: &str = "DELETE FROM offercast.recipients
  WHERE id = ANY ($1) AND state = 'accepted' AND receipt = 'failed'";
// Written before the rows are removed, so that the first message stays in the person's history.
const AUDIT_FAILED: &str = "INSERT INTO offercast.audit (campaign, plan, number, person,
    attempted_at, from_state, from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT campaign, plan, number, person, attempted_at, state, receipt, 'pending', $2, NULL, $3, $4
  FROM offercast.recipients WHERE id = ANY ($1) ORDER BY id";

/// A plan of this consumption whose recipients are being written.
pub(super) struct OpenPlan {
    pub(super) row: i64,
    pub(super) campaign: i64,
    pub(super) name: CampaignName,
    pub(super) plan_id: String,
    pub(super) sender: i64,
    pub(super) consumed_at: Timestamp,
    pub(super) offer_ends_at: Option<i64>,
    pub(super) offer_window_ms: Option<i64>,
    pub(super) terms: String,
    pub(super) planned: i64,
    pub(super) has_older: bool,
    pub(super) again_after_failure: bool,
    /// Who is not written yet.
    pub(super) people: Waiting,
}

/// Recipients who are not written yet.
#[derive(Default)]
pub(super) struct Waiting {
    rows: Vec<NewRow>,
    /// Whom they are: nobody is twice among them.
    persons: HashSet<i64>,
}

/// A recipient about to be written.
struct NewRow {
    new: NewRecipient,
    number: i64,
    person: i64,
    /// What a row of an older plan leaves to this one.
    attempts: i64,
    round: i64,
}

impl OpenPlan {
    /// Adds a recipient; writes those who wait once they are many.
    pub(super) fn add(&mut self, session: &Session, new: &NewRecipient) -> Result<(), Fault> {
        let person = stored(new.person().as_u64());
        if !self.people.persons.insert(person) {
            return Err(self.twice(new));
        }
        self.people.rows.push(NewRow {
            new: new.clone(),
            number: stored(new.number().as_u64()),
            person,
            attempts: 0,
            round: 0,
        });
        self.planned += 1;
        if self.people.rows.len() < AT_ONCE { Ok(()) } else { self.flush(session) }
    }

    /// Writes who is waiting.
    pub(super) fn flush(&mut self, session: &Session) -> Result<(), Fault> {
        if self.people.rows.is_empty() {
            return Ok(());
        }
        if self.has_older {
            self.make_way(session)?;
        }
        session.batch("SAVEPOINT people")?;
        match self.copy(session) {
            Ok(()) => {}
            Err(fault) if fault.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                // Somebody written before under another spelling: make_way says who.
                session.batch("ROLLBACK TO SAVEPOINT people")?;
                self.make_way(session)?;
                return Err(fault);
            }
            Err(fault) => return Err(fault),
        }
        session.batch("RELEASE SAVEPOINT people")?;
        self.people = Waiting::default();
        Ok(())
    }

    /// Removes people's rows of older plans, if they may be; keeps what stays of them.
    fn make_way(&mut self, session: &Session) -> Result<(), Fault> {
        let people: Vec<_> = self.people.rows.iter().map(|waiting| waiting.person).collect();
        let places: HashMap<_, _> =
            people.iter().enumerate().map(|(place, person)| (*person, place)).collect();
        let (mut removed, mut failed) = (Vec::new(), Vec::new());
        for row in session.rows(FIND_RECIPIENTS, &[int(&self.campaign), ints(&people)])? {
            let (id, plan): (i64, i64) = (row.get(0), row.get(1));
            let damaged = || Fault::row("recipients", id);
            let place = *places.get(&row.get(2)).ok_or_else(damaged)?;
            let waiting = &mut self.people.rows[place];
            let (campaign, number) = (self.name.clone(), waiting.new.number());
            if plan == self.row {
                return Err(LedgerError::TwiceInPlan { campaign, number }.into());
            }
            let state = State::parse(row.get(3)).ok_or_else(damaged)?;
            let is_again = self.again_after_failure && row.get(6);
            if !is_again && !matches!(state, State::Pending | State::Skipped) {
                return Err(LedgerError::Settled { campaign, number, state }.into());
            }
            waiting.attempts = row.get(4);
            waiting.round = row.get(5);
            if is_again { failed.push(id) } else { removed.push(id) }
        }
        let mut gone = session.run(REMOVE_RECIPIENTS, &[ints(&removed)])?;
        if !failed.is_empty() {
            let at = self.consumed_at.as_millis();
            session.run(AUDIT_FAILED, &[ints(&failed), text(&AGAIN), text(&AGAIN_BY), int(&at)])?;
            gone += session.run(REMOVE_FAILED, &[ints(&failed)])?;
        }
        if gone == (removed.len() + failed.len()) as u64 {
            return Ok(());
        }
        Err(Fault::row("recipients", 0))
    }

    fn copy(&self, session: &Session) -> Result<(), Fault> {
        let rows: Vec<_> =
            self.people.rows.iter().map(|waiting| Columns::of(self, waiting)).collect();
        session.copy(COPY, &COPY_TYPES, rows.iter().map(Columns::values))?;
        Ok(())
    }

    fn twice(&self, new: &NewRecipient) -> Fault {
        let (campaign, number) = (self.name.clone(), new.number());
        LedgerError::TwiceInPlan { campaign, number }.into()
    }
}

/// A recipient's row, in the order of [`COPY`].
struct Columns<'w> {
    deciding: Deciding<'w>,
    texts: Texts<'w>,
    person: i64,
    checksum: i64,
    text_checksum: i64,
    attempts: i64,
    updated_at: i64,
}

impl<'w> Columns<'w> {
    fn of(plan: &OpenPlan, waiting: &'w NewRow) -> Self {
        let NewRow { new, number, person, attempts, round } = waiting;
        let deciding = Deciding {
            campaign: plan.campaign,
            plan: plan.row,
            number: *number,
            code_digest: new.code_digest().cast_signed(),
            content: new.content(),
            round: *round,
        };
        let texts = new.texts();
        let checksum = deciding.checksum();
        let (text_checksum, updated_at) = (texts.checksum(checksum), plan.consumed_at.as_millis());
        let (person, attempts) = (*person, *attempts);
        Self { deciding, texts, person, checksum, text_checksum, attempts, updated_at }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 17] {
        let Self { deciding, texts, person, checksum, text_checksum, attempts, updated_at } = self;
        [
            &deciding.campaign,
            &deciding.plan,
            &"pending",
            &deciding.number,
            person,
            &deciding.code_digest,
            &deciding.content,
            &deciding.round,
            checksum,
            &texts.ext_id,
            &texts.coupon_code,
            &texts.params,
            &texts.url_suffix,
            &texts.header_url,
            text_checksum,
            attempts,
            updated_at,
        ]
    }
}
