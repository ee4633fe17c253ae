//! Every command of the README is run, in its order, with a stand-in as the far side, and
//! every captured session comes out again.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use offercast::clock::Clock;
use offercast::model::Timestamp;
use offercast::sandbox::{Sandbox, SandboxConfig};
use tempfile::TempDir;

use super::blocks::{self, Block};
use super::{root, text};

/// 2026-12-01T09:00:00Z, in both spellings.
const NOW: &str = "2026-12-01T09:00:00Z";
const NOW_MS: i64 = 1_796_115_600_000;

/// The commands that are not run here. `.ci/run` runs what these stand for.
const CARGO: &str = "#!/bin/sh\n\
    case \"$*\" in\n\
    'run --locked -- '*) shift 3; exec offercast \"$@\" ;;\n\
    'test --locked') exit 0 ;;\n\
    *) echo \"the README has another cargo command: $*\" >&2; exit 1 ;;\n\
    esac\n";

#[test]
fn every_command_of_the_readme_runs() {
    let sandbox = Sandbox::start(&SandboxConfig::new(clock())).expect("a sandbox starts");
    let copy = Copy::new();
    let mut script = String::from("set -eu\n");
    for block in blocks::of(&text("README.md")) {
        let commands = match (block.language.as_str(), block.note.strip_prefix("file=")) {
            ("sh", _) if block.note.starts_with("no-run") => continue,
            ("sh", _) => with_the_id_of_the_day(&block.text),
            (_, Some(path)) => format!("cat > {path} <<'END'\n{}END\n", block.text),
            _ => continue,
        };
        let marker = format!("echo '-- README.md:{}' >&2\n", block.line);
        script.push_str(&marker);
        script.push_str(&commands);
    }
    let (success, output) = copy.run(&script, &[("OFFERCAST_API_URL", &sandbox.url())]);
    assert!(success, "{output}");
    let mut codes: Vec<_> =
        sandbox.accepted().into_iter().map(|sent| sent.content.coupon_code.clone()).collect();
    codes.sort();
    let starts: Vec<_> = codes.iter().map(|code| &code[..4]).collect();
    assert_eq!(starts, ["SUN-", "SUN-", "SUN-", "TEST"], "three people and a tester: {output}");
}

#[test]
fn commands_that_are_not_run_say_why() {
    let blocks = blocks::of(&text("README.md"));
    let left_out: Vec<_> = blocks
        .iter()
        .filter(|block| block.note.starts_with("no-run"))
        .map(|block| (block.text.trim(), block.note.as_str()))
        .collect();
    let reason = "no-run: it would install a program on the machine that runs the tests";
    assert_eq!(left_out, [("cargo install --locked --path .", reason)]);
}

#[test]
fn the_two_commands_are_those_of_the_gate() {
    let gate = text(".ci/run");
    let blocks = blocks::of(&text("README.md"));
    let commands = blocks.iter().filter(|block| block.language == "sh").map(|b| b.text.trim());
    for command in commands.take(2) {
        assert!(gate.lines().any(|line| line == command), "`{command}` is not in .ci/run");
    }
}

#[test]
fn the_captured_sessions_come_out_again() {
    let copy = Copy::new();
    let blocks = blocks::of(&text("README.md"));
    let sessions: Vec<_> = blocks.iter().filter(|block| block.language == "console").collect();
    assert!(sessions.len() >= 2, "the README shows sessions");
    for session in sessions {
        let (command, expected) = command_of(session);
        let (_, output) = copy.run(&format!("{command} 2>&1\n"), &[]);
        assert_shows(&output, expected, session.line);
    }
}

/// A folder with what the README's reader has: the campaigns, and one faulty file.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the copy");
        let at = folder.path();
        copy_folder(&root().join("campaigns"), &at.join("repository/campaigns"));
        let fixture = "tests/fixtures/campaigns/invalid/unknown-key.yaml";
        let beside = at.join("repository").join(fixture);
        fs::create_dir_all(beside.parent().expect("it is in a folder")).expect("made");
        fs::copy(root().join(fixture), beside).expect("copied");
        fs::create_dir(at.join("bin")).expect("made");
        symlink(env!("CARGO_BIN_EXE_offercast"), at.join("bin/offercast")).expect("linked");
        fs::write(at.join("bin/cargo"), CARGO).expect("written");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(at.join("bin/cargo"), executable).expect("made executable");
        Self { folder }
    }

    /// Runs a script; whether it went well, and all it wrote.
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> (bool, String) {
        let at = self.folder.path();
        let system = std::env::var("PATH").expect("a path to the system's commands");
        let output = Command::new("sh")
            .args(["-c", script])
            .current_dir(at.join("repository"))
            .env_clear()
            .env("PATH", format!("{}:{system}", at.join("bin").display()))
            .env("HOME", at)
            .env("COLUMNS", "100")
            .env("OFFERCAST_NOW", NOW)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("a shell starts");
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), format!("{out}{err}"))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry of it").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

fn clock() -> Clock {
    Clock::starting_at(Timestamp::from_millis(NOW_MS))
}

/// A plan id hangs on the ledger's own secret: the one printed in the README is not the
/// reader's, who takes it from `plan`.
fn with_the_id_of_the_day(commands: &str) -> String {
    let ids = commands.split_whitespace().filter(|word| is_id(word));
    let plan =
        "offercast plan --format json | sed -n 's/.*\"plan_id\": \"\\([0-9a-f]*\\)\".*/\\1/p'";
    ids.fold(commands.to_owned(), |text, id| text.replace(id, &format!("\"$({plan})\"")))
}

fn is_id(word: &str) -> bool {
    word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn command_of(session: &Block) -> (&str, &str) {
    let (first, rest) = session.text.split_once('\n').expect("a session has a command");
    let command = first.strip_prefix("$ ").expect("a session begins with `$ `");
    assert!(!rest.contains("\n$ "), "one command for each session");
    (command, rest)
}

/// Line for line the same; a line `…` stands for any lines left out.
#[track_caller]
fn assert_shows(output: &str, expected: &str, line: usize) {
    let actual: Vec<_> = output.lines().map(lasting).collect();
    let mut at = 0;
    let mut may_skip = false;
    for wanted in expected.lines() {
        if wanted == "…" {
            may_skip = true;
            continue;
        }
        let wanted = lasting(wanted);
        let found = if may_skip {
            actual[at..].iter().position(|line| *line == wanted).map(|skipped| at + skipped)
        } else {
            (actual.get(at) == Some(&wanted)).then_some(at)
        };
        let Some(found) = found else {
            panic!("README.md:{line}: `{wanted}` is not printed there any more:\n{output}");
        };
        at = found + 1;
        may_skip = false;
    }
    assert!(may_skip || at == actual.len(), "README.md:{line}: more is printed:\n{output}");
}

/// The line without what differs from run to run: ids, how long it took, and who the
/// samples are (they hang on the sandbox's own key).
fn lasting(line: &str) -> String {
    let is_sample = line.starts_with("    + ");
    let words = line.split(' ').map(|word| match word {
        word if is_id(word) => "ID",
        word if word.contains('•') => "•",
        _ if is_sample => "",
        word => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.split_once(" requests in ") {
        Some((before, _)) => before.to_owned(),
        None => line.trim_end().to_owned(),
    }
}

#[test]
fn a_session_that_is_no_longer_so_is_noticed() {
    let output = "one\ntwo 3 •\nthree\nfour\n";
    assert_shows(output, "one\n…\nfour\n", 1);
    for stale in
        ["one\ntwo 4 •\n…\n", "one\n…\nfive\n", "one\ntwo 3 •\nthree\n", "…\none\none\n…\n"]
    {
        let seen = std::panic::catch_unwind(|| assert_shows(output, stale, 1));
        assert!(seen.is_err(), "{stale}");
    }
}
