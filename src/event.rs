//! All that the engine says about itself while it sends.
//!
//! The engine prints nothing: terminal, plain lines, JSON stream and totals are listeners
//! to these events. An event about an outcome comes after that outcome is durable.

use std::time::Duration;

use crate::model::{CampaignName, HaltReason, PlanId, Rejection, StateCounts, Timestamp};

/// Something happened in a run.
#[derive(Clone, Debug, PartialEq)]
pub enum RunEvent {
    /// A campaign's sending begins or goes on.
    Started {
        /// Which campaign.
        campaign: CampaignName,
        /// The plan being carried out.
        plan: PlanId,
        /// Where everybody planned stands at the start.
        counts: StateCounts,
    },
    /// Where things stand; a few times a second at most.
    Progress(Progress),
    /// The whole sender pauses.
    Paused {
        /// Why.
        cause: PauseCause,
        /// For how long from now.
        wait: Duration,
        /// What made it so: Kaleyra's (masked) words, or why there is no connection.
        detail: Option<Rejection>,
    },
    /// Sending goes on after a pause.
    Resumed,
    /// No new request is started any more; requests in flight are waited for.
    Draining {
        /// Why.
        stop: StopReason,
        /// Requests still on the wire.
        in_flight: u64,
    },
    /// A campaign's run is over.
    Finished(RunReport),
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Everybody planned, by state.
    pub counts: StateCounts,
    /// Messages concluded by this run so far.
    pub concluded: u64,
    /// Messages concluded per second over the last seconds, by this machine.
    pub per_second: f64,
    /// The same by all machines that send the plan, where several may and it is known.
    pub per_second_together: Option<f64>,
    /// Time left at the present pace of all machines; `None` while it cannot be told.
    pub time_left: Option<Duration>,
    /// Requests on the wire.
    pub in_flight: u64,
}

/// Why the sender pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseCause {
    /// 429: Kaleyra asks to slow down.
    Throttled,
    /// 503: Kaleyra is overloaded.
    Overloaded,
    /// No connection could be made.
    NoConnection,
    /// Outcomes turned unknown; one probe goes out after the pause.
    Breaker,
    /// `delivery.daily` is reached, and the next place is free soon.
    Daily,
    /// The ledger's server is away: outcomes in hand are written when it is back.
    Ledger,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Nobody is left to send to.
    Finished,
    /// `--limit` is reached.
    Limit,
    /// `--deadline` is reached.
    Deadline,
    /// `delivery.daily` is reached: so many people were sent to from this sender number
    /// within 24 hours.
    Daily,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The offer is over, or has less than `delivery.min_remaining` left: the rest is
    /// skipped.
    OfferOver,
    /// People are left whose attempts provably did not send and are used up for this run.
    AttemptsUsedUp,
    /// See the reason.
    Halted(HaltReason),
}

/// What one run of one campaign did.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// Which campaign.
    pub campaign: CampaignName,
    /// The plan carried out.
    pub plan: PlanId,
    /// Why it ended.
    pub stop: StopReason,
    /// Kaleyra's (masked) words behind a halt.
    pub detail: Option<Rejection>,
    /// When `delivery.daily` lets the next message go out, where that is why it ended.
    pub next_at: Option<Timestamp>,
    /// Everybody planned, by state, at the end.
    pub counts: StateCounts,
    /// What this run itself concluded, by state.
    pub this_run: StateCounts,
    /// Outcomes this run left unknown, by cause.
    pub unknown: Vec<(crate::model::UnknownCause, u64)>,
    /// Requests this run put on the wire.
    pub requests: u64,
    /// When the run began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
}
