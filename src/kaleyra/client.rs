//! The only outgoing sockets of the program.
//!
//! One call of [`Transport::send`] is at most one POST on the wire: no redirect is
//! followed, since it would carry the API key to another host or post again; no request is
//! sent twice, since Kaleyra knows no idempotency key. (hyper puts a request that it hands
//! back unstarted, because a kept connection turned out closed, on a new connection; of
//! that request no byte had been written.)
//!
//! No text of an error leaves this module: it could hold the address with the SID.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem::Finder;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Body, Response, Url, redirect, retry, tls};

use super::endpoint::Endpoint;
use super::field;
use super::form::Form;
use super::multipart::{Multipart, OnStart};
use super::reply::{ConnectFailure, Reply};
use super::resolver::{SystemResolver, Unresolved};
use crate::model::{ApiKey, Sid};

/// Something that puts a form on the wire and says what it saw. [`Client`] does; so can a
/// simulation.
pub trait Transport: Send + Sync + 'static {
    /// Sends the form once. `on_start` is called when its first byte is about to be written;
    /// never, when no connection could be made.
    ///
    /// The future must be polled to its end: dropped halfway, the request may have been
    /// worked on and nobody learns of it. Who stops early has to count the recipients as
    /// unknown.
    fn send(&self, form: Form<'_>, on_start: OnStart) -> impl Future<Output = Reply> + Send;
}

/// Sends forms to one endpoint for one account. Connections are kept and shared; cloning
/// is cheap.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Holds the SID.
    url: Url,
    api_key_header: HeaderValue,
    /// The API key and the SID, made ready to be looked for in replies.
    secrets: Arc<[Finder<'static>]>,
}

/// How a client behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientOptions {
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Most requests on the wire at once; so many idle connections are kept.
    pub max_in_flight: u16,
    /// Whether the proxy of the environment (`HTTPS_PROXY` and the like) is used.
    pub system_proxy: bool,
}

/// How long to wait for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// For a connection, TLS included. After it nothing was sent.
    pub connect: Duration,
    /// For the whole request, from the call to the reply's last byte. After it the outcome
    /// is unknown, so it is long.
    pub response: Duration,
    /// How long an idle connection is kept: shorter than any server's keep-alive, since a
    /// connection that closes under a request leaves its outcome unknown.
    pub idle: Duration,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS or the resolver could not be set up, such as when the system has no root
    /// certificates.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// The key holds a character that cannot stand in a header.
    #[error("the API key cannot stand in a request header")]
    ApiKey,
}

const API_KEY: HeaderName = HeaderName::from_static(field::API_KEY_HEADER);

/// The most bytes of a reply that are read; Kaleyra's own for 100 recipients has some 10 kB.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// A `Retry-After` longer than this is no number and no date.
const MAX_RETRY_AFTER_BYTES: usize = 64;

impl Default for ClientOptions {
    fn default() -> Self {
        Self { timeouts: Timeouts::default(), max_in_flight: 32, system_proxy: false }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            response: Duration::from_mins(1),
            idle: Duration::from_secs(4),
        }
    }
}

impl Client {
    /// A client for one account. Opens no connection yet.
    pub fn new(
        endpoint: &Endpoint,
        sid: &Sid,
        api_key: &ApiKey,
        options: &ClientOptions,
    ) -> Result<Self, ClientError> {
        let mut api_key_header =
            HeaderValue::from_str(api_key.expose()).map_err(|_| ClientError::ApiKey)?;
        api_key_header.set_sensitive(true);
        let http = http_client(options).map_err(|error| ClientError::Setup(error.without_url()))?;
        let url = endpoint.messages_url(sid);
        let secrets = [api_key.expose(), sid.expose()]
            .into_iter()
            .filter(|secret| is_worth_hiding(secret))
            .map(|secret| Finder::new(secret).into_owned())
            .collect();
        Ok(Self { http, url, api_key_header, secrets })
    }

    async fn post(&self, form: Form<'_>, on_start: OnStart) -> Result<Response, reqwest::Error> {
        let (content_type, body) = Multipart::encode(&form).into_parts();
        drop(form);
        self.http
            .post(self.url.clone())
            .header(API_KEY, self.api_key_header.clone())
            .header(CONTENT_TYPE, content_type)
            .body(Body::wrap(body.telling(on_start)))
            .send()
            .await
    }

    async fn read(&self, mut response: Response) -> Reply {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        let complete = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = MAX_REPLY_BYTES - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break false;
                    }
                }
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        self.blank_secrets(&mut body);
        Reply::Answered { status, retry_after, body, complete }
    }

    /// Overwrites the API key and the SID where a reply quotes them: its words are shown.
    fn blank_secrets(&self, body: &mut [u8]) {
        for secret in &*self.secrets {
            let length = secret.needle().len();
            let mut from = 0;
            while let Some(at) = secret.find(&body[from..]) {
                body[from + at..][..length].fill(b'*');
                from += at + length;
            }
        }
    }
}

impl Transport for Client {
    async fn send(&self, form: Form<'_>, on_start: OnStart) -> Reply {
        match self.post(form, on_start).await {
            Ok(response) => self.read(response).await,
            Err(error) => failure(&error),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.url.host_str().unwrap_or_default())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the module the ban points to")]
fn http_client(options: &ClientOptions) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("offercast/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .dns_resolver(SystemResolver)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tls_version_min(tls::Version::TLS_1_2)
        .tcp_nodelay(true)
        .connect_timeout(options.timeouts.connect)
        .timeout(options.timeouts.response)
        .pool_idle_timeout(options.timeouts.idle)
        .pool_max_idle_per_host(usize::from(options.max_in_flight));
    let builder = if options.system_proxy { builder } else { builder.no_proxy() };
    builder.build()
}

/// Only what failed while connecting is proved unsent. All else may have been worked on,
/// also a connection that closed while the request was being written.
///
/// A connection that reaches this process itself (a loopback port that nobody listens on,
/// from the range of outgoing ports) echoes the request; that is no HTTP reply, so it ends
/// here as lost.
fn failure(error: &reqwest::Error) -> Reply {
    if error.is_connect() {
        Reply::NotConnected(connect_failure(error))
    } else if error.is_timeout() {
        Reply::TimedOut
    } else {
        Reply::Lost
    }
}

fn connect_failure(error: &reqwest::Error) -> ConnectFailure {
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    if find_source::<Unresolved>(error, |_| true) {
        ConnectFailure::Dns
    } else if error.is_timeout() {
        ConnectFailure::TimedOut
    } else if find_source(error, refused) {
        ConnectFailure::Refused
    } else if let Some(fault) = source(error) {
        tls_failure(fault)
    } else {
        ConnectFailure::Other
    }
}

fn tls_failure(error: &rustls::Error) -> ConnectFailure {
    use rustls::CertificateError as Fault;
    match error {
        rustls::Error::InvalidCertificate(fault) => match fault {
            Fault::Expired
            | Fault::ExpiredContext { .. }
            | Fault::NotValidYet
            | Fault::NotValidYetContext { .. } => ConnectFailure::CertificateExpired,
            Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
                ConnectFailure::CertificateOfOtherHost
            }
            _ => ConnectFailure::CertificateUntrusted,
        },
        _ => ConnectFailure::Tls,
    }
}

/// Whether one of the errors behind an error is such a one.
fn find_source<E: Error + 'static>(error: &reqwest::Error, is_it: impl Fn(&E) -> bool) -> bool {
    source(error).is_some_and(is_it)
}

/// The first error of this type behind an error.
fn source<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let first: Option<&(dyn Error + 'static)> = Some(error);
    std::iter::successors(first, |&error| error.source()).find_map(inside)
}

/// An I/O error hides the error it was made from: it is not its source.
fn inside<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let hidden = || inside(error.downcast_ref::<io::Error>()?.get_ref()?);
    error.downcast_ref().or_else(hidden)
}

/// Values too short to be real ones are left, so that they cannot damage the JSON.
fn is_worth_hiding(secret: &str) -> bool {
    secret.len() >= 6 && !secret.bytes().all(|byte| byte.is_ascii_digit())
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    (text.len() <= MAX_RETRY_AFTER_BYTES).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
