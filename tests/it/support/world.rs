//! The world: a folder with files, a cleared environment, a fixed clock, and a stand-in for
//! Kaleyra that remembers what it accepted.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use offercast::clock::Clock;
use offercast::model::{ApiKey, Sid, Timestamp};
use offercast::sandbox::{Accepted, Account, Sandbox, SandboxConfig, SandboxHandle, Script};
use serde_json::Value;
use tempfile::TempDir;

use super::canary::{API_KEY, CODE_KEY, Canaries, SID, expect_no_code, expect_no_secret};
use super::postgres::{self, Database};
use super::{Command, Process, Run};

/// The time at which every run starts.
const NOW: &str = "2026-12-01T09:00:00Z";
/// The same in milliseconds, for the stand-in.
const NOW_MS: i64 = 1_796_115_600_000;

/// Where the program runs in a test.
pub(crate) struct World {
    place: TempDir,
    folder: PathBuf,
    environment: BTreeMap<String, String>,
    canaries: Canaries,
    kaleyra: Option<SandboxHandle>,
    database: Option<Database>,
}

impl World {
    /// An empty folder with the account's and the codes' keys in the environment, and no
    /// ledger. Nothing listens where the API would be.
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().expect("tests have a temporary folder");
        let inside = |name: &str| {
            let folder = place.path().join(name);
            fs::create_dir(&folder).expect("the folder is new");
            folder
        };
        let (folder, home, temporary) = (inside("world"), inside("home"), inside("tmp"));
        let environment = [
            ("HOME", home.display().to_string()),
            ("TMPDIR", temporary.display().to_string()),
            ("OFFERCAST_NOW", NOW.to_owned()),
            ("COLUMNS", "100".to_owned()),
            ("KALEYRA_API_KEY", API_KEY.to_owned()),
            ("KALEYRA_SID", SID.to_owned()),
            ("OFFERCAST_CODE_KEY", CODE_KEY.to_owned()),
            // Port 1 of this machine: a slip of a test reaches nobody.
            ("OFFERCAST_API_URL", "http://127.0.0.1:1".to_owned()),
        ];
        let mut environment: BTreeMap<_, _> =
            environment.map(|(name, value)| (name.to_owned(), value)).into();
        let database = postgres::is_wanted().then(Database::create);
        if let Some(database) = &database {
            environment.insert("OFFERCAST_LEDGER".to_owned(), database.url());
        }
        let (canaries, kaleyra) = (Canaries::default(), None);
        Self { place, folder, environment, canaries, kaleyra, database }
    }

    /// Writes a file.
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file that is no text.
    pub(crate) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        self.put(path, bytes);
        self
    }

    /// Writes `campaigns/NAME.yaml`.
    pub(crate) fn campaign(self, name: &str, yaml: &str) -> Self {
        self.file(&format!("campaigns/{name}.yaml"), yaml)
    }

    /// Writes `campaigns/audiences/NAME`.
    pub(crate) fn audience(self, name: &str, rows: &str) -> Self {
        self.file(&format!("campaigns/audiences/{name}"), rows)
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Creates the ledger.
    #[track_caller]
    pub(crate) fn ledger(self) -> Self {
        let _ = self.run("ledger init").exits(0);
        self
    }

    /// Starts a stand-in for Kaleyra that behaves as the script says; an empty script
    /// accepts everything.
    #[track_caller]
    pub(crate) fn kaleyra(self, script: &str) -> Self {
        let script = match script {
            "" => Script::default(),
            json => Script::from_json(json).unwrap_or_else(|error| panic!("{error}: {json}")),
        };
        self.kaleyra_with(|config| SandboxConfig { script, ..config })
    }

    /// Starts a stand-in that is set up further.
    pub(crate) fn kaleyra_with(
        mut self,
        set_up: impl FnOnce(SandboxConfig) -> SandboxConfig,
    ) -> Self {
        let clock = Clock::starting_at(Timestamp::from_millis(NOW_MS));
        let account = Account::Exactly {
            sid: Sid::new(SID.to_owned()).expect("the canary is a SID"),
            key: ApiKey::new(API_KEY.to_owned()).expect("the canary is a key"),
        };
        let config = set_up(SandboxConfig { account, ..SandboxConfig::new(clock) });
        let handle = Sandbox::start(&config).expect("a loopback port is free");
        self.environment.insert("OFFERCAST_API_URL".to_owned(), handle.url());
        self.kaleyra = Some(handle);
        self
    }

    /// Writes a file, also between runs.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        self.put(path, text.as_bytes());
        self.canaries.learn(text);
    }

    /// Runs the program; `'…'` in the line holds words together. No output may show a
    /// secret, a person's number or a person's code.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Run {
        self.command(line).run()
    }

    /// Starts the program.
    pub(crate) fn spawn(&self, line: &str) -> Process<'_> {
        self.command(line).spawn()
    }

    /// A call of the program to be refined.
    pub(crate) fn command(&self, line: &str) -> Command<'_> {
        Command::new(self, line)
    }

    /// Everybody the stand-in accepted a message for, in order.
    pub(crate) fn received(&self) -> Vec<Accepted> {
        self.stand_in().accepted()
    }

    /// Where the stand-in listens.
    pub(crate) fn kaleyra_address(&self) -> SocketAddr {
        self.stand_in().address()
    }

    /// How many requests came to the stand-in.
    pub(crate) fn requests(&self) -> u64 {
        self.stand_in().counts().requests
    }

    /// When requests came to the stand-in, since it began, in order.
    pub(crate) fn arrivals(&self) -> Vec<Duration> {
        self.stand_in().arrivals().iter().map(|arrival| arrival.at).collect()
    }

    /// People came to the stand-in no faster than the rate.
    ///
    /// What is known is when requests were read, however late a busy host did so: what came
    /// within a window was begun within it, or was on the wire before.
    #[track_caller]
    pub(crate) fn expect_rate(&self, per_second: u64, most_on_the_wire: u64) {
        for seconds in [1, 10] {
            let window = Duration::from_secs(seconds);
            let most = self.stand_in().most_recipients_within(window);
            assert!(most <= per_second * seconds + most_on_the_wire, "{most} within {window:?}");
        }
    }

    /// How often the person was accepted whom the stand-in accepted most often.
    pub(crate) fn most_per_person(&self) -> u64 {
        self.stand_in().counts().most_accepted_per_recipient
    }

    /// What the ledger knows of every recipient, as the export tells it.
    #[track_caller]
    pub(crate) fn ledger_rows(&self) -> Vec<Value> {
        let export = self.place.path().join("export.ndjson");
        let line =
            format!("ledger export --format ndjson --show-recipients --out {}", export.display());
        let _ = self.run(&line).exits(0);
        let text = fs::read_to_string(&export).expect("the export was written");
        fs::remove_file(export).expect("the export is ours");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// How many recipients stand in each state, in words: `accepted 3, unknown 1`.
    #[track_caller]
    pub(crate) fn states(&self) -> String {
        let mut counts = BTreeMap::new();
        for row in self.ledger_rows() {
            *counts.entry(row["state"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
        }
        let words: Vec<_> =
            counts.iter().map(|(state, count)| format!("{state} {count}")).collect();
        words.join(", ")
    }

    /// What `OFFERCAST_LEDGER` would be set to for the ledger in use.
    pub(crate) fn ledger_address(&self) -> String {
        let stated = self.environment.get("OFFERCAST_LEDGER").cloned();
        stated.unwrap_or_else(|| ".offercast/ledger.db".to_owned())
    }

    /// The database that holds the ledger.
    pub(crate) fn database(&self) -> &Database {
        self.database.as_ref().expect("the world keeps its ledger in PostgreSQL")
    }

    /// Keeps the ledger in PostgreSQL whatever the other worlds do.
    pub(crate) fn on_postgres(mut self) -> Self {
        let database = self.database.take().unwrap_or_else(Database::create);
        self.in_database(database)
    }

    /// The same with a server of its own, to which things may be done.
    pub(crate) fn on_its_own_postgres(self) -> Self {
        self.in_database(Database::alone())
    }

    fn in_database(mut self, database: Database) -> Self {
        self.environment.insert("OFFERCAST_LEDGER".to_owned(), database.url());
        self.database = Some(database);
        self
    }

    /// A path inside the world.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Where the program's temporary files go.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.place.path().join("tmp")
    }

    /// The value of a variable.
    #[track_caller]
    pub(crate) fn variable(&self, name: &str) -> String {
        self.environment.get(name).expect("the variable is set").clone()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Looks for what must not be shown.
    #[track_caller]
    pub(crate) fn expect_hidden(&self, what: &str, text: &str, may_show_codes: bool) {
        expect_no_secret(what, text);
        self.canaries.expect_no_number(what, text);
        if let Some(kaleyra) = self.kaleyra.as_ref().filter(|_| !may_show_codes) {
            let codes = kaleyra.accepted().into_iter().map(|a| a.content.coupon_code.clone());
            expect_no_code(what, text, codes);
        }
    }

    /// Writes a file in which no digits are a person's number, such as one that the program
    /// made: an id may look like one.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.folder.join(path);
        let folder = file.parent().expect("a file stands in a folder");
        fs::create_dir_all(folder).expect("the world is ours");
        fs::write(file, bytes).expect("the world is ours");
    }

    #[track_caller]
    fn stand_in(&self) -> &SandboxHandle {
        self.kaleyra.as_ref().expect("the world has a stand-in for Kaleyra")
    }
}
