//! One request from its head to its reply.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::{Request, Response};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::answer::{Listing, Refusal};
use super::checks::Judge;
use super::config::{Account, EchoedRecipients, SandboxConfig, SandboxError};
use super::form::{self, PageRequest};
use super::recorder::{Arrived, Recorder};
use super::script::{Act, Behaviour, Dice, ScriptRun, ScriptedReply};
use super::wire::{Plan, Wire};
use crate::clock::Clock;

/// Most bytes of one request's body.
const MAX_BODY_BYTES: usize = 20 << 20;

/// How far a body that is too large is read all the same.
const MOST_DISCARDED_BYTES: u64 = 128 << 20;

/// What all requests of a sandbox share.
pub(super) struct Exchange {
    account: Account,
    echo: EchoedRecipients,
    judge: Judge,
    clock: Clock,
    ids: Dice,
    pub(super) script: ScriptRun,
    pub(super) recorder: Recorder,
}

impl fmt::Debug for Exchange {
    /// Without what it remembers of recipients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.recorder.counts();
        f.debug_struct("Exchange").field("counts", &counts).finish_non_exhaustive()
    }
}

/// The connection ends without a (further) reply.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
pub(super) struct Dropped;

type Reply = Response<Full<Bytes>>;

impl Exchange {
    pub(super) fn new(config: &SandboxConfig) -> Result<Self, SandboxError> {
        Ok(Self {
            account: config.account.clone(),
            echo: config.echo,
            judge: Judge { expiration: config.expiration, clock: config.clock },
            clock: config.clock,
            ids: Dice::new(config.seed),
            script: ScriptRun::new(config.script.clone(), config.seed),
            recorder: Recorder::new(config)?,
        })
    }

    /// Answers one request, or drops its connection.
    pub(super) async fn answer(
        self: Arc<Self>,
        wire: Arc<Wire>,
        request: Request<Incoming>,
    ) -> Result<Reply, Dropped> {
        wire.leave_alone();
        if self.script.closes_idle() {
            wire.close_after(None);
        }
        let Some(sid) = sid_of(request.uri().path()).map(str::to_owned) else {
            return Ok(refusal(&Refusal::wrong_path()));
        };
        if request.method() != Method::POST {
            let mut reply = refusal(&Refusal::wrong_method());
            reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Ok(reply);
        }
        let arrived = self.recorder.arrive();
        let (head, body) = request.into_parts();
        if let Some((after, reset)) = self.script.in_body(arrived.request, arrived.elapsed) {
            self.recorder.scripted(arrived.request, "dropped_in_body", false, None);
            if reset {
                wire.end_with_reset();
            }
            return Err(read_some(body, after).await);
        }
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            // A client that is still writing would not read the answer before its end.
            let Dropped = read_some(body, MOST_DISCARDED_BYTES).await;
            return Ok(self.refuse(arrived, &Refusal::too_large()));
        }
        let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Ok(self.refuse(arrived, &Refusal::too_large()));
            }
            Err(_) => return Err(Dropped),
        };
        if !self.lets_in(&sid, &head.headers) {
            return Ok(self.refuse(arrived, &Refusal::wrong_account()));
        }
        let content_type = head.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        match form::read(content_type, body, &self.judge).await {
            Ok(form) => self.conclude(&wire, arrived, form).await,
            Err(refused) => Ok(self.refuse(arrived, &refused)),
        }
    }

    /// Accepts what is to be accepted, then does what the script says.
    async fn conclude(
        &self,
        wire: &Wire,
        arrived: Arrived,
        form: PageRequest,
    ) -> Result<Reply, Dropped> {
        let request = arrived.request;
        let PageRequest { recipients, mut content, media } = form;
        self.recorder.names(request, recipients.len());
        let rule = self.script.choose(request, arrived.elapsed, &recipients);
        let id = self.ids.uuid(request);
        let accepts = rule.is_none_or(|rule| rule.act.accepts());
        let listed: Vec<(usize, u64)> = recipients
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, number)| accepts && !rule.is_some_and(|rule| rule.act.rejects(*number)))
            .collect();
        if !listed.is_empty() {
            if self.recorder.wants_content() {
                content.media_sha256 = media.map(|bytes| hex_digest(&bytes));
            }
            if self.recorder.accept(request, &id, &listed, content).is_err() {
                return Ok(refusal(&Refusal::log_failed()));
            }
        }
        if let Some(rule) = rule {
            let (event, status) = name(&rule.act);
            self.recorder.scripted(request, event, !listed.is_empty(), status);
        }
        let latency = self.script.latency(rule, request);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        let (success, created) = (Act::Succeed { pad: 0, reverse: false }, self.clock.now());
        let act = rule.map_or(&success, |rule| &rule.act);
        let listing = |reverse, error| {
            let (id, echo, accepted) = (id.as_str(), self.echo, listed.as_slice());
            Listing { id, created, echo, accepted, reverse, error }.body()
        };
        if let Some(rule) = rule {
            prepare(wire, rule);
        }
        let reply = match act {
            Act::Succeed { pad, reverse } => {
                let body = listing(*reverse, None);
                json(StatusCode::OK, if *pad > 0 { " ".repeat(*pad) + &body } else { body })
            }
            Act::Say { reply, .. } => scripted(reply),
            Act::Reject { code, text, status, .. } if listed.is_empty() => {
                let mut refused = Refusal::known(code);
                refused.text = text.clone().into();
                let usual = StatusCode::from_u16(refused.status);
                json(status.or(usual.ok()).unwrap_or(StatusCode::BAD_REQUEST), refused.body())
            }
            Act::Reject { text, status, .. } => {
                json(status.unwrap_or(StatusCode::OK), listing(false, Some(text)))
            }
            // The wire writes its own bytes in place of this.
            Act::Raw { .. } => json(StatusCode::OK, String::new()),
            Act::Drop { .. } | Act::DropInBody { .. } => return Err(Dropped),
            Act::Hang { .. } => {
                let never: Infallible = pending().await;
                match never {}
            }
        };
        if let Some(idle) = self.script.close_idle_after(rule, request) {
            wire.close_after(Some(idle));
        }
        Ok(reply)
    }

    /// Judges the pair of SID and key, which Kaleyra checks together.
    fn lets_in(&self, sid: &str, headers: &HeaderMap) -> bool {
        let key = headers.get("api-key").map_or(&b""[..], HeaderValue::as_bytes);
        match &self.account {
            Account::Any => !sid.is_empty() && !key.is_empty(),
            Account::Exactly { sid: right_sid, key: right_key } => {
                sid == right_sid.expose() && key == right_key.expose().as_bytes()
            }
        }
    }

    fn refuse(&self, arrived: Arrived, refused: &Refusal) -> Reply {
        self.recorder.refused(arrived.request, refused.status, &refused.text);
        refusal(refused)
    }
}

/// The SID in `/v1/<SID>/messages`.
fn sid_of(path: &str) -> Option<&str> {
    let sid = path.strip_prefix("/v1/")?.strip_suffix("/messages")?;
    (!sid.contains('/')).then_some(sid)
}

/// Tells the wire what a rule does to the reply's bytes.
fn prepare(wire: &Wire, rule: &Behaviour) {
    if rule.reset {
        wire.end_with_reset();
    }
    let replace = match &rule.act {
        Act::Raw { bytes, .. } => Some(bytes.clone()),
        _ => None,
    };
    if replace.is_some() || rule.cut.is_some() || rule.drip.is_some() {
        wire.plan(Plan::new(replace, rule.cut, rule.drip));
    }
}

/// What the log calls an act, and the status it answers with where it is its own.
fn name(act: &Act) -> (&'static str, Option<u16>) {
    match act {
        Act::Succeed { .. } => ("shaped", None),
        Act::Say { reply, .. } => ("answered", Some(reply.status.as_u16())),
        Act::Raw { .. } => ("raw", None),
        Act::Reject { .. } => ("rejected", None),
        Act::Drop { accept: false } => ("dropped_before_accept", None),
        Act::Drop { accept: true } => ("dropped_after_accept", None),
        Act::DropInBody { .. } => ("dropped_in_body", None),
        Act::Hang { accept: false } => ("hung_before_accept", None),
        Act::Hang { accept: true } => ("hung_after_accept", None),
    }
}

/// Reads at least so many bytes of a body, or all of it.
async fn read_some(mut body: Incoming, bytes: u64) -> Dropped {
    let mut read: u64 = 0;
    while read < bytes {
        match body.frame().await {
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) | None => break,
        }
    }
    Dropped
}

fn hex_digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

fn scripted(reply: &ScriptedReply) -> Reply {
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = reply.status;
    response.headers_mut().clone_from(&reply.headers);
    response
}

fn refusal(refused: &Refusal) -> Reply {
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    json(status, refused.body())
}

fn json(status: StatusCode, body: String) -> Reply {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
