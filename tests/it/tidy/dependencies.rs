//! Every dependency is wanted, explained and built without what would do harm.

use std::collections::BTreeSet;
use std::process::Command;

use super::{none, root, text};

#[test]
fn every_direct_dependency_is_explained() {
    let document = text("docs/dependencies.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter_map(|line| line.split_once(" |")).map(|(names, _)| names);
    let explained: BTreeSet<_> = rows
        .filter(|names| !names.starts_with("---") && *names != "crate")
        .flat_map(|names| names.split(", "))
        .collect();
    let manifest = text("Cargo.toml");
    let wanted: BTreeSet<_> = section(&manifest, "[dependencies]").map(name).collect();
    none("without a row in docs/dependencies.md", wanted.difference(&explained));
    none("rows of docs/dependencies.md without a dependency", explained.difference(&wanted));
    let unexplained = section(&manifest, "[dev-dependencies]")
        .map(name)
        .filter(|name| !document.contains(&format!("{name} (")));
    none("dependencies of the tests without a word in docs/dependencies.md", unexplained);
}

#[test]
fn banned_crates_are_not_locked() {
    let rules = text("deny.toml");
    let lock = text("Cargo.lock");
    let banned: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next())
        .collect();
    assert!(banned.contains(&"openssl-sys"), "the bans are read from deny.toml");
    none(
        "banned crates in Cargo.lock",
        banned.into_iter().filter(|name| lock.contains(&format!("name = \"{name}\"\n"))),
    );
}

#[test]
fn banned_features_are_not_built() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p} :{f}"])
        .current_dir(root())
        .output()
        .expect("cargo runs these tests, so it is there");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
    let built: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| Some((line.split(' ').next()?, line.rsplit_once(':')?.1)))
        .flat_map(|(name, features)| {
            let features = features.trim_end_matches(" (*)").split(',');
            features.map(move |feature| (name, feature.trim()))
        })
        .collect();
    let banned = feature_bans();
    assert!(banned.contains(&("reqwest".to_owned(), "http2".to_owned())), "{banned:?}");
    let built = banned.iter().filter(|(name, feature)| built.contains(&(name.as_str(), feature)));
    none("features that deny.toml bans", built.map(|(name, feature)| format!("{name}/{feature}")));
}

/// Each crate with a feature that it must not be built with.
fn feature_bans() -> Vec<(String, String)> {
    let rules = text("deny.toml");
    let mut bans = Vec::new();
    for ban in rules.split("[[bans.features]]").skip(1) {
        let quoted =
            |line: &str| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let line = |key: &str| ban.lines().find(|line| line.starts_with(key)).map(quoted);
        let name = line("crate = ").and_then(|mut names| names.pop()).expect("a ban names a crate");
        let features = line("deny = ").expect("a ban names features");
        bans.extend(features.into_iter().map(|feature| (name.clone(), feature)));
    }
    bans
}

fn section<'a>(manifest: &'a str, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let after = manifest.lines().skip_while(move |line| *line != heading).skip(1);
    after.take_while(|line| !line.starts_with('[')).filter(|line| line.contains(" = "))
}

fn name(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}
