//! The faults made on purpose still fit the code they break (`tests/mutations.sh`).

use std::path::PathBuf;
use std::process::Command;

use super::{files_below, none, root, text};
use crate::support::can;

/// The patches, one for each fault.
fn patches() -> Vec<PathBuf> {
    let patches = files_below("tests/mutations");
    assert!(patches.len() >= 3, "{patches:?}");
    patches
}

/// Whether a filter such as `kills::strace::no_byte` selects a test: the beginning of a
/// function's name, in files under the module's name.
fn selects_a_test(filter: &str) -> bool {
    let (modules, name) = filter.rsplit_once("::").unwrap_or((filter, ""));
    let start = format!("fn {name}");
    let is_in = |file: &PathBuf, module: &str| {
        file.iter().any(|part| part == module)
            || file.file_stem().is_some_and(|stem| stem == module)
    };
    let is_module = |file: &PathBuf| filter.split("::").all(|module| is_in(file, module));
    files_below("tests/it").iter().any(|file| {
        let in_modules = modules.split("::").all(|module| is_in(file, module));
        is_module(file) || in_modules && text(&file.to_string_lossy()).contains(&start)
    })
}

#[test]
fn every_mutation_names_tests_that_exist() {
    let offenders = patches().into_iter().filter(|patch| {
        let patch = text(&patch.to_string_lossy());
        let filters = patch.lines().next().and_then(|line| line.strip_prefix("tests: "));
        let filters: Vec<_> = filters.unwrap_or_default().split_whitespace().collect();
        filters.is_empty() || !filters.iter().all(|filter| selects_a_test(filter))
    });
    none("their first lines name no tests", offenders.map(|patch| patch.display().to_string()));
}

#[test]
fn every_mutation_fits_the_code_it_breaks() {
    if !can(&["git", "--version"]) {
        return;
    }
    let offenders = patches().into_iter().filter(|patch| {
        let mut git = Command::new("git");
        let git = git.args(["apply", "--check"]).arg(patch).current_dir(root());
        !git.output().expect("git was asked for before").status.success()
    });
    none("mend these with the code", offenders.map(|patch| patch.display().to_string()));
}
