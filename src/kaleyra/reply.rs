//! What a reply proves (DESIGN section 5): pure, total, and `Unknown` when in doubt.

use std::fmt;

use super::codes::{self, Meaning};
use super::listing::Listing;
use super::reply_body::ReplyBody;
use super::{retry_after, words};
use crate::model::{
    CouponCode, HaltReason, NotSent, Outcome, PhoneNumber, Rejection, ReplySignal, RequestResult,
    Timestamp, UnknownCause,
};

/// What the transport saw of one request.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// No connection was made: no byte of the request left.
    NotConnected(ConnectFailure),
    /// The connection broke after the first byte may have left, or what came was no HTTP.
    Lost,
    /// No answer in time.
    TimedOut,
    /// A status line and headers came.
    Answered {
        /// The status.
        status: u16,
        /// The `Retry-After` header as it came.
        retry_after: Option<String>,
        /// The body, or its beginning: at most 64 KiB.
        body: Vec<u8>,
        /// Whether `body` is the whole body.
        complete: bool,
    },
}

/// Why no connection was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectFailure {
    /// The host name could not be resolved.
    Dns,
    /// Nobody listens there.
    Refused,
    /// No connection in time.
    TimedOut,
    /// The server showed a certificate outside its time of validity.
    CertificateExpired,
    /// The server showed another host's certificate.
    CertificateOfOtherHost,
    /// The server showed a certificate that this machine has no reason to trust.
    CertificateUntrusted,
    /// No common version of TLS from 1.2 on, or no TLS at all.
    Tls,
    /// Anything else before the first byte: no route, a proxy's refusal.
    Other,
}

/// What a reply is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The recipients of the request, in its order, each once.
    pub recipients: &'a [PhoneNumber],
    /// The request's code, which must not be shown where Kaleyra quotes it.
    pub coupon_code: &'a CouponCode,
    /// When the reply came; `Retry-After` may be a date.
    pub now: Timestamp,
}

/// Says what a reply means for each recipient and for the run.
///
/// Only a failure to connect, a 429 and a 4xx with Kaleyra's own error body prove that
/// nothing was sent; only a recipient listed with a message id counts as accepted.
pub fn classify(reply: &Reply, asked: &Asked<'_>) -> RequestResult {
    let same = |outcome| RequestResult {
        outcomes: vec![outcome; asked.recipients.len()],
        signal: ReplySignal::Continue,
        detail: None,
    };
    match reply {
        Reply::NotConnected(failure) => {
            let (code, text) = (Rejection::NOT_CONNECTED.to_owned(), failure.to_string());
            let detail = Rejection { code, text };
            RequestResult { detail: Some(detail), ..same(Outcome::NotSent(NotSent::NoConnection)) }
        }
        Reply::Lost => same(Outcome::Unknown(UnknownCause::ConnectionLost)),
        Reply::TimedOut => same(Outcome::Unknown(UnknownCause::Timeout)),
        Reply::Answered { status, retry_after, body, complete } => {
            let body = if *complete { ReplyBody::parse(body) } else { None };
            let retry_after = retry_after.as_deref();
            Answer { status: *status, retry_after, body, asked }.classify()
        }
    }
}

/// An answer, read.
struct Answer<'a> {
    status: u16,
    retry_after: Option<&'a str>,
    /// `None` when the body is cut off or no JSON object.
    body: Option<ReplyBody<'a>>,
    asked: &'a Asked<'a>,
}

impl Answer<'_> {
    fn classify(self) -> RequestResult {
        let meaning = self.meaning();
        let listing = self.listing();
        let request_id = self.body.as_ref().and_then(ReplyBody::request_id);
        let accepted =
            |message_id| Outcome::Accepted { message_id, request_id: request_id.clone() };
        let outcome_of = |index: usize, number: PhoneNumber| {
            // Who is listed with an id is accepted, also where others of a group are refused.
            let listed = listing.ids[index].clone();
            match (self.status, listed) {
                (200..=299, Some(message_id)) => accepted(message_id),
                // Under 4xx a list is Kaleyra's only beside Kaleyra's own error.
                (400..=499, Some(message_id)) if self.own_error().is_some() => accepted(message_id),
                (200..=299, _) => {
                    Outcome::Unknown(match self.body.as_ref().and_then(ReplyBody::data) {
                        Some(_) => UnknownCause::Unlisted,
                        None => UnknownCause::UnreadableReply,
                    })
                }
                (408 | 425 | 500..=599, _) => Outcome::Unknown(UnknownCause::ServerError),
                (400..=499, _) => self.refused(meaning, &listing, number),
                _ => Outcome::Unknown(UnknownCause::ForeignReply),
            }
        };
        let recipients = self.asked.recipients.iter().enumerate();
        let outcomes: Vec<_> =
            recipients.map(|(index, &number)| outcome_of(index, number)).collect();

        let all_accepted = (200..=299).contains(&self.status)
            && outcomes.iter().all(|outcome| matches!(outcome, Outcome::Accepted { .. }));
        if all_accepted {
            return RequestResult { outcomes, signal: ReplySignal::Continue, detail: None };
        }
        RequestResult { outcomes, signal: self.signal(meaning), detail: Some(self.words()) }
    }

    /// What a 4xx means for a recipient who is not listed.
    fn refused(&self, meaning: Option<Meaning>, listing: &Listing, number: PhoneNumber) -> Outcome {
        let Some(meaning) = meaning else {
            // A proxy or firewall spoke: what Kaleyra did is not known.
            return Outcome::Unknown(UnknownCause::ForeignReply);
        };
        let own_error = self.own_error();
        match meaning {
            Meaning::ServerTrouble => Outcome::Unknown(UnknownCause::ServerError),
            // Somebody of this request got an id, so it was worked on.
            _ if listing.has_ids => match own_error {
                Some(body) if meaning == Meaning::Recipient && body.names(number) => {
                    Outcome::Rejected(self.words())
                }
                _ => Outcome::Unknown(UnknownCause::Unlisted),
            },
            Meaning::Halt(reason) => Outcome::NotSent(NotSent::Refused(reason)),
            Meaning::Throttled => Outcome::NotSent(NotSent::Throttled),
            Meaning::Recipient if self.asked.recipients.len() == 1 => {
                Outcome::Rejected(self.words())
            }
            Meaning::Recipient => match own_error {
                Some(body) if body.data_is_empty() => Outcome::NotSent(NotSent::GroupRefused),
                Some(body) if body.names(number) => Outcome::Rejected(self.words()),
                _ => Outcome::Unknown(UnknownCause::Unlisted),
            },
        }
    }

    /// What the error concerns. `None` where Kaleyra's own words are missing.
    fn meaning(&self) -> Option<Meaning> {
        let own = self.own_error().map(|body| {
            let (code, text) = (body.code().unwrap_or_default(), body.error_text());
            if (400..=499).contains(&self.status) {
                codes::meaning(&code, &text, self.status)
            } else {
                codes::of_code(&code, &text).unwrap_or(Meaning::Recipient)
            }
        });
        match own {
            Some(Meaning::Halt(reason)) => Some(Meaning::Halt(reason)),
            // A 429 is refused before any work, whoever says it: Kaleyra or the gateway
            // in front of it.
            _ if self.status == 429 => Some(Meaning::Throttled),
            own => own,
        }
    }

    /// The run's part: a code that stops the run does so under any status.
    fn signal(&self, meaning: Option<Meaning>) -> ReplySignal {
        match meaning {
            Some(Meaning::Halt(reason)) => ReplySignal::Halt(reason),
            _ if codes::form_is_refused(self.status) => ReplySignal::Halt(HaltReason::Payload),
            Some(Meaning::Throttled) => self.pause(),
            _ if self.status == 503 => self.pause(),
            _ => ReplySignal::Continue,
        }
    }

    fn pause(&self) -> ReplySignal {
        let wait = self.retry_after.and_then(|text| retry_after::parse(text, self.asked.now));
        ReplySignal::Pause { retry_after: wait }
    }

    fn own_error(&self) -> Option<&ReplyBody<'_>> {
        self.body.as_ref().filter(|body| body.is_own_error())
    }

    fn listing(&self) -> Listing {
        let recipients = self.asked.recipients;
        match self.body.as_ref().and_then(ReplyBody::data) {
            Some(data) => Listing::read(data, recipients),
            None => Listing::empty(recipients),
        }
    }

    /// Kaleyra's words, safe to show.
    fn words(&self) -> Rejection {
        let (code, text) = match &self.body {
            Some(body) => (body.code().unwrap_or_default(), body.error_text()),
            None => Default::default(),
        };
        let secrets = [self.asked.coupon_code.as_str()];
        let code = words::safe_code(&code, &secrets);
        let code = code.unwrap_or_else(|| format!("HTTP {}", self.status));
        Rejection { code, text: words::safe_text(&text, &secrets) }
    }
}

impl fmt::Debug for Reply {
    /// The body by its size only: it may hold numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(failure) => write!(f, "NotConnected({failure:?})"),
            Self::Lost => f.write_str("Lost"),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::Answered { status, body, complete, .. } => {
                let whole = if *complete { "" } else { ", incomplete" };
                write!(f, "Answered({status}, {} bytes{whole})", body.len())
            }
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name could not be resolved",
            Self::Refused => "the connection was refused",
            Self::TimedOut => "no connection in time",
            Self::CertificateExpired => {
                "the server's certificate has expired or is not valid yet, by this machine's clock"
            }
            Self::CertificateOfOtherHost => "the server's certificate is for another host",
            Self::CertificateUntrusted => "the server's certificate is not trusted by this machine",
            Self::Tls => "no TLS of version 1.2 or later could be agreed on with the server",
            Self::Other => "no connection could be made (network or proxy)",
        })
    }
}

#[cfg(test)]
mod tests;
