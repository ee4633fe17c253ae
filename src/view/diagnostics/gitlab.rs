//! Diagnostics as a GitLab code quality report.
//!
//! GitLab merges findings of one fingerprint, and shows a finding as new when its
//! fingerprint is: it is made of the rule, the file, the words and an ordinal, never of the
//! line.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::located::{fingerprint, locate, worst_first};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::view::text::{json_line, one_line};

/// Longest description, in columns.
const LONGEST_TEXT: usize = 1_000;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

/// Writes one JSON array.
pub fn write_gitlab(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &Sources,
) -> io::Result<()> {
    let mut seen = HashMap::new();
    let issues: Vec<_> = worst_first(diagnostics)
        .into_iter()
        .map(|diagnostic| issue(diagnostic, sources, &mut seen))
        .collect();
    let line = json_line(&issues).map_err(io::Error::other)?;
    writeln!(out, "{line}")
}

fn issue(diagnostic: &Diagnostic, sources: &Sources, seen: &mut HashMap<[u8; 32], u64>) -> Issue {
    let located = locate(&diagnostic.place, sources);
    let begin = located.as_ref().and_then(|located| located.start).map_or(1, |start| start.line);
    let hint = diagnostic.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Issue {
        description: one_line(&format!("{}{hint}", diagnostic.message), LONGEST_TEXT),
        check_name: diagnostic.rule.0,
        fingerprint: fingerprint(diagnostic, sources, seen),
        severity: match diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        // GitLab wants a path; what stands nowhere stands in the campaigns as a whole.
        location: Location {
            path: located.map_or_else(|| "campaigns".to_owned(), |located| located.file),
            lines: Lines { begin },
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::super::samples::{hostile, samples};
    use super::*;

    fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
        let mut out = Vec::new();
        write_gitlab(&mut out, diagnostics, sources).expect("memory");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn a_report_is_what_gitlab_reads() {
        let (sources, diagnostics) = samples();
        insta::assert_json_snapshot!(shown(&diagnostics, &sources)[0], @r#"
        {
          "description": "unknown key `recipient` (did you mean `recipients`?)",
          "check_name": "campaign/unknown-key",
          "fingerprint": "e76e67eaafab246f2b357fbcdec589c2:1",
          "severity": "major",
          "location": {
            "path": "campaigns/diwali.yaml",
            "lines": {
              "begin": 3
            }
          }
        }
        "#);
    }

    #[test]
    fn equal_findings_have_fingerprints_of_their_own() {
        let (sources, diagnostics) = hostile();
        let twice: Vec<_> = diagnostics.iter().chain(&diagnostics).cloned().collect();
        let report = shown(&twice, &sources);
        let issues = report.as_array().expect("an array");
        let prints: HashSet<_> = issues.iter().map(|i| i["fingerprint"].as_str()).collect();
        assert_eq!(prints.len(), twice.len());
    }
}
