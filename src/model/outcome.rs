//! What one request did, as far as it can be known.

use std::fmt;
use std::time::Duration;

use super::ids::{MessageId, RequestId};

/// What became of one recipient's message. There is no `sent`: acceptance is all that the
/// API tells, and what it does not tell is [`Outcome::Unknown`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Kaleyra listed the recipient with a message id.
    Accepted {
        /// Kaleyra's id of this message.
        message_id: MessageId,
        /// Kaleyra's id of the request.
        request_id: Option<RequestId>,
    },
    /// Kaleyra refused this recipient.
    Rejected(Rejection),
    /// Provably nothing was sent to this recipient: it stays pending.
    NotSent(NotSent),
    /// It cannot be known: held, counted, never resent by itself.
    Unknown(UnknownCause),
}

/// Kaleyra's words on why one recipient was refused, made safe to show; or our own on why a run
/// could not go on, with one of the codes below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// Kaleyra's code, such as `E13001`, or `HTTP 400` when there was none. At most 64
    /// characters.
    pub code: String,
    /// Kaleyra's text: at most 200 characters, no control characters, digits of telephone
    /// numbers masked.
    pub text: String,
}

impl Rejection {
    /// The code of what another machine ran into, or all of them together.
    pub const MACHINES: &'static str = "machines";
    /// The code where Kaleyra was not reached.
    pub const NOT_CONNECTED: &'static str = "not connected";
    /// The code where no request could be made.
    pub const REQUEST: &'static str = "request";

    /// Whether it is Kaleyra who says so.
    pub fn is_kaleyras(&self) -> bool {
        ![Self::MACHINES, Self::NOT_CONNECTED, Self::REQUEST].contains(&self.code.as_str())
    }
}

/// Why provably nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotSent {
    /// No connection: DNS, TCP or TLS failed before the first byte.
    NoConnection,
    /// 429: Kaleyra asks to slow down.
    Throttled,
    /// Kaleyra refused the account, the template or the sender, not this recipient.
    Refused(HaltReason),
    /// Kaleyra refused a group as a whole: each member is tried once alone.
    GroupRefused,
}

/// Why an outcome cannot be known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum UnknownCause {
    /// No answer in time.
    Timeout,
    /// The connection broke after the first byte.
    ConnectionLost,
    /// A 5xx, or a 408: the request may have been worked on.
    ServerError,
    /// 2xx, but the body is cut off, foreign or without ids: probably accepted.
    UnreadableReply,
    /// 2xx, but this recipient is not listed.
    Unlisted,
    /// A 4xx or 3xx that is not Kaleyra's own error body (a proxy or firewall spoke).
    ForeignReply,
    /// The process died between intent and outcome.
    Crash,
    /// The process was asked to stop before the answer came.
    Stopped,
}

impl UnknownCause {
    /// All causes.
    pub const ALL: [Self; 8] = [
        Self::Timeout,
        Self::ConnectionLost,
        Self::ServerError,
        Self::UnreadableReply,
        Self::Unlisted,
        Self::ForeignReply,
        Self::Crash,
        Self::Stopped,
    ];

    /// The word in the ledger and in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectionLost => "connection_lost",
            Self::ServerError => "server_error",
            Self::UnreadableReply => "unreadable_reply",
            Self::Unlisted => "unlisted",
            Self::ForeignReply => "foreign_reply",
            Self::Crash => "crash",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the ledger's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

impl fmt::Display for UnknownCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no answer in time",
            Self::ConnectionLost => "connection lost after sending began",
            Self::ServerError => "server error",
            Self::UnreadableReply => "reply could not be read (probably accepted)",
            Self::Unlisted => "not listed in the reply",
            Self::ForeignReply => "reply did not come from Kaleyra",
            Self::Crash => "the process died before the answer was recorded",
            Self::Stopped => "stopped before the answer came",
        })
    }
}

/// What one request tells about the whole run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplySignal {
    /// Nothing: go on.
    Continue,
    /// Slow down: the whole sender pauses (429 and 503), for as long as the server asks
    /// (already clamped by the reader), else by backoff.
    Pause {
        /// `Retry-After`, when it was there and readable.
        retry_after: Option<Duration>,
    },
    /// Stop: sending more would fail alike.
    Halt(HaltReason),
}

/// Why a run halts (exit 8). Recipients not yet sent to stay pending.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HaltReason {
    /// RBC201, RBC001, 401 or 403 with Kaleyra's body: wrong SID or API key.
    Credentials,
    /// E110: the balance is used up.
    Balance,
    /// WAV2101: the account's daily limit.
    DailyLimit,
    /// WA401 and template errors: the template or its language is not approved or paused.
    Template,
    /// Sender errors: the number is not registered or not allowed.
    Sender,
    /// A WA400, 413, 415 or the like: every request would fail alike.
    Payload,
    /// Too many unknown outcomes in this run.
    Breaker,
    /// More rejections than `limits.failures` allows.
    FailureShare,
    /// Five minutes without a connection.
    NoConnection,
    /// For half an hour Kaleyra asked to slow down (429) and let nothing through.
    Throttled,
    /// The ledger could not be written after the first send.
    Ledger,
}

impl HaltReason {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::Credentials,
        Self::Balance,
        Self::DailyLimit,
        Self::Template,
        Self::Sender,
        Self::Payload,
        Self::Breaker,
        Self::FailureShare,
        Self::NoConnection,
        Self::Throttled,
        Self::Ledger,
    ];

    /// The word in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Balance => "balance",
            Self::DailyLimit => "daily_limit",
            Self::Template => "template",
            Self::Sender => "sender",
            Self::Payload => "payload",
            Self::Breaker => "breaker",
            Self::FailureShare => "failure_share",
            Self::NoConnection => "no_connection",
            Self::Throttled => "throttled",
            Self::Ledger => "ledger",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// Whether it stops every campaign of the invocation, or only the one it came up in.
    pub fn stops_all_campaigns(self) -> bool {
        !matches!(self, Self::Template | Self::Payload | Self::FailureShare)
    }
}

impl fmt::Display for HaltReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "Kaleyra refused the SID or API key",
            Self::Balance => "the account's balance is used up",
            Self::DailyLimit => "the account's daily limit is reached",
            Self::Template => "Kaleyra refused the template",
            Self::Sender => "Kaleyra refused the sender number",
            Self::Payload => "Kaleyra refused the form of the request",
            Self::Breaker => "too many outcomes in a row could not be known",
            Self::FailureShare => "more messages were rejected than `limits.failures` allows",
            Self::NoConnection => "no connection to Kaleyra for 5 minutes",
            Self::Throttled => "Kaleyra asked to slow down for 30 minutes and let nothing through",
            Self::Ledger => "the ledger could not be written",
        })
    }
}

/// One request, classified: what it did to each recipient and what it says of the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestResult {
    /// One outcome for each recipient of the request, in the order they were given.
    pub outcomes: Vec<Outcome>,
    /// What it tells about the whole run.
    pub signal: ReplySignal,
    /// Kaleyra's (masked) words behind a halt or a pause, for the message.
    pub detail: Option<Rejection>,
}
