//! Scripted behaviour: rules that say which requests fail, and how.
//!
//! A rule is a [`Condition`] and a [`Behaviour`]; the first rule that matches a request
//! decides. With one seed and one sequence of requests the same requests meet the same
//! fate, where a sequence is the order of arrival. `file` reads rules from JSON.

mod dice;
mod file;
mod problem;
mod run;

use std::sync::Arc;

use bytes::Bytes;
use hyper::http::{HeaderMap, StatusCode};

pub(super) use dice::Dice;
pub use problem::{ScriptError, ScriptProblem};
pub(super) use run::ScriptRun;

/// What a sandbox does to its requests; the default accepts them all at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    seed: Option<u64>,
    latency: Option<Millis>,
    close_idle_after: Option<Millis>,
    rules: Arc<[Rule]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    when: Condition,
    /// Most requests it is applied to.
    times: Option<u64>,
    then: Behaviour,
}

/// All parts that are given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Condition {
    /// Requests N, 2N, 3N, …
    every: Option<u64>,
    /// Requests 1 to N.
    first: Option<u64>,
    /// Requests after N.
    after: Option<u64>,
    /// The Nth request that names this request's first recipient.
    attempt: Option<u64>,
    probability: Option<f64>,
    recipient: Option<RecipientMatch>,
    /// Milliseconds since the first request, end excluded.
    between: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecipientMatch {
    Number(u64),
    /// The number's last digits, and how many they are as a power of ten.
    Suffix {
        digits: u64,
        modulus: u64,
    },
}

impl RecipientMatch {
    fn matches(self, number: u64) -> bool {
        match self {
            Self::Number(wanted) => number == wanted,
            Self::Suffix { digits, modulus } => number % modulus == digits,
        }
    }
}

/// Milliseconds, fixed or drawn evenly from both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis {
    low: u64,
    high: u64,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Behaviour {
    latency: Option<Millis>,
    close_idle_after: Option<Millis>,
    /// What is done in place of accepting and saying so.
    pub(super) act: Act,
    /// End the connection with RST where it is ended.
    pub(super) reset: bool,
    /// Where the reply breaks off.
    pub(super) cut: Option<Cut>,
    /// How slowly the reply comes.
    pub(super) drip: Option<Drip>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Accept and answer as the page says.
    Succeed {
        /// White space put before the body.
        pad: usize,
        /// List the recipients last first.
        reverse: bool,
    },
    /// Answer with something else.
    Say { accept: bool, reply: ScriptedReply },
    /// Write these bytes in place of a reply, then close.
    Raw { accept: bool, bytes: Bytes },
    /// Turn down the recipients that match, accept the others.
    Reject { only: Option<RecipientMatch>, code: String, text: String, status: Option<StatusCode> },
    /// Close without a reply.
    Drop { accept: bool },
    /// Close as soon as this many bytes of the body are read.
    DropInBody { after: u64 },
    /// Keep the connection and say nothing.
    Hang { accept: bool },
}

impl Act {
    /// Whether this act rejects a recipient.
    pub(super) fn rejects(&self, number: u64) -> bool {
        match self {
            Self::Reject { only, .. } => only.is_none_or(|only| only.matches(number)),
            _ => false,
        }
    }

    /// Whether whoever is not rejected is accepted.
    pub(super) fn accepts(&self) -> bool {
        match self {
            Self::Succeed { .. } | Self::Reject { .. } => true,
            Self::Say { accept, .. }
            | Self::Raw { accept, .. }
            | Self::Drop { accept }
            | Self::Hang { accept } => *accept,
            Self::DropInBody { .. } => false,
        }
    }
}

/// A reply that is not the page's success.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScriptedReply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Where a reply breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// After this many bytes, the status line included.
    Reply(u64),
    /// After the head and this many bytes of the body.
    Body(u64),
}

/// A few bytes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drip {
    /// At least 1.
    pub(super) bytes: usize,
    pub(super) every_ms: u64,
}
