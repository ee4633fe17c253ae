//! Diagnostics for scripts: one JSON object, format 1.0, in the shape of Terraform's
//! `validate -json` with `rule` and `related` added.
//!
//! These structs are the format: they change only by addition, whatever becomes of
//! [`Diagnostic`]. Lines and columns are 1-based, bytes 0-based, ends exclusive.

use std::io::{self, Write};

use serde::Serialize;

use super::excerpt::excerpt;
use super::located::{Located, Position, count, locate, severity_word};
use crate::diagnostic::{Diagnostic, Place, Severity, Sources};
use crate::view::text::json_line;

#[derive(Serialize)]
struct ValidateJson {
    format_version: &'static str,
    valid: bool,
    error_count: u64,
    warning_count: u64,
    diagnostics: Vec<DiagnosticJson>,
}

/// One diagnostic; also the payload of the event stream's `diagnostic` lines.
#[derive(Serialize)]
pub(crate) struct DiagnosticJson {
    severity: &'static str,
    summary: String,
    detail: String,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<SnippetJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson>,
}

#[derive(Serialize)]
struct RangeJson {
    filename: String,
    start: PositionJson,
    end: PositionJson,
}

#[derive(Serialize)]
struct PositionJson {
    line: u64,
    column: u64,
    /// `null` in files that are not kept in memory.
    byte: Option<u64>,
}

#[derive(Serialize)]
struct SnippetJson {
    /// Terraform names the enclosing block here; campaign files have none.
    context: Option<String>,
    code: String,
    start_line: u64,
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    /// Terraform lists the values of expressions here; there are none.
    values: [(); 0],
}

#[derive(Serialize)]
struct RelatedJson {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeJson>,
}

/// Writes all diagnostics as one JSON object on one line.
pub fn write_json(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &Sources,
) -> io::Result<()> {
    let error_count = count(diagnostics, Severity::Error);
    let document = ValidateJson {
        format_version: "1.0",
        valid: error_count == 0,
        error_count,
        warning_count: count(diagnostics, Severity::Warning),
        diagnostics: diagnostics.iter().map(|d| DiagnosticJson::new(d, sources)).collect(),
    };
    writeln!(out, "{}", json_line(&document)?)
}

impl DiagnosticJson {
    pub(crate) fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let detail = [&diagnostic.label, &diagnostic.hint];
        let detail: Vec<&str> = detail.into_iter().flatten().map(String::as_str).collect();
        Self {
            severity: severity_word(diagnostic.severity),
            summary: diagnostic.message.clone(),
            detail: detail.join("\n"),
            rule: diagnostic.rule.0,
            range: range(&diagnostic.place, sources),
            snippet: snippet(&diagnostic.place, sources),
            related: diagnostic
                .related
                .iter()
                .map(|(place, note)| RelatedJson {
                    message: note.clone(),
                    range: range(place, sources),
                })
                .collect(),
        }
    }
}

fn range(place: &Place, sources: &Sources) -> Option<RangeJson> {
    let Located { file, start, end } = locate(place, sources)?;
    // A file as a whole is its very beginning: readers of the format count on a position.
    let beginning = Position { line: 1, column: Some(1), byte: Some(0) };
    let position = |at: Option<Position>| {
        let at = at.unwrap_or(beginning);
        PositionJson { line: at.line, column: at.column.unwrap_or(1), byte: at.byte }
    };
    Some(RangeJson { filename: file, start: position(start), end: position(end) })
}

fn snippet(place: &Place, sources: &Sources) -> Option<SnippetJson> {
    let Place::Text { source, span } = place else { return None };
    let start = locate(place, sources)?.start?;
    let excerpt = excerpt(sources.text(*source), *span);
    Some(SnippetJson {
        context: None,
        code: excerpt.text,
        start_line: start.line,
        highlight_start_offset: excerpt.highlight.start,
        highlight_end_offset: excerpt.highlight.end,
        values: [],
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{hostile, samples};
    use super::*;
    use crate::view::text::is_hidden;

    fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let mut out = Vec::new();
        write_json(&mut out, diagnostics, sources).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_format_is_frozen() {
        let (sources, diagnostics) = samples();
        // One diagnostic a line, to be read with ease.
        let lines = shown(&diagnostics, &sources).replace(r#"{"severity""#, "\n{\"severity\"");
        insta::assert_snapshot!(lines, @r#"
        {"format_version":"1.0","valid":false,"error_count":4,"warning_count":2,"diagnostics":[
        {"severity":"error","summary":"unknown key `recipient`","detail":"not a key of a campaign\ndid you mean `recipients`?","rule":"campaign/unknown-key","range":{"filename":"campaigns/diwali.yaml","start":{"line":3,"column":1,"byte":24},"end":{"line":3,"column":10,"byte":33}},"snippet":{"context":null,"code":"recipient:","start_line":3,"highlight_start_offset":0,"highlight_end_offset":9,"values":[]}},
        {"severity":"error","summary":"two campaigns are called `diwali`","detail":"","rule":"campaign/same-name","range":{"filename":"campaigns/diwali.yaml","start":{"line":2,"column":7,"byte":17},"end":{"line":2,"column":13,"byte":23}},"snippet":{"context":null,"code":"name: diwali","start_line":2,"highlight_start_offset":6,"highlight_end_offset":12,"values":[]},"related":[{"message":"the other one","range":{"filename":"campaigns/old.yaml","start":{"line":1,"column":7,"byte":6},"end":{"line":1,"column":13,"byte":12}}}]},
        {"severity":"warning","summary":"`nme` is used by no template","detail":"","rule":"audience/field-case","range":{"filename":"campaigns/diwali.yaml","start":{"line":4,"column":31,"byte":65},"end":{"line":4,"column":42,"byte":76}},"snippet":{"context":null,"code":"  - { phone: \"+91••••••••78\", nme: Asha }","start_line":4,"highlight_start_offset":46,"highlight_end_offset":57,"values":[]}},
        {"severity":"warning","summary":"the row has 2 cells, the header 3","detail":"quote cells that contain a comma","rule":"audience/ragged-row","range":{"filename":"campaigns/a.csv","start":{"line":17,"column":3,"byte":null},"end":{"line":17,"column":3,"byte":null}}},
        {"severity":"error","summary":"the header file does not exist","detail":"","rule":"header/missing","range":{"filename":"campaigns/media/diwali.png","start":{"line":1,"column":1,"byte":0},"end":{"line":1,"column":1,"byte":0}}},
        {"severity":"error","summary":"`OFFERCAST_CODE_KEY` is not set","detail":"","rule":"key/missing"}]}
        "#);
    }

    #[test]
    fn hostile_text_is_kept_and_does_nothing() {
        let (sources, diagnostics) = hostile();
        let line = shown(&diagnostics, &sources);
        assert!(!line.trim_end_matches('\n').contains(is_hidden));
        let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let first = &json["diagnostics"][0];
        assert_eq!(first["summary"], diagnostics[0].message.as_str());
        let code = first["snippet"]["code"].as_str().expect("text");
        assert!(!code.contains("98123 45678"), "{code}");
    }
}
