//! What one run of one campaign is given and what it hands back.

use std::time::Duration;

use crate::event::RunReport;
use crate::ledger::{Change, Sent};
use crate::model::{CampaignName, Delivery, OfferEnd, PlanId, Share, StateCounts};

use super::pacer::Pace;
use super::ports::StoreError;

/// One campaign to be sent: its plan is approved and consumed, its people are pending rows.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which campaign.
    pub campaign: CampaignName,
    /// The plan being carried out.
    pub plan: PlanId,
    /// Pace, concurrency, grouping, tries, least time left.
    pub delivery: Delivery,
    /// Who was sent to from this sender number within the last 24 hours, by any campaign,
    /// the longest ago first; for `delivery.daily` only.
    pub sent_before: Vec<Sent>,
    /// `limits.failures`: the share of rejections that halts after 50 outcomes.
    pub failures: Share,
    /// The offer's end as it was consumed.
    pub offer_end: OfferEnd,
    /// Where everybody planned stands; nobody may be attempting.
    pub counts: StateCounts,
    /// This machine's part of the messages in a window of the rate, where several send.
    pub part: Option<u64>,
    /// `--limit`: most people to put on the wire in this run; people to whom provably
    /// nothing was sent do not count.
    pub limit: Option<u64>,
    /// `--deadline`: the run stops this long after its start.
    pub deadline: Option<Duration>,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// What a run hands back.
#[derive(Debug)]
pub struct RunOutcome<S> {
    /// What it did and why it ended.
    pub report: RunReport,
    /// Outcomes that the ledger did not take, for the emergency journal. Empty unless the
    /// run halted for the ledger. The failed transaction may have reached the disk after
    /// all: an entry counts only where its row still is `attempting`.
    pub unwritten: Vec<Change>,
    /// The sender's pace, for the next campaign of the same sender number.
    pub pace: Pace,
    /// What the ledger said, when it failed.
    pub store_error: Option<StoreError>,
    /// The ledger; `None` when its thread died or still hangs in a write.
    pub store: Option<S>,
}

/// A wish to stop from outside. The first one drains, the second one leaves at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}
