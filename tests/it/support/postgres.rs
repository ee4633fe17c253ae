//! A PostgreSQL server of the tests' own, for ledgers in it: started when the first world
//! wants one, gone with the test program. A world whose server is to fail has one for itself.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::bench::server::{INSTALL, Server, programs};

/// Whether worlds keep their ledgers in PostgreSQL: `OFFERCAST_TEST_STORE=postgres`.
pub(crate) fn is_wanted() -> bool {
    match std::env::var("OFFERCAST_TEST_STORE").as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("`OFFERCAST_TEST_STORE` is `sqlite` or `postgres`, not `{other}`"),
    }
}

/// Whether a test is about the ledger's file, and there is none: it is skipped by name.
pub(crate) fn skips(reason: &str) -> bool {
    if is_wanted() {
        tell_of_skipping(reason);
    }
    is_wanted()
}

/// Whether no server can be had: what needs one is skipped by name, unless the whole suite
/// was to run on one.
pub(crate) fn is_missing() -> bool {
    let is_missing = programs().is_none();
    assert!(!(is_missing && is_wanted()), "{INSTALL}");
    if is_missing {
        tell_of_skipping(INSTALL);
    }
    is_missing
}

/// Says which test is skipped, past the capturing of what passing tests print.
pub(crate) fn tell_of_skipping(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIP {}: {reason}\n", thread.name().unwrap_or("a test"));
    // Nobody reads it, nobody misses it.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A database of the server, gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    name: String,
    server: Arc<Server>,
}

impl Database {
    /// An empty one.
    pub(crate) fn create() -> Self {
        static SERVER: OnceLock<Arc<Server>> = OnceLock::new();
        Self::of(SERVER.get_or_init(|| Arc::new(Server::start())))
    }

    /// An empty one of a server that has no other.
    pub(crate) fn alone() -> Self {
        Self::of(&Arc::new(Server::start()))
    }

    fn of(server: &Arc<Server>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("world_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        server.psql("postgres", &format!("CREATE DATABASE {name}"));
        Self { name, server: Arc::clone(server) }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        self.url_of("owner")
    }

    /// Its URL for another role.
    pub(crate) fn url_of(&self, role: &str) -> String {
        self.server.url(role, &self.name)
    }

    /// Its URL over the network of this machine.
    pub(crate) fn url_over(&self, host: &str) -> String {
        format!("postgres://owner@{host}:{}/{}", self.port(), self.name)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The port the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    /// The folder of the server, which it may write to.
    pub(crate) fn folder(&self) -> &Path {
        &self.server.folder
    }

    /// The authority that the server's certificate is from, if it could be made.
    pub(crate) fn authority(&self) -> Option<PathBuf> {
        Some(self.server.folder.join("ca.crt")).filter(|file| file.is_file())
    }

    /// What `psql` answers, without headings.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> String {
        self.server.psql(&self.name, sql)
    }

    /// Ends all processes of the server, as its crash would.
    pub(crate) fn crash(&self) {
        self.server.tell("crash");
    }

    /// Starts the server again.
    pub(crate) fn start(&self) {
        self.server.tell("start");
    }

    /// Stops all processes of the server where they are.
    pub(crate) fn freeze(&self) {
        self.server.tell("freeze");
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        self.server.tell("thaw");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // One that is the server's only one goes with it, however that is.
        if Arc::strong_count(&self.server) > 1 {
            // A process of the world may still be on its way out.
            let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            self.server.psql("postgres", &sql);
        }
    }
}
