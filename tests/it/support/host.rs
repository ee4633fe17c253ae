//! What this host lets a test do. What it does not is skipped, in plain sight.

use std::process::{Command, Stdio};

use super::tell_of_skipping;

/// Whether these words can stand before a command, such as `unshare -Urm`.
pub(crate) fn can(words: &[&str]) -> bool {
    let (program, options) = words.split_first().expect("a program");
    let status = Command::new(program)
        .args(options)
        .arg("true")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let can = status.is_ok_and(|status| status.success());
    if !can {
        tell_of_skipping(&format!("`{}` does not work on this host", words.join(" ")));
    }
    can
}
