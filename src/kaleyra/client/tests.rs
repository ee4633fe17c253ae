use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::form::tests::{number, page_content, page_form, page_message, picture};
use super::*;
use crate::model::{MediaFile, SharedContent};

const API_KEY: &str = "Abf2e77c4d1cfa6854a7423a68e7canary";
const SID: &str = "HXCANARY071IN";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// What the far side does with a request it has read whole.
#[derive(Clone)]
enum Act {
    Say(String),
    SayThenClose(String),
    Close,
    Reset,
    Hang,
}

/// A far side made of bare sockets. Remembers every request, byte by byte.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    /// Answers the requests with `acts` in their order, the last one for all that follow.
    async fn start(acts: Vec<Act>) -> Self {
        let listener = listen().await;
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&log), acts.clone()));
            }
        });
        Self { address, requests }
    }

    fn client(&self) -> Client {
        client(&format!("http://{}", self.address), Duration::from_secs(5))
    }

    fn seen(&self) -> Vec<Vec<u8>> {
        self.requests.lock().expect("not poisoned").clone()
    }
}

async fn converse(mut stream: TcpStream, log: Arc<Mutex<Vec<Vec<u8>>>>, acts: Vec<Act>) {
    while let Some(request) = read_request(&mut stream).await {
        let act = {
            let mut log = log.lock().expect("not poisoned");
            log.push(request);
            acts[(log.len() - 1).min(acts.len() - 1)].clone()
        };
        match act {
            Act::Say(text) => stream.write_all(text.as_bytes()).await.expect("a reader"),
            Act::SayThenClose(text) => {
                stream.write_all(text.as_bytes()).await.expect("a reader");
                return;
            }
            Act::Close => return,
            Act::Reset => {
                stream.set_zero_linger().expect("a socket option");
                return;
            }
            Act::Hang => tokio::time::sleep(Duration::from_mins(10)).await,
        }
    }
}

/// One request, whole; `None` when the other side is done.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
        if let Some(head) = head_length(&bytes) {
            let length: usize = header(&bytes, "content-length")?.parse().ok()?;
            while bytes.len() < head + length {
                stream.read_buf(&mut bytes).await.ok().filter(|&read| read > 0)?;
            }
            return Some(bytes);
        }
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn header(bytes: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..head_length(bytes)?]).into_owned();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// Listens below the range of outgoing ports, where a connection could reach itself.
async fn listen() -> TcpListener {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 8_000).expect("below 8,000");
    for _ in 0..4_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return listener;
        }
    }
    panic!("no free port between 20000 and 32000");
}

fn client(url: &str, response: Duration) -> Client {
    let endpoint = Endpoint::parse(url).expect("an endpoint");
    let sid = Sid::new(SID.to_owned()).expect("a SID");
    let api_key = ApiKey::new(API_KEY.to_owned()).expect("a key");
    let connect = Duration::from_secs(2);
    let timeouts = Timeouts { connect, response, ..Timeouts::default() };
    let options = ClientOptions { timeouts, ..ClientOptions::default() };
    Client::new(&endpoint, &sid, &api_key, &options).expect("a client")
}

fn answered(status: u16, body: &str, complete: bool) -> Reply {
    Reply::Answered { status, retry_after: None, body: body.as_bytes().to_vec(), complete }
}

fn unheard() -> OnStart {
    Box::new(|| {})
}

#[tokio::test]
async fn a_request_carries_key_path_length_and_the_exact_body() {
    let server = Server::start(vec![Act::Say(OK.to_owned())]).await;
    let reply = server.client().send(page_form(), unheard()).await;
    assert_eq!(reply, answered(200, "{}", true));

    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("{} requests", seen.len()) };
    let text = String::from_utf8_lossy(request);
    assert!(text.starts_with(&format!("POST /v1/{SID}/messages HTTP/1.1\r\n")), "{text}");
    assert_eq!(header(request, "api-key").as_deref(), Some(API_KEY));
    assert_eq!(header(request, "transfer-encoding"), None);
    assert_eq!(header(request, "accept-encoding"), None);
    assert_eq!(header(request, "referer"), None);
    let encoded = Multipart::encode(&page_form());
    assert_eq!(header(request, "content-length"), Some(encoded.size().to_string()));
    let (content_type, encoded) = encoded.into_parts();
    assert_eq!(header(request, "content-type"), Some(content_type));
    let body = &request[head_length(request).expect("a head")..];
    let collected = http_body_util::BodyExt::collect(encoded).await;
    assert_eq!(body, collected.expect("infallible").to_bytes());
}

#[tokio::test]
async fn a_large_file_arrives_whole() {
    let server = Server::start(vec![Act::Say(OK.to_owned())]).await;
    let bytes: bytes::Bytes = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let media = MediaFile { bytes: bytes.clone(), ..picture() };
    let (shared, message) =
        (SharedContent { media: Some(media), ..page_content() }, page_message());
    let to = [number(12_025_550_123)];
    let form = Form::new(&shared, &message, &to, Some(60_000)).expect("a form");
    assert_eq!(server.client().send(form, unheard()).await, answered(200, "{}", true));
    let request = &server.seen()[0];
    let start = request.windows(512).position(|part| part == &bytes[..512]).expect("the file");
    assert_eq!(request[start..start + bytes.len()], bytes);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_reply_is_lost_and_not_used_again() {
    for act in [
        Act::Close,
        Act::Reset,
        Act::SayThenClose("HTTP/1.1 200 OK\r\nContent-".to_owned()),
        Act::SayThenClose("POST /v1/x/messages HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        Act::SayThenClose("SSH-2.0-OpenSSH\r\n".to_owned()),
    ] {
        let server = Server::start(vec![act]).await;
        assert_eq!(server.client().send(page_form(), unheard()).await, Reply::Lost);
        assert_eq!(server.seen().len(), 1, "one call is one request");
    }
}

#[tokio::test]
async fn redirects_are_answers_and_lead_nowhere() {
    let elsewhere = Server::start(vec![Act::Say(OK.to_owned())]).await;
    for status in [301, 302, 303, 307, 308] {
        let text = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: http://{}/v1/x/messages\r\nContent-Length: 0\r\n\r\n",
            elsewhere.address
        );
        let server = Server::start(vec![Act::Say(text)]).await;
        assert_eq!(server.client().send(page_form(), unheard()).await, answered(status, "", true));
        assert_eq!(server.seen().len(), 1);
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn errors_of_the_server_are_sent_once() {
    for status in [408, 429, 500, 502, 503, 504] {
        let text = format!(
            "HTTP/1.1 {status} No\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        let server = Server::start(vec![Act::SayThenClose(text)]).await;
        let reply = server.client().send(page_form(), unheard()).await;
        let retry_after = Some("5".to_owned());
        assert_eq!(
            reply,
            Reply::Answered { status, retry_after, body: Vec::new(), complete: true }
        );
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn nobody_listening_is_not_connected() {
    let listener = listen().await;
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = client(&format!("http://{address}"), Duration::from_secs(5));
    let reply = client.send(page_form(), unheard()).await;
    assert_eq!(reply, Reply::NotConnected(ConnectFailure::Refused));
}

/// Names below `.invalid` never exist (RFC 6761); a resolver without a network says so or
/// is silent.
#[tokio::test]
async fn a_host_without_an_address_is_not_connected() {
    let reply = client("https://offercast.invalid", Duration::from_secs(8))
        .send(page_form(), unheard())
        .await;
    let failures = [ConnectFailure::Dns, ConnectFailure::TimedOut].map(Reply::NotConnected);
    assert!(failures.contains(&reply), "{reply:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_no_request() {
    let listener = listen().await;
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let far_side = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut came = Vec::new();
        stream.read_buf(&mut came).await.expect("a first flight");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("a reader");
        let _ = stream.read_to_end(&mut came).await;
        came
    });
    let reply = client(&url, Duration::from_secs(5)).send(page_form(), unheard()).await;
    assert_eq!(reply, Reply::NotConnected(ConnectFailure::Tls));
    let came = far_side.await.expect("the far side");
    assert_eq!(came[0], 0x16, "a TLS handshake record");
    let holds = |text: &str| came.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!holds(API_KEY) && !holds(SID) && !holds("POST"));
}

#[tokio::test]
async fn a_cut_off_body_keeps_its_status_and_is_incomplete() {
    for (head, body) in
        [("Content-Length: 100", "{\"id\":"), ("Transfer-Encoding: chunked", "6\r\n{\"id\":\r\n")]
    {
        let text = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
        let server = Server::start(vec![Act::SayThenClose(text)]).await;
        assert_eq!(
            server.client().send(page_form(), unheard()).await,
            answered(200, "{\"id\":", false)
        );
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    for (size, complete) in
        [(MAX_REPLY_BYTES, true), (MAX_REPLY_BYTES + 1, false), (900_000, false)]
    {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        let server = Server::start(vec![Act::SayThenClose(head + &"x".repeat(size))]).await;
        let reply = server.client().send(page_form(), unheard()).await;
        assert_eq!(reply, answered(200, &"x".repeat(size.min(MAX_REPLY_BYTES)), complete));
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_slow_body_is_cut_off() {
    let server = Server::start(vec![Act::Hang]).await;
    let hasty = client(&format!("http://{}", server.address), Duration::from_millis(200));
    assert_eq!(hasty.send(page_form(), unheard()).await, Reply::TimedOut);

    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_owned();
    let server = Server::start(vec![Act::Say(begun)]).await;
    let hasty = client(&format!("http://{}", server.address), Duration::from_millis(200));
    assert_eq!(hasty.send(page_form(), unheard()).await, answered(200, "{", false));
}

#[tokio::test]
async fn connections_are_kept_and_a_closed_one_is_replaced() {
    let server =
        Server::start(vec![Act::Say(OK.to_owned()), Act::SayThenClose(OK.to_owned())]).await;
    let client = server.client();
    for sent in 1..=4 {
        assert_eq!(client.send(page_form(), unheard()).await, answered(200, "{}", true));
        assert_eq!(server.seen().len(), sent);
        // Time for the close to arrive: a connection that closes under a request is lost.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn secrets_are_blanked_in_replies_and_hidden_in_debug() {
    let body = format!("{{\"message\":\"key {API_KEY} of {SID}, again {SID}\"}}");
    let text = format!("HTTP/1.1 401 No\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::start(vec![Act::Say(text)]).await;
    let client = server.client();
    let Reply::Answered { body, .. } = client.send(page_form(), unheard()).await else {
        panic!("no answer")
    };
    let text = String::from_utf8(body).expect("text");
    assert!(!text.contains("canary") && !text.contains("CANARY"), "{text}");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    let shown = format!("{client:?}");
    assert!(!shown.contains(SID) && !shown.contains(API_KEY), "{shown}");
}

#[test]
fn the_key_is_never_shown_as_a_header() {
    let server = client("https://api.kaleyra.io", Duration::from_secs(1));
    assert_eq!(format!("{:?}", server.api_key_header), "Sensitive");
}

#[tokio::test]
async fn writing_is_told_once_and_only_when_there_is_a_connection() {
    let told = Arc::new(AtomicU16::new(0));
    let tell = |told: &Arc<AtomicU16>| -> OnStart {
        let told = Arc::clone(told);
        Box::new(move || {
            told.fetch_add(1, Ordering::Relaxed);
        })
    };
    let server = Server::start(vec![Act::SayThenClose(OK.to_owned())]).await;
    let reply = server.client().send(page_form(), tell(&told)).await;
    assert!(matches!(reply, Reply::Answered { .. }));
    assert_eq!(told.load(Ordering::Relaxed), 1);

    let port = listen().await.local_addr().expect("an address").port();
    let nobody = client(&format!("http://127.0.0.1:{port}"), Duration::from_secs(5));
    let reply = nobody.send(page_form(), tell(&told)).await;
    assert!(matches!(reply, Reply::NotConnected(_)));
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
