//! Settling what could not be known, and what the ledger keeps of it.

use crate::model::{CampaignName, MessageId, PhoneNumber, PlanId, Receipt, State, Timestamp};

use super::types::RowId;

/// The cause of people whom somebody settled as not sent to: a new plan may have them.
pub(super) const UNSENT: &str = "unsent";

/// The reason in the audit of people who are planned again because their message failed.
pub(super) const AGAIN: &str = "again_after_failure";
/// Who decided that: the campaign's rule, which was reviewed with the plan.
pub(super) const AGAIN_BY: &str = "plan:allow.failed";

/// What is settled about one recipient. See `LockedLedger::settle`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// Who.
    pub row: RowId,
    /// What.
    pub verdict: Verdict,
}

/// What somebody decided, or a report tells, about one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A person says that the message went out: unknown -> accepted.
    Sent,
    /// A person says that it did not: unknown -> skipped, until a new plan has them.
    Unsent,
    /// Kaleyra's report lists the message: unknown (or settled as unsent by mistake) ->
    /// accepted; an accepted person gets the mark.
    Reported {
        /// What became of it.
        receipt: Receipt,
        /// Kaleyra's id of it, when the report has one.
        message_id: Option<MessageId>,
    },
}

impl Verdict {
    /// The word kept in the audit.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Sent => "as_sent",
            Self::Unsent => "as_unsent",
            Self::Reported { receipt: Receipt::Sent, .. } => "report_sent",
            Self::Reported { receipt: Receipt::Failed, .. } => "report_failed",
            Self::Reported { receipt: Receipt::Delivered, .. } => "report_delivered",
            Self::Reported { receipt: Receipt::Read, .. } => "report_read",
        }
    }
}

/// Who settled, when, and on what evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The login that the environment gives.
    pub by: String,
    /// Wall time.
    pub at: Timestamp,
    /// SHA-256 of the report, in hexadecimal.
    pub evidence: Option<String>,
}

/// A settlement as the ledger keeps it, for a person's history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Which campaign.
    pub campaign: CampaignName,
    /// The plan that had sent, or tried to.
    pub plan: PlanId,
    /// The attempt it is about.
    pub attempted_at: Option<Timestamp>,
    /// Where the person stood.
    pub from: State,
    /// Why, in the ledger's words.
    pub from_cause: Option<String>,
    /// Where they stand since.
    pub to: State,
    /// `as_sent`, `as_unsent`, `report_…` or `again_after_failure`.
    pub reason: String,
    /// SHA-256 of the report.
    pub evidence: Option<String>,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A message to a tester, for their history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestSendRow {
    /// Whose message.
    pub campaign: CampaignName,
    /// The tester.
    pub number: PhoneNumber,
    /// What became of it.
    pub state: State,
    /// Why, in the ledger's words.
    pub cause: Option<String>,
    /// Kaleyra's id.
    pub message_id: Option<String>,
    /// Kaleyra's id of the request.
    pub request_id: Option<String>,
    /// Wall time.
    pub at: Timestamp,
}
