//! A PostgreSQL server of one's own, from the installed package: for this benchmark, and for
//! the tests.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::measure;

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

/// What to do where there is none.
pub(crate) const INSTALL: &str = "PostgreSQL is not installed (on Debian: apt install postgresql)";

/// The running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its socket is here, and its data below.
    pub(crate) folder: PathBuf,
    programs: PathBuf,
    /// Where it listens, on the socket and on this machine's loopback.
    pub(crate) port: u16,
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
    /// Starts one.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start() -> Self {
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

    /// The URL of a database for a role.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@:{}/{database}?host={}", self.port, self.folder.display())
    }

    /// What all its processes have cost so far: the first one, which the system adds those to
    /// that have ended, and those that run.
    pub(crate) fn cpu(&self) -> Duration {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        let first = file.lines().next().and_then(|line| line.trim().parse().ok());
        first.map(measure::cpu_time_of_family).unwrap_or_default()
    }

    /// Has something done to the server, and waits until it is.
    pub(crate) fn tell(&self, word: &str) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let words = guard.words.as_mut().expect("it is there until it is dropped");
        writeln!(words, "{word}").expect("the guard listens");
        let mut line = String::new();
        guard.answers.read_line(&mut line).expect("the guard speaks UTF-8");
        assert_eq!(line, "done\n", "{word}");
    }

    /// What `psql` answers, without headings.
    ///
    /// # Panics
    /// When it complains.
    #[track_caller]
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
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
pub(crate) fn programs() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = folders
        .map(|folder| folder.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    found.sort();
    let in_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .find(|folder| folder.join("initdb").is_file());
    found.pop().or(in_path)
}
