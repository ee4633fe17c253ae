//! A world whose every secret is a canary, and a walk through it that looks at every byte
//! after every step.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use offercast::sandbox::Script;
use rusqlite::{Connection, OpenFlags};

use super::search::Search;
use crate::support::{API_KEY, CAMPAIGN, CODE_KEY, Command, Run, SID, World, phone};

/// People in the audience. The first one is asked for by name and number, so is no canary.
const PEOPLE: usize = 1_000;

/// Somebody who is in no audience.
pub(super) const TESTER: &str = "+46701740609";

/// The world and what must not be seen in it.
pub(super) struct Tour {
    pub(super) world: World,
    /// API key, SID, code key: nowhere at all.
    keys: Search,
    /// The ledger's secret: in the ledger's own file only.
    ledger_secret: Search,
    /// Numbers: in the audience, in the ledger, and in exports that are asked for by name.
    numbers: Search,
    /// People's names: in the audience and in the ledger.
    names: Search,
    /// Codes: in the ledger and in the files that are made to hold them.
    codes: Search,
    /// The command lines of all steps.
    lines: Vec<String>,
    /// Files as they were when they were last looked at.
    known: HashMap<PathBuf, (u64, Option<SystemTime>)>,
    /// Files and streams looked at, and their bytes.
    pub(super) looked_at: (u32, usize),
}

/// What a file is there to hold.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a kind of thing a file may hold")]
struct MayHold {
    everything: bool,
    ledger_secret: bool,
    numbers: bool,
    names: bool,
    codes: bool,
}

impl Tour {
    pub(super) fn new() -> Self {
        // Slow enough that people are left for every step.
        let yaml = CAMPAIGN.replace("max_in_flight: 4", "max_in_flight: 8");
        let yaml = yaml.replace("1000/s", "200/s");
        let world = World::new()
            .campaign("diwali", &format!("{yaml}limits:\n  failures: 20%\n"))
            .audience("people.csv", &audience())
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("OFFERCAST_RESPONSE_TIMEOUT", "5s")
            .ledger()
            .kaleyra_with(|config| {
                let script = Script::from_json(&script()).expect("a script");
                offercast::sandbox::SandboxConfig { script, ..config }
            });
        let mut keys = Search::default();
        for (what, key) in [("the API key", API_KEY), ("the SID", SID), ("the code key", CODE_KEY)]
        {
            keys.add(what, key.as_bytes());
        }
        let mut ledger_secret = Search::default();
        ledger_secret.add("the ledger's secret", &secret_of(&world.path(".offercast/ledger.db")));
        let (mut numbers, mut names) = (Search::default(), Search::default());
        for index in 1..PEOPLE {
            let number = phone(index);
            numbers.add("a number", number.trim_start_matches('+').as_bytes());
            numbers.add("a number", number.as_bytes());
            names.add("a name", name(index).as_bytes());
        }
        numbers.add("the tester's number", TESTER.trim_start_matches('+').as_bytes());
        let codes = Search::default();
        Self {
            world,
            keys,
            ledger_secret,
            numbers,
            names,
            codes,
            known: HashMap::new(),
            lines: Vec::new(),
            looked_at: (0, 0),
        }
    }

    /// From here on everybody's code is looked for too: they are in this file.
    pub(super) fn learn_codes(&mut self, file: &str) {
        self.known.clear();
        let text = fs::read_to_string(self.world.path(file)).expect("the codes were written");
        for line in text.lines().skip(1) {
            let mut cells = line.split(',');
            let (code, id) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            if id != "c0" {
                self.codes.add("a code", code.as_bytes());
            }
        }
        let (people, texts) = (PEOPLE - 1, self.codes.len());
        assert!(texts > 10 * people, "every code is looked for: {texts}");
    }

    /// Runs a command to its expected end and looks at every byte it left.
    #[track_caller]
    pub(super) fn step(&mut self, line: &str, exit: i32) -> Run {
        self.lines.push(line.to_owned());
        let run = self.world.run(line).exits(exit);
        self.look_after(&run);
        run
    }

    /// The same for a command that is refined first.
    #[track_caller]
    pub(super) fn step_with(
        &mut self,
        line: &str,
        exit: i32,
        refine: impl FnOnce(Command<'_>) -> Command<'_>,
    ) -> Run {
        self.lines.push(line.to_owned());
        let run = refine(self.world.command(line)).run().exits(exit);
        self.look_after(&run);
        run
    }

    /// Fails when a command of the reference was not run in any step.
    #[track_caller]
    pub(super) fn expect_every_command_but(&self, others: &[&str]) {
        let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
        let reference = fs::read_to_string(reference).expect("the reference is there");
        let headings = reference.lines().filter_map(|line| line.strip_prefix("## `offercast "));
        let commands: Vec<_> = headings.map(|rest| rest.trim_end_matches('`')).collect();
        assert!(commands.len() > 10, "the reference names the commands");
        for command in &commands {
            let has_own = commands.iter().any(|other| other.starts_with(&format!("{command} ")));
            let was_run = self.lines.iter().any(|line| line.starts_with(command));
            assert!(was_run || has_own || others.contains(command), "`{command}` is not looked at");
        }
    }

    /// Looks at what a run wrote, to its streams and to every file of the world.
    #[track_caller]
    pub(super) fn look_after(&mut self, run: &Run) {
        self.look(&format!("the output of{run}"), &run.all_bytes(), MayHold::default());
        let mut folders = vec![self.world.path("."), self.world.temporary()];
        folders.push(PathBuf::from(self.world.variable("HOME")));
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("the world can be read") {
                let path = entry.expect("the world can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if self.is_new(&path)
                    && let Ok(bytes) = fs::read(&path)
                {
                    let what = format!("`{}` after{run}", path.display());
                    let folder = self.world.path(".");
                    let may = MayHold::of(path.strip_prefix(&folder).unwrap_or(&path));
                    self.look(&what, &bytes, may);
                }
            }
        }
    }

    /// Whether a file is not as it was when it was last looked at.
    fn is_new(&mut self, path: &Path) -> bool {
        let Ok(metadata) = fs::metadata(path) else { return false };
        let now = (metadata.len(), metadata.modified().ok());
        self.known.insert(path.to_owned(), now) != Some(now)
    }

    /// Looks at bytes that may hold none of it.
    #[track_caller]
    pub(super) fn look_at(&mut self, what: &str, bytes: &[u8]) {
        self.look(what, bytes, MayHold::default());
    }

    #[track_caller]
    fn look(&mut self, what: &str, bytes: &[u8], may: MayHold) {
        if may.everything {
            return;
        }
        self.looked_at = (self.looked_at.0 + 1, self.looked_at.1 + bytes.len());
        for (may, search) in [
            (false, &self.keys),
            (may.ledger_secret, &self.ledger_secret),
            (may.numbers, &self.numbers),
            (may.names, &self.names),
            (may.codes, &self.codes),
        ] {
            if let Some(find) = search.find(bytes).filter(|_| !may) {
                panic!("{find}\n  is shown in {what}");
            }
        }
    }
}

/// What the tour itself writes: everything else was written by the program.
const INPUTS: [&str; 4] = [
    "campaigns/diwali.yaml",
    "campaigns/sender.yaml",
    "campaigns/audiences/people.csv",
    "campaigns/inputs/audiences/people.csv",
];
/// Folders whose files, but not those further in, it writes itself.
const INPUT_FOLDERS: [&str; 2] = ["campaigns/inputs", "inputs"];

impl MayHold {
    /// A file of the world, by its path there.
    fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_input = INPUTS.iter().any(|input| path == Path::new(input))
            || INPUT_FOLDERS.iter().any(|folder| path.parent() == Some(Path::new(folder)));
        let none = Self::default();
        match name.as_str() {
            _ if is_input => Self { everything: true, ..none },
            "ledger.db" | "ledger.db-wal" => Self {
                ledger_secret: true,
                numbers: true,
                names: true,
                codes: true,
                everything: false,
            },
            "codes.csv" => Self { codes: true, ..none },
            // The example of `init` is of fictional people, who are among the thousand.
            "first-offer.yaml" | "first-offer.csv" => Self { numbers: true, ..none },
            "full.csv" | "full.ndjson" => Self { numbers: true, codes: true, ..none },
            _ => none,
        }
    }
}

/// A name that nobody else has.
pub(super) fn name(index: usize) -> String {
    format!("Quillfeather{index:04}")
}

fn audience() -> String {
    let rows = (0..PEOPLE).map(|index| format!("c{index},{},{}\n", name(index), phone(index)));
    let header = "customer_id,first_name,phone\n".to_owned();
    std::iter::once(header).chain(rows).collect::<Vec<_>>().concat()
}

/// A far side that tells all it was told wherever it is not content.
fn script() -> String {
    let gossip = |index: usize| {
        let number = phone(index);
        let digits = number.trim_start_matches('+');
        format!("{API_KEY} of {SID} says {number}, {digits} and 00{digits} are wrong")
    };
    let ends = |index: usize| phone(index)[6..].to_owned();
    serde_json::json!({ "rules": [
        { "recipient": ends(10), "times": 1, "drop": "after_accept" },
        { "recipient": ends(11), "reject": { "code": "E13001", "text": gossip(11) } },
        { "recipient": ends(20), "times": 1, "code": "RBC201", "text": gossip(20) },
        { "recipient": ends(30), "times": 1, "status": 502, "body": gossip(30) },
        { "recipient": ends(31), "times": 1, "status": 200, "body": gossip(31) },
        { "recipient": ends(32), "times": 1, "status": 404, "body": gossip(32) },
    ]})
    .to_string()
}

fn secret_of(ledger: &Path) -> Vec<u8> {
    let connection = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the ledger can be opened");
    connection
        .query_row("SELECT secret FROM meta", [], |row| row.get(0))
        .expect("the ledger has a secret")
}
