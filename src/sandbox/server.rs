//! Takes connections, and lives in a thread of its own where it is started in process.

use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::config::{SandboxConfig, SandboxError};
use super::exchange::Exchange;
use super::port;
use super::recorder::{Accepted, Arrival, SandboxCounts};
use super::wire::{ScriptedStream, Wire};

/// A sandbox that listens and does not answer yet.
#[derive(Debug)]
pub struct Sandbox {
    listener: StdListener,
    address: SocketAddr,
    exchange: Arc<Exchange>,
}

/// Most connections at a time; more of them wait until one is closed.
const MAX_CONNECTIONS: usize = 1024;

/// How long to wait when the system has no file descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

impl Sandbox {
    /// Takes the address and opens the log.
    pub fn bind(config: &SandboxConfig) -> Result<Self, SandboxError> {
        let listener = port::bind(config.listen)?;
        let address = listener.local_addr().map_err(SandboxError::Thread)?;
        Ok(Self { listener, address, exchange: Arc::new(Exchange::new(config)?) })
    }

    /// Runs a sandbox in a thread of its own until the handle is stopped or dropped.
    pub fn start(config: &SandboxConfig) -> Result<SandboxHandle, SandboxError> {
        let sandbox = Self::bind(config)?;
        let (address, exchange) = (sandbox.address, Arc::clone(&sandbox.exchange));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SandboxError::Thread)?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(sandbox.listener).map_err(SandboxError::Thread)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&exchange);
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(answer_all(listener, served, async {
                    // A handle that is gone stops the sandbox like one that says so.
                    let _ = stopped.await;
                }));
            })
            .map_err(SandboxError::Thread)?;
        Ok(SandboxHandle { address, exchange, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests on the current runtime until `stop` is ready, then closes all
    /// connections.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()>,
    ) -> Result<SandboxCounts, SandboxError> {
        let listener = TcpListener::from_std(self.listener).map_err(SandboxError::Thread)?;
        answer_all(listener, Arc::clone(&self.exchange), stop).await;
        Ok(self.exchange.recorder.counts())
    }
}

/// A sandbox at work in this process. Stops when dropped; its port is closed then.
#[derive(Debug)]
pub struct SandboxHandle {
    address: SocketAddr,
    exchange: Arc<Exchange>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SandboxHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`, what `OFFERCAST_API_URL` takes.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happened so far.
    pub fn counts(&self) -> SandboxCounts {
        self.exchange.recorder.counts()
    }

    /// Everybody accepted so far, in order. Empty unless `keep` is set.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.exchange.recorder.accepted()
    }

    /// All requests so far, in order of arrival. Empty unless `keep` is set.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.exchange.recorder.arrivals()
    }

    /// Most recipients that arrived within any window of this length. 0 unless `keep` is set.
    pub fn most_recipients_within(&self, window: Duration) -> u64 {
        most_within(&self.arrivals(), window)
    }

    /// Closes the port and all connections, and says what happened.
    pub fn stop(mut self) -> SandboxCounts {
        self.end();
        self.counts()
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed where it happened; there is nothing to add.
            let _ = thread.join();
        }
    }
}

impl Drop for SandboxHandle {
    fn drop(&mut self) {
        self.end();
    }
}

async fn answer_all(
    listener: TcpListener,
    exchange: Arc<Exchange>,
    stop: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    exchange.recorder.connected();
                    connections.spawn(connection(stream, Arc::clone(&exchange)));
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Answers the requests of one connection.
async fn connection(stream: TcpStream, exchange: Arc<Exchange>) {
    // Without it small replies could wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let wire = Arc::new(Wire::default());
    let closes_idle = exchange.script.closes_idle();
    let io = TokioIo::new(ScriptedStream::new(stream, Arc::clone(&wire)));
    let service_wire = Arc::clone(&wire);
    let service =
        service_fn(move |request| Arc::clone(&exchange).answer(Arc::clone(&service_wire), request));
    let serving = http1::Builder::new().serve_connection(io, service);
    // How a connection ends is the client's or the script's affair, never an error here.
    if closes_idle {
        tokio::select! {
            _ = serving => {}
            () = wire.idle_over() => {}
        }
    } else {
        let _ = serving.await;
    }
}

/// Most recipients in any stretch of arrivals shorter than `window`.
fn most_within(arrivals: &[Arrival], window: Duration) -> u64 {
    let (mut most, mut sum, mut oldest) = (0, 0, 0);
    for arrival in arrivals {
        sum += u64::from(arrival.recipients);
        while arrival.at.saturating_sub(arrivals[oldest].at) >= window {
            sum -= u64::from(arrivals[oldest].recipients);
            oldest += 1;
        }
        most = most.max(sum);
    }
    most
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_fullest_second_is_found_wherever_it_begins() {
        let at =
            |millis: u64, recipients| Arrival { at: Duration::from_millis(millis), recipients };
        let arrivals = [at(0, 5), at(900, 3), at(1000, 4), at(1800, 2), at(2000, 1)];
        assert_eq!(most_within(&arrivals, Duration::from_secs(1)), 9);
        assert_eq!(most_within(&[], Duration::from_secs(1)), 0);
    }
}
