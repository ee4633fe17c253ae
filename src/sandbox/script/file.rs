//! A script's JSON form; `docs/sandbox.md` describes it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use hyper::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::problem::ScriptProblem as P;
use super::problem::{ScriptError, ScriptProblem};
use super::{
    Act, Behaviour, Condition, Cut, Drip, Millis, RecipientMatch, Rule, Script, ScriptedReply,
};
use crate::sandbox::answer::Refusal;

impl Script {
    /// Reads a script: inline JSON when the text begins with `{`, else the name of a file.
    pub fn from_argument(text: &str) -> Result<Self, ScriptError> {
        if text.trim_start().starts_with('{') {
            Self::from_json(text)
        } else {
            Self::from_file(Path::new(text))
        }
    }

    /// Reads a script from a file of at most 1 MiB.
    pub fn from_file(path: &Path) -> Result<Self, ScriptError> {
        let failed = |source| ScriptError::File { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut text = String::new();
        let read = file.take(MAX_SCRIPT_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if read as u64 > MAX_SCRIPT_BYTES {
            return Err(ScriptError::TooLong);
        }
        Self::from_json(&text)
    }

    /// Reads a script from JSON.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        let file: ScriptText = serde_json::from_str(text)?;
        let in_head = |problem| ScriptError::Head { problem };
        let rules = (1..)
            .zip(file.rules)
            .map(|(number, rule)| {
                rule.into_rule().map_err(|problem| ScriptError::Rule { number, problem })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            seed: file.seed,
            latency: file.latency_ms.map(MillisText::check).transpose().map_err(in_head)?,
            close_idle_after: file
                .close_idle_after_ms
                .map(MillisText::check)
                .transpose()
                .map_err(in_head)?,
            rules: rules.into(),
        })
    }
}

const MAX_SCRIPT_BYTES: u64 = 1 << 20;
const MAX_MILLIS: u64 = 3_600_000;
const MAX_PAD_BYTES: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptText {
    seed: Option<u64>,
    latency_ms: Option<MillisText>,
    close_idle_after_ms: Option<MillisText>,
    #[serde(default)]
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    every: Option<u64>,
    first: Option<u64>,
    after: Option<u64>,
    attempt: Option<u64>,
    probability: Option<f64>,
    recipient: Option<String>,
    between_ms: Option<[u64; 2]>,
    times: Option<u64>,

    latency_ms: Option<MillisText>,
    close_idle_after_ms: Option<MillisText>,
    accept: Option<bool>,
    status: Option<u16>,
    code: Option<String>,
    text: Option<String>,
    body: Option<Value>,
    headers: Option<BTreeMap<String, String>>,
    retry_after: Option<Value>,
    reject: Option<RejectText>,
    drop: Option<DropText>,
    after_bytes: Option<u64>,
    hang: Option<StageText>,
    raw: Option<String>,
    #[serde(default)]
    rst: bool,
    truncate: Option<u64>,
    truncate_head: Option<u64>,
    slow_drip: Option<DripText>,
    pad_bytes: Option<usize>,
    #[serde(default)]
    reverse: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "expected milliseconds or [least, most]")]
enum MillisText {
    Fixed(u64),
    Between([u64; 2]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectText {
    code: String,
    text: Option<String>,
    status: Option<u16>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DropText {
    InBody,
    BeforeAccept,
    AfterAccept,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StageText {
    BeforeAccept,
    AfterAccept,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct DripText {
    bytes: usize,
    every_ms: u64,
}

impl MillisText {
    fn check(self) -> Result<Millis, ScriptProblem> {
        let (low, high) = match self {
            Self::Fixed(fixed) => (fixed, fixed),
            Self::Between([low, high]) => (low, high),
        };
        let fits = low <= high && high <= MAX_MILLIS;
        let range = "at most an hour, the lesser first";
        if fits { Ok(Millis { low, high }) } else { Err(P::Range("a time in ms", range)) }
    }
}

impl RuleText {
    fn into_rule(self) -> Result<Rule, ScriptProblem> {
        let when = self.condition()?;
        let times = self.times;
        Ok(Rule { then: self.behaviour(&when)?, when, times })
    }

    fn condition(&self) -> Result<Condition, ScriptProblem> {
        if self.every == Some(0) {
            return Err(P::Range("every", "at least 1"));
        }
        if self.probability.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            return Err(P::Range("probability", "between 0 and 1"));
        }
        Ok(Condition {
            every: self.every,
            first: self.first,
            after: self.after,
            attempt: self.attempt,
            probability: self.probability,
            recipient: self.recipient.as_deref().map(recipient_match).transpose()?,
            between: self.between_ms.map(|[from, to]| (from, to)),
        })
    }

    fn behaviour(mut self, when: &Condition) -> Result<Behaviour, ScriptProblem> {
        let act = self.act(when)?;
        if self.truncate.is_some() && self.truncate_head.is_some() {
            return Err(P::Both("truncate", "truncate_head"));
        }
        if self.slow_drip.is_some_and(|drip| drip.bytes == 0 || drip.every_ms > MAX_MILLIS) {
            return Err(P::Range("slow_drip", "1 byte or more, at most an hour apart"));
        }
        Ok(Behaviour {
            latency: self.latency_ms.map(MillisText::check).transpose()?,
            close_idle_after: self.close_idle_after_ms.map(MillisText::check).transpose()?,
            act,
            reset: self.rst,
            cut: self.truncate.map(Cut::Body).or(self.truncate_head.map(Cut::Reply)),
            drip: self.slow_drip.map(|drip| Drip { bytes: drip.bytes, every_ms: drip.every_ms }),
        })
    }

    fn act(&mut self, when: &Condition) -> Result<Act, ScriptProblem> {
        let says = ["status", "code", "text", "body", "headers", "retry_after"];
        let said = [
            self.status.is_some(),
            self.code.is_some(),
            self.text.is_some(),
            self.body.is_some(),
            self.headers.is_some(),
            self.retry_after.is_some(),
        ];
        let first_said = says.into_iter().zip(said).find_map(|(key, given)| given.then_some(key));
        let acts: Vec<&'static str> = [
            first_said,
            self.reject.is_some().then_some("reject"),
            self.drop.is_some().then_some("drop"),
            self.hang.is_some().then_some("hang"),
            self.raw.is_some().then_some("raw"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if let [one, other, ..] = acts[..] {
            return Err(P::Both(one, other));
        }
        if self.accept.is_some() && first_said.is_none() && self.raw.is_none() {
            return Err(P::Needs("accept", "status"));
        }
        if (self.pad_bytes.is_some() || self.reverse) && !acts.is_empty() {
            return Err(P::Both("pad_bytes or reverse", acts[0]));
        }
        if self.after_bytes.is_some() != matches!(self.drop, Some(DropText::InBody)) {
            return Err(P::Needs("after_bytes", "drop: in_body"));
        }
        let ends = self.drop.is_some()
            || self.raw.is_some()
            || self.truncate.is_some()
            || self.truncate_head.is_some();
        if self.rst && !ends {
            return Err(P::Needs("rst", "drop"));
        }
        if let Some(drop) = self.drop {
            return self.drop_act(drop, when);
        }
        if let Some(hang) = self.hang {
            return Ok(Act::Hang { accept: matches!(hang, StageText::AfterAccept) });
        }
        if let Some(raw) = self.raw.take() {
            return Ok(Act::Raw { accept: self.accept.unwrap_or(true), bytes: raw.into() });
        }
        if let Some(reject) = self.reject.take() {
            let text = reject.text.unwrap_or_else(|| Refusal::known(&reject.code).text.into());
            let status = reject.status.map(status).transpose()?;
            return Ok(Act::Reject { only: when.recipient, code: reject.code, text, status });
        }
        if first_said.is_some() { self.say() } else { self.succeed() }
    }

    fn drop_act(&self, drop: DropText, when: &Condition) -> Result<Act, ScriptProblem> {
        match drop {
            DropText::BeforeAccept => Ok(Act::Drop { accept: false }),
            DropText::AfterAccept => Ok(Act::Drop { accept: true }),
            DropText::InBody if when.recipient.is_some() => {
                Err(P::Both("recipient", "drop: in_body"))
            }
            DropText::InBody if when.attempt.is_some() => Err(P::Both("attempt", "drop: in_body")),
            DropText::InBody => Ok(Act::DropInBody { after: self.after_bytes.unwrap_or(0) }),
        }
    }

    fn succeed(&self) -> Result<Act, ScriptProblem> {
        let pad = self.pad_bytes.unwrap_or(0);
        if pad > MAX_PAD_BYTES {
            return Err(P::Range("pad_bytes", "at most 16 MiB"));
        }
        Ok(Act::Succeed { pad, reverse: self.reverse })
    }

    fn say(&mut self) -> Result<Act, ScriptProblem> {
        if self.body.is_some() && (self.code.is_some() || self.text.is_some()) {
            return Err(P::Both("body", "code or text"));
        }
        if self.status.is_none() && self.code.is_none() {
            return Err(P::Needs("text, body, headers or retry_after", "status or code"));
        }
        let usual_code = match self.status {
            Some(401 | 403) => "RBC201",
            Some(402) => "E110",
            Some(429) => "WA429",
            Some(500..) => "WA500",
            _ => "E13001",
        };
        let mut refusal = Refusal::known(self.code.as_deref().unwrap_or(usual_code));
        if let Some(text) = self.text.take() {
            refusal.text = text.into();
        }
        let status = status(self.status.unwrap_or(refusal.status))?;
        let mut headers = header_map(self.headers.take().unwrap_or_default())?;
        if let Some(after) = self.retry_after.take() {
            let value = HeaderValue::from_str(&plain(after)).map_err(|_| BAD_RETRY_AFTER)?;
            headers.insert(header::RETRY_AFTER, value);
        }
        let is_json = !matches!(self.body, Some(Value::String(_)));
        if is_json && !headers.contains_key(header::CONTENT_TYPE) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = self.body.take().map_or_else(|| refusal.body(), plain);
        let accept = self.accept.unwrap_or(status.is_success());
        Ok(Act::Say { accept, reply: ScriptedReply { status, headers, body: Bytes::from(body) } })
    }
}

const BAD_RETRY_AFTER: ScriptProblem = P::Range("retry_after", "text that can stand in a header");

/// A string as it stands, anything else as JSON.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn status(code: u16) -> Result<StatusCode, ScriptProblem> {
    let out_of_range = P::Range("status", "between 200 and 599");
    StatusCode::from_u16(code).ok().filter(|_| (200..600).contains(&code)).ok_or(out_of_range)
}

fn header_map(texts: BTreeMap<String, String>) -> Result<HeaderMap, ScriptProblem> {
    let bad = P::Range("headers", "names and values that can stand in a head");
    let mut headers = HeaderMap::new();
    for (name, value) in texts {
        let name = HeaderName::try_from(name).map_err(|_| bad)?;
        // hyper frames the reply itself; `raw` is there for lies about the length.
        if name == header::CONTENT_LENGTH || name == header::TRANSFER_ENCODING {
            return Err(P::Both("headers: content-length or transfer-encoding", "a framed reply"));
        }
        headers.insert(name, HeaderValue::try_from(value).map_err(|_| bad)?);
    }
    Ok(headers)
}

fn recipient_match(text: &str) -> Result<RecipientMatch, ScriptProblem> {
    let bad = P::Range("recipient", "a number with `+`, or its last 1 to 15 digits");
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plain =
        (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: u64 = digits.parse().ok().filter(|_| plain).ok_or(bad)?;
    if text.starts_with('+') {
        return Ok(RecipientMatch::Number(value));
    }
    let modulus = (0..digits.len()).fold(1, |modulus: u64, _| modulus * 10);
    Ok(RecipientMatch::Suffix { digits: value, modulus })
}

#[cfg(test)]
mod tests;
