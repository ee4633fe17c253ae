//! Remembers what came and what was accepted, and writes the log.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::config::{SandboxConfig, SandboxError};
use super::form::Content;
use crate::clock::Clock;
use crate::model::{PhoneNumber, Timestamp};

/// One message to one recipient that the sandbox accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Counts accepted recipients, from 1.
    pub seq: u64,
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// Which request, counted from 1 in the order of arrival.
    pub request: u64,
    /// To whom.
    pub recipient: PhoneNumber,
    /// The id in the reply, whether or not the reply reached the client.
    pub message_id: String,
    /// What was sent.
    pub content: Arc<Content>,
}

/// One request as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When its head had been read, counted from the start of the sandbox on the monotonic
    /// clock.
    pub at: Duration,
    /// How many recipients it named; 0 when it was refused or broke off.
    pub recipients: u32,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SandboxCounts {
    /// Connections taken.
    pub connections: u64,
    /// POST requests to the messages path.
    pub requests: u64,
    /// Those refused because they break a rule of the page.
    pub refused: u64,
    /// Those that met a rule of the script.
    pub scripted: u64,
    /// Recipients accepted.
    pub accepted: u64,
    /// How often the recipient accepted most often was accepted. Only counted where
    /// accepted messages are kept.
    pub most_accepted_per_recipient: u64,
}

/// The memory of one sandbox.
pub(super) struct Recorder {
    clock: Clock,
    started: Instant,
    keep: bool,
    logs: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: SandboxCounts,
    first_arrival: Option<Duration>,
    arrivals: Vec<Arrival>,
    accepted: Vec<Accepted>,
    per_recipient: HashMap<u64, u64>,
    log: Option<File>,
    /// Lines of one request, kept to spare the allocation.
    lines: Vec<u8>,
}

/// A request that has just come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived {
    /// Its number, from 1.
    pub(super) request: u64,
    /// Time since the first request.
    pub(super) elapsed: Duration,
}

impl Recorder {
    /// Opens the log, if one is asked for.
    pub(super) fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let log = match &config.log {
            None => None,
            Some(path) => Some(
                open(path).map_err(|source| SandboxError::Log { path: path.clone(), source })?,
            ),
        };
        Ok(Self {
            clock: config.clock,
            started: config.clock.monotonic(),
            keep: config.keep,
            logs: log.is_some(),
            state: Mutex::new(State { log, ..State::default() }),
        })
    }

    /// Whether anybody will look at a message's content.
    pub(super) fn wants_content(&self) -> bool {
        self.keep || self.logs
    }

    pub(super) fn connected(&self) {
        self.locked().counts.connections += 1;
    }

    /// Numbers a request.
    pub(super) fn arrive(&self) -> Arrived {
        let mut state = self.locked();
        let at = self.clock.monotonic().saturating_duration_since(self.started);
        state.counts.requests += 1;
        let first = *state.first_arrival.get_or_insert(at);
        if self.keep {
            state.arrivals.push(Arrival { at, recipients: 0 });
        }
        Arrived { request: state.counts.requests, elapsed: at.saturating_sub(first) }
    }

    /// Notes how many recipients a request names.
    pub(super) fn names(&self, request: u64, recipients: usize) {
        if !self.keep {
            return;
        }
        let index = usize::try_from(request - 1).unwrap_or(usize::MAX);
        if let Some(arrival) = self.locked().arrivals.get_mut(index) {
            arrival.recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        }
    }

    /// Notes a request that breaks a rule of the page.
    pub(super) fn refused(&self, request: u64, status: u16, text: &str) {
        let mut state = self.locked();
        state.counts.refused += 1;
        let event = Event {
            name: "refused",
            at_ms: self.clock.now().as_millis(),
            request,
            accepted: false,
            status: Some(status),
            text: Some(text),
        };
        // A refusal accepts nothing: a log that cannot take it loses a hint, no message.
        let _ = state.append(&event);
    }

    /// Notes that a rule of the script applies to a request.
    pub(super) fn scripted(&self, request: u64, event: &str, accepted: bool, status: Option<u16>) {
        let mut state = self.locked();
        state.counts.scripted += 1;
        let at_ms = self.clock.now().as_millis();
        let _ = state.append(&Event { name: event, at_ms, request, accepted, status, text: None });
    }

    /// Accepts a request's recipients, each with its place in `to`. Their log lines are
    /// with the system when this returns; on an error nothing counts as accepted.
    pub(super) fn accept(
        &self,
        request: u64,
        id: &str,
        recipients: &[(usize, u64)],
        content: Content,
    ) -> io::Result<()> {
        let mut guard = self.locked();
        let state = &mut *guard;
        let at = self.clock.now();
        if self.logs {
            state.append_accepted(at, request, id, recipients, &content)?;
        }
        if self.keep {
            let content = Arc::new(content);
            for (seq, (place, number)) in (state.counts.accepted + 1..).zip(recipients) {
                let count = state.per_recipient.entry(*number).or_default();
                *count += 1;
                let most = &mut state.counts.most_accepted_per_recipient;
                *most = (*most).max(*count);
                let Some(recipient) = PhoneNumber::from_digits(*number) else { continue };
                let message_id = format!("{id}:{place}");
                let content = Arc::clone(&content);
                let accepted = Accepted { seq, at, request, recipient, message_id, content };
                state.accepted.push(accepted);
            }
        }
        state.counts.accepted += recipients.len() as u64;
        Ok(())
    }

    pub(super) fn counts(&self) -> SandboxCounts {
        self.locked().counts
    }

    pub(super) fn accepted(&self) -> Vec<Accepted> {
        self.locked().accepted.clone()
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.locked().arrivals.clone()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append_accepted(
        &mut self,
        at: Timestamp,
        request: u64,
        id: &str,
        recipients: &[(usize, u64)],
        content: &Content,
    ) -> io::Result<()> {
        self.lines.clear();
        let Content {
            template_name,
            from,
            coupon_code,
            expiration_time_ms,
            params,
            param_url,
            media_url,
            media_sha256,
            lang_code,
            callback_profile_id,
            callback_url,
        } = content;
        for (seq, (place, number)) in (self.counts.accepted + 1..).zip(recipients) {
            let line = Line {
                seq,
                at_ms: at.as_millis(),
                request,
                recipient: number.to_string(),
                coupon_code,
                template_name,
                from: from.to_string(),
                expiration_time_ms: *expiration_time_ms,
                params: params.as_deref(),
                param_url: param_url.as_deref(),
                media_url: media_url.as_deref(),
                media_sha256: media_sha256.as_deref(),
                lang_code: lang_code.as_deref(),
                callback_profile_id: callback_profile_id.as_deref(),
                callback_url: callback_url.as_deref(),
                message_id: format!("{id}:{place}"),
            };
            serde_json::to_writer(&mut self.lines, &line)?;
            self.lines.push(b'\n');
        }
        self.write_lines()
    }

    fn append(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.log.is_none() {
            return Ok(());
        }
        self.lines.clear();
        serde_json::to_writer(&mut self.lines, event)?;
        self.lines.push(b'\n');
        self.write_lines()
    }

    fn write_lines(&mut self) -> io::Result<()> {
        self.log.as_mut().map_or(Ok(()), |log| log.write_all(&self.lines))
    }
}

/// One accepted recipient in the log.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at_ms: i64,
    request: u64,
    recipient: String,
    coupon_code: &'a str,
    template_name: &'a str,
    from: String,
    expiration_time_ms: Option<i64>,
    params: Option<&'a [String]>,
    param_url: Option<&'a str>,
    media_url: Option<&'a str>,
    media_sha256: Option<&'a str>,
    lang_code: Option<&'a str>,
    callback_profile_id: Option<&'a str>,
    callback_url: Option<&'a str>,
    message_id: String,
}

/// Anything else in the log.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "event")]
    name: &'a str,
    at_ms: i64,
    request: u64,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// Opens the log for appending. `O_APPEND` keeps lines of several sandboxes whole.
fn open(path: &std::path::Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
