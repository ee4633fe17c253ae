//! Diagnostics that the tests of all forms share.

use crate::diagnostic::{Diagnostic, Place, Sources, Span};

/// An ordinary set: a misspelt key, a related place, an audience line, a file, the
/// environment.
pub(super) fn samples() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let text =
        "version: 1\nname: diwali\nrecipient:\n  - { phone: \"+919812345678\", nme: Asha }\n";
    let source = sources.add("campaigns/diwali.yaml", text);
    let other = sources.add("campaigns/old.yaml", "name: diwali\n");
    let at = |source, part: &str, text: &str| {
        let start = text.find(part).expect("the part is there");
        Place::Text { source, span: Span::new(start, start + part.len()) }
    };
    let diagnostics = vec![
        Diagnostic::error(
            "campaign/unknown-key",
            at(source, "recipient", text),
            "unknown key `recipient`",
        )
        .label("not a key of a campaign")
        .hint("did you mean `recipients`?"),
        Diagnostic::error(
            "campaign/same-name",
            at(source, "diwali", text),
            "two campaigns are called `diwali`",
        )
        .related(at(other, "diwali", "name: diwali\n"), "the other one"),
        Diagnostic::warning(
            "audience/field-case",
            at(source, "nme: Asha }", text),
            "`nme` is used by no template",
        ),
        Diagnostic::warning(
            "audience/ragged-row",
            Place::Line { file: "campaigns/a.csv".to_owned(), line: 17, column: Some(3) },
            "the row has 2 cells, the header 3",
        )
        .hint("quote cells that contain a comma"),
        Diagnostic::error(
            "header/missing",
            Place::File("campaigns/media/diwali.png".to_owned()),
            "the header file does not exist",
        ),
        Diagnostic::error("key/missing", Place::Nowhere, "`OFFERCAST_CODE_KEY` is not set"),
    ];
    (sources, diagnostics)
}

/// The same shapes with everything in them that has ever fooled a terminal or a CI log.
pub(super) fn hostile() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let text = "a: 1 # \u{1b}]52;c;ZXZpbA==\u{7} \u{202e}gpj\u{9b}2J\u{200b}, 98123 45678\tx\n";
    let source = sources.add("camp,aigns/\u{1b}[31m|a:b%.yaml", text);
    let place = Place::Text { source, span: Span::new(5, 30) };
    let diagnostics = vec![
        Diagnostic::error("campaign/x", place.clone(), "bad `\u{1b}[2J\r\n::error::pwned`")
            .label("here\r\u{202e}")
            .hint("100% `\u{7}`\n::add-mask::x")
            .related(place, "| there \u{200d}"),
        Diagnostic::warning(
            "campaign/y",
            Place::Line { file: "\n::stop-commands::x".to_owned(), line: 1, column: None },
            "long ".to_owned() + &"w".repeat(2_000),
        ),
    ];
    (sources, diagnostics)
}
