//! Diagnostics as GitHub's workflow commands, which it shows as annotations in the diff.
//!
//! Escaping as GitHub's runner undoes it: `%`, CR and LF everywhere, `:` and `,` in
//! properties. GitHub shows ten errors and ten warnings a step and drops the rest silently,
//! so the rest is counted here instead.

use std::io::{self, Write};

use super::located::{Located, Position, figure, locate, severity_word, worst_first};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::view::text::{one_line, plural, safe};

/// Annotations of one severity that GitHub shows for one step.
const MOST_PER_SEVERITY: usize = 10;
/// Longest message, in columns; GitHub cuts at 4 KiB.
const LONGEST_TEXT: usize = 1_000;

/// Writes one command for each diagnostic, worst first, and a notice for those left out.
pub fn write_github(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &Sources,
) -> io::Result<()> {
    let sorted = worst_first(diagnostics);
    let mut left_out = Vec::new();
    for (severity, one, many) in [
        (Severity::Error, "more error", "more errors"),
        (Severity::Warning, "more warning", "more warnings"),
    ] {
        let of_it: Vec<_> = sorted.iter().filter(|d| d.severity == severity).collect();
        for diagnostic in of_it.iter().take(MOST_PER_SEVERITY) {
            writeln!(out, "{}", command(diagnostic, sources))?;
        }
        if let Some(more) = of_it.len().checked_sub(MOST_PER_SEVERITY).filter(|more| *more > 0) {
            left_out.push(plural(figure(more), one, many));
        }
    }
    if !left_out.is_empty() {
        writeln!(out, "::notice title=offercast::{}: see the log", left_out.join(" and "))?;
    }
    Ok(())
}

/// Writes one notice that stands nowhere in particular.
pub fn write_notice(out: &mut dyn Write, title: &str, text: &str) -> io::Result<()> {
    writeln!(out, "::notice title={}::{}", property(title), data(text))
}

fn command(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut properties = Vec::new();
    if let Some(Located { file, start, end }) = locate(&diagnostic.place, sources) {
        properties.push(format!("file={}", property(&file)));
        if let (Some(start), Some(end)) = (start, end) {
            properties.push(format!("line={},endLine={}", start.line, end.line));
            properties.extend(columns(start, end));
        }
    }
    properties.push(format!("title={}", property(diagnostic.rule.0)));
    let mut message = data(&diagnostic.message);
    if let Some(hint) = &diagnostic.hint {
        message.push_str("%0Ahint: ");
        message.push_str(&data(hint));
    }
    format!("::{} {}::{message}", severity_word(diagnostic.severity), properties.join(","))
}

/// GitHub takes columns only within one line.
fn columns(start: Position, end: Position) -> Option<String> {
    let (from, to) = (start.column?, end.column?);
    (start.line == end.line).then(|| format!("col={from},endColumn={to}"))
}

fn data(text: &str) -> String {
    one_line(text, LONGEST_TEXT).replace('%', "%25")
}

fn property(text: &str) -> String {
    safe(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{hostile, samples};
    use super::*;
    use crate::diagnostic::Place;

    fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let mut out = Vec::new();
        write_github(&mut out, diagnostics, sources).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn errors_come_before_warnings() {
        let (sources, diagnostics) = samples();
        insta::assert_snapshot!(shown(&diagnostics, &sources), @r"
        ::error file=campaigns/diwali.yaml,line=3,endLine=3,col=1,endColumn=10,title=campaign/unknown-key::unknown key `recipient`%0Ahint: did you mean `recipients`?
        ::error file=campaigns/diwali.yaml,line=2,endLine=2,col=7,endColumn=13,title=campaign/same-name::two campaigns are called `diwali`
        ::error file=campaigns/media/diwali.png,title=header/missing::the header file does not exist
        ::error title=key/missing::`OFFERCAST_CODE_KEY` is not set
        ::warning file=campaigns/diwali.yaml,line=4,endLine=4,col=31,endColumn=42,title=audience/field-case::`nme` is used by no template
        ::warning file=campaigns/a.csv,line=17,endLine=17,col=3,endColumn=3,title=audience/ragged-row::the row has 2 cells, the header 3%0Ahint: quote cells that contain a comma
        ");
    }

    #[test]
    fn foreign_text_starts_no_command() {
        let (sources, diagnostics) = hostile();
        let text = shown(&diagnostics, &sources);
        assert!(
            text.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning "))
        );
        assert_eq!(text.lines().count(), diagnostics.len());
        insta::assert_snapshot!(text.lines().next().unwrap_or_default(), @r"::error file=camp%2Caigns/\u{1b}[31m|a%3Ab%25.yaml,line=1,endLine=1,col=6,endColumn=29,title=campaign/x::bad `\u{1b}[2J\u{d}\u{a}::error::pwned`%0Ahint: 100%25 `\u{7}`\u{a}::add-mask::x");
    }

    #[test]
    fn what_github_would_drop_is_counted() {
        let many = vec![Diagnostic::error("a/b", Place::Nowhere, "no"); 12];
        let warning = Diagnostic::warning("a/c", Place::Nowhere, "hm");
        let all: Vec<_> = std::iter::repeat_n(warning, 11).chain(many).collect();
        let text = shown(&all, &Sources::default());
        assert_eq!(text.lines().filter(|line| line.starts_with("::error ")).count(), 10);
        assert_eq!(text.lines().filter(|line| line.starts_with("::warning ")).count(), 10);
        assert!(text.ends_with(
            "::notice title=offercast::2 more errors and 1 more warning: see the log\n"
        ));
    }
}
