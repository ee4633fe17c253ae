//! The wire between the program and the stand-in, on which every byte can be the last one
//! that the program lived to see.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long the far side may still answer somebody who is gone.
const AFTERLIFE: Duration = Duration::from_millis(50);

/// Where the program is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    /// So long after its start.
    Start(Duration),
    /// So long after its first byte.
    FirstByte(Duration),
    /// When so many bytes of its requests are through, counted over all connections. What it
    /// had written by then still arrives, or is lost on the way.
    RequestByte {
        /// Counted from 1.
        at: u64,
        /// Whether the rest arrives.
        arrives: bool,
    },
    /// At the nth reply.
    Reply {
        /// Counted from 1, over all connections.
        nth: u64,
        /// When, seen from the reply.
        stage: Stage,
    },
}

/// When, seen from a reply.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The far side has accepted and answered; no byte of that arrived.
    Before,
    /// Half of the reply arrived.
    Middle,
    /// All of it arrived, so long ago.
    After(Duration),
}

/// A proxy in front of the stand-in.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: SocketAddr,
    closing: AtomicBool,
    trap: Mutex<Option<Trap>>,
}

/// A point set for one process.
struct Trap {
    point: Point,
    /// Names the process also when its number has long been given to another.
    victim: Arc<OwnedFd>,
    request_bytes: u64,
    replies: u64,
}

struct Strike {
    victim: Arc<OwnedFd>,
    /// How many of the bytes at hand go through first.
    after: usize,
    /// Whether the others do.
    rest: bool,
    delay: Duration,
}

impl Proxy {
    pub(super) fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Shared { upstream, closing: AtomicBool::new(false), trap: Mutex::default() };
        let shared = Arc::new(shared);
        let listening = Some(thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&listener)
        }));
        Self { address, shared, listening }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the process is killed where the point says.
    pub(super) fn arm(&self, point: Point, process: Pid) {
        let victim = pidfd_open(process, PidfdFlags::empty()).expect("it has not been waited for");
        let victim = Arc::new(victim);
        if let Point::Start(delay) = point {
            kill_later(Arc::clone(&victim), delay);
        }
        *self.shared.trap() = Some(Trap { point, victim, request_bytes: 0, replies: 0 });
    }

    /// From now on nobody is killed.
    pub(super) fn disarm(&self) {
        *self.shared.trap() = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        // Wakes the listener; if that fails it is not listening any more.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn trap(&self) -> MutexGuard<'_, Option<Trap>> {
        self.trap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            let Ok(server) = TcpStream::connect(self.upstream) else { continue };
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("TCP has that option");
            }
            let ends = (client.try_clone(), server.try_clone());
            let (Ok(client_too), Ok(server_too)) = ends else { continue };
            let (up, down) = (Arc::clone(self), Arc::clone(self));
            thread::spawn(move || {
                pump(&client, &server, |bytes| up.request(bytes));
                thread::sleep(AFTERLIFE);
                let _ = server.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                pump(&server_too, &client_too, |bytes| down.reply(bytes));
                let _ = client_too.shutdown(Shutdown::Both);
            });
        }
    }

    /// What happens at these bytes of a request.
    fn request(&self, bytes: usize) -> Option<Strike> {
        let mut armed = self.trap();
        let trap = armed.as_mut()?;
        let before = trap.request_bytes;
        trap.request_bytes += bytes as u64;
        match trap.point {
            Point::FirstByte(delay) if before == 0 => {
                kill_later(Arc::clone(&trap.victim), delay);
                None
            }
            Point::RequestByte { at, arrives } if before < at && at <= trap.request_bytes => {
                let after = usize::try_from(at - before).expect("within one buffer");
                let victim = Arc::clone(&trap.victim);
                *armed = None;
                Some(Strike { victim, after, rest: arrives, delay: Duration::ZERO })
            }
            _ => None,
        }
    }

    /// What happens at a reply. The stand-in writes each in one piece.
    fn reply(&self, bytes: usize) -> Option<Strike> {
        let mut armed = self.trap();
        let trap = armed.as_mut()?;
        trap.replies += 1;
        let Point::Reply { nth, stage } = trap.point else { return None };
        if nth != trap.replies {
            return None;
        }
        let victim = Arc::clone(&trap.victim);
        *armed = None;
        let (after, delay) = match stage {
            Stage::Before => (0, Duration::ZERO),
            Stage::Middle => (bytes / 2, Duration::ZERO),
            Stage::After(delay) => (bytes, delay),
        };
        Some(Strike { victim, after, rest: false, delay })
    }
}

/// Passes bytes on until either end is closed or somebody is struck and the rest is lost.
fn pump(from: &TcpStream, to: &TcpStream, at: impl Fn(usize) -> Option<Strike>) {
    let (mut from, mut to) = (from, to);
    let mut buffer = [0; 16 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer) else { return };
        let bytes = &buffer[..count];
        let Some(strike) = at(count) else {
            if to.write_all(bytes).is_err() {
                return;
            }
            continue;
        };
        let _ = to.write_all(&bytes[..strike.after]);
        thread::sleep(strike.delay);
        kill(&strike.victim);
        if !strike.rest {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
        let _ = to.write_all(&bytes[strike.after..]);
    }
}

fn kill_later(victim: Arc<OwnedFd>, delay: Duration) {
    thread::spawn(move || {
        thread::sleep(delay);
        kill(&victim);
    });
}

fn kill(victim: &OwnedFd) {
    // It may have ended by itself in the meantime.
    let _ = pidfd_send_signal(victim, Signal::KILL);
}
