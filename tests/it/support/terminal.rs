//! A terminal with a person at it: `script` gives the program a pseudo-terminal for all three
//! streams and passes on what is typed.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use offercast::clock::Clock;

use super::World;

/// The longest anything is waited for. Reaching it is a failure, never a result.
const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(2);

/// The program on a terminal. Killed when it is dropped.
pub(crate) struct Terminal<'a> {
    world: &'a World,
    line: String,
    child: Child,
    keyboard: Option<ChildStdin>,
    screen: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
    deadline: Instant,
}

impl World {
    /// Types a command line (words without blanks) at a terminal with these variables set
    /// beside the world's.
    pub(crate) fn at_terminal(&self, line: &str, variables: &[(&str, &str)]) -> Terminal<'_> {
        // Whoever runs the tests in the background has them ignore Ctrl-C.
        let program = env!("CARGO_BIN_EXE_offercast");
        let command = format!("exec env --default-signal=INT {program} {line}");
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
            .env_clear()
            .envs(self.environment())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm")
            .envs(variables.iter().copied())
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` was asked for before");
        let keyboard = child.stdin.take();
        let mut stream = child.stdout.take().expect("it is piped");
        let screen = Arc::<Mutex<Vec<u8>>>::default();
        let bytes = Arc::clone(&screen);
        let reading = Some(thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                bytes.lock().expect("nobody panics with it").extend_from_slice(&buffer[..length]);
            }
        }));
        let deadline = now() + PATIENCE;
        Terminal { world: self, line: line.to_owned(), child, keyboard, screen, reading, deadline }
    }
}

impl Terminal<'_> {
    /// What has been on the screen so far.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("nobody panics with it")).into_owned()
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(crate) fn until(self, text: &str) -> Self {
        while !self.screen().contains(text) {
            let is_late = now() > self.deadline;
            assert!(!is_late, "`{}` never shows `{text}`:\n{}", self.line, self.screen());
            thread::sleep(GLANCE);
        }
        self
    }

    /// Waits until something is so in the world.
    #[track_caller]
    pub(crate) fn until_so(self, what: &str, holds: impl Fn(&World) -> bool) -> Self {
        while !holds(self.world) {
            let is_late = now() > self.deadline;
            assert!(!is_late, "`{}`: {what} never happened:\n{}", self.line, self.screen());
            thread::sleep(GLANCE);
        }
        self
    }

    /// Types; `\u{3}` is Ctrl-C, `\u{4}` is Ctrl-D.
    pub(crate) fn types(mut self, keys: &str) -> Self {
        let keyboard = self.keyboard.as_mut().expect("it is there until the end");
        // A program that has ended is not typed to any more.
        let _ = keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush());
        self
    }

    /// Waits for the end and looks for what must not be shown, unless numbers were asked for:
    /// the exit code (128 and more after a signal) and all that was shown.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (i32, String) {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            assert!(now() < self.deadline, "`{}` does not end:\n{}", self.line, self.screen());
            thread::sleep(GLANCE);
        };
        if let Some(reading) = self.reading.take() {
            reading.join().expect("reading does not panic");
        }
        let screen = self.screen();
        if !self.line.contains("--show-recipients") {
            self.world.expect_hidden("the terminal", &screen, false);
        }
        (status.code().expect("`script` returns the program's code"), screen)
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn now() -> Instant {
    Clock::system().monotonic()
}
