//! Several machines that send one consumed plan, as far as the ledger keeps them together.

use std::fmt::Debug;
use std::time::Duration;

use crate::model::{PhoneNumber, StateCounts, Timestamp};

use super::error::LedgerError;
use super::types::PlanRow;

/// What a machine sends, and at which rate all machines together may.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// The plan.
    pub plan: PlanRow,
    /// The number it is sent from: the rate is this number's.
    pub sender: PhoneNumber,
    /// The time one message takes up at that rate.
    pub interval: Duration,
    /// Messages in a window of the rate: what the machines share out.
    pub most: u64,
    /// Only one machine may send at a time.
    pub is_alone: bool,
}

/// What was answered to a machine's requests, for the share that may be refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// People with an outcome.
    pub outcomes: u64,
    /// Of those, people whom Kaleyra refused.
    pub rejected: u64,
}

impl std::ops::Add for Answers {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let outcomes = self.outcomes.saturating_add(other.outcomes);
        Self { outcomes, rejected: self.rejected.saturating_add(other.rejected) }
    }
}

/// What a machine says of itself each time it renews its lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word on a matter of its own")]
pub struct Beat {
    /// Wall time.
    pub now: Timestamp,
    /// The part of the rate's messages that it may be using.
    pub held: u64,
    /// Whether it has people to send to, or would take some.
    pub wants: bool,
    /// Whether nothing that it claimed is left to be done.
    pub rests: bool,
    /// The sender was told to wait from now on: why, in the ledger's words, and how long.
    pub pause: Option<(&'static str, Duration)>,
    /// Whether everybody is to be counted.
    pub counts: bool,
    /// What was answered to it since it began with the plan.
    pub answers: Answers,
    /// Whether its breaker is open.
    pub doubts: bool,
}

/// How things stand among the machines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// The part of the rate's messages that this machine is to keep to.
    pub part: u64,
    /// Other machines that have people of the same plan to send to.
    pub others: u64,
    /// Whether somebody waits whom no machine has claimed.
    pub has_work: bool,
    /// Everybody planned in the campaign, where that was asked for.
    pub counts: Option<StateCounts>,
    /// A new pause that another machine ran into, and how long it is from now.
    pub pause: Option<(String, Duration)>,
    /// What was answered to the other machines of the plan.
    pub answers: Answers,
    /// Whether another machine is to find out, for all of the sender, if outcomes can be known
    /// again. Where several are in doubt it is the one that came first.
    pub is_held: bool,
    /// Why another machine stopped for all.
    pub halt: Option<String>,
    /// People on the wire of machines whose lease was over: unknown now.
    pub rescued: u64,
}

/// A machine among those that send. Its lease must be renewed, or the others take it for
/// dead: its people on the wire become unknown, its untouched ones are theirs. All calls may be
/// made again after an error that [is of the connection](LedgerError::is_away).
pub trait Company: Debug + Send {
    /// How long a lease holds.
    fn lease(&self) -> Duration;

    /// Begins with a plan.
    fn enter(&mut self, post: &Post) -> Result<(), LedgerError>;

    /// Renews the lease. An error may be of the connection, and is worth another try while
    /// the lease holds; [`LedgerError::TakenOver`] is final.
    fn beat(&mut self, beat: &Beat) -> Result<Standing, LedgerError>;

    /// Stops all other machines of the sender, or those of the plan only.
    fn halt(&mut self, reason: &'static str, whole_sender: bool) -> Result<(), LedgerError>;

    /// Whether somebody of the plan still waits where nothing seems left to be claimed: an
    /// outcome that was recorded late may have given back one of those who were claimed once.
    /// They can be claimed again then. To be asked while this machine sends to nobody.
    fn reclaim(&mut self) -> Result<bool, LedgerError>;

    /// Goes, and gives back whom it claimed and did not send to. Its part of the rate is free
    /// after `window`.
    fn leave(&mut self, now: Timestamp, window: Duration) -> Result<(), LedgerError>;
}
