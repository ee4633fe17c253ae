//! Consuming plans: the one transaction that comes before the first send.

use crate::ledger::error::LedgerError;
use crate::ledger::forgotten::Forgotten;
use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::rows::{StoredPlan, stored};
use crate::ledger::serial::Occasion;
use crate::ledger::types::{PlanRecord, PlanRow};
use crate::model::{CampaignName, KeyFingerprint, OfferEnd, Timestamp};

use super::fault::Fault;
use super::forget;
use super::marks;
use super::open::LockedLedger;
use super::open_plan::{OpenPlan, Waiting};
use super::session::{Session, int, text};
use super::snapshot::{find_campaign, plans};

const META: &str = "SELECT api_host, sid_fingerprint FROM offercast.meta WHERE id = 1";
const SET_META: &str = "UPDATE offercast.meta SET api_host = $1, sid_fingerprint = $2
  WHERE id = 1";

const ADD_CAMPAIGN: &str = "INSERT INTO offercast.campaigns (name, code_key, created_at)
  VALUES ($1, $2, $3) RETURNING id";
const SET_CODE_KEY: &str = "UPDATE offercast.campaigns SET code_key = $2
  WHERE id = $1 AND code_key IS NULL";

const HAS_OPEN: &str = "SELECT EXISTS (SELECT 1 FROM offercast.recipients
  WHERE plan = $1 AND state IN ('pending', 'attempting'))";

const ADD_PLAN: &str = "INSERT INTO offercast.plans (campaign, plan_id, sender, consumed_at,
    offer_ends_at, offer_window_ms, terms, code_key, approval, api_host, sid_fingerprint,
    tool_version, planned, checksum)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0) RETURNING id";
const FINISH_PLAN: &str = "UPDATE offercast.plans SET planned = $2, checksum = $3 WHERE id = $1";

const SUPERSEDE: &str = "UPDATE offercast.recipients
  SET state = 'skipped', cause = 'superseded', updated_at = $3
  WHERE campaign = $1 AND plan <> $2 AND state = 'pending'";

/// Plans of several campaigns being consumed together.
pub(super) struct Consumption<'l> {
    ledger: &'l LockedLedger,
    forgotten: Forgotten,
    plans: Vec<OpenPlan>,
    open: bool,
    failed: bool,
}

const OPERATION: &str = "record the plan";

impl LockedLedger {
    pub(super) fn start_consumption(&mut self) -> Result<Consumption<'_>, LedgerError> {
        let session = &self.reader.session;
        let forgotten = session
            .batch("BEGIN")
            .and_then(|()| self.hold.expect_alone(session))
            .and_then(|()| forget::read(session, &self.reader.secret))
            .map_err(|fault| self.reader.fail(fault, OPERATION))?;
        Ok(Consumption { ledger: self, forgotten, plans: Vec::new(), open: true, failed: false })
    }
}

impl Consumption<'_> {
    pub(super) fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        if self.failed {
            return Err(LedgerError::Incomplete);
        }
        let done = step(self);
        self.failed = done.is_err();
        done.map_err(|fault| fault.at(self.session().place(), OPERATION))
    }

    fn session(&self) -> &Session {
        &self.ledger.reader.session
    }

    pub(super) fn add_plan(&mut self, record: &PlanRecord) -> Result<PlanRow, Fault> {
        if self.plans.iter().any(|plan| plan.name == record.campaign) {
            return Err(LedgerError::CampaignTwice { campaign: record.campaign.clone() }.into());
        }
        self.bind_account(record)?;
        let session = self.session();
        let campaign =
            campaign_row(session, &record.campaign, record.code_key, record.consumed_at)?;
        let has_older = self.has_older_plans(campaign, record)?;
        let (offer_ends_at, offer_window_ms) = match record.offer_end {
            OfferEnd::At(instant) => (Some(instant.as_millis()), None),
            OfferEnd::AfterSend(window) => {
                (None, Some(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)))
            }
        };
        let terms = serde_json::to_string(&record.terms).expect("texts are always JSON");
        let plan_id = record.id.to_string();
        let code_key = record.code_key.map(|key| key.to_string());
        let sender = stored(record.sender.as_u64());
        let row = session
            .row(
                ADD_PLAN,
                &[
                    int(&campaign),
                    text(&plan_id),
                    int(&sender),
                    int(&record.consumed_at.as_millis()),
                    int(&offer_ends_at),
                    int(&offer_window_ms),
                    text(&terms),
                    text(&code_key),
                    text(&record.approval),
                    text(&record.api_host),
                    text(&record.sid.as_str()),
                    text(&env!("CARGO_PKG_VERSION")),
                ],
            )?
            .expect("an INSERT returns its row")
            .get(0);
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
            has_older,
            again_after_failure: record.again_after_failure,
            people: Waiting::default(),
        });
        Ok(PlanRow(row))
    }

    fn bind_account(&self, record: &PlanRecord) -> Result<(), Fault> {
        let row = self.session().row(META, &[])?.ok_or_else(|| Fault::row("meta", 1))?;
        let (host, sid): (Option<String>, Option<&str>) = (row.get(0), row.get(1));
        match (host, sid) {
            (Some(ledger), _) if ledger != record.api_host => {
                Err(LedgerError::OtherHost { ledger, plan: record.api_host.clone() }.into())
            }
            (_, Some(sid)) if sid != record.sid.as_str() => Err(LedgerError::OtherAccount.into()),
            (Some(_), Some(_)) => Ok(()),
            _ => {
                self.session()
                    .run(SET_META, &[text(&record.api_host), text(&record.sid.as_str())])?;
                Ok(())
            }
        }
    }

    /// Whether there are any; refuses when this very plan is one and has people left.
    fn has_older_plans(&self, campaign: i64, record: &PlanRecord) -> Result<bool, Fault> {
        let older = plans(self.session(), campaign)?;
        for (row, plan) in older.iter().filter(|(_, plan)| plan.id == record.id) {
            let open = self.session().row(HAS_OPEN, &[int(row)])?;
            if open.is_some_and(|row| row.get(0)) {
                let (campaign, plan) = (record.campaign.clone(), plan.id);
                return Err(LedgerError::AlreadyConsumed { campaign, plan }.into());
            }
        }
        Ok(!older.is_empty())
    }

    pub(super) fn add_recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), Fault> {
        let session = &self.ledger.reader.session;
        let open = self
            .plans
            .iter_mut()
            .rev()
            .find(|open| open.row == plan.0)
            .expect("a plan's handle comes from this consumption");
        if self.forgotten.contains(new.person()) {
            let campaign = open.name.clone();
            return Err(LedgerError::Forgotten { campaign, number: new.number() }.into());
        }
        open.add(session, new)
    }

    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        let session = &self.ledger.reader.session;
        for plan in &mut self.plans {
            plan.flush(session)?;
            let consumed_at = plan.consumed_at.as_millis();
            if plan.has_older {
                session
                    .run(SUPERSEDE, &[int(&plan.campaign), int(&plan.row), int(&consumed_at)])?;
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
            session.run(FINISH_PLAN, &[int(&plan.row), int(&plan.planned), int(&checksum)])?;
        }
        let start = Timestamp::from_millis(0);
        let now = self.plans.last().map_or(start, |plan| plan.consumed_at);
        marks::add(session, now, Occasion::Plan)?;
        session.batch("COMMIT")?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Consumption<'_> {
    fn drop(&mut self) {
        if self.open {
            // Where the connection is gone, so is the transaction.
            let _ = self.session().batch("ROLLBACK");
        }
    }
}

/// The campaign's row, made if it is new. Its code key is the first one it is seen with.
pub(super) fn campaign_row(
    session: &Session,
    name: &CampaignName,
    code_key: Option<KeyFingerprint>,
    now: Timestamp,
) -> Result<i64, Fault> {
    let key = code_key.map(|key| key.to_string());
    if let Some((id, began_with)) = find_campaign(session, name)? {
        if began_with.is_none() && key.is_some() {
            session.run(SET_CODE_KEY, &[int(&id), text(&key)])?;
        }
        return Ok(id);
    }
    Ok(session
        .row(ADD_CAMPAIGN, &[text(&name.as_str()), text(&key), int(&now.as_millis())])?
        .expect("an INSERT returns its row")
        .get(0))
}
