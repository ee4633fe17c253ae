//! Files stay short enough to be read at one sitting.

use std::fs;

use super::{files_below, none, root, text};

/// Above this a file's doc comment says why it is long.
const NEEDS_A_REASON: usize = 400;
/// Above this there is no reason.
const TOO_LONG: usize = 600;

fn rust_files() -> Vec<(String, String)> {
    let files = files_below("src").into_iter().chain(files_below("tests"));
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).expect("a source file is UTF-8");
            (path.display().to_string(), text)
        })
        .collect()
}

#[test]
fn no_file_is_too_long() {
    let offenders = rust_files().into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > TOO_LONG).then(|| format!("{path}: {lines} lines"))
    });
    none("split these", offenders);
}

#[test]
fn a_long_file_says_why_it_is_long() {
    let says_why = |text: &str| {
        text.lines().take_while(|line| line.starts_with("//!")).any(|line| {
            line.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "long" | "Long"))
        })
    };
    let offenders = rust_files().into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > NEEDS_A_REASON && !says_why(&text)).then(|| format!("{path}: {lines} lines"))
    });
    none("say in the module's doc comment why the file is long, or split it", offenders);
}

#[test]
fn no_test_file_is_forgotten() {
    let offenders = files_below("tests/it").into_iter().filter_map(|path| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let folder = path.parent()?;
        if path.extension()? != "rs" || name == "main" {
            return None;
        }
        let (name, folder) = match name.as_str() {
            "mod" => (folder.file_name()?.to_str()?.to_owned(), folder.parent()?),
            _ => (name, folder),
        };
        let parent = if folder.ends_with("it") { "main.rs" } else { "mod.rs" };
        let parent = text(folder.join(parent).to_str()?);
        let declared =
            parent.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};")));
        (!declared).then(|| path.display().to_string())
    });
    none("these are not compiled: declare them", offenders);
}
