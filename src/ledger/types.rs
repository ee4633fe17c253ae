//! What the ledger is asked and what it answers: plain data, no SQL.

use std::sync::Arc;

use super::forgotten::{Forgotten, ForgottenRow, Whose};
use crate::model::{
    CampaignName, ContentHash, CouponCode, KeyFingerprint, LedgerSecret, Lineage, Message,
    OfferEnd, Outcome, PhoneNumber, PlanId, Receipt, SidFingerprint, State, StateCounts, Timestamp,
    UnknownCause,
};

/// What a new ledger starts with.
#[derive(Clone, Debug)]
pub struct NewLedger {
    /// 16 random bytes name it.
    pub lineage: Lineage,
    /// 32 random bytes key its plan ids.
    pub secret: LedgerSecret,
    /// When.
    pub created_at: Timestamp,
}

/// All that planning one campaign may know of the past. Read only.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Which ledger.
    pub lineage: Lineage,
    /// Keys plan ids.
    pub secret: LedgerSecret,
    /// The API host of the first apply, if there was one.
    pub api_host: Option<String>,
    /// The account of the first apply, if there was one.
    pub sid: Option<SidFingerprint>,
    /// Whom no plan of any campaign may have.
    pub forgotten: Forgotten,
    /// What is known of this campaign; `None` when nothing was ever consumed or issued.
    pub campaign: Option<CampaignMemory>,
}

/// What the ledger knows of one campaign.
#[derive(Clone, Debug, Default)]
pub struct CampaignMemory {
    /// The key the campaign's codes began with.
    pub code_key: Option<KeyFingerprint>,
    /// The plan consumed last.
    pub last_plan: Option<ConsumedPlan>,
    /// Everybody ever planned in this campaign who is not forgotten, sorted by number, each once.
    pub known: Vec<Known>,
    /// Codes given out by the `codes` command to people not yet planned, sorted by number.
    pub issued: Vec<(PhoneNumber, CouponCode)>,
    /// Rows of people who were forgotten, in any order.
    pub forgotten: Vec<ForgottenRow>,
    /// The digests of codes that were theirs, planned or issued.
    pub taken: Vec<u64>,
}

/// What is known of one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Who.
    pub number: PhoneNumber,
    /// Where they stand.
    pub state: State,
    /// What they got or would have got.
    pub content: ContentHash,
    /// Whether their row belongs to the plan consumed last.
    pub in_last_plan: bool,
    /// The code's digest (`compose::code_digest`), so that new codes never repeat it.
    pub code: u64,
    /// How often the person had been settled as unsent, or been sent to again after a failure,
    /// when they were planned last: a plan that sends to them anew is another one, even where
    /// it is the same message.
    pub round: u32,
    /// Whether somebody settled since that the message was not sent.
    pub settled_unsent: bool,
    /// Whether the message was accepted and failed later, as a report tells. Nobody sends to
    /// them again unless the campaign allows it.
    pub failed: bool,
}

impl Known {
    /// The round of the next plan that has the person.
    pub fn next_round(&self) -> u32 {
        self.round.saturating_add(u32::from(self.settled_unsent || self.failed))
    }

    /// Whether the code may have left the house: it stays the person's then.
    pub fn code_may_be_out(&self) -> bool {
        !matches!(self.state, State::Pending | State::Skipped) || self.next_round() > 0
    }
}

/// A plan that was consumed.
#[derive(Clone, PartialEq, Debug)]
pub struct ConsumedPlan {
    /// Its id.
    pub id: PlanId,
    /// The number it is sent from.
    pub sender: PhoneNumber,
    /// When.
    pub consumed_at: Timestamp,
    /// The offer's end that was written then.
    pub offer_end: OfferEnd,
    /// The campaign's terms as they were, field by field (see `plan::terms`), for the diff.
    pub terms: Vec<(String, String)>,
    /// How many people it planned.
    pub planned: u64,
}

/// A plan about to be consumed: written in one transaction with its recipients.
#[derive(Clone, Debug)]
pub struct PlanRecord {
    /// Which campaign.
    pub campaign: CampaignName,
    /// Its id.
    pub id: PlanId,
    /// The number it is sent from.
    pub sender: PhoneNumber,
    /// The offer's end, counted from this consumption.
    pub offer_end: OfferEnd,
    /// The campaign's terms, field by field.
    pub terms: Vec<(String, String)>,
    /// The key its codes are drawn with.
    pub code_key: Option<KeyFingerprint>,
    /// How the plan was approved: `prompt`, `id` or `auto`.
    pub approval: &'static str,
    /// The API host it is sent through.
    pub api_host: String,
    /// The account it is sent from.
    pub sid: SidFingerprint,
    /// When.
    pub consumed_at: Timestamp,
    /// Whether people whose message failed later, as a report tells, may be planned again.
    pub again_after_failure: bool,
}

/// The ledger's handle of one recipient's row. Ascending in the order of sending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RowId(pub i64);

/// The ledger's handle of one consumed plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanRow(pub i64);

/// One recipient who is still to be sent to.
#[derive(Clone, Debug)]
pub struct PendingRow {
    /// The row.
    pub row: RowId,
    /// Who.
    pub number: PhoneNumber,
    /// What they get; one value for neighbours who get the very same.
    pub message: Arc<Message>,
    /// Attempts so far, over all runs.
    pub attempts: u32,
}

/// One change of the ledger by a running apply. All changes of one call to
/// `LockedLedger::write` are one transaction, on stable storage when it returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// pending -> attempting: durable before the first byte of the request.
    Intend {
        /// Who.
        row: RowId,
        /// Wall time.
        at: Timestamp,
        /// The end of the offer as this request states it.
        offer_ends_at: Timestamp,
    },
    /// attempting -> accepted, rejected, unknown, or back to pending when provably nothing
    /// was sent.
    Conclude {
        /// Who.
        row: RowId,
        /// Wall time.
        at: Timestamp,
        /// What is known.
        outcome: Outcome,
    },
    /// pending -> skipped, because the offer is over or nearly so.
    Skip {
        /// Who.
        row: RowId,
        /// Wall time.
        at: Timestamp,
        /// The word kept as the row's cause, such as `offer_over`.
        cause: &'static str,
    },
}

impl Change {
    /// Whose row it changes.
    pub fn row(&self) -> RowId {
        match self {
            Self::Intend { row, .. } | Self::Conclude { row, .. } | Self::Skip { row, .. } => *row,
        }
    }
}

/// How a run ended, for `status`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastStop {
    /// Wall time.
    pub at: Timestamp,
    /// A machine-readable word, such as `finished`, `limit`, `interrupted`, `credentials`.
    pub reason: String,
    /// Kaleyra's (masked) words behind it, if any.
    pub detail: Option<String>,
}

/// One campaign's line in `status`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CampaignStatusRow {
    /// Which campaign.
    pub campaign: CampaignName,
    /// The plan consumed last.
    pub plan: Option<PlanId>,
    /// When it was consumed.
    pub consumed_at: Option<Timestamp>,
    /// Where everybody stands.
    pub counts: StateCounts,
    /// The unknown ones by cause.
    pub unknown: Vec<(UnknownCause, u64)>,
    /// The accepted ones of whom a report told more.
    pub receipts: Vec<(Receipt, u64)>,
    /// The skipped ones who were settled as unsent: a new plan sends to them.
    pub unsent: u64,
    /// How the last run ended.
    pub last_stop: Option<LastStop>,
}

/// One recipient of one campaign, for `status --recipient`, `resolve` and `ledger export`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryRow {
    /// The ledger's handle of it.
    pub row: RowId,
    /// Which campaign.
    pub campaign: CampaignName,
    /// Who.
    pub whose: Whose,
    /// The audience's own id.
    pub id: Option<String>,
    /// Where they stand.
    pub state: State,
    /// Why, in the ledger's words.
    pub cause: Option<String>,
    /// Tries.
    pub attempts: u32,
    /// Kaleyra's id.
    pub message_id: Option<String>,
    /// Kaleyra's id of the request.
    pub request_id: Option<String>,
    /// The code.
    pub coupon_code: Option<CouponCode>,
    /// What they got.
    pub content: ContentHash,
    /// Under which plan.
    pub plan: PlanId,
    /// The offer's end as it was sent.
    pub offer_ends_at: Option<Timestamp>,
    /// What a report told of the message later.
    pub receipt: Option<Receipt>,
    /// When the last try began.
    pub attempted_at: Option<Timestamp>,
    /// When Kaleyra accepted it.
    pub accepted_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// Whom `status` and `ledger export` are about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Everybody.
    All,
    /// Everybody whose outcome cannot be known, by cause and time of the attempt.
    Unknown,
    /// One number, in all spellings of one person.
    Number(PhoneNumber),
    /// The audience's own id.
    Id(String),
    /// A coupon code.
    Code(String),
}

/// What opening a ledger took over from its emergency journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Outcomes recorded now.
    pub recorded: u64,
    /// Outcomes whose rows were settled already: the failed write had reached the disk.
    pub settled: u64,
    /// Outcomes that cannot be used: torn, or of another ledger (the file is then put aside
    /// as `<ledger>.journal.foreign`).
    pub unusable: u64,
}

/// People put on the wire from one sender number at one time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// When their outcome was concluded, rounded up to a later second.
    pub at: Timestamp,
    /// How many; those to whom provably nothing was sent are not among them.
    pub people: u64,
}

/// A consumed plan, as an apply that resumes it finds it.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundPlan {
    /// The handle its recipients are read by.
    pub row: PlanRow,
    /// What was consumed.
    pub plan: ConsumedPlan,
    /// The campaign's plan that was consumed last, when that is another one.
    pub superseded_by: Option<PlanId>,
}

/// A code given out before its person was planned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuedCode {
    /// Whose.
    pub number: PhoneNumber,
    /// The audience's own id.
    pub id: Option<String>,
    /// The code.
    pub code: CouponCode,
}

/// A message to a tester: kept apart, never counted.
#[derive(Clone, Debug)]
pub struct TestSend {
    /// Whose message.
    pub campaign: CampaignName,
    /// The tester.
    pub number: PhoneNumber,
    /// What they got.
    pub message: Message,
    /// What became of it.
    pub outcome: Outcome,
    /// Wall time.
    pub at: Timestamp,
}
