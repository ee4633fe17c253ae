//! House rules: what holds for the repository, whatever the program does.

mod changelog;
mod dependencies;
mod documents;
mod homes;
mod layers;
mod lexer;
mod mutations;
mod paths;
mod sizes;
mod source;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// All files below a folder, as paths from the root, sorted. A folder that is not there has none.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a folder can be read to its end").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(root()).expect("it is below the root").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Fails with the list of offenders, if there are any.
#[track_caller]
fn none<T: std::fmt::Display>(rule: &str, offenders: impl IntoIterator<Item = T>) {
    let list: Vec<_> = offenders.into_iter().map(|offender| format!("\n  {offender}")).collect();
    assert!(list.is_empty(), "{rule}:{}", list.concat());
}
