//! Whoever holds a ledger.

use crate::model::{Timestamp, UtcOffset};

/// Who holds a ledger's lock, for the message to whoever finds it locked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine, as it calls itself.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process.
    pub fn this_process(since: Timestamp) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { pid: std::process::id(), host: plain(&host), since }
    }

    /// `held by pid 123 on build-7 since 2026-12-01T03:30:00Z`.
    pub fn describe(holder: Option<&Self>) -> String {
        match holder {
            Some(Self { pid, host, since }) => {
                format!("held by pid {pid} on {host} since {}", since.rfc3339(UtcOffset::UTC))
            }
            None => "held by another process".to_owned(),
        }
    }

    /// Whether it was a process of this machine that is there no more. Only for how long to
    /// wait: another container may call itself the same.
    pub(super) fn has_died_here(&self) -> bool {
        use rustix::process::{Pid, test_kill_process};
        let is_here = self.host == Self::this_process(self.since).host;
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        is_here && pid.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
    }

    pub(super) fn to_line(&self) -> String {
        format!("{} {} {}\n", self.pid, plain(&self.host), self.since.as_millis())
    }

    pub(super) fn parse_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let pid = words.next()?.parse().ok()?;
        let host = plain(words.next()?);
        let since = Timestamp::from_millis(words.next()?.parse().ok()?);
        Some(Self { pid, host, since })
    }
}

/// A host name fit for one word of a message, whatever the lock file holds.
fn plain(host: &str) -> String {
    let fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let host: String = host.chars().filter(fit).take(64).collect();
    if host.is_empty() { "unnamed-host".to_owned() } else { host }
}
