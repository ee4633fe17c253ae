//! Who may import whom (docs/architecture.md has the drawing).

use std::collections::HashSet;

use super::source::{SourceFile, library};
use super::{none, paths, text};

/// What a module may know of another.
enum May {
    /// Everything public.
    All(&'static str),
    /// Only the names that this file of it defines.
    Only(&'static str, &'static str),
}

use May::{All, Only};

/// The ledger's words without the ledger.
const LEDGER_WORDS: May = Only("ledger", "src/ledger/types.rs");

/// Its words for people whom it has forgotten.
const FORGOTTEN: May = Only("ledger", "src/ledger/forgotten.rs");

/// Each module with all that it may import. `commands` and the crate's root are where the
/// layers meet: they may import everything.
const LAYERS: [(&str, &[May]); 15] = [
    ("model", &[]),
    ("diagnostic", &[]),
    ("clock", &[All("model")]),
    ("parse", &[All("model"), All("diagnostic")]),
    ("audience", &[All("model"), All("diagnostic")]),
    ("compose", &[All("model"), All("diagnostic")]),
    ("cli", &[All("model")]),
    ("ledger", &[All("model")]),
    ("kaleyra", &[All("model")]),
    ("event", &[All("model")]),
    ("rates", &[All("model"), All("diagnostic")]),
    ("plan", &[All("model"), All("diagnostic"), All("rates"), LEDGER_WORDS, FORGOTTEN]),
    ("sandbox", &[All("model"), Only("kaleyra", "src/kaleyra/field.rs"), All("clock")]),
    (
        "send",
        &[All("model"), All("plan"), All("ledger"), All("kaleyra"), All("event"), All("clock")],
    ),
    (
        "view",
        &[
            All("model"),
            All("plan"),
            All("rates"),
            All("event"),
            All("diagnostic"),
            LEDGER_WORDS,
            FORGOTTEN,
            Only("ledger", "src/ledger/settlement.rs"),
        ],
    ),
];

#[test]
fn every_module_has_its_place() {
    let known: HashSet<_> = LAYERS.iter().map(|(layer, _)| *layer).chain(["commands"]).collect();
    let files = library();
    let layers: HashSet<_> =
        files.iter().map(SourceFile::layer).filter(|l| !l.is_empty()).collect();
    assert_eq!(layers, known);
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let files = library();
    let mut offenders = Vec::new();
    for (layer, allowed) in &LAYERS {
        for file in files.iter().filter(|file| file.layer() == *layer) {
            for path in paths::used(&file.product, &file.module) {
                let Some((other, inner)) = path.split_first() else { continue };
                // A name of the crate's root, such as a macro of the test framework, is no module.
                let is_module = files.iter().any(|file| file.layer() == other);
                if is_module && other != layer && !allowed.iter().any(|may| may.take(other, inner))
                {
                    offenders.push(format!("{}: {}", file.path, path.join("::")));
                }
            }
        }
    }
    none("imports that go up or sideways", offenders);
}

impl May {
    fn take(&self, module: &str, path: &[String]) -> bool {
        match self {
            All(allowed) => *allowed == module,
            Only(allowed, file) => {
                *allowed == module && path.iter().any(|name| defines(file, name))
            }
        }
    }
}

fn defines(file: &str, name: &str) -> bool {
    let text = text(file);
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("pub "));
    lines.any(|line| {
        let mut words = paths::words(line).map(|(_, word)| word);
        matches!(words.next(), Some("struct" | "enum" | "const" | "trait" | "fn" | "type"))
            && words.next() == Some(name)
    })
}
