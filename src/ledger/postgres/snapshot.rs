//! What planning may know: the past of one campaign.

use std::collections::HashSet;

use crate::ledger::error::LedgerError;
use crate::ledger::forgotten::Whose;
use crate::ledger::rows::{
    ALL_COLUMNS, DECIDING_COLUMNS, Messages, Remembered, Verified, deciding_columns, plan_columns,
    text_columns,
};
use crate::ledger::types::{
    CampaignMemory, ConsumedPlan, FoundPlan, PendingRow, PlanRow, RowId, Sent, Snapshot,
};
use crate::model::{
    CampaignName, CouponCode, KeyFingerprint, PhoneNumber, PlanId, SidFingerprint, State,
    StateCounts, Timestamp,
};

use super::fault::Fault;
use super::forget;
use super::open::{LockedLedger, ReadLedger};
use super::rows::{instant, read_plan, read_recipient, read_texts};
use super::session::{Param, Session, int, text};
use super::status;

const HOST: &str = "SELECT api_host, sid_fingerprint FROM offercast.meta WHERE id = 1";

const CAMPAIGN: &str = "SELECT id, code_key FROM offercast.campaigns WHERE name = $1";

const PLANS: &str = concat!(
    "SELECT ",
    plan_columns!(),
    " FROM offercast.plans AS p WHERE p.campaign = $1 ORDER BY p.id"
);

const RECIPIENTS: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    ", r.cause, r.receipt FROM offercast.recipients AS r WHERE r.campaign = $1"
);

const ISSUED: &str = "SELECT i.id, i.number, i.coupon_code, i.code_digest
  FROM offercast.issued_codes AS i
  WHERE i.campaign = $1 AND NOT EXISTS (SELECT 1 FROM offercast.recipients AS r
    WHERE r.campaign = i.campaign AND r.person = i.person)
  ORDER BY i.number";

const NUMBERS: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    " FROM offercast.recipients AS r WHERE r.campaign = $1"
);

const PENDING: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    ", ",
    text_columns!(),
    ", r.attempts FROM offercast.recipients AS r
      WHERE r.plan = $1 AND r.id > $2 AND r.state = 'pending' ORDER BY r.id LIMIT $3"
);

const PENDING_BETWEEN: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    ", ",
    text_columns!(),
    ", r.attempts FROM offercast.recipients AS r
      WHERE r.plan = $1 AND r.id BETWEEN $2 AND $3 AND r.state = 'pending' ORDER BY r.id"
);

/// A row that would be looked for in vain: its campaign and its plan do not go together.
const ASTRAY: &str = "SELECT id FROM offercast.recipients
  WHERE (campaign = $1) <> (plan IN (SELECT id FROM offercast.plans WHERE campaign = $1)) LIMIT 1";

const ALL_PLANS: &str = concat!("SELECT ", plan_columns!(), " FROM offercast.plans AS p");

// An outcome that was settled later counts from its attempt: when it was concluded is not
// known any more.
const SENT: &str = "SELECT plan, at / 1000 + 1 AS second, count(*) FROM
    (SELECT r.plan, CASE WHEN r.state = 'accepted' AND r.cause IS NULL THEN r.accepted_at
        WHEN r.state = 'accepted' THEN r.attempted_at ELSE r.updated_at END AS at
      FROM offercast.recipients AS r
      WHERE r.state IN ('attempting', 'accepted', 'rejected', 'unknown')) AS sent
  WHERE at >= $1 GROUP BY plan, second ORDER BY second, plan";

const LAST_ATTEMPT: &str = "SELECT max(attempted_at) FROM offercast.recipients";

impl ReadLedger {
    pub(super) fn read_snapshot(&self, campaign: &CampaignName) -> Result<Snapshot, LedgerError> {
        self.reading("read a campaign's past", |session| {
            let row = session.row(HOST, &[])?.ok_or_else(|| Fault::row("meta", 1))?;
            let sid: Option<String> = row.get(1);
            Ok(Snapshot {
                lineage: self.lineage.clone(),
                secret: self.secret.clone(),
                api_host: row.get(0),
                sid: sid.map(SidFingerprint::new),
                forgotten: forget::read(session, &self.secret)?,
                campaign: memory(session, campaign)?,
            })
        })
    }

    pub(super) fn read_numbers(
        &self,
        campaign: &CampaignName,
        states: &[State],
    ) -> Result<Option<Vec<PhoneNumber>>, LedgerError> {
        self.reading("read a campaign's numbers", |session| {
            let Some((campaign, _)) = find_campaign(session, campaign)? else {
                return Ok(None);
            };
            expect_whole(session, campaign)?;
            let mut numbers = Vec::new();
            session.each(NUMBERS, &[int(&campaign)], &mut |row| {
                let Verified { whose, state, .. } = read_recipient(row)?;
                numbers.extend(whose.number().filter(|_| states.contains(&state)));
                Ok(())
            })?;
            numbers.sort_unstable();
            Ok(Some(numbers))
        })
    }

    pub(super) fn find_consumed(
        &self,
        campaign: &CampaignName,
        id: PlanId,
    ) -> Result<Option<FoundPlan>, LedgerError> {
        self.reading("look a plan up", |session| {
            let Some((campaign, _)) = find_campaign(session, campaign)? else {
                return Ok(None);
            };
            let plans = plans(session, campaign)?;
            let last = plans.last().map(|(_, plan)| plan.id);
            let found = plans.into_iter().rev().find(|(_, plan)| plan.id == id);
            Ok(found.map(|(row, plan)| FoundPlan {
                row: PlanRow(row),
                superseded_by: last.filter(|last| *last != plan.id),
                plan,
            }))
        })
    }

    pub(super) fn count(&self, campaign: &CampaignName) -> Result<StateCounts, LedgerError> {
        self.reading("count a campaign's recipients", |session| {
            match find_campaign(session, campaign)? {
                Some((campaign, _)) => {
                    let mut tallies = status::tally(session, Some(campaign))?;
                    Ok(tallies.remove(&campaign).unwrap_or_default().counts)
                }
                None => Ok(StateCounts::default()),
            }
        })
    }

    pub(super) fn count_sent(
        &self,
        sender: PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<Sent>, LedgerError> {
        self.reading("count who was sent to", |session| {
            let mut plans = HashSet::new();
            session.each(ALL_PLANS, &[], &mut |row| {
                let (id, plan) = read_plan(row)?;
                if plan.sender == sender {
                    plans.insert(id);
                }
                Ok(())
            })?;
            let mut sent = Vec::new();
            session.each(SENT, &[int(&since.as_millis())], &mut |row| {
                let (plan, second, people): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
                if plans.contains(&plan) {
                    let at = Timestamp::from_millis(second.saturating_mul(1_000));
                    sent.push(Sent { at, people: people.unsigned_abs() });
                }
                Ok(())
            })?;
            Ok(sent)
        })
    }

    pub(super) fn find_last_attempt(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.reading("find the last attempt", |session| {
            let row = session.row(LAST_ATTEMPT, &[])?;
            Ok(row.and_then(|row| instant(&row, 0)))
        })
    }
}

impl LockedLedger {
    pub(super) fn read_pending(
        &self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        self.reader.reading("read who is to be sent to", |session| {
            let after = after.map_or(i64::MIN, |row| row.0);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            pending(session, PENDING, &[int(&plan.0), int(&after), int(&limit)])
        })
    }
}

/// A plan's pending rows from one row to another.
pub(super) fn pending_between(
    session: &Session,
    plan: i64,
    first: i64,
    last: i64,
) -> Result<Vec<PendingRow>, Fault> {
    pending(session, PENDING_BETWEEN, &[int(&plan), int(&first), int(&last)])
}

fn pending(session: &Session, sql: &str, params: &[Param<'_>]) -> Result<Vec<PendingRow>, Fault> {
    let (mut page, mut messages) = (Vec::new(), Messages::default());
    session.each(sql, params, &mut |row| {
        let verified = read_recipient(row)?;
        let attempts: i64 = row.get(ALL_COLUMNS);
        page.push(PendingRow {
            row: RowId(verified.id),
            number: verified.number()?,
            message: messages.of(&verified, &read_texts(&verified, row)?)?,
            attempts: u32::try_from(attempts).map_err(|_| Fault::row("recipients", verified.id))?,
        });
        Ok(())
    })?;
    Ok(page)
}

fn memory(session: &Session, campaign: &CampaignName) -> Result<Option<CampaignMemory>, Fault> {
    let Some((campaign, code_key)) = find_campaign(session, campaign)? else {
        return Ok(None);
    };
    expect_whole(session, campaign)?;
    let last = plans(session, campaign)?.pop();
    let last_row = last.as_ref().map(|(row, _)| *row);
    let (mut known, mut forgotten, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    session.each(RECIPIENTS, &[int(&campaign)], &mut |row| {
        let verified = read_recipient(row)?;
        if verified.deciding.campaign != campaign {
            return Err(Fault::row("recipients", verified.id));
        }
        let (cause, receipt) = (row.get(DECIDING_COLUMNS), row.get(DECIDING_COLUMNS + 1));
        match Remembered::of(&verified, last_row, cause, receipt)? {
            Remembered::Known(person) => known.push(person),
            Remembered::Forgotten(row, code) => {
                forgotten.push(row);
                taken.push(code);
            }
        }
        Ok(())
    })?;
    known.sort_unstable_by_key(|known| known.number);
    Ok(Some(CampaignMemory {
        code_key,
        last_plan: last.map(|(_, plan)| plan),
        known,
        issued: issued(session, campaign, &mut taken)?,
        forgotten,
        taken,
    }))
}

/// A row's checksum tells of a change only where the row is read. One that fell out of its
/// campaign would not be, and its person would be sent to again.
fn expect_whole(session: &Session, campaign: i64) -> Result<(), Fault> {
    let astray = session.row(ASTRAY, &[int(&campaign)])?;
    astray.map_or(Ok(()), |row| Err(Fault::row("recipients", row.get(0))))
}

/// A campaign's row id and the key its codes began with.
pub(super) fn find_campaign(
    session: &Session,
    name: &CampaignName,
) -> Result<Option<(i64, Option<KeyFingerprint>)>, Fault> {
    let Some(row) = session.row(CAMPAIGN, &[text(&name.as_str())])? else { return Ok(None) };
    let (id, key): (i64, Option<&str>) = (row.get(0), row.get(1));
    let parse = |hex: &str| KeyFingerprint::parse(hex).ok_or(Fault::row("campaigns", id));
    Ok(Some((id, key.map(parse).transpose()?)))
}

/// All plans of a campaign, the last one last.
pub(super) fn plans(session: &Session, campaign: i64) -> Result<Vec<(i64, ConsumedPlan)>, Fault> {
    session.rows(PLANS, &[int(&campaign)])?.iter().map(read_plan).collect()
}

/// The codes of people not yet planned; the digests of forgotten people's are added to `taken`.
fn issued(
    session: &Session,
    campaign: i64,
    taken: &mut Vec<u64>,
) -> Result<Vec<(PhoneNumber, CouponCode)>, Fault> {
    let mut issued = Vec::new();
    session.each(ISSUED, &[int(&campaign)], &mut |row| {
        let damaged = || Fault::row("issued_codes", row.get(0));
        let digest: i64 = row.get(3);
        let Whose::Number(number) = Whose::of_stored(row.get(1)).ok_or_else(damaged)? else {
            taken.push(digest.cast_unsigned());
            return Ok(());
        };
        let code = CouponCode::new(row.get::<_, &str>(2)).map_err(|_| damaged())?;
        if code.digest().cast_signed() != digest {
            return Err(damaged());
        }
        issued.push((number, code));
        Ok(())
    })?;
    Ok(issued)
}
