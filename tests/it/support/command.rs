//! One call of the program, to be refined and run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use super::{Process, Run, World};

/// A command line about to be run in a world.
#[must_use = "nothing happens until it is run"]
pub(crate) struct Command<'a> {
    world: &'a World,
    line: String,
    environment: BTreeMap<String, String>,
    input: Option<String>,
    stdout: Stdio,
    stderr: Stdio,
    may_show_codes: bool,
    under: Vec<String>,
    folder: PathBuf,
}

impl<'a> Command<'a> {
    pub(super) fn new(world: &'a World, line: &str) -> Self {
        let environment = world.environment().clone();
        Self {
            world,
            line: line.to_owned(),
            environment,
            input: None,
            stdout: Stdio::piped(),
            stderr: Stdio::piped(),
            may_show_codes: false,
            under: Vec::new(),
            folder: world.folder().to_owned(),
        }
    }

    /// Sets a variable for this run.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away for this run.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Works in another folder of the world, as another machine would.
    pub(crate) fn in_folder(mut self, folder: &str) -> Self {
        self.folder = self.world.path(folder);
        std::fs::create_dir_all(&self.folder).expect("the world is ours");
        self
    }

    /// Gives standard input.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it as an argument of these words, such as `strace -f`; what they write is taken
    /// for its own.
    pub(crate) fn under(mut self, words: &[&str]) -> Self {
        self.under.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    /// Sends standard output elsewhere; the run's is empty then.
    pub(crate) fn stdout(mut self, place: impl Into<Stdio>) -> Self {
        self.stdout = place.into();
        self
    }

    /// Sends standard error elsewhere; the run's is empty then.
    pub(crate) fn stderr(mut self, place: impl Into<Stdio>) -> Self {
        self.stderr = place.into();
        self
    }

    /// Lets people's codes be shown: the test is about showing them.
    pub(crate) fn may_show_codes(mut self) -> Self {
        self.may_show_codes = true;
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Run {
        self.spawn().wait()
    }

    /// Starts it.
    pub(crate) fn spawn(self) -> Process<'a> {
        let is_under_another = !self.under.is_empty();
        let mut line = self.under;
        line.push(env!("CARGO_BIN_EXE_offercast").to_owned());
        line.extend(words(&self.line));
        let mut command = std::process::Command::new(&line[0]);
        command
            .args(&line[1..])
            .stdout(self.stdout)
            .stderr(self.stderr)
            .current_dir(self.folder)
            .env_clear()
            .envs(&self.environment);
        if is_under_another {
            command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        }
        Process::start(self.world, &self.line, command, self.input, self.may_show_codes)
    }
}

/// A command line's words; `'…'` holds words together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
