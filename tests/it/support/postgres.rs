//! A PostgreSQL server of the tests' own, for ledgers in it: started when the first world
//! wants one, gone with the test program. A world whose server is to fail has one for itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Starts the server in a folder of its own, on a socket there, names the folder, does as it
/// is told, and ends it when standard input closes: also when the tests are killed.
const SERVE: &str = r#"
set -e
dir=$(mktemp -d "${TMPDIR:-/tmp}/offercast-postgres-XXXXXX")
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
"$1/initdb" -D "$dir/data" -U owner -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 ||
  { cat "$dir/initdb.log"; exit 1; }
certify() (
  cd "$dir"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout ca.key -out ca.crt
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
  echo subjectAltName=DNS:localhost >server.ext
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
    -extfile server.ext -out server.crt
)
ssl=off
if certify >"$dir/certify.log" 2>&1; then ssl=on; fi
serve() {
  "$1/postgres" -D "$dir/data" -k "$dir" -c listen_addresses=127.0.0.1 -p "$2" \
    -c ssl=$ssl -c ssl_cert_file="$dir/server.crt" -c ssl_key_file="$dir/server.key" \
    -c max_connections=200 \
    >>"$dir/log" 2>&1 </dev/null &
  server=$!
  until "$1/pg_isready" -q -h "$dir" -p "$2"; do
    kill -0 $server 2>/dev/null || { cat "$dir/log"; exit 1; }
    sleep 0.05
  done
}
processes() { echo $server; cat /proc/$server/task/$server/children; }
serve "$1" "$2"
echo "ready $dir"
while read -r word; do
  case $word in
    crash) kill -QUIT $server; wait $server || true ;;
    start) serve "$1" "$2" ;;
    # One of them may end in between.
    freeze) kill -STOP $(processes) || true ;;
    thaw) kill -CONT $(processes) || true ;;
  esac
  echo done
done
kill -INT $server 2>/dev/null || true
wait $server || true
"#;

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

const INSTALL: &str = "PostgreSQL is not installed (on Debian: apt install postgresql)";

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
        let Server { folder, port, .. } = &*self.server;
        format!("postgres://{role}@:{port}/{}?host={}", self.name, folder.display())
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

/// The running server.
#[derive(Debug)]
struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    guard: Mutex<Guard>,
}

/// What started the server and ends it.
#[derive(Debug)]
struct Guard {
    // The server ends when this closes, which it does with the test program at the latest.
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    child: Child,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.words = None;
        let _ = self.child.wait();
    }
}

impl Server {
    fn start() -> Self {
        let programs = programs().expect(INSTALL);
        let port = free_port();
        // The server refuses to run as root.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut child = command
            .args(["-c", SERVE, "sh"])
            .arg(&programs)
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let words = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("the guard speaks UTF-8");
        let Some(folder) = line.trim_end().strip_prefix("ready ") else {
            let mut rest = String::new();
            let _ = answers.read_to_string(&mut rest);
            panic!("PostgreSQL does not start: {line}{rest}");
        };
        let folder = PathBuf::from(folder);
        Self { folder, programs, port, guard: Mutex::new(Guard { words, answers, child }) }
    }

    /// Has something done to the server, and waits until it is.
    fn tell(&self, word: &str) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let words = guard.words.as_mut().expect("it is there until it is dropped");
        writeln!(words, "{word}").expect("the guard listens");
        let mut line = String::new();
        guard.answers.read_line(&mut line).expect("the guard speaks UTF-8");
        assert_eq!(line, "done\n", "{word}");
    }

    #[track_caller]
    fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.programs.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "owner", "-h"])
            .arg(&self.folder)
            .args(["-p", &self.port.to_string()])
            .args(["-d", database, "-c", sql])
            .output()
            .expect("psql is beside the server");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// The folder with `postgres` and `initdb`: Debian keeps them out of the path, by version.
fn programs() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = folders
        .map(|folder| folder.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    found.sort();
    let in_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .find(|folder| folder.join("initdb").is_file());
    found.pop().or(in_path)
}
