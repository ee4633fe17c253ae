//! The program as a process, with an end to all waiting.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use offercast::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};

use super::contracts::expect_events;
use super::{Run, World};

/// The longest any run may take. Reaching it is a failure, never a result.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a process is asked whether it has ended.
const GLANCE: Duration = Duration::from_millis(2);

/// A process at work. Killed when it is dropped.
pub(crate) struct Process<'a> {
    world: &'a World,
    line: String,
    child: Child,
    stdout: Reader,
    stderr: Reader,
    may_show_codes: bool,
    deadline: Instant,
}

impl<'a> Process<'a> {
    pub(super) fn start(
        world: &'a World,
        line: &str,
        mut command: Command,
        input: Option<String>,
        may_show_codes: bool,
    ) -> Self {
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().expect("the program has just been built");
        if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
            // A program that does not read its input to the end is right to do so.
            thread::spawn(move || drop(stdin.write_all(text.as_bytes())));
        }
        let stdout = child.stdout.take().map_or_else(Reader::of_nothing, Reader::start);
        let stderr = child.stderr.take().map_or_else(Reader::of_nothing, Reader::start);
        let deadline = now() + PATIENCE;
        Self { world, line: line.to_owned(), child, stdout, stderr, may_show_codes, deadline }
    }

    /// Its id, its own until it has been waited for.
    pub(crate) fn id(&self) -> Pid {
        let id = i32::try_from(self.child.id()).expect("process ids are small");
        Pid::from_raw(id).expect("no process has the id 0")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended by itself in the meantime.
        let _ = kill_process(self.id(), signal);
    }

    /// Waits until something is so in the world.
    #[track_caller]
    pub(crate) fn until(self, what: &str, holds: impl Fn(&World) -> bool) -> Self {
        while !holds(self.world) {
            let so_far = || self.stderr.text();
            assert!(now() < self.deadline, "`{}`: {what} never happened\n{}", self.line, so_far());
            thread::sleep(GLANCE);
        }
        self
    }

    /// Waits for a line on standard error that holds a text.
    #[track_caller]
    pub(crate) fn line_with(&self, text: &str) -> String {
        loop {
            let shown = self.stderr.text();
            let mut lines = shown.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            if let Some(line) = lines.find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(now() < self.deadline, "`{}` never says `{text}`:\n{shown}", self.line);
            thread::sleep(GLANCE);
        }
    }

    /// Waits for the end and looks for what must not be shown.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if now() < self.deadline => thread::sleep(GLANCE),
                None => panic!("`offercast {}` did not end", self.line),
            }
        };
        let (stdout, stderr) = (self.stdout.end(), self.stderr.end());
        for (name, text) in [("stdout", &stdout), ("stderr", &stderr)] {
            self.world.expect_hidden(name, text, self.may_show_codes);
        }
        let words: Vec<_> = self.line.split_whitespace().collect();
        let is_stream = words.contains(&"apply") && self.line.contains("--format json");
        // What was killed, and what was not understood, has no last line or none at all.
        if is_stream && status.code().is_some_and(|code| code != 64) && !stdout.is_empty() {
            expect_events(&stdout);
        }
        Run::new(&self.line, status.code(), stdout, stderr, self.world.folder())
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a stream as it comes, so that the process never waits for the test.
struct Reader {
    so_far: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// For a stream that goes elsewhere.
    fn of_nothing() -> Self {
        Self { so_far: Arc::default(), thread: None }
    }

    fn start(mut stream: impl Read + Send + 'static) -> Self {
        let so_far = Arc::new(Mutex::new(Vec::new()));
        let bytes = Arc::clone(&so_far);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                bytes.lock().expect("nobody panics with it").extend_from_slice(&buffer[..length]);
            }
        });
        Self { so_far, thread: Some(thread) }
    }

    /// What has come so far; it may end inside a character.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.so_far.lock().expect("nobody panics with it")).into_owned()
    }

    fn end(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("reading does not panic");
        }
        let bytes = self.so_far.lock().expect("nobody panics with it").clone();
        String::from_utf8(bytes).expect("the program writes UTF-8")
    }
}

fn now() -> Instant {
    Clock::system().monotonic()
}
