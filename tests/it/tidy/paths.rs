//! The paths a file uses: every `crate::…` and every `super::…`, told from the crate's root.

/// Each path in the code of a module, such as `["ledger", "Snapshot"]`. Groups are taken
/// apart; a `*` ends a path as itself.
pub(super) fn used(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (start, word) in words(code) {
        if follows_path(&code[..start]) {
            continue;
        }
        let mut base = match word {
            "crate" => Vec::new(),
            "super" => module.split_last().map_or(Vec::new(), |(_, parents)| parents.to_vec()),
            _ => continue,
        };
        let mut rest = &code[start + word.len()..];
        while let Some(above) = rest.strip_prefix("::super") {
            base.pop();
            rest = above;
        }
        if let Some(tail) = rest.strip_prefix("::") {
            tree(tail, &base, &mut paths);
        }
    }
    paths
}

/// Reads one path or group, and gives back what follows it.
fn tree<'a>(code: &'a str, base: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut group) = code.strip_prefix('{') {
        loop {
            group = tree(group, base, paths).trim_start();
            match group.strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => group = next,
                Some(next) => group = next.trim_start(),
                None => return group.strip_prefix('}').unwrap_or(group),
            }
            if let Some(after) = group.strip_prefix('}') {
                return after;
            }
        }
    }
    let length = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let length = if length == 0 && code.starts_with('*') { 1 } else { length };
    let (name, rest) = code.split_at(length);
    let mut path = base.to_vec();
    if name != "self" {
        path.push(name.to_owned());
    }
    if let Some(tail) = rest.strip_prefix("::").filter(|tail| !tail.starts_with('<')) {
        return tree(tail, &path, paths);
    }
    paths.push(path);
    let renamed = rest.trim_start().strip_prefix("as ").map(str::trim_start);
    renamed.map_or(rest, |name| name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
}

/// All words with where they begin.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
}

/// Whether a word that stands after this is the middle of a path, or `pub(crate)`, or a
/// macro's `$crate`.
fn follows_path(before: &str) -> bool {
    before.ends_with("::") || before.ends_with('$') || before.ends_with("pub(")
}

#[test]
fn paths_are_told_from_the_root() {
    let code = "pub(crate) use crate::{event::{self, RunEvent}, model::*,};\n\
                use super::super::ledger::Snapshot as S; use super::action;\n\
                fn f() -> crate::clock::Clock { crate::clock::Clock::<u8>::new() }";
    let module = ["plan", "planner"].map(str::to_owned);
    let paths: Vec<_> = used(code, &module).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        [
            "event",
            "event::RunEvent",
            "model::*",
            "ledger::Snapshot",
            "plan::action",
            "clock::Clock",
            "clock::Clock"
        ]
    );
}
