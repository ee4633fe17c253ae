//! The steps, in the order of a campaign's life, on one made audience.

mod curl;
pub(crate) mod data;
mod history;
pub(crate) mod measure;
mod sandbox;
mod sending;
pub(crate) mod server;
mod stores;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use measure::{Cost, Runs};
use sandbox::RunningSandbox;
use table::{Note, STEPS, Table, float, machine, megabytes, milliseconds, seconds};

/// What can go wrong here ends the run; each text says enough.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The rows that the wanted figures are about.
const WANTED_ROWS: u64 = 1_000_000;
/// Campaign files in one folder.
const MANY_FILES: u64 = 1_000;
/// How often a short command is started.
const STARTS: usize = 21;
/// How often a long one is: the run in the middle is told, and how far the others lie apart.
const TIMES: usize = 3;

/// What to measure, and with what.
pub(crate) struct Options {
    /// People in the audience.
    pub(crate) rows: u64,
    /// Other numbers and names for another seed.
    pub(crate) seed: u64,
    /// Whether to plan ten times as many people, too.
    pub(crate) tenfold: bool,
    /// Whether to go through a plan's life in PostgreSQL, too.
    pub(crate) postgres: bool,
    /// Whether figures count, so that a run of messages waits until nothing is left of the one
    /// before it.
    pub(crate) measures: bool,
    /// A program that reads a file with the csv crate when given `--floor FILE`.
    pub(crate) floor: Option<PathBuf>,
    /// offercast.
    binary: PathBuf,
    /// Where data is made; all of it is gone at the end.
    place: PathBuf,
}

impl Options {
    /// A million people.
    pub(crate) fn new(binary: &str, place: &str) -> Self {
        let (rows, seed, floor) = (WANTED_ROWS, 1, None);
        let (binary, place) = (binary.into(), place.into());
        Self { rows, seed, tenfold: true, postgres: false, measures: true, floor, binary, place }
    }
}

/// Measures everything.
///
/// # Errors
/// When a program does not end as it should.
pub(crate) fn run(options: &Options) -> Result<Vec<Table>> {
    if !(100..=100_000_000).contains(&options.rows) {
        return Err("`--rows` takes 100 to 100,000,000".into());
    }
    let place = tempfile::tempdir_in(&options.place)?;
    let mut bench = Bench {
        options,
        folder: place.path().to_path_buf(),
        sandbox: RunningSandbox::start(&options.binary, None)?,
        log: None,
        table: Table::at("table"),
    };
    let Options { rows, seed, .. } = options;
    bench.table.begin(&format!("{rows} rows, seed {seed}; {}", machine()), STEPS);
    bench.watching_messages(Bench::one_campaign)?;
    bench.sending()?;
    bench.many_files()?;
    bench.starts()?;
    bench.binary()?;
    if options.tenfold {
        bench.tenfold()?;
    }
    let stores = if options.postgres { Some(bench.stores()?) } else { None };
    Ok([bench.table].into_iter().chain(stores).collect())
}

/// The floor: a file read and cut into cells by the csv crate.
#[expect(clippy::print_stdout, reason = "the cells are counted so that they are read")]
pub(crate) fn read_with_csv_only(file: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(file)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len();
    }
    println!("{cells} cells");
    Ok(())
}

struct Bench<'o> {
    options: &'o Options,
    folder: PathBuf,
    sandbox: RunningSandbox,
    /// What the sandbox writes a line into for each message, where it is to be known when the
    /// first one came.
    log: Option<PathBuf>,
    table: Table,
}

impl Bench<'_> {
    /// Does it with a sandbox that tells when the first message came.
    fn watching_messages<T>(&mut self, go: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let log = self.folder.join("messages.log");
        let logging = RunningSandbox::start(&self.options.binary, Some(&log))?;
        let other = std::mem::replace(&mut self.sandbox, logging);
        self.log = Some(log);
        let done = go(self);
        self.log = None;
        self.sandbox = other;
        done
    }

    /// The whole life of a campaign.
    fn one_campaign(&mut self) -> Result<()> {
        let rows = self.options.rows;
        data::write(&self.folder, rows, self.options.seed)?;
        let floor = self.floor("read the file with the csv crate, nothing else", "audience.csv")?;
        self.init("ledger.db")?;
        let plans = Runs::of(TIMES, |_| self.run(&["plan", "scale.yaml"], 0))?;
        let plan = plans.median();
        self.say("plan, nothing sent yet", &plans, &over("csv alone", &plan, floor.as_ref()));
        let apply_one = ["apply", "--auto-approve", "--limit", "1", "scale.yaml"];
        let first = Runs::of(TIMES, |at| self.consume(at, &apply_one))?;
        let consumed = first.median().told().saturating_sub(plan.wall);
        let note = self.wanted("consumption <= 5 s", consumed <= Duration::from_secs(5));
        let ratio = format!("consumption alone {}", seconds(consumed));
        self.say("apply: plan, consume, first message", &first, &Note { ratio, ..note });
        self.size("ledger with everybody pending")?;

        history::accept_all_but(&self.folder.join("ledger.db"), rows / 2)?;
        let runs = Runs::of(TIMES, |_| self.run(&["plan", "scale.yaml"], 0))?;
        let half = runs.median();
        let good = half.wall <= Duration::from_secs(2) && half.peak <= 120_000_000;
        let Note { ratio, .. } = over("csv alone", &half, floor.as_ref());
        let note = Note { ratio, ..self.wanted("<= 2 s, <= 120 MB", good) };
        self.say("plan, half of them accepted", &runs, &note);

        // Each resume sends one, and the last of these steps sends somebody, too.
        let rest = (rows / 100).max(TIMES as u64 + 1);
        history::accept_all_but(&self.folder.join("ledger.db"), rest)?;
        let first = Runs::of(TIMES, |_| self.run(&apply_one, 5))?;
        let note = self.wanted("<= 2 s", first.median().told() <= Duration::from_secs(2));
        self.say("resume at 99 %: plan, first message", &first, &note);
        let apply = ["apply", "--auto-approve", "scale.yaml"];
        let all = Cost { grew: None, ..self.run(&apply, 0)? };
        self.say("resume at 99 %: plan, all messages", &all.into(), &Note::default());
        let again = Runs::of(TIMES, |_| self.run(&apply, 0))?;
        let note = self.wanted("<= 2 s", again.median().wall <= Duration::from_secs(2));
        self.say("apply again when all is done", &again, &note);
        self.size("ledger with everybody accepted")
    }

    /// Consumes a plan in a new ledger; the last one stays.
    fn consume(&self, at: usize, words: &[&str]) -> Result<Cost> {
        if at + 1 == TIMES {
            return self.run(words, 5);
        }
        let ledger = format!("tried-{at}.db");
        self.init(&ledger)?;
        let cost = self.run_with(&ledger, words, 5)?;
        fs::remove_file(self.folder.join(ledger))?;
        Ok(cost)
    }

    fn many_files(&mut self) -> Result<()> {
        data::write_many(&self.folder.join("many"), MANY_FILES)?;
        let cost = self.run(&["validate", "many"], 0)?;
        let note = Note {
            wanted: "<= 1 s".to_owned(),
            reached: Some(cost.wall <= Duration::from_secs(1)),
            ..Note::default()
        };
        self.say(&format!("validate {MANY_FILES} campaign files"), &cost.into(), &note);
        Ok(())
    }

    fn starts(&mut self) -> Result<()> {
        for words in [&["--version"][..], &["schema", "campaign"]] {
            let mut costs = Vec::with_capacity(STARTS);
            for _ in 0..STARTS {
                costs.push(self.run(words, 0)?);
            }
            costs.sort_by_key(|cost| cost.wall);
            let median = costs[STARTS / 2];
            let wall = milliseconds(median.wall.as_secs_f64());
            let note = Note {
                wanted: "< 10 ms".to_owned(),
                reached: Some(median.wall < Duration::from_millis(10)),
                ..Note::default()
            };
            let name = format!("`offercast {}`, median of {STARTS}", words.join(" "));
            self.table.row(&name, [&wall, "", &megabytes(median.peak)], &note);
        }
        Ok(())
    }

    fn binary(&mut self) -> Result<()> {
        let size = fs::metadata(&self.options.binary)?.len();
        self.table.row("the program's file", ["", "", &megabytes(size)], &Note::default());
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let name = "crates that are built for it";
        let Some(tree) = tree.ok().filter(|tree| tree.status.success()) else {
            self.table.skip(name, "`cargo tree` does not work here");
            return Ok(());
        };
        let text = String::from_utf8_lossy(&tree.stdout).into_owned();
        let mut crates: Vec<_> =
            text.lines().map(|line| line.trim_end_matches(" (*)").trim()).collect();
        crates.sort_unstable();
        crates.dedup();
        let others = crates.iter().filter(|name| !name.is_empty()).count() - 1;
        self.table.row(name, ["", "", &others.to_string()], &Note::default());
        Ok(())
    }

    /// Ten times as many people, whom nobody knows: time and memory per person. In turns with a
    /// tenth of them, so that both meet the machine in the same moods.
    fn tenfold(&mut self) -> Result<()> {
        let rows = self.options.rows;
        let tenfold = self.folder.join("tenfold");
        fs::create_dir_all(&tenfold)?;
        data::write(&self.folder, rows, self.options.seed)?;
        data::write(&tenfold, 10 * rows, self.options.seed)?;
        let floor = self.floor("ten times the rows: the csv crate", "tenfold/audience.csv")?;
        let mut tenths = Vec::with_capacity(TIMES);
        let plans = Runs::of(TIMES, |_| {
            tenths.push(self.run(&["plan", "--no-ledger", "scale.yaml"], 0)?);
            self.run(&["plan", "--no-ledger", "tenfold/scale.yaml"], 0)
        })?;
        let (plan, tenth) = (plans.median(), Runs::from(tenths).median());
        let each = float(plan.peak.saturating_sub(tenth.peak)) / float(9 * rows);
        let times = plan.wall.as_secs_f64() / tenth.wall.as_secs_f64();
        let good = each <= 60.0 && times <= 11.0;
        let Note { ratio, .. } = over("csv alone", &plan, floor.as_ref());
        let ratio = format!("{ratio}; {times:.1} x one tenth; {each:.0} bytes a person");
        let note = Note { ratio, ..self.wanted("linear, <= 60 bytes a person", good) };
        self.say("ten times the rows: plan", &plans, &note);
        Ok(())
    }

    fn floor(&mut self, name: &str, file: &str) -> Result<Option<Cost>> {
        let Some(program) = &self.options.floor else {
            self.table.skip(name, "no program for it");
            return Ok(None);
        };
        let mut floor = Command::new(program);
        floor.arg("--floor").arg(self.folder.join(file));
        let cost = measure::run(&mut floor, &self.output())?;
        self.say(name, &cost.into(), &Note::default());
        Ok(Some(cost))
    }

    /// A figure that a million rows are held to.
    fn wanted(&self, wanted: &str, reached: bool) -> Note {
        let told = self.options.rows >= WANTED_ROWS;
        Note { wanted: wanted.to_owned(), reached: told.then_some(reached), ratio: String::new() }
    }

    fn say(&mut self, name: &str, runs: &Runs, note: &Note) {
        self.table.runs(name, runs, note);
    }

    fn size(&mut self, name: &str) -> Result<()> {
        let size = fs::metadata(self.folder.join("ledger.db"))?.len();
        let ratio = format!("{} bytes a person", size / self.options.rows);
        self.table.row(name, ["", "", &megabytes(size)], &Note { ratio, ..Note::default() });
        Ok(())
    }

    fn init(&self, ledger: &str) -> Result<()> {
        self.init_in(ledger, ledger_home(ledger))
    }

    fn init_in(&self, ledger: &str, home: &str) -> Result<()> {
        let words = ["ledger", "init", "--ledger", ledger, "--campaigns", home];
        fs::create_dir_all(self.folder.join(home))?;
        self.run(&words, 0).map(drop)
    }

    /// Runs offercast with everything it needs.
    fn run(&self, words: &[&str], exit: i32) -> Result<Cost> {
        self.run_with("ledger.db", words, exit)
    }

    fn run_with(&self, ledger: &str, words: &[&str], exit: i32) -> Result<Cost> {
        let mut command = self.command(ledger, words);
        let cost = measure::run_watching(&mut command, &self.output(), self.log.as_deref())?;
        if cost.status.code() == Some(exit) {
            return Ok(cost);
        }
        let said = fs::read_to_string(self.output())?;
        Err(format!("{words:?} ended with {}, not {exit}:\n{said}", cost.status).into())
    }

    fn command(&self, ledger: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.options.binary);
        command.args(words).current_dir(&self.folder).env_clear().stdin(Stdio::null()).envs([
            ("OFFERCAST_LEDGER", ledger),
            ("OFFERCAST_CODE_KEY", data::CODE_KEY),
            ("OFFERCAST_API_URL", self.sandbox.url().as_str()),
            ("KALEYRA_SID", data::SID),
            ("KALEYRA_API_KEY", data::API_KEY),
        ]);
        command
    }

    fn output(&self) -> PathBuf {
        self.folder.join("output.txt")
    }
}

/// How many times another program's time it took.
fn over(what: &str, cost: &Cost, other: Option<&Cost>) -> Note {
    let Some(other) = other else { return Note::default() };
    let times = cost.cpu.as_secs_f64() / other.cpu.as_secs_f64().max(0.01);
    Note { ratio: format!("CPU {times:.1} x {what}"), ..Note::default() }
}

/// Where the file that names a ledger is put: nowhere near the campaigns, which would then
/// refuse the others.
fn ledger_home(ledger: &str) -> &str {
    ledger.trim_end_matches(".db")
}
