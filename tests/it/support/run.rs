//! What a run of the program left behind.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::redact::redacted;
use super::schemas::expect_plan;

/// A finished run. Its texts have names for what varies (`$WORLD`, `$PORT`, `$ID`, `$TIME`).
#[must_use = "say at least how it must exit"]
#[derive(Clone, Debug)]
pub(crate) struct Run {
    line: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
    raw_stdout: String,
    raw_stderr: String,
}

impl Run {
    pub(super) fn new(
        line: &str,
        code: Option<i32>,
        stdout: String,
        stderr: String,
        world: &Path,
    ) -> Self {
        if stdout.starts_with("{\n  \"version\": 1,\n  \"plans\"") {
            expect_plan(&stdout);
        }
        Self {
            line: line.to_owned(),
            code,
            stdout: redacted(&stdout, world),
            stderr: redacted(&stderr, world),
            raw_stdout: stdout,
            raw_stderr: stderr,
        }
    }

    /// Expects this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code{self}");
        self
    }

    /// Expects that a signal ended it, before it could say anything.
    #[track_caller]
    pub(crate) fn was_killed(self) -> Self {
        assert_eq!(self.code, None, "exit code{self}");
        self
    }

    /// Expects a text on either stream.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.contains(text), "`{text}` is not shown{self}");
        self
    }

    /// Expects a text on neither stream.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.contains(text), "`{text}` is shown{self}");
        self
    }

    /// The exit code; `None` after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.code
    }

    /// Standard output.
    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    /// Standard error.
    pub(crate) fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Standard output as it was.
    pub(crate) fn raw(&self) -> &str {
        &self.raw_stdout
    }

    /// Both streams as they were, one after the other.
    pub(crate) fn all_bytes(&self) -> Vec<u8> {
        [self.raw_stdout.as_bytes(), b"\n", self.raw_stderr.as_bytes()].concat()
    }

    /// Standard output as it was, as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.raw_stdout).unwrap_or_else(|error| panic!("{error}{self}"))
    }

    /// Standard output as it was, one JSON value per line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}{self}"))
        };
        self.raw_stdout.lines().map(parse).collect()
    }

    fn contains(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }
}

impl fmt::Display for Run {
    /// Everything there is to know when an expectation fails.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, code, stdout, stderr, .. } = self;
        let code = code.map_or("a signal".to_owned(), |code| code.to_string());
        write!(f, "\n$ offercast {line}\n--- stdout\n{stdout}--- stderr\n{stderr}--- exit {code}\n")
    }
}
