//! What planning may know: the past of one campaign.

use std::collections::HashSet;
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::forgotten::Whose;
use crate::ledger::rows::{
    ALL_COLUMNS, Messages, Remembered, Verified, deciding_columns, plan_columns, text_columns,
};
use crate::ledger::types::{
    CampaignMemory, ConsumedPlan, FoundPlan, Known, PendingRow, PlanRow, RowId, Sent, Snapshot,
};
use crate::model::{
    CampaignName, CouponCode, KeyFingerprint, PhoneNumber, PlanId, SidFingerprint, State,
    StateCounts, Timestamp,
};

use super::ahead::{Ahead, Wanted};
use super::fault::Fault;
use super::forget;
use super::open::{LockedLedger, ReadLedger};
use super::people::{Helpers, Keeping, More, Of, read_people};
use super::rows::{everybody, read_plan, read_recipient, read_texts};
use super::survey::Survey;

const HOST: &str = "SELECT api_host, sid_fingerprint FROM meta WHERE id = 1";

const CAMPAIGN: &str = "SELECT id, code_key FROM campaigns NOT INDEXED WHERE name = ?1";

const PLANS: &str =
    concat!("SELECT ", plan_columns!(), " FROM plans AS p WHERE p.campaign = ?1 ORDER BY p.id");

const ISSUED: &str = "SELECT i.id, i.number, i.coupon_code, i.code_digest FROM issued_codes AS i
  WHERE i.campaign = ?1 AND NOT EXISTS
    (SELECT 1 FROM recipients AS r WHERE r.campaign = i.campaign AND r.person = i.person)
  ORDER BY i.number";

const PENDING: &str = concat!(
    "SELECT ",
    deciding_columns!("d"),
    ", ",
    text_columns!(),
    ", d.attempts FROM ",
    everybody!(),
    " WHERE r.plan = ?1 AND r.id > ?2 AND (d.state = 'pending' OR d.id IS NULL)
      ORDER BY r.id LIMIT ?3"
);

const ALL_PLANS: &str = concat!("SELECT ", plan_columns!(), " FROM plans AS p");

// An outcome that was settled later counts from its attempt: when it was concluded is not
// known any more.
const SENT: &str = "SELECT plan, at / 1000 + 1 AS second, count(*) FROM
    (SELECT r.plan, CASE WHEN d.state = 'accepted' AND d.cause IS NULL THEN d.accepted_at
        WHEN d.state = 'accepted' THEN d.attempted_at ELSE d.updated_at END AS at
      FROM deliveries AS d NOT INDEXED LEFT JOIN recipients AS r ON r.id = d.id
      WHERE d.state = 'attempting' OR d.state = 'accepted' OR d.state = 'rejected'
        OR d.state = 'unknown')
  WHERE at >= ?1 GROUP BY plan, second ORDER BY second";

impl ReadLedger {
    /// All that planning one campaign may know. A million recipients take a second or two.
    pub fn snapshot(&self, campaign: &CampaignName) -> Result<Snapshot, LedgerError> {
        let helpers = Helpers::of(self);
        self.reading("read a campaign's past", |connection| {
            let (api_host, sid): (Option<String>, Option<String>) =
                connection.query_row(HOST, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Snapshot {
                lineage: self.lineage().clone(),
                secret: self.secret().clone(),
                api_host,
                sid: sid.map(SidFingerprint::new),
                forgotten: forget::read(connection, self.secret())?,
                campaign: self.memory(connection, helpers, campaign)?,
            })
        })
    }

    /// The numbers of a campaign in any of these states, ascending; `None` when the ledger
    /// does not know the campaign. Whoever asks for `accepted` or `unknown` to leave them
    /// out wants `attempting` too: an apply may be running.
    pub fn numbers_of(
        &self,
        campaign: &CampaignName,
        states: &[State],
    ) -> Result<Option<Vec<PhoneNumber>>, LedgerError> {
        let helpers = Helpers::of(self);
        self.reading("read a campaign's numbers", |connection| {
            let Some((campaign, _)) = find_campaign(connection, campaign)? else {
                return Ok(None);
            };
            let plans = plans(connection, campaign)?;
            let of = Of { campaign, plans: &plans };
            let keep = |person: Verified<'_>, _: More<'_>| {
                Ok(person.whose.number().filter(|_| states.contains(&person.state)))
            };
            let keeping = Keeping { keep, sort: <[_]>::sort_unstable, surveys: false };
            let (mut numbers, _) = read_people(connection, helpers, of, &keeping)?;
            numbers.sort();
            Ok(Some(numbers))
        })
    }

    /// A consumed plan of a campaign, by its id: the latest consumption of it.
    pub fn consumed(
        &self,
        campaign: &CampaignName,
        id: PlanId,
    ) -> Result<Option<FoundPlan>, LedgerError> {
        self.reading("look a plan up", |connection| {
            let Some((campaign, _)) = find_campaign(connection, campaign)? else {
                return Ok(None);
            };
            let plans = plans(connection, campaign)?;
            let last = plans.last().map(|(_, plan)| plan.id);
            let found = plans.into_iter().rev().find(|(_, plan)| plan.id == id);
            Ok(found.map(|(row, plan)| FoundPlan {
                row: PlanRow(row),
                superseded_by: last.filter(|last| *last != plan.id),
                plan,
            }))
        })
    }

    /// Where everybody planned in a campaign stands.
    pub fn counts(&self, campaign: &CampaignName) -> Result<StateCounts, LedgerError> {
        self.reading("count a campaign's recipients", |connection| {
            match find_campaign(connection, campaign)? {
                Some((campaign, _)) => self.survey(connection, |survey| {
                    survey.counts.get(&campaign).copied().unwrap_or_default()
                }),
                None => Ok(StateCounts::default()),
            }
        })
    }

    /// Who was put on the wire from a sender number since then, by any campaign, the longest
    /// ago first. At most one entry for each second and plan.
    pub fn sent_since(
        &self,
        sender: PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<Sent>, LedgerError> {
        self.reading("count who was sent to", |connection| {
            let mut plans = HashSet::new();
            let mut statement = connection.prepare(ALL_PLANS)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (id, plan) = read_plan(row)?;
                if plan.sender == sender {
                    plans.insert(id);
                }
            }
            let mut sent = Vec::new();
            let mut statement = connection.prepare(SENT)?;
            let mut rows = statement.query([since.as_millis()])?;
            while let Some(row) = rows.next()? {
                let (plan, second, people): (Option<i64>, i64, i64) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let plan = plan.ok_or_else(|| {
                    Fault::Damaged(Damage::Structure("deliveries are nobody's".to_owned()))
                })?;
                if plans.contains(&plan) {
                    let at = Timestamp::from_millis(second.saturating_mul(1_000));
                    sent.push(Sent { at, people: people.unsigned_abs() });
                }
            }
            Ok(sent)
        })
    }

    /// When anything was last put on the wire, so that a restart keeps to the rate.
    pub fn last_attempt_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.reading("find the last attempt", |connection| {
            let millis = self.survey(connection, |survey| survey.last_attempt)?;
            Ok(millis.map(Timestamp::from_millis))
        })
    }

    /// What the ledger knows of a campaign.
    fn memory(
        &self,
        connection: &Connection,
        helpers: Helpers,
        campaign: &CampaignName,
    ) -> Result<Option<CampaignMemory>, Fault> {
        let Some((campaign, code_key)) = find_campaign(connection, campaign)? else {
            return Ok(None);
        };
        let mut plans = plans(connection, campaign)?;
        let last_row = plans.last().map(|(row, _)| *row);
        let of = Of { campaign, plans: &plans };
        let forgotten = Mutex::new((Vec::new(), Vec::new()));
        let keep = |verified: Verified<'_>, more: More<'_>| {
            Ok(match Remembered::of(&verified, last_row, more.cause, more.receipt)? {
                Remembered::Known(known) => Some(known),
                Remembered::Forgotten(row, code) => {
                    let mut forgotten = forgotten.lock().expect("nobody panics holding it");
                    forgotten.0.push(row);
                    forgotten.1.push(code);
                    None
                }
            })
        };
        let sort = |known: &mut [Known]| known.sort_unstable_by_key(|known| known.number);
        let keeping = Keeping { keep, sort, surveys: self.wants_survey() };
        let (mut known, survey) = read_people(connection, helpers, of, &keeping)?;
        if survey.is_some() {
            self.surveyed.replace(survey);
        }
        // What each thread has read is sorted: a stable sort only merges it.
        known.sort_by_key(|known| known.number);
        let (forgotten, mut taken) = forgotten.into_inner().expect("nobody panics holding it");
        let issued = issued(connection, campaign, &mut taken)?;
        Ok(Some(CampaignMemory {
            code_key,
            last_plan: plans.pop().map(|(_, plan)| plan),
            known,
            issued,
            forgotten,
            taken,
        }))
    }
}

impl LockedLedger {
    /// The next recipients to send to, in sending order, after the given row. Where there may
    /// be more of them, the next page is read ahead.
    pub fn pending(
        &self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        let mut ahead = self.ahead.borrow_mut();
        let page = self.reader.reading("read who is to be sent to", |connection| {
            let first = |survey: &Survey| survey.first_pending.get(&plan.0).copied();
            let before = match after {
                Some(row) => row.0,
                None => match self.reader.survey(connection, first)? {
                    Some(first) => first - 1,
                    None => return Ok(Vec::new()),
                },
            };
            let wanted = after.map(|after| Wanted { plan, after, limit });
            let read = ahead.as_mut().zip(wanted).and_then(|(ahead, wanted)| ahead.take(wanted));
            read.map_or_else(|| read_pending(connection, plan, before, limit), Ok)
        })?;
        if let Some(last) = page.last().filter(|_| page.len() == limit) {
            if ahead.is_none() {
                *ahead = Ahead::of(&self.reader).ok();
            }
            if let Some(ahead) = &mut *ahead {
                ahead.begin(Wanted { plan, after: last.row, limit });
            }
        }
        Ok(page)
    }
}

/// The recipients of a plan who are pending, after a row.
pub(super) fn read_pending(
    connection: &Connection,
    plan: PlanRow,
    after: i64,
    limit: usize,
) -> Result<Vec<PendingRow>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(PENDING)?;
    let mut rows = statement.query((plan.0, after, limit))?;
    let (mut page, mut messages) = (Vec::new(), Messages::default());
    while let Some(row) = rows.next()? {
        let verified = read_recipient(row)?;
        page.push(PendingRow {
            row: RowId(verified.id),
            number: verified.number()?,
            message: messages.of(&verified, &read_texts(&verified, row)?)?,
            attempts: row.get(ALL_COLUMNS)?,
        });
    }
    Ok(page)
}

/// A campaign's row id and the key its codes began with.
pub(super) fn find_campaign(
    connection: &Connection,
    name: &CampaignName,
) -> Result<Option<(i64, Option<KeyFingerprint>)>, Fault> {
    let found: Option<(i64, Option<String>)> = connection
        .query_row(CAMPAIGN, [name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, key)) = found else { return Ok(None) };
    let parse = |hex: String| KeyFingerprint::parse(&hex).ok_or(Fault::row("campaigns", id));
    Ok(Some((id, key.map(parse).transpose()?)))
}

/// All plans of a campaign, the last one last.
pub(super) fn plans(
    connection: &Connection,
    campaign: i64,
) -> Result<Vec<(i64, ConsumedPlan)>, Fault> {
    let mut statement = connection.prepare(PLANS)?;
    let mut rows = statement.query([campaign])?;
    let mut plans = Vec::new();
    while let Some(row) = rows.next()? {
        plans.push(read_plan(row)?);
    }
    Ok(plans)
}

/// The codes of people not yet planned; the digests of forgotten people's are added to `taken`.
fn issued(
    connection: &Connection,
    campaign: i64,
    taken: &mut Vec<u64>,
) -> Result<Vec<(PhoneNumber, CouponCode)>, Fault> {
    let mut statement = connection.prepare(ISSUED)?;
    let mut rows = statement.query([campaign])?;
    let mut issued = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let damaged = || Fault::row("issued_codes", id);
        let digest: i64 = row.get(3)?;
        let Whose::Number(number) = Whose::of_stored(row.get(1)?).ok_or_else(damaged)? else {
            taken.push(digest.cast_unsigned());
            continue;
        };
        let code = CouponCode::new(row.get_ref(2)?.as_str()?).map_err(|_| damaged())?;
        if code.digest().cast_signed() != digest {
            return Err(damaged());
        }
        issued.push((number, code));
    }
    Ok(issued)
}
