//! Consuming plans: the one transaction that comes before the first send.

use std::mem;

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::error::LedgerError;
use crate::ledger::forgotten::Forgotten;
use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::rows::{StoredPlan, stored};
use crate::ledger::serial::{Mark, Occasion};
use crate::ledger::types::{PlanRecord, PlanRow};
use crate::model::{CampaignName, KeyFingerprint, OfferEnd, State, Timestamp};

use super::adding::{self, Adding};
use super::checkpoints::Checkpoints;
use super::fault::Fault;
use super::forget;
use super::marks;
use super::older::{self, Next, Past};
use super::open::{LockedLedger, ReadLedger};
use super::person_index::{self, PersonIndex};
use super::pragmas;
use super::rows::everybody;
use super::snapshot::{find_campaign, plans};
use super::statements::Statements;
use super::survey::Survey;
use super::write_back;

const META: &str = "SELECT api_host, sid_fingerprint FROM meta WHERE id = 1";
const SET_META: &str = "UPDATE meta SET api_host = ?1, sid_fingerprint = ?2 WHERE id = 1";

const ADD_CAMPAIGN: &str = "INSERT INTO campaigns (name, code_key, created_at) VALUES (?1, ?2, ?3)";
const SET_CODE_KEY: &str = "UPDATE campaigns SET code_key = ?2 WHERE id = ?1 AND code_key IS NULL";

const HAS_OPEN: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM ",
    everybody!(),
    " WHERE r.plan = ?1 AND (d.state IN ('pending', 'attempting') OR d.id IS NULL))"
);

const ADD_PLAN: &str = "INSERT INTO plans (campaign, plan_id, sender, consumed_at, offer_ends_at,
    offer_window_ms, terms, code_key, approval, api_host, sid_fingerprint, tool_version,
    planned, checksum)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0)";
const FINISH_PLAN: &str = "UPDATE plans SET planned = ?2, checksum = ?3 WHERE id = ?1";

const SUPERSEDE: &str = "UPDATE deliveries AS d
  SET state = 'skipped', cause = 'superseded', updated_at = ?3
  WHERE d.state = 'pending' AND EXISTS (SELECT 1 FROM recipients AS r NOT INDEXED
    WHERE r.id = d.id AND r.campaign = ?1 AND r.plan <> ?2)";

/// Plans of several campaigns being consumed together: all or none. Dropping it without
/// [`Consumption::commit`] leaves no trace.
pub struct Consumption<'l> {
    ledger: &'l LockedLedger,
    statements: Statements<'l>,
    adding: Adding<'l>,
    forgotten: Forgotten,
    plans: Vec<OpenPlan>,
    index: PersonIndex,
    /// What a look at everybody told before.
    survey: Survey,
    open: bool,
    failed: bool,
}

/// A plan of this consumption whose recipients are being written.
struct OpenPlan {
    row: i64,
    campaign: i64,
    name: CampaignName,
    plan_id: String,
    sender: i64,
    consumed_at: Timestamp,
    offer_ends_at: Option<i64>,
    offer_window_ms: Option<i64>,
    terms: String,
    planned: i64,
    /// The row of the first of its people, once there is one.
    first: Option<i64>,
    has_older: bool,
    again_after_failure: bool,
}

impl LockedLedger {
    /// Starts consuming plans of so many people together; the number only decides what is
    /// fastest.
    pub fn begin_consumption(&mut self, people: u64) -> Result<Consumption<'_>, LedgerError> {
        self.rest();
        let connection = &self.reader.connection;
        let index = PersonIndex::of(people);
        let (forgotten, adding, survey) = self
            .reader
            .expect_sound()
            .and_then(|()| forget::read(connection, self.reader.secret()))
            .and_then(|forgotten| {
                let adding = Adding::new(connection)?;
                index.prepare(connection)?;
                let survey = self.reader.take_survey()?;
                connection.execute_batch("BEGIN IMMEDIATE")?;
                Ok((forgotten, adding, survey))
            })
            .map_err(|fault| fault.at(&self.reader.file.named, OPERATION))?;
        let (statements, plans) = (Statements::new(connection), Vec::new());
        let (open, failed) = (true, false);
        Ok(Consumption {
            ledger: self,
            statements,
            adding,
            forgotten,
            plans,
            index,
            survey,
            open,
            failed,
        })
    }
}

const OPERATION: &str = "record the plan";

impl Consumption<'_> {
    /// Writes one campaign's plan. The first plan ever binds the ledger to its API host and
    /// account; plans for others are refused.
    pub fn plan(&mut self, record: &PlanRecord) -> Result<PlanRow, LedgerError> {
        self.step(|consumption| consumption.add_plan(record))
    }

    /// Writes one recipient as pending, after those written before. People who are absent,
    /// `pending` under an older plan, or `skipped` may be planned, and where the plan says so
    /// people whose message failed later; others never.
    pub fn recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), LedgerError> {
        self.step(|consumption| consumption.add_recipient(plan, new))
    }

    /// Makes it durable. People left pending under older plans of these campaigns become
    /// skipped: nobody outside an approved plan can be sent to any more.
    pub fn commit(mut self) -> Result<(), LedgerError> {
        if self.failed {
            return Err(LedgerError::Incomplete);
        }
        let mark = self.step(Self::finish)?;
        self.open = false;
        self.clear_up();
        self.keep_survey();
        let people = self.plans.iter().map(|plan| plan.planned.unsigned_abs()).sum();
        self.ledger.checkpoints.replace(Checkpoints::begun(&self.ledger.reader, people));
        self.ledger.keep_mark(mark)
    }

    /// Where nothing but the new people changed, nobody needs to be looked at again.
    fn keep_survey(&mut self) {
        if self.plans.iter().any(|plan| plan.has_older) {
            return;
        }
        for plan in &self.plans {
            if let Some(first) = plan.first {
                self.survey.consumed(plan.campaign, plan.row, first, plan.planned.unsigned_abs());
            }
        }
        self.ledger.reader.surveyed.replace(Some(mem::take(&mut self.survey)));
    }

    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        if self.failed {
            return Err(LedgerError::Incomplete);
        }
        let done = step(self);
        self.failed = done.is_err();
        done.map_err(|fault| fault.at(&self.ledger.reader.file.named, OPERATION))
    }

    /// After the transaction. What stays as it was for it is no reason to fail.
    fn clear_up(&self) {
        person_index::clear_up(self.connection());
        let _ = pragmas::carry_at_commit(self.connection(), true);
    }

    fn connection(&self) -> &Connection {
        &self.ledger.reader.connection
    }

    fn add_plan(&mut self, record: &PlanRecord) -> Result<PlanRow, Fault> {
        if self.plans.iter().any(|plan| plan.name == record.campaign) {
            return Err(LedgerError::CampaignTwice { campaign: record.campaign.clone() }.into());
        }
        self.bind_account(record)?;
        let campaign =
            campaign_row(self.connection(), &record.campaign, record.code_key, record.consumed_at)?;
        let has_older = self.has_older_plans(campaign, record)?;
        if has_older {
            self.build_index()?;
        }
        if self.plans.is_empty() {
            self.index.choose(&self.ledger.reader.connection, has_older)?;
        }
        let (offer_ends_at, offer_window_ms) = match record.offer_end {
            OfferEnd::At(instant) => (Some(instant.as_millis()), None),
            OfferEnd::AfterSend(window) => {
                (None, Some(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)))
            }
        };
        let terms = serde_json::to_string(&record.terms).expect("texts are always JSON");
        let plan_id = record.id.to_string();
        let sender = stored(record.sender.as_u64());
        self.statements.run(
            ADD_PLAN,
            (
                campaign,
                &plan_id,
                sender,
                record.consumed_at.as_millis(),
                offer_ends_at,
                offer_window_ms,
                &terms,
                record.code_key.map(|key| key.to_string()),
                record.approval,
                &record.api_host,
                record.sid.as_str(),
                env!("CARGO_PKG_VERSION"),
            ),
        )?;
        let row = self.connection().last_insert_rowid();
        self.plans.push(OpenPlan {
            row,
            campaign,
            name: record.campaign.clone(),
            plan_id,
            sender,
            consumed_at: record.consumed_at,
            offer_ends_at,
            offer_window_ms,
            terms,
            planned: 0,
            first: None,
            has_older,
            again_after_failure: record.again_after_failure,
        });
        Ok(PlanRow(row))
    }

    fn bind_account(&mut self, record: &PlanRecord) -> Result<(), Fault> {
        let (host, sid): (Option<String>, Option<String>) =
            self.connection().query_row(META, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        match (host, sid) {
            (Some(ledger), _) if ledger != record.api_host => {
                Err(LedgerError::OtherHost { ledger, plan: record.api_host.clone() }.into())
            }
            (_, Some(sid)) if sid != record.sid.as_str() => Err(LedgerError::OtherAccount.into()),
            (Some(_), Some(_)) => Ok(()),
            _ => {
                self.statements.run(SET_META, (&record.api_host, record.sid.as_str()))?;
                Ok(())
            }
        }
    }

    /// Whether there are any; refuses when this very plan is one and has people left.
    fn has_older_plans(&self, campaign: i64, record: &PlanRecord) -> Result<bool, Fault> {
        let older = plans(self.connection(), campaign)?;
        for (row, plan) in &older {
            let again = plan.id == record.id
                && self.connection().query_row(HAS_OPEN, [row], |row| row.get::<_, bool>(0))?;
            if again {
                let (campaign, plan) = (record.campaign.clone(), record.id);
                return Err(LedgerError::AlreadyConsumed { campaign, plan }.into());
            }
        }
        Ok(!older.is_empty())
    }

    /// Makes sure that nobody is in a campaign twice, where that was not seen before.
    fn build_index(&mut self) -> Result<(), Fault> {
        if self.index.is_there() {
            return Ok(());
        }
        let ReadLedger { connection, file, .. } = &self.ledger.reader;
        let log = file.beside("-wal");
        let built = write_back::beside(&log, || self.index.build(connection))?;
        let Err(error) = built else { return Ok(()) };
        for plan in &self.plans {
            if let Some(number) = person_index::twice_in(self.connection(), plan.row)? {
                let campaign = plan.name.clone();
                return Err(LedgerError::TwiceInPlan { campaign, number }.into());
            }
        }
        Err(error.into())
    }

    fn add_recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), Fault> {
        let position = self
            .plans
            .iter()
            .rposition(|open| open.row == plan.0)
            .expect("a plan's handle comes from this consumption");
        if self.forgotten.contains(new.person()) {
            let campaign = self.plans[position].name.clone();
            return Err(LedgerError::Forgotten { campaign, number: new.number() }.into());
        }
        if !self.insert(position, new, Past::default())? {
            let past = self.make_way(position, new)?;
            if !self.insert(position, new, past)? {
                return Err(Fault::row("recipients", 0));
            }
        }
        let plan = &mut self.plans[position];
        plan.planned += 1;
        plan.first.get_or_insert_with(|| self.ledger.reader.connection.last_insert_rowid());
        Ok(())
    }

    /// False when the person is in the campaign already.
    fn insert(&mut self, plan: usize, new: &NewRecipient, past: Past) -> Result<bool, Fault> {
        let OpenPlan { campaign, row, consumed_at, .. } = self.plans[plan];
        let consumed_at = consumed_at.as_millis();
        Ok(self.adding.add(adding::Plan { campaign, row, consumed_at }, new, past)?)
    }

    /// Removes the person's row of an older plan, if it may be; returns what stays of it.
    fn make_way(&mut self, plan: usize, new: &NewRecipient) -> Result<Past, Fault> {
        let plan = &self.plans[plan];
        let next = Next {
            campaign: plan.campaign,
            name: &plan.name,
            plan: plan.row,
            consumed_at: plan.consumed_at,
            again_after_failure: plan.again_after_failure,
        };
        older::make_way(&mut self.statements, &next, new.number())
    }

    fn finish(&mut self) -> Result<Mark, Fault> {
        self.build_index()?;
        for plan in &self.plans {
            let consumed_at = plan.consumed_at.as_millis();
            if plan.has_older {
                self.statements.run(SUPERSEDE, (plan.campaign, plan.row, consumed_at))?;
            }
            let checksum = StoredPlan {
                campaign: plan.campaign,
                plan_id: &plan.plan_id,
                sender: plan.sender,
                consumed_at,
                offer_ends_at: plan.offer_ends_at,
                offer_window_ms: plan.offer_window_ms,
                terms: &plan.terms,
                planned: plan.planned,
            }
            .checksum();
            self.statements.run(FINISH_PLAN, (plan.row, plan.planned, checksum))?;
        }
        let start = Timestamp::from_millis(0);
        let now = self.plans.last().map_or(start, |plan| plan.consumed_at);
        let mark = marks::add(self.connection(), now, Occasion::Plan)?;
        // The first message need not wait until all of it is in the file.
        pragmas::carry_at_commit(self.connection(), false)?;
        self.connection().execute_batch("COMMIT")?;
        Ok(mark)
    }
}

impl Drop for Consumption<'_> {
    fn drop(&mut self) {
        if self.open {
            // SQLite may have rolled back by itself already; either way nothing is kept.
            let _ = self.connection().execute_batch("ROLLBACK");
            self.clear_up();
        }
    }
}

/// The campaign's row, made if it is new. Its code key is the first one it is seen with.
pub(super) fn campaign_row(
    connection: &Connection,
    name: &CampaignName,
    code_key: Option<KeyFingerprint>,
    now: Timestamp,
) -> Result<i64, Fault> {
    let key = code_key.map(|key| key.to_string());
    if let Some((id, began_with)) = find_campaign(connection, name)? {
        if began_with.is_none() && key.is_some() {
            connection.execute(SET_CODE_KEY, (id, key))?;
        }
        return Ok(id);
    }
    connection.execute(ADD_CAMPAIGN, (name.as_str(), key, now.as_millis()))?;
    Ok(connection.last_insert_rowid())
}

/// The state of a row, if there is one.
pub(super) fn state_of(connection: &Connection, id: i64) -> Result<Option<State>, Fault> {
    let word: Option<String> = connection
        .query_row("SELECT state FROM deliveries WHERE id = ?1", [id], |row| row.get(0))
        .optional()?;
    Ok(word.and_then(|word| State::parse(&word)))
}
