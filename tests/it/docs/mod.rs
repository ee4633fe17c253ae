//! What the documents say is so: commands run, figures come out, lists are complete.

mod blocks;
mod lists;
mod pages;
mod readme;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// The README, the changelog if there is one, and all pages of `docs`, as paths from the root.
fn documents() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("docs")).expect("the folder of the documents");
    let names = entries.map(|entry| entry.expect("an entry of it").file_name());
    let mut paths: Vec<_> = names.map(|name| Path::new("docs").join(name)).collect();
    paths.extend(["README.md", "CHANGELOG.md"].map(PathBuf::from));
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    paths.retain(|path| root().join(path).is_file());
    paths.sort();
    paths
}

/// What the program prints on standard output when called so.
fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_offercast"))
        .args(arguments)
        .env_clear()
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// Fails with the list of offenders, if there are any.
#[track_caller]
fn none<T: std::fmt::Display>(rule: &str, offenders: impl IntoIterator<Item = T>) {
    let list: Vec<_> = offenders.into_iter().map(|offender| format!("\n  {offender}")).collect();
    assert!(list.is_empty(), "{rule}:{}", list.concat());
}
