//! What a sandbox is told before it starts.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::script::Script;
use crate::clock::{Clock, NoRandomness};
use crate::model::{ApiKey, Sid};

/// How a sandbox listens, what it checks, what it keeps and how it fails.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where it listens.
    pub listen: Listen,
    /// Whom it lets in.
    pub account: Account,
    /// How it reads `expiration_time_ms`.
    pub expiration: ExpirationRule,
    /// How replies spell recipients.
    pub echo: EchoedRecipients,
    /// Append one NDJSON line per accepted recipient here; created with mode 0600, since
    /// it holds numbers and codes.
    pub log: Option<PathBuf>,
    /// Keep accepted messages and arrival times in memory, for
    /// [`SandboxHandle::accepted`](super::SandboxHandle::accepted) and
    /// [`SandboxHandle::arrivals`](super::SandboxHandle::arrivals). Without it only the
    /// counters run, and a benchmark does not fill the memory.
    pub keep: bool,
    /// Scripted faults.
    pub script: Script,
    /// Seeds request ids, and the script's dice where the script names no seed of its own.
    pub seed: u64,
    /// Tells whether an expiration is past, and dates the replies.
    pub clock: Clock,
}

impl SandboxConfig {
    /// A sandbox on a free port that lets anyone in, keeps everything and never fails.
    pub fn new(clock: Clock) -> Self {
        Self {
            listen: Listen::FreePort,
            account: Account::Any,
            expiration: ExpirationRule::Either,
            echo: EchoedRecipients::Digits,
            log: None,
            keep: true,
            script: Script::default(),
            seed: 0,
            clock,
        }
    }
}

/// Where a sandbox listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A free port of 127.0.0.1 below 32768.
    FreePort,
    /// This loopback address; port 0 chooses as `FreePort` does.
    At(SocketAddr),
}

/// Whom a sandbox lets in.
#[derive(Clone)]
pub enum Account {
    /// Any SID with any key, as long as both are given.
    Any,
    /// This pair only; anything else is answered with RBC201.
    Exactly {
        /// The SID in the path.
        sid: Sid,
        /// The key in the `api-key` header.
        key: ApiKey,
    },
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "Any",
            Self::Exactly { .. } => "Exactly(…)",
        })
    }
}

/// How `expiration_time_ms` is read. The page contradicts itself: it names a Unix
/// timestamp and shows 1209600000, fourteen days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpirationRule {
    /// An instant in the future: values below 10^12 (September 2001) are refused.
    UnixMs,
    /// A length of time above zero.
    DurationMs,
    /// Below 10^12 a length of time, from there on an instant in the future.
    Either,
}

/// How a reply spells the recipients it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoedRecipients {
    /// `12025550123`
    Digits,
    /// `+12025550123`
    E164,
    /// `xx0255xx01xx`, the way the page's sample reply hides digits.
    Masked,
}

/// Why a sandbox could not run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The sandbox speaks plain HTTP and checks no real key: never off this machine.
    #[error("`{0}` is not a loopback address; the sandbox listens on this machine only")]
    NotLoopback(SocketAddr),
    /// The address is taken or cannot be used.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// Where it was tried.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Every port that was tried is taken.
    #[error("found no free loopback port below {below} in {tries} tries")]
    NoFreePort {
        /// First port that is not tried.
        below: u16,
        /// How many were tried.
        tries: u32,
    },
    /// The log cannot be opened.
    #[error("cannot open the sandbox log `{}`", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The runtime or its thread cannot be started.
    #[error("cannot start the sandbox's thread")]
    Thread(#[source] io::Error),
    /// No randomness to choose a port with.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
