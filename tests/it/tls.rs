//! Doors that only look like Kaleyra's: the API key and the message stay inside.
//!
//! The certificates in `tests/fixtures/tls` share one key, made for these tests and used
//! nowhere else.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::support::{CAMPAIGN, World, people};

/// The longest a caller may be silent.
const PATIENCE: Duration = Duration::from_secs(5);

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// A server that writes down what it is told and grants nothing.
struct Door {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    closing: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// What came to a door.
#[derive(Clone, Default)]
struct Seen {
    callers: u32,
    /// Bytes of the application: after TLS was taken off, where there was TLS.
    told: Vec<u8>,
}

impl Door {
    fn open(answer: impl Fn(TcpStream) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (seen, closing) = (Arc::<Mutex<Seen>>::default(), Arc::new(AtomicBool::new(false)));
        let listening = Some(thread::spawn({
            let (seen, closing) = (Arc::clone(&seen), Arc::clone(&closing));
            move || {
                for caller in listener.incoming().flatten() {
                    if closing.load(Ordering::Acquire) {
                        return;
                    }
                    caller.set_read_timeout(Some(PATIENCE)).expect("TCP has that option");
                    let told = answer(caller);
                    let mut seen = seen.lock().expect("nobody panics with it");
                    seen.callers += 1;
                    seen.told.extend(told);
                }
            }
        }));
        Self { address, seen, closing, listening }
    }

    /// With one of the certificates; whoever accepts it is told that the key is wrong.
    fn with_certificate(name: &str) -> Self {
        let chain = vec![CertificateDer::from_pem_file(fixture(name)).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(fixture("server-key.pem")).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has its versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("they belong together");
        let config = Arc::new(config);
        Self::open(move |caller| over_tls(&config, caller))
    }

    /// Ends it: what came.
    fn close(mut self) -> Seen {
        self.end();
        self.seen.lock().expect("nobody panics with it").clone()
    }

    fn end(&mut self) {
        self.closing.store(true, Ordering::Release);
        // Wakes the listener; if that fails it is not listening any more.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.end();
    }
}

/// Takes TLS off and answers the first whole request.
fn over_tls(config: &Arc<ServerConfig>, mut caller: TcpStream) -> Vec<u8> {
    let mut tls = ServerConnection::new(Arc::clone(config)).expect("a sound configuration");
    let mut wire = rustls::Stream::new(&mut tls, &mut caller);
    let (mut told, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = wire.read(&mut buffer) {
        told.extend_from_slice(&buffer[..count]);
        if told.ends_with(b"--\r\n") {
            let body = r#"{"code":"RBC201","message":"no","data":[],"error":{"error":"no"}}"#;
            let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\n";
            let length = body.len();
            let reply =
                format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = wire.write_all(reply.as_bytes()).and_then(|()| wire.flush());
            break;
        }
    }
    told
}

/// Answers the first bytes with these, and takes all that comes for the application's.
fn in_the_clear(answer: &'static [u8]) -> impl Fn(TcpStream) -> Vec<u8> {
    move |mut caller| {
        let mut told = vec![0; 4096];
        let Ok(count) = caller.read(&mut told) else { return Vec::new() };
        told.truncate(count);
        let _ = caller.write_all(answer);
        let _ = caller.read_to_end(&mut told);
        told
    }
}

/// A server's hello that chooses TLS 1.1 with a cipher of that time.
const HELLO_OF_TLS_1_1: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
    0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";

/// Three people behind the door; only its certificate authority is trusted.
fn world(door: &Door) -> World {
    World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(3))
        .ledger()
        .env("SSL_CERT_FILE", &fixture("ca.pem").display().to_string())
        .env("OFFERCAST_API_URL", &format!("https://localhost:{}", door.address.port()))
}

/// An apply that tries until it says why it pauses: what it said.
fn apply_in_vain(world: &World) -> String {
    let apply = world.spawn("apply --auto-approve");
    let said = apply.line_with("no connection to Kaleyra");
    apply.signal(Signal::TERM);
    let _ = apply.wait().exits(143);
    said
}

fn holds(told: &[u8], text: &str) -> bool {
    told.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn the_right_door_gets_the_key_and_its_answer_counts() {
    let door = Door::with_certificate("right.pem");
    let world = world(&door);
    let _ = world.run("apply --auto-approve").exits(8);
    assert_eq!(world.states(), "pending 3");
    let told = door.close().told;
    assert!(holds(&told, "POST /v1/") && holds(&told, &world.variable("KALEYRA_API_KEY")));
}

#[test]
fn a_wrong_certificate_is_told_nothing_and_nobody_is_in_doubt() {
    for (certificate, words) in [
        ("expired.pem", "certificate has expired"),
        ("not-yet.pem", "certificate has expired or is not valid yet"),
        ("other-host.pem", "certificate is for another host"),
        ("by-a-stranger.pem", "certificate is not trusted"),
    ] {
        let door = Door::with_certificate(certificate);
        let world = world(&door);
        let said = apply_in_vain(&world);
        assert!(said.contains(words), "{certificate}: {said}");
        assert_eq!(world.states(), "pending 3", "{certificate}");
        let seen = door.close();
        assert!(seen.callers > 0, "{certificate}: somebody came to the door");
        assert!(seen.told.is_empty(), "{certificate}: {} bytes were told", seen.told.len());
    }
}

#[test]
fn old_tls_and_no_tls_are_told_nothing_and_nobody_is_in_doubt() {
    for (what, answer) in [
        ("TLS 1.1", HELLO_OF_TLS_1_1),
        ("plain HTTP", b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
    ] {
        let door = Door::open(in_the_clear(answer));
        let world = world(&door);
        let said = apply_in_vain(&world);
        assert!(said.contains("no TLS of version 1.2 or later"), "{what}: {said}");
        assert_eq!(world.states(), "pending 3", "{what}");
        let Seen { callers, told } = door.close();
        assert!(callers > 0, "{what}: somebody came to the door");
        for secret in ["POST", "api-key", &world.variable("KALEYRA_API_KEY")] {
            assert!(!holds(&told, secret), "{what}: `{secret}` was told");
        }
        // Nothing but the hello and an alert: no record of the application's (type 23).
        assert!(records(&told).all(|kind| kind == 22 || kind == 21), "{what}");
    }
}

/// The types of the TLS records in these bytes.
fn records(mut bytes: &[u8]) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_at_checked(5)?;
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        bytes = rest.get(length..).unwrap_or_default();
        Some(head[0])
    })
}
