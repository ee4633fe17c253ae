//! Pages made by the program are current, links lead somewhere, queries are understood.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{blocks, documents, none, printed, root, text};

#[test]
fn the_command_reference_is_current() {
    let current = printed(&["util", "reference"]);
    assert!(
        text("docs/commands.md") == current,
        "write it anew: cargo run -- util reference > docs/commands.md"
    );
}

#[test]
fn schemas_are_printed_as_they_stand_in_the_repository() {
    for (name, file) in [
        ("campaign", "campaign.schema.json"),
        ("plan", "plan.v1.schema.json"),
        ("events", "events.v1.schema.json"),
        ("report", "report.v1.schema.json"),
    ] {
        assert_eq!(printed(&["schema", name]), text(&format!("schemas/{file}")), "{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for page in documents() {
        let body = text(page.to_str().expect("names of documents are plain"));
        let here = page.parent().expect("a page is in a folder");
        for target in links(&body) {
            if target.contains("://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.clone() } else { here.join(path) };
            if !root().join(&file).exists() {
                dead.push(format!("{}: {target}", page.display()));
            } else if !anchor.is_empty() && !has_heading(&file, anchor) {
                dead.push(format!("{}: no heading for {target}", page.display()));
            }
        }
    }
    none("links that lead nowhere", dead);
}

#[test]
fn every_page_can_be_found_from_the_readme() {
    let readme = text("README.md");
    let pages = documents().into_iter().filter(|page| page.as_os_str() != "README.md");
    let linked = |page: &Path| links(&readme).any(|target| Path::new(target) == page);
    let hidden = pages.filter(|page| !linked(page));
    none("pages that the README does not link", hidden.map(|page| page.display().to_string()));
}

#[test]
fn the_ledgers_queries_are_understood_by_a_ledger() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger.db");
    let campaigns = folder.path().join("campaigns");
    let path = |path: &Path| path.to_str().expect("it is plain").to_owned();
    printed(&["ledger", "init", "--ledger", &path(&ledger), "--campaigns", &path(&campaigns)]);
    let database = Connection::open_with_flags(&ledger, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("plain SQLite opens it");
    let page = blocks::of(&text("docs/ledger.md"));
    let queries: Vec<_> = page.iter().filter(|block| block.language == "sql").collect();
    assert!(queries.len() >= 5, "the page has queries");
    for query in queries {
        if let Err(error) = database.prepare(&query.text) {
            panic!("docs/ledger.md:{}: {error}", query.line);
        }
    }
}

/// The targets of all links of a page, code blocks aside.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Whether the page has a heading that becomes this anchor.
fn has_heading(page: &Path, anchor: &str) -> bool {
    let page = text(page.to_str().expect("names of documents are plain"));
    let mut headings = page.lines().filter(|line| line.starts_with('#'));
    headings.any(|heading| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>() == anchor
    })
}
