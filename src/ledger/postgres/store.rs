//! The ledger's interface over a database: each call goes to the file of its concern.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::ledger::company::Company;
use crate::ledger::error::LedgerError;
use crate::ledger::forgotten::{Forgetting, Forgotten, Traces};
use crate::ledger::journal::Journal;
use crate::ledger::new_recipient::NewRecipient;
use crate::ledger::priced::KeptRates;
use crate::ledger::serial::Occasion;
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
use super::hold;
use super::open::{LockedLedger, ReadLedger};

impl store::ReadLedger for ReadLedger {
    fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    fn secret(&self) -> &LedgerSecret {
        &self.secret
    }

    fn snapshot(&self, campaign: &CampaignName) -> Result<Snapshot, LedgerError> {
        self.read_snapshot(campaign)
    }

    fn numbers_of(
        &self,
        campaign: &CampaignName,
        states: &[State],
    ) -> Result<Option<Vec<PhoneNumber>>, LedgerError> {
        self.read_numbers(campaign, states)
    }

    fn consumed(
        &self,
        campaign: &CampaignName,
        id: PlanId,
    ) -> Result<Option<FoundPlan>, LedgerError> {
        self.find_consumed(campaign, id)
    }

    fn counts(&self, campaign: &CampaignName) -> Result<StateCounts, LedgerError> {
        self.count(campaign)
    }

    fn sent_since(&self, sender: PhoneNumber, since: Timestamp) -> Result<Vec<Sent>, LedgerError> {
        self.count_sent(sender, since)
    }

    fn last_attempt_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        self.find_last_attempt()
    }

    fn consumed_since(&self, since: Timestamp) -> Result<Vec<CampaignName>, LedgerError> {
        self.read_consumed_since(since)
    }

    fn status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError> {
        self.read_status()
    }

    fn forgotten(&self) -> Result<Forgotten, LedgerError> {
        self.read_forgotten()
    }

    fn issued_codes(&self, campaign: &CampaignName) -> Result<Vec<IssuedCode>, LedgerError> {
        self.read_issued(campaign)
    }

    fn decisions(&self, person: PersonKey) -> Result<Vec<AuditRow>, LedgerError> {
        self.read_decisions(person)
    }

    fn test_sends(&self) -> Result<Vec<TestSendRow>, LedgerError> {
        self.read_test_sends()
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
        self.visit_rows(who, campaign, visit)
    }
}

impl store::LockedLedger for LockedLedger {
    fn read(&self) -> &dyn store::ReadLedger {
        &self.reader
    }

    fn journal(&self, outcomes: u64) -> Result<Journal, LedgerError> {
        self.prepare_journal(outcomes)
    }

    fn begin_consumption(
        &mut self,
        _people: u64,
    ) -> Result<Box<dyn store::Consumption + '_>, LedgerError> {
        Ok(Box::new(self.start_consumption()?))
    }

    fn mark_run(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        self.mark(now, Occasion::Run)
    }

    fn pending(
        &self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        self.read_pending(plan, after, limit)
    }

    fn let_others_in(&mut self, lease: Duration) -> Result<Option<Box<dyn Company>>, LedgerError> {
        Ok(Some(Box::new(self.let_others_in(lease)?)))
    }

    fn holder_before_has_ended(&self) -> bool {
        false
    }

    fn is_shared(&self) -> bool {
        self.hold.company == hold::Company::Machines
    }

    fn claim(
        &mut self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        self.claim_pending(plan, after, limit)
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        self.write_changes(changes)
    }

    fn come_back(&mut self) -> Result<(), LedgerError> {
        self.connect_again()
    }

    fn write_again(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        if self.has_taken(changes)? { Ok(()) } else { self.write_changes(changes) }
    }

    fn record_stop(&mut self, campaign: &CampaignName, stop: &LastStop) -> Result<(), LedgerError> {
        self.add_stop(campaign, stop)
    }

    fn keep_rates(&mut self, plan: PlanRow, card: &str, at: Timestamp) -> Result<(), LedgerError> {
        self.add_rates(plan, card, at)
    }

    fn record_test_send(&mut self, test: &TestSend) -> Result<(), LedgerError> {
        self.add_test_send(test)
    }

    fn mark_issued(
        &mut self,
        campaign: &CampaignName,
        code_key: Option<KeyFingerprint>,
        at: Timestamp,
        codes: Vec<IssuedCode>,
    ) -> Result<(), LedgerError> {
        self.add_issued(campaign, code_key, at, &codes)
    }

    fn settle(
        &mut self,
        settlements: &[Settlement],
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        self.settle_all(settlements, decision)
    }

    fn traces(&self, people: &[PhoneNumber]) -> Result<Traces, LedgerError> {
        self.find_traces(people)
    }

    fn forget(
        &mut self,
        people: &[PhoneNumber],
        decision: &Decision,
    ) -> Result<Forgetting, LedgerError> {
        self.forget_people(people, decision)
    }

    fn close(self: Box<Self>) -> Result<(), LedgerError> {
        // Everything is durable already, and the lock goes with the connection.
        drop(self);
        Ok(())
    }
}

impl store::Consumption for Consumption<'_> {
    fn plan(&mut self, record: &PlanRecord) -> Result<PlanRow, LedgerError> {
        self.step(|consumption| consumption.add_plan(record))
    }

    fn recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), LedgerError> {
        self.step(|consumption| consumption.add_recipient(plan, new))
    }

    fn commit(mut self: Box<Self>) -> Result<(), LedgerError> {
        self.step(Self::finish)
    }
}
