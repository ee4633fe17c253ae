//! The ledger's interface over a file: each call goes to the file of its concern.

use std::ops::ControlFlow;

use crate::ledger::error::LedgerError;
use crate::ledger::forgotten::{Forgetting, Forgotten, Traces};
use crate::ledger::journal::Journal;
use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::priced::KeptRates;
use crate::ledger::settlement::{AuditRow, Decision, Settlement, TestSendRow};
use crate::ledger::store;
use crate::ledger::types::{
    CampaignStatusRow, Change, FoundPlan, HistoryRow, IssuedCode, LastStop, PendingRow, PlanRecord,
    PlanRow, RowId, Sent, Snapshot, TestSend, Who,
};
use crate::model::{
    CampaignName, KeyFingerprint, LedgerSecret, Lineage, PersonKey, PhoneNumber, PlanId, State,
    StateCounts, Timestamp,
};

use super::consume::Consumption;
use super::open::{LockedLedger, ReadLedger};

impl store::ReadLedger for ReadLedger {
    fn lineage(&self) -> &Lineage {
        self.lineage()
    }

    fn secret(&self) -> &LedgerSecret {
        self.secret()
    }

    fn snapshot(&self, campaign: &CampaignName) -> Result<Snapshot, LedgerError> {
        self.snapshot(campaign)
    }

    fn numbers_of(
        &self,
        campaign: &CampaignName,
        states: &[State],
    ) -> Result<Option<Vec<PhoneNumber>>, LedgerError> {
        self.numbers_of(campaign, states)
    }

    fn consumed(
        &self,
        campaign: &CampaignName,
        id: PlanId,
    ) -> Result<Option<FoundPlan>, LedgerError> {
        self.consumed(campaign, id)
    }

    fn counts(&self, campaign: &CampaignName) -> Result<StateCounts, LedgerError> {
        self.counts(campaign)
    }

    fn sent_since(&self, sender: PhoneNumber, since: Timestamp) -> Result<Vec<Sent>, LedgerError> {
        self.sent_since(sender, since)
    }

    fn last_attempt_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.last_attempt_at()
    }

    fn consumed_since(&self, since: Timestamp) -> Result<Vec<CampaignName>, LedgerError> {
        self.consumed_since(since)
    }

    fn status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError> {
        self.status()
    }

    fn forgotten(&self) -> Result<Forgotten, LedgerError> {
        self.forgotten()
    }

    fn issued_codes(&self, campaign: &CampaignName) -> Result<Vec<IssuedCode>, LedgerError> {
        self.issued_codes(campaign)
    }

    fn decisions(&self, person: PersonKey) -> Result<Vec<AuditRow>, LedgerError> {
        self.decisions(person)
    }

    fn test_sends(&self) -> Result<Vec<TestSendRow>, LedgerError> {
        self.test_sends()
    }

    fn rates(&self) -> Result<Vec<KeptRates>, LedgerError> {
        self.read_rates()
    }

    fn visit_history(
        &self,
        who: &Who,
        campaign: Option<&CampaignName>,
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.visit_history(who, campaign, visit)
    }
}

impl store::LockedLedger for LockedLedger {
    fn read(&self) -> &dyn store::ReadLedger {
        self.read()
    }

    fn journal(&self, outcomes: u64) -> Result<Journal, LedgerError> {
        self.journal(outcomes)
    }

    fn begin_consumption(
        &mut self,
        people: u64,
    ) -> Result<Box<dyn store::Consumption + '_>, LedgerError> {
        Ok(Box::new(self.begin_consumption(people)?))
    }

    fn mark_run(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        self.mark_run(now)
    }

    fn pending(
        &self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        self.pending(plan, after, limit)
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        self.write(changes)
    }

    fn record_stop(&mut self, campaign: &CampaignName, stop: &LastStop) -> Result<(), LedgerError> {
        self.record_stop(campaign, stop)
    }

    fn keep_rates(&mut self, plan: PlanRow, card: &str, at: Timestamp) -> Result<(), LedgerError> {
        self.add_rates(plan, card, at)
    }

    fn record_test_send(&mut self, test: &TestSend) -> Result<(), LedgerError> {
        self.record_test_send(test)
    }

    fn mark_issued(
        &mut self,
        campaign: &CampaignName,
        code_key: Option<KeyFingerprint>,
        at: Timestamp,
        codes: Vec<IssuedCode>,
    ) -> Result<(), LedgerError> {
        self.mark_issued(campaign, code_key, at, codes)
    }

    fn settle(
        &mut self,
        settlements: &[Settlement],
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        self.settle(settlements, decision)
    }

    fn traces(&self, people: &[PhoneNumber]) -> Result<Traces, LedgerError> {
        self.traces(people)
    }

    fn forget(
        &mut self,
        people: &[PhoneNumber],
        decision: &Decision,
    ) -> Result<Forgetting, LedgerError> {
        self.forget(people, decision)
    }

    fn close(self: Box<Self>) -> Result<(), LedgerError> {
        (*self).close()
    }
}

impl store::Consumption for Consumption<'_> {
    fn plan(&mut self, record: &PlanRecord) -> Result<PlanRow, LedgerError> {
        self.plan(record)
    }

    fn recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), LedgerError> {
        self.recipient(plan, new)
    }

    fn commit(self: Box<Self>) -> Result<(), LedgerError> {
        (*self).commit()
    }
}
