//! What a ledger can do, wherever it lives. Commands and the engine know these and no home.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{
    CampaignName, KeyFingerprint, LedgerSecret, Lineage, PersonKey, PhoneNumber, PlanId, State,
    StateCounts, Timestamp,
};

use super::company::Company;
use super::error::LedgerError;
use super::filesystem::FilesystemKind;
use super::forgotten::{Forgetting, Forgotten, Traces};
use super::journal::Journal;
use super::new_recipient::NewRecipient;
use super::priced::KeptRates;
use super::settlement::{AuditRow, Decision, Settlement, TestSendRow};
use super::types::{
    CampaignStatusRow, Change, FoundPlan, HistoryRow, Imported, IssuedCode, LastStop, PendingRow,
    PlanRecord, PlanRow, RowId, Sent, Snapshot, TestSend, Who,
};

/// A ledger open for reading; works while an apply writes to it. Each call sees one
/// consistent state.
pub trait ReadLedger: Debug {
    /// Which ledger this is.
    fn lineage(&self) -> &Lineage;

    /// Keys plan ids.
    fn secret(&self) -> &LedgerSecret;

    /// All that planning one campaign may know. A million recipients take a second or two.
    fn snapshot(&self, campaign: &CampaignName) -> Result<Snapshot, LedgerError>;

    /// The numbers of a campaign in any of these states, ascending; `None` when the ledger
    /// does not know the campaign. Whoever asks for `accepted` or `unknown` to leave them
    /// out wants `attempting` too: an apply may be running.
    fn numbers_of(
        &self,
        campaign: &CampaignName,
        states: &[State],
    ) -> Result<Option<Vec<PhoneNumber>>, LedgerError>;

    /// A consumed plan of a campaign, by its id: the latest consumption of it.
    fn consumed(
        &self,
        campaign: &CampaignName,
        id: PlanId,
    ) -> Result<Option<FoundPlan>, LedgerError>;

    /// Where everybody planned in a campaign stands.
    fn counts(&self, campaign: &CampaignName) -> Result<StateCounts, LedgerError>;

    /// Who was put on the wire from a sender number since then, by any campaign, the longest
    /// ago first. At most one entry for each second and plan.
    fn sent_since(&self, sender: PhoneNumber, since: Timestamp) -> Result<Vec<Sent>, LedgerError>;

    /// When anything was last put on the wire, so that a restart keeps to the rate.
    fn last_attempt_at(&self) -> Result<Option<Timestamp>, LedgerError>;

    /// The campaigns whose last plan was consumed since then, by name.
    fn consumed_since(&self, since: Timestamp) -> Result<Vec<CampaignName>, LedgerError>;

    /// One line for each campaign, by name.
    fn status(&self) -> Result<Vec<CampaignStatusRow>, LedgerError>;

    /// Whom no plan may have and nobody may send to.
    fn forgotten(&self) -> Result<Forgotten, LedgerError>;

    /// All codes ever given out for a campaign by the `codes` command to people who are not
    /// forgotten, by number.
    fn issued_codes(&self, campaign: &CampaignName) -> Result<Vec<IssuedCode>, LedgerError>;

    /// What was settled about a person over all campaigns, the latest last.
    fn decisions(&self, person: PersonKey) -> Result<Vec<AuditRow>, LedgerError>;

    /// All messages to testers, in the order they were sent.
    fn test_sends(&self) -> Result<Vec<TestSendRow>, LedgerError>;

    /// The rate cards that plans were priced with, in the order they were kept.
    fn rates(&self) -> Result<Vec<KeptRates>, LedgerError>;

    /// Visits the rows asked for, in the order they were planned, in constant memory, until
    /// the visitor breaks off. Ids and codes are searched for row by row.
    fn visit_history(
        &self,
        who: &Who,
        campaign: Option<&CampaignName>,
        visit: &mut dyn FnMut(HistoryRow) -> ControlFlow<()>,
    ) -> Result<(), LedgerError>;
}

impl dyn ReadLedger + '_ {
    /// [`ReadLedger::visit_history`] for a visitor that can fail; stops at its first error.
    pub fn history<E: From<LedgerError>>(
        &self,
        who: &Who,
        campaign: Option<&CampaignName>,
        mut visit: impl FnMut(HistoryRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failure = None;
        self.visit_history(who, campaign, &mut |row| match visit(row) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        })?;
        failure.map_or(Ok(()), Err)
    }
}

/// The ledger open for writing. Holding it is holding the lock.
pub trait LockedLedger: Debug + Send {
    /// What reading offers, on the state that this writer sees.
    fn read(&self) -> &dyn ReadLedger;

    /// Takes room on the disk for so many outcomes, for the case that the ledger cannot be
    /// written to when they arrive.
    fn journal(&self, outcomes: u64) -> Result<Journal, LedgerError>;

    /// Starts consuming plans of so many people together; the number only decides what is
    /// fastest.
    fn begin_consumption(&mut self, people: u64) -> Result<Box<dyn Consumption + '_>, LedgerError>;

    /// Marks the beginning of a run, before its first request.
    fn mark_run(&mut self, now: Timestamp) -> Result<(), LedgerError>;

    /// The next recipients to send to, in sending order, after the given row.
    fn pending(
        &self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError>;

    /// Lets other machines send beside this one what is consumed; `None` where a ledger has
    /// one writer. From then on people are to be claimed, and only sending is possible.
    fn let_others_in(&mut self, _lease: Duration) -> Result<Option<Box<dyn Company>>, LedgerError> {
        Ok(None)
    }

    /// Whether whoever held it before has surely ended. A file's lock ends with its process; a
    /// process may lose a server's session and not know it yet.
    fn holder_before_has_ended(&self) -> bool {
        true
    }

    /// Whether other machines may be sending beside this one.
    fn is_shared(&self) -> bool {
        false
    }

    /// Claims recipients to send to after the given row, about `limit` of them, in sending
    /// order; none when nobody is left who is not claimed. Only for a ledger that is shared.
    fn claim(
        &mut self,
        plan: PlanRow,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<PendingRow>, LedgerError> {
        self.pending(plan, after, limit)
    }

    /// Writes all changes in one transaction, on stable storage when it returns. A row that
    /// is not in the state its change starts from refuses the whole call.
    fn write(&mut self, changes: &[Change]) -> Result<(), LedgerError>;

    /// Connects again after an error that [is of the connection](LedgerError::is_away), if
    /// this is still the holder. What was asked on the lost connection is done or never will
    /// be when this returns.
    fn come_back(&mut self) -> Result<(), LedgerError> {
        // A file is never away.
        Ok(())
    }

    /// After [`LockedLedger::come_back`]: the same as [`LockedLedger::write`] with changes whose
    /// write has no answer. They are looked for first, and not written twice.
    fn write_again(&mut self, changes: &[Change]) -> Result<(), LedgerError> {
        self.write(changes)
    }

    /// Records how a run of a campaign ended. The same once more is no change.
    fn record_stop(&mut self, campaign: &CampaignName, stop: &LastStop) -> Result<(), LedgerError>;

    /// Keeps the rate card that a plan's messages are priced with from now on, unless it is
    /// the one they are priced with already.
    fn keep_rates(&mut self, plan: PlanRow, card: &str, at: Timestamp) -> Result<(), LedgerError>;

    /// Records a message to a tester, apart from all counts.
    fn record_test_send(&mut self, test: &TestSend) -> Result<(), LedgerError>;

    /// Remembers codes as given out, all or none. A person whose code is known keeps it:
    /// the same one is no change, another one is refused.
    fn mark_issued(
        &mut self,
        campaign: &CampaignName,
        code_key: Option<KeyFingerprint>,
        at: Timestamp,
        codes: Vec<IssuedCode>,
    ) -> Result<(), LedgerError>;

    /// Settles all of these or, when one of them is not in a state that can be settled so,
    /// none. On stable storage when it returns.
    fn settle(
        &mut self,
        settlements: &[Settlement],
        decision: &Decision,
    ) -> Result<(), LedgerError>;

    /// What the ledger has of these people, to be forgotten.
    fn traces(&self, people: &[PhoneNumber]) -> Result<Traces, LedgerError>;

    /// Forgets these people, in one transaction: no row names them when it returns, on stable
    /// storage. Where they stood stays counted, and nobody sends to them again. What was pending
    /// is skipped; nothing is on the wire while a ledger is held alone.
    fn forget(
        &mut self,
        people: &[PhoneNumber],
        decision: &Decision,
    ) -> Result<Forgetting, LedgerError>;

    /// Closes it in good order. Dropping the ledger does the same, but has no way to tell of
    /// an error.
    fn close(self: Box<Self>) -> Result<(), LedgerError>;
}

/// Plans of several campaigns being consumed together: all or none. Dropping it without
/// [`Consumption::commit`] leaves no trace.
pub trait Consumption {
    /// Writes one campaign's plan. The first plan ever binds the ledger to its API host and
    /// account; plans for others are refused.
    fn plan(&mut self, record: &PlanRecord) -> Result<PlanRow, LedgerError>;

    /// Writes one recipient as pending, after those written before. People who are absent,
    /// `pending` under an older plan, or `skipped` may be planned, and where the plan's record
    /// says so people whose message failed later; others never. A refusal may come as late as
    /// with [`Consumption::commit`].
    fn recipient(&mut self, plan: PlanRow, new: &NewRecipient) -> Result<(), LedgerError>;

    /// Makes it durable. People left pending under older plans of these campaigns become
    /// skipped: nobody outside an approved plan can be sent to any more.
    fn commit(self: Box<Self>) -> Result<(), LedgerError>;
}

/// What opening for writing found.
#[derive(Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: Box<dyn LockedLedger>,
    /// Recipients whose attempt a dead process left open; they are `unknown(crash)` now.
    pub recovered: u64,
    /// Outcomes that an apply whose ledger failed left in the emergency journal.
    pub imported: Imported,
    /// Where that journal is.
    pub journal: PathBuf,
    /// A file system to warn about.
    pub warning: Option<FilesystemKind>,
}
