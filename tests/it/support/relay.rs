//! The wire between the program and PostgreSQL, on which every byte can be the last one to
//! get through, also those between a statement and its answer.
//!
//! What goes to the server is passed on in whole messages of its protocol, so that a
//! statement can be kept from it before its first byte.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Database;

/// Where a connection is cut, both ways. The other connections stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// After so many bytes, of both directions and over all connections.
    Byte(u64),
    /// Before this statement, which the server never sees.
    Before(Statement),
    /// After it: it is carried out, its answer is lost.
    After(Statement),
    /// At it; but it comes to the server, on the connection that it was sent on, when the
    /// program tries it again on another one.
    Late(Statement),
}

/// A statement of the program's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Statement {
    /// The nth with these words, from 1.
    Nth(&'static str, u64),
    /// The end of the first transaction with these words.
    CommitOf(&'static str),
}

/// The longest that a server is waited for when a statement comes late.
const PATIENCE: Duration = Duration::from_secs(5);

/// A relay in front of the server.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    closing: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    cut: Option<Cut>,
    /// Counted since the cut was set.
    bytes: u64,
    statements: u64,
    /// The connection whose transaction is waited for the end of.
    committing: Option<Arc<Link>>,
    cuts: u64,
    /// Connections that were made through here.
    connections: u64,
    refuses: bool,
    links: Vec<Arc<Link>>,
    late: Option<(Arc<Link>, Vec<u8>)>,
}

/// One connection.
struct Link {
    client: TcpStream,
    server: TcpStream,
    /// Nothing more comes through to the client; at the end of the answer it is cut.
    is_mute: AtomicBool,
    /// Nothing more comes through at all, and nobody is told.
    is_stalled: AtomicBool,
}

impl Relay {
    pub(crate) fn before(database: &Database) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            server: (Ipv4Addr::LOCALHOST, database.port()).into(),
            closing: AtomicBool::new(false),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let listening = Some(thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&listener)
        }));
        Self { address, shared, listening }
    }

    /// The database's URL by this way.
    pub(crate) fn url(&self, database: &Database) -> String {
        format!("postgres://owner@{}/{}", self.address, database.name())
    }

    /// From now on the next connection that comes there is cut, once.
    pub(crate) fn cut(&self, cut: Cut) {
        let mut state = self.shared.state();
        (state.cut, state.bytes, state.statements) = (Some(cut), 0, 0);
        (state.committing, state.late) = (None, None);
    }

    /// From now on no connection is cut.
    pub(crate) fn spare(&self) {
        self.shared.state().cut = None;
    }

    /// Bytes that went through since a cut was last set.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.state().bytes
    }

    /// How many connections were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.state().cuts
    }

    /// Cuts all connections that there are.
    pub(crate) fn cut_all(&self) {
        let mut state = self.shared.state();
        for link in std::mem::take(&mut state.links) {
            state.cuts += 1;
            link.close();
        }
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// Passes nothing on any more on the connections that there are, and keeps them open. New
    /// ones are served.
    pub(crate) fn stall(&self) {
        for link in &self.shared.state().links {
            link.is_stalled.store(true, Ordering::Release);
        }
    }

    /// Ends [`Relay::refuse`].
    pub(crate) fn let_through(&self) {
        self.shared.state().refuses = false;
    }

    /// Cuts all connections and takes no new ones.
    pub(crate) fn refuse(&self) {
        self.shared.state().refuses = true;
        self.cut_all();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.cut_all();
        self.shared.changed.notify_all();
        // Wakes the listener; if that fails it is not listening any more.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            let Ok(server) = TcpStream::connect(self.server) else { continue };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("TCP has that option");
            }
            let (is_mute, is_stalled) = (AtomicBool::new(false), AtomicBool::new(false));
            let link = Arc::new(Link { client, server, is_mute, is_stalled });
            let mut state = self.state();
            if state.refuses {
                continue;
            }
            state.connections += 1;
            state.links.push(Arc::clone(&link));
            drop(state);
            let (up, down, other) = (Arc::clone(self), Arc::clone(self), Arc::clone(&link));
            thread::spawn(move || up.pass_statements(&link));
            thread::spawn(move || down.pass_answers(&other));
        }
    }

    fn pass_statements(&self, link: &Arc<Link>) {
        let mut frames = Frames { has_begun: false, bytes: Vec::new() };
        // What is kept for later, up to the end of its statement.
        let mut late: Option<Vec<u8>> = None;
        while frames.read(&link.client) {
            while let Some(frame) = frames.next() {
                self.wait(link);
                if let Some(kept) = &mut late {
                    kept.extend_from_slice(&frame);
                } else {
                    match self.strike(link, &frame) {
                        Some(Cut::Before(..)) => return self.end(link),
                        Some(Cut::After(..)) => link.is_mute.store(true, Ordering::Release),
                        Some(Cut::Late(..)) => late = Some(frame.clone()),
                        Some(Cut::Byte(_)) | None => {}
                    }
                }
                if let Some(kept) = late.take_if(|_| matches!(frame[0], b'Q' | b'S')) {
                    let _ = link.client.shutdown(Shutdown::Both);
                    self.state().late = Some((Arc::clone(link), kept));
                    return;
                }
                if late.is_none() && !self.forward(&frame, &link.server) {
                    return self.end(link);
                }
            }
        }
        self.end(link);
    }

    fn pass_answers(&self, link: &Arc<Link>) {
        let mut frames = Frames { has_begun: true, bytes: Vec::new() };
        while frames.read(&link.server) {
            self.wait(link);
            let is_mute = link.is_mute.load(Ordering::Acquire);
            while let Some(frame) = frames.next() {
                if is_mute && frame[0] == b'Z' {
                    return self.end(link);
                }
                if !is_mute && !self.forward(&frame, &link.client) {
                    return self.end(link);
                }
            }
        }
        self.end(link);
    }

    /// Waits while nothing may come through: to the relay's end, once that has begun.
    fn wait(&self, link: &Link) {
        let is_stalled = || link.is_stalled.load(Ordering::Acquire);
        let closing = || self.closing.load(Ordering::Acquire);
        let held = self.changed.wait_while(self.state(), |_| is_stalled() && !closing());
        drop(held.unwrap_or_else(PoisonError::into_inner));
    }

    /// What happens at this message of the program's.
    fn strike(&self, link: &Arc<Link>, frame: &[u8]) -> Option<Cut> {
        let mut state = self.state();
        let cut = state.cut?;
        let (Cut::Before(statement) | Cut::After(statement) | Cut::Late(statement)) = cut else {
            return None;
        };
        if !matches!(frame[0], b'Q' | b'P') {
            return None;
        }
        let (words, nth) = match statement {
            Statement::Nth(words, nth) => (words, nth),
            Statement::CommitOf(_)
                if state.committing.as_ref().is_some_and(|other| Arc::ptr_eq(other, link)) =>
            {
                ("COMMIT", 1)
            }
            Statement::CommitOf(words) => {
                if has(frame, words) && state.statements == 0 {
                    state.committing = Some(Arc::clone(link));
                }
                return None;
            }
        };
        if !has(frame, words) {
            return None;
        }
        if let Some((link, kept)) = state.late.take() {
            state.cut = None;
            drop(state);
            link.take_late(&kept);
            return None;
        }
        state.statements += 1;
        if state.statements != nth {
            return None;
        }
        state.cuts += 1;
        if !matches!(cut, Cut::Late(..)) {
            state.cut = None;
        }
        Some(cut)
    }

    /// Passes a message on, or what still gets through of it. Whether the connection goes on.
    fn forward(&self, frame: &[u8], mut to: &TcpStream) -> bool {
        let mut state = self.state();
        let before = state.bytes;
        state.bytes += frame.len() as u64;
        let mut through = frame;
        if let Some(Cut::Byte(at)) = state.cut
            && at <= state.bytes
        {
            state.cut = None;
            state.cuts += 1;
            through = &frame[..usize::try_from(at - before).expect("within a message")];
        }
        drop(state);
        to.write_all(through).is_ok() && through.len() == frame.len()
    }

    fn end(&self, link: &Arc<Link>) {
        link.close();
        self.state().links.retain(|other| !Arc::ptr_eq(other, link));
    }
}

impl Link {
    fn close(&self) {
        for stream in [&self.client, &self.server] {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets the server have what was kept, and waits until it is done with it.
    fn take_late(&self, kept: &[u8]) {
        let mut server = &self.server;
        if server.write_all(kept).is_ok() {
            // The answer, or the end of a connection that the server has closed.
            let _ = server.set_read_timeout(Some(PATIENCE));
            let mut frames = Frames { has_begun: true, bytes: Vec::new() };
            while frames.read(server) {
                while let Some(frame) = frames.next() {
                    if frame[0] == b'Z' {
                        return self.close();
                    }
                }
            }
        }
        self.close();
    }
}

/// Messages of PostgreSQL's protocol: a type but for the first one, a length, and the rest.
struct Frames {
    has_begun: bool,
    bytes: Vec<u8>,
}

impl Frames {
    /// Whether more has come.
    fn read(&mut self, mut from: &TcpStream) -> bool {
        let mut buffer = [0; 16 * 1024];
        match from.read(&mut buffer) {
            Ok(count @ 1..) => {
                self.bytes.extend_from_slice(&buffer[..count]);
                true
            }
            _ => false,
        }
    }

    /// The next whole message.
    fn next(&mut self) -> Option<Vec<u8>> {
        let start = usize::from(self.has_begun);
        let length = self.bytes.get(start..start + 4)?;
        let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
        let end = start + usize::try_from(length).expect("32 bits fit");
        if self.bytes.len() < end {
            return None;
        }
        self.has_begun = true;
        Some(self.bytes.drain(..end).collect())
    }
}

fn has(frame: &[u8], words: &str) -> bool {
    frame.windows(words.len()).any(|window| window == words.as_bytes())
}
