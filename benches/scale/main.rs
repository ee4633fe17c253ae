//! Everything that grows with the audience, measured on the real program: plan, consume,
//! send, resume, apply again.
//!
//! `cargo bench --bench scale -- --rows 1000000`; figures and what they mean are in
//! docs/performance.md. It measures, it does not judge: a run fails only when the program
//! does.
#![expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]

mod data;
mod history;
mod measure;

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use measure::Cost;

/// What can go wrong here ends the run; each text says enough.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The people sent to where sending is measured, at most.
const MOST_SENT: u64 = 20_000;

fn main() -> Result<()> {
    let options = Options::read()?;
    if let Some(file) = &options.floor {
        return read_with_csv_only(file);
    }
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bench = Bench::new(place.path(), options.rows)?;
    data::write(place.path(), options.rows, options.seed)?;
    println!("{} rows, seed {}, {}\n", options.rows, options.seed, machine());
    println!("| step | wall | CPU | peak memory |\n| --- | ---: | ---: | ---: |");
    bench.run()
}

struct Options {
    rows: u64,
    seed: u64,
    /// Only read this file with the csv crate: the floor, in a process of its own.
    floor: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self { rows: 1_000_000, seed: 1, floor: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
            match word.as_str() {
                "--rows" => options.rows = value()?.parse()?,
                "--seed" => options.seed = value()?.parse()?,
                "--floor" => options.floor = Some(value()?.into()),
                // Cargo adds it.
                "--bench" => {}
                _ => return Err(format!("unknown argument `{word}`").into()),
            }
        }
        if !(100..=100_000_000).contains(&options.rows) {
            return Err("`--rows` takes 100 to 100,000,000".into());
        }
        Ok(options)
    }
}

struct Bench<'p> {
    folder: &'p Path,
    ledger: PathBuf,
    rows: u64,
    sandbox: RunningSandbox,
}

impl<'p> Bench<'p> {
    fn new(folder: &'p Path, rows: u64) -> Result<Self> {
        Ok(Self {
            folder,
            ledger: folder.join("ledger.db"),
            rows,
            sandbox: RunningSandbox::start()?,
        })
    }

    fn run(&self) -> Result<()> {
        let mut floor = Command::new(std::env::current_exe()?);
        floor.arg("--floor").arg(self.folder.join("audience.csv"));
        self.step("read the file with the csv crate, nothing else", &mut floor)?;
        self.expect(&["ledger", "init", "--campaigns", "."])?;
        self.offercast("plan, nothing sent yet", &["plan", "scale.yaml"])?;
        let apply_one = ["apply", "--auto-approve", "--limit", "1", "scale.yaml"];
        self.offercast_ending("apply: plan, consume, first message", &apply_one, 5)?;
        println!("| ledger with everybody pending | | | {} |", bytes(self.ledger_size()?));
        self.accept_all_but(self.rows / 2)?;
        self.offercast("plan, half of them accepted", &["plan", "scale.yaml"])?;
        let rest = (self.rows / 100).min(MOST_SENT);
        self.accept_all_but(rest)?;
        let first = self.offercast_ending("resume at 99 %: plan, first message", &apply_one, 5)?;
        let all = self.offercast(
            &format!("resume at 99 %: plan, {} messages", rest - 1),
            &["apply", "--auto-approve", "scale.yaml"],
        )?;
        println!(
            "| of it each message | {} | {} | |",
            each(all.wall, first.wall, rest - 1),
            each(all.cpu, first.cpu, rest - 1)
        );
        self.offercast("apply again when all is done", &["apply", "--auto-approve", "scale.yaml"])?;
        println!("| ledger with everybody accepted | | | {} |", bytes(self.ledger_size()?));
        Ok(())
    }

    fn accept_all_but(&self, pending: u64) -> Result<()> {
        Ok(history::accept_all_but(&self.ledger, pending)?)
    }

    fn ledger_size(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.ledger)?.len())
    }

    fn offercast(&self, name: &str, words: &[&str]) -> Result<Cost> {
        self.offercast_ending(name, words, 0)
    }

    fn offercast_ending(&self, name: &str, words: &[&str], exit: i32) -> Result<Cost> {
        let cost = self.step(name, &mut self.command(words))?;
        if cost.status.code() == Some(exit) {
            return Ok(cost);
        }
        let said = fs::read_to_string(self.output())?;
        Err(format!("{words:?} ended with {}, not {exit}:\n{said}", cost.status).into())
    }

    fn expect(&self, words: &[&str]) -> Result<()> {
        let cost = measure::run(&mut self.command(words), &self.output())?;
        if cost.status.success() { Ok(()) } else { Err(fs::read_to_string(self.output())?.into()) }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offercast"));
        command.args(words).current_dir(self.folder).env_clear().stdin(Stdio::null()).envs([
            ("OFFERCAST_LEDGER", "ledger.db"),
            ("OFFERCAST_CODE_KEY", data::CODE_KEY),
            ("OFFERCAST_API_URL", self.sandbox.url.as_str()),
            ("KALEYRA_SID", "HXAP0000000000IN"),
            ("KALEYRA_API_KEY", "A0000000000000000000000000000000"),
        ]);
        command
    }

    fn step(&self, name: &str, command: &mut Command) -> Result<Cost> {
        let cost = measure::run(command, &self.output())?;
        println!(
            "| {name} | {} | {} | {} |",
            seconds(cost.wall),
            seconds(cost.cpu),
            bytes(cost.peak)
        );
        Ok(cost)
    }

    fn output(&self) -> PathBuf {
        self.folder.join("output.txt")
    }
}

/// `offercast sandbox` in a process of its own, so that its costs are not the client's.
struct RunningSandbox {
    child: Child,
    url: String,
}

impl RunningSandbox {
    fn start() -> Result<Self> {
        // The port is free again once the listener is dropped; nobody else here wants it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(env!("CARGO_BIN_EXE_offercast"))
            .args(["sandbox", "--listen", &address.to_string()])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let sandbox = Self { child, url: format!("http://{address}") };
        for _ in 0..500 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(sandbox);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the sandbox does not answer".into())
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        // It has nothing to lose; a failure here leaves a process that the user can see.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The floor: the same file, read and cut into cells by the csv crate.
fn read_with_csv_only(file: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(file)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len();
    }
    println!("{cells} cells");
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    format!("{cores} cores of {model}")
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn each(all: Duration, first: Duration, count: u64) -> String {
    let total = all.saturating_sub(first).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
    let count = count.max(1) as f64;
    format!("{:.4} ms", 1_000.0 * total / count)
}

fn bytes(count: u64) -> String {
    format!("{} MB", count.div_ceil(1_000_000))
}
