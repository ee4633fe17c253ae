//! Every form against text that was written to do harm.

use proptest::prelude::*;

use super::diagnostics::{
    Checked, write_github, write_gitlab, write_human, write_json, write_sarif,
};
use super::text::is_hidden;
use super::{Look, error};
use crate::diagnostic::{Diagnostic, Place, Sources, Span};

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Words(String);

/// Pieces that have fooled terminals, CI logs, Markdown and spreadsheets.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{1b}[2J".to_owned()),
        Just("\u{1b}]52;c;ZXZpbA==\u{7}".to_owned()),
        Just("\u{9d}0;title\u{9c}".to_owned()),
        Just("\r".to_owned()),
        Just("\n::error::pwned".to_owned()),
        Just("##vso[task.setvariable]".to_owned()),
        Just("##[add-mask]x".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("|`".to_owned()),
        Just("w".repeat(3_000)),
        Just("\u{301}".repeat(50)),
        any::<String>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..6).prop_map(|pieces| pieces.concat())
}

/// What GitHub's and Azure's runners take for a command: `::name`, indented or not, and
/// `##[` or `##vso[` anywhere.
fn is_command(line: &str) -> bool {
    let name = line.trim_start().strip_prefix("::");
    name.is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic()))
        || line.contains("##[")
        || line.contains("##vso[")
}

/// All forms of one diagnostic made of foreign text, each with its name.
fn forms(parts: &[String; 5], span: Span) -> Vec<(&'static str, String)> {
    let [file, content, message, label, hint] = parts;
    let mut sources = Sources::default();
    let source = sources.add(file.clone(), content.as_str());
    let place = Place::Text { source, span };
    let line = Place::Line { file: file.clone(), line: 3, column: None };
    let diagnostics = [
        Diagnostic::error("a/b", place.clone(), message.as_str())
            .label(label.as_str())
            .hint(hint.as_str())
            .related(line.clone(), label.as_str()),
        Diagnostic::warning("a/c", line, message.as_str()).related(place, label.as_str()),
        Diagnostic::error("a/d", Place::File(file.clone()), message.as_str()),
    ];
    let checked = Checked { campaigns: 1, with_findings: 1 };
    let written = |write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut out = Vec::new();
        write(&mut out).expect("memory takes all");
        String::from_utf8(out).expect("text")
    };
    vec![
        ("human", written(&|out| write_human(out, Look::PLAIN, &diagnostics, &sources, checked))),
        ("json", written(&|out| write_json(out, &diagnostics, &sources))),
        ("github", written(&|out| write_github(out, &diagnostics, &sources))),
        ("gitlab", written(&|out| write_gitlab(out, &diagnostics, &sources))),
        ("sarif", written(&|out| write_sarif(out, &diagnostics, &sources))),
        (
            "error",
            written(&|out| error::write(out, Look::PLAIN, &Words(message.clone()), Some(hint))),
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn foreign_text_does_nothing_in_any_form(
        parts in prop::array::uniform5(text()),
        a in 0_usize..200,
        b in 0_usize..200,
    ) {
        for (form, text) in forms(&parts, Span::new(a, b)) {
            let acting = text.chars().find(|c| is_hidden(*c) && *c != '\n');
            prop_assert_eq!(acting, None, "in {}: {}", form, text);
            let commands = text.lines().filter(|line| is_command(line));
            prop_assert_eq!(commands.count(), if form == "github" { 3 } else { 0 }, "{}", text);
        }
    }
}
