//! A client that knows nothing of HTTP libraries: it writes bytes and reads bytes.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::sandbox::{Sandbox, SandboxConfig, SandboxHandle, Script};

/// 2027-01-15, the "now" of these tests.
pub(super) const NOW_MS: i64 = 1_800_000_000_000;

const BOUNDARY: &str = "----offercast-test";

pub(super) fn config() -> SandboxConfig {
    SandboxConfig::new(Clock::starting_at(Timestamp::from_millis(NOW_MS)))
}

pub(super) fn start() -> SandboxHandle {
    Sandbox::start(&config()).expect("started")
}

pub(super) fn scripted(script: &str) -> SandboxHandle {
    let script = Script::from_json(script).expect("a script");
    Sandbox::start(&SandboxConfig { script, ..config() }).expect("started")
}

/// A form, field by field.
#[derive(Clone)]
pub(super) struct Form(Vec<(String, String, Vec<u8>)>);

impl Form {
    /// A form that follows the page.
    pub(super) fn good() -> Self {
        let offer = r#"[{"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1900000000000}}]"#;
        Self(Vec::new())
            .with("to", "12025550123")
            .with("type", "mediatemplate")
            .with("template_name", "lto_true_vid_dyan_test")
            .with("channel", "whatsapp")
            .with("from", "+12025550100")
            .with("coupon_code", "\"happy76\"")
            .with("limited_time_offer", offer)
    }

    /// The same with a field replaced or added.
    pub(super) fn with(self, name: &str, value: &str) -> Self {
        let mut form = self;
        match form.0.iter_mut().find(|(known, ..)| known == name) {
            Some(field) => field.2 = value.into(),
            None => form.0.push((name.into(), String::new(), value.into())),
        }
        form
    }

    /// The same with a field once more.
    pub(super) fn again(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.into(), String::new(), value.into()));
        self
    }

    /// The same with a file part.
    pub(super) fn file(mut self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        let extra = format!("; filename=\"offer\"\r\nContent-Type: {kind}");
        self.0.push((name.into(), extra, bytes.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, ..)| known != name);
        self
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, extra, value) in &self.0 {
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{extra}\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body
    }
}

/// A request's head; the usual one unless changed.
pub(super) struct Head {
    pub(super) line: &'static str,
    pub(super) key: Option<&'static str>,
    pub(super) content_type: String,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            line: "POST /v1/HXX/messages HTTP/1.1",
            key: Some("a-key"),
            content_type: format!("multipart/form-data; boundary={BOUNDARY}"),
        }
    }
}

impl Head {
    pub(super) fn before(&self, body: &[u8]) -> Vec<u8> {
        let Self { line, key, content_type } = self;
        let mut head = format!("{line}\r\nHost: sandbox\r\nContent-Type: {content_type}\r\n");
        if let Some(key) = key {
            write!(head, "api-key: {key}\r\n").expect("a text grows");
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).expect("a text grows");
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        request
    }
}

/// A reply that came whole.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The text of the page's error body, after a look at its form.
    pub(super) fn error(&self) -> String {
        let json = self.json();
        assert_eq!(json["data"], Value::Array(Vec::new()));
        assert_eq!(json["message"], json["error"]["error"]);
        let word = |name: &str| json[name].as_str().expect("a text").to_owned();
        let (code, text) = (word("code"), word("message"));
        format!("{} {code} {text}", self.status)
    }
}

pub(super) struct Connection(TcpStream);

impl Connection {
    pub(super) fn to(sandbox: &SandboxHandle) -> Self {
        let stream = TcpStream::connect(sandbox.address()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
        stream.set_nodelay(true).expect("TCP has that option");
        Self(stream)
    }

    /// Gives up reading after so long.
    pub(super) fn patience(self, patience: Duration) -> Self {
        self.0.set_read_timeout(Some(patience)).expect("a time");
        self
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("it reads");
    }

    pub(super) fn post(&mut self, form: &Form) -> Reply {
        self.write(&Head::default().before(&form.body()));
        self.reply()
    }

    /// Reads one reply by its content-length.
    pub(super) fn reply(&mut self) -> Reply {
        let mut read = Vec::new();
        let head_end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more(&mut read);
        };
        let head =
            String::from_utf8(read[..head_end].to_vec()).expect("a head is text").to_lowercase();
        let length = head.split("content-length: ").nth(1).expect("a length is stated");
        let length = length.split('\r').next().expect("a first piece");
        let length: usize = length.parse().expect("a length is a number");
        while read.len() < head_end + length {
            self.more(&mut read);
        }
        let status = head[9..12].parse().expect("a status is a number");
        Reply { status, head, body: read[head_end..].to_vec() }
    }

    fn more(&mut self, read: &mut Vec<u8>) {
        let mut piece = [0; 4096];
        let count = self.0.read(&mut piece).expect("an answer");
        assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(read));
        read.extend_from_slice(&piece[..count]);
    }

    /// Reads until the connection ends, and says how it ended.
    pub(super) fn rest(&mut self) -> (Vec<u8>, io::Result<()>) {
        let mut read = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match self.0.read(&mut piece) {
                Ok(0) => return (read, Ok(())),
                Ok(count) => read.extend_from_slice(&piece[..count]),
                Err(error) => return (read, Err(error)),
            }
        }
    }
}

/// One form on a connection of its own.
pub(super) fn post(sandbox: &SandboxHandle, form: &Form) -> Reply {
    Connection::to(sandbox).post(form)
}
