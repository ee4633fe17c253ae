//! Diagnostics for people: the line, a caret under the fault, what to do.

use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::excerpt;
use super::located::{Located, count, figure, locate};
use crate::diagnostic::{Diagnostic, Place, Severity, Sources};
use crate::view::output::Look;
use crate::view::style::Role;
use crate::view::text::{number, one_line, plural};

/// Most diagnostics written out; the JSON form has them all.
const MOST_SHOWN: usize = 200;
/// Most other places shown with one diagnostic.
const MOST_RELATED: usize = 8;
/// Longest message, label or hint, in columns; a fault that long is not read anyway.
const LONGEST_TEXT: usize = 600;

/// How many campaigns were looked at, for the last line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Campaign files read.
    pub campaigns: u64,
    /// Those of them with any diagnostic.
    pub with_findings: u64,
}

/// Writes every diagnostic with its line of YAML, then one line that sums up.
pub fn write_human(
    out: &mut dyn Write,
    look: Look,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    checked: Checked,
) -> io::Result<()> {
    let renderer = if look.palette.is_coloured() { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(look.width).decor_style(DecorStyle::Ascii);
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        write!(out, "{}\n\n", renderer.render(&[group(diagnostic, sources)]).trim_end())?;
    }
    if diagnostics.len() > MOST_SHOWN {
        let more = figure(diagnostics.len() - MOST_SHOWN);
        writeln!(out, "… and {} more; `--format json` lists all\n", number(more))?;
    }
    writeln!(out, "{}", summary(look, diagnostics, checked))
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(shown(&diagnostic.message)).id(diagnostic.rule.0);
    let label = diagnostic.label.as_deref();
    let mut group = Group::with_title(title).elements(place(
        &diagnostic.place,
        label,
        AnnotationKind::Primary,
        sources,
    ));
    for (other, note) in diagnostic.related.iter().take(MOST_RELATED) {
        group = group.elements(place(other, Some(note), AnnotationKind::Context, sources));
    }
    if let Some(more) = diagnostic.related.len().checked_sub(MOST_RELATED).filter(|more| *more > 0)
    {
        let more = plural(figure(more), "more place", "more places");
        group = group.element(Level::NOTE.message(format!("and {more}")));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(shown(hint)));
    }
    group
}

/// A place: `--> file:line:column`, and the lines themselves where they are in memory.
fn place(
    place: &Place,
    label: Option<&str>,
    kind: AnnotationKind,
    sources: &Sources,
) -> Vec<Element<'static>> {
    let Some(Located { file, start, .. }) = locate(place, sources) else {
        return label.map(note).into_iter().collect();
    };
    let mut origin = Origin::path(shown(&file));
    if let Some(start) = start {
        origin = origin.line(size(start.line));
        if let Some(column) = start.column {
            origin = origin.char_column(size(column));
        }
    }
    let Place::Text { source, span } = place else {
        return std::iter::once(origin.into()).chain(label.map(note)).collect();
    };
    let excerpt = excerpt(sources.text(*source), *span);
    // The renderer counts columns in what it is given. Where that was cut or spelled out
    // before the fault, the true place goes ahead on its own.
    let shown_column = excerpt.text[..excerpt.highlight.start].chars().count() + 1;
    let is_true = start.and_then(|start| start.column).is_some_and(|c| size(c) == shown_column);
    let annotation = kind.span(excerpt.highlight).label(label.map(shown));
    let snippet = Snippet::source(excerpt.text)
        .line_start(start.map_or(1, |start| size(start.line)))
        .annotation(annotation);
    if is_true {
        return vec![snippet.path(shown(&file)).into()];
    }
    vec![origin.into(), snippet.into()]
}

fn note(text: &str) -> Element<'static> {
    Level::NOTE.message(shown(text)).into()
}

fn shown(text: &str) -> String {
    one_line(text, LONGEST_TEXT)
}

fn size(figure: u64) -> usize {
    usize::try_from(figure).unwrap_or(usize::MAX)
}

fn summary(look: Look, diagnostics: &[Diagnostic], checked: Checked) -> String {
    let errors = count(diagnostics, Severity::Error);
    let warnings = count(diagnostics, Severity::Warning);
    let campaigns = plural(checked.campaigns, "campaign", "campaigns");
    if errors + warnings == 0 {
        let are = if checked.campaigns == 1 { "is" } else { "are" };
        return format!("{campaigns} {are} valid");
    }
    let mut words = Vec::new();
    if errors > 0 {
        words.push(look.palette.paint(Role::Error, &plural(errors, "error", "errors")));
    }
    if warnings > 0 {
        words.push(look.palette.paint(Role::Warning, &plural(warnings, "warning", "warnings")));
    }
    if checked.campaigns == 0 {
        // It is about another file than a campaign's.
        return words.join(", ");
    }
    format!("{} in {} of {campaigns}", words.join(", "), number(checked.with_findings))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{hostile, samples};
    use super::*;

    fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let mut out = Vec::new();
        let checked = Checked { campaigns: 5, with_findings: 2 };
        write_human(&mut out, Look::PLAIN, diagnostics, sources, checked).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_fault_is_shown_in_its_line() {
        let (sources, diagnostics) = samples();
        insta::assert_snapshot!(shown(&diagnostics, &sources), @r#"
        error[campaign/unknown-key]: unknown key `recipient`
         --> campaigns/diwali.yaml:3:1
          |
        3 | recipient:
          | ^^^^^^^^^ not a key of a campaign
          |
          = help: did you mean `recipients`?

        error[campaign/same-name]: two campaigns are called `diwali`
         --> campaigns/diwali.yaml:2:7
          |
        2 | name: diwali
          |       ^^^^^^
          |
         ::: campaigns/old.yaml:1:7
          |
        1 | name: diwali
          |       ------ the other one

        warning[audience/field-case]: `nme` is used by no template
         --> campaigns/diwali.yaml:4:31
          |
        4 |   - { phone: "+91••••••••78", nme: Asha }
          |                               ^^^^^^^^^^^

        warning[audience/ragged-row]: the row has 2 cells, the header 3
        --> campaigns/a.csv:17:3
         = help: quote cells that contain a comma

        error[header/missing]: the header file does not exist
        --> campaigns/media/diwali.png

        error[key/missing]: `OFFERCAST_CODE_KEY` is not set

        4 errors, 2 warnings in 2 of 5 campaigns
        "#);
    }

    #[test]
    fn hostile_text_is_only_text() {
        let (sources, diagnostics) = hostile();
        insta::assert_snapshot!(shown(&diagnostics, &sources), @r"
        error[campaign/x]: bad `\u{1b}[2J\u{d}\u{a}::error::pwned`
         --> camp,aigns/\u{1b}[31m|a:b%.yaml:1:6
          |
        1 | a: 1 # \u{1b}]52;c;ZXZpbA==\u{7} \u{202e}gpj\u{9b}2J\u{200b}, 98••• •••78    x
          |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here\u{d}\u{202e}
          |
         ::: camp,aigns/\u{1b}[31m|a:b%.yaml:1:6
          |
        1 | a: 1 # \u{1b}]52;c;ZXZpbA==\u{7} \u{202e}gpj\u{9b}2J\u{200b}, 98••• •••78    x
          |      --------------------------------------- | there \u{200d}
          |
          = help: 100% `\u{7}`\u{a}::add-mask::x

        warning[campaign/y]: long wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…
        --> \u{a}::stop-commands::x:1

        1 error, 1 warning in 2 of 5 campaigns
        ");
    }

    #[test]
    fn nothing_found_is_one_line() {
        let mut out = Vec::new();
        let checked = Checked { campaigns: 1, with_findings: 0 };
        write_human(&mut out, Look::PLAIN, &[], &Sources::default(), checked).expect("memory");
        assert_eq!(String::from_utf8_lossy(&out), "1 campaign is valid\n");
    }

    #[test]
    fn a_flood_is_cut_and_says_so() {
        let many = vec![Diagnostic::error("campaign/x", Place::Nowhere, "no"); 1_234];
        let text = shown(&many, &Sources::default());
        assert_eq!(text.matches("error[campaign/x]: no").count(), MOST_SHOWN);
        assert!(text.contains("… and 1,034 more; `--format json` lists all"));
        assert!(text.ends_with("1,234 errors in 2 of 5 campaigns\n"));
    }
}
