//! The changelog belongs to the version that is built.

use super::text;

#[test]
fn the_changelog_names_the_version() {
    let changelog = text("CHANGELOG.md");
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## ["));
    let names: Vec<_> = headings.filter_map(|line| line.split(']').next()).collect();
    let version = env!("CARGO_PKG_VERSION");
    let latest = names.iter().find(|name| **name != "Unreleased");
    assert_eq!(latest, Some(&version), "the newest version in CHANGELOG.md");
}
