//! Diagnostics as SARIF 2.1.0, for code scanning.
//!
//! A finding is recognised again by rule, file, message and its ordinal among equals, not
//! by its line, so that lines added above it do not make it a new one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::located::{Located, figure, fingerprint, locate, severity_word, worst_first};
use crate::diagnostic::{Diagnostic, Place, RuleId, Sources};
use crate::view::text::{json_line, plural, safe};

/// Results that GitHub takes at most; it shows the 5,000 worst.
const MOST_RESULTS: usize = 25_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<RunResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "offercast/v1")]
    v1: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u64>,
    end_line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
}

/// Writes all diagnostics as one SARIF log on one line.
pub fn write_sarif(
    out: &mut dyn Write,
    diagnostics: &[Diagnostic],
    sources: &Sources,
) -> io::Result<()> {
    let sorted = worst_first(diagnostics);
    let mut rules: Vec<RuleId> = sorted.iter().map(|diagnostic| diagnostic.rule).collect();
    rules.sort_unstable();
    rules.dedup();

    let mut seen = HashMap::new();
    let results = sorted
        .iter()
        .take(MOST_RESULTS)
        .map(|diagnostic| result(diagnostic, sources, &rules, &mut seen))
        .collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "offercast",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules.iter().map(|rule| Rule { id: rule.0 }).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: left_out(sorted.len()),
            }],
            results,
        }],
    };
    writeln!(out, "{}", json_line(&log)?)
}

fn left_out(count: usize) -> Vec<Notification> {
    let Some(more) = count.checked_sub(MOST_RESULTS).filter(|more| *more > 0) else {
        return Vec::new();
    };
    let text = format!("{} left out", plural(figure(more), "finding is", "findings are"));
    vec![Notification { level: "warning", message: Message { text } }]
}

fn result<'a>(
    diagnostic: &Diagnostic,
    sources: &Sources,
    rules: &'a [RuleId],
    seen: &mut HashMap<[u8; 32], u64>,
) -> RunResult<'a> {
    let rule_index = rules.binary_search(&diagnostic.rule).unwrap_or_default();
    let mut text = safe(&diagnostic.message).into_owned();
    if let Some(hint) = &diagnostic.hint {
        write!(text, "\nhint: {}", safe(hint)).expect("a String takes all text");
    }
    let related = diagnostic.related.iter();
    RunResult {
        rule_id: rules[rule_index].0,
        rule_index,
        level: severity_word(diagnostic.severity),
        message: Message { text },
        locations: location(&diagnostic.place, None, sources).into_iter().collect(),
        related_locations: related
            .filter_map(|(place, note)| location(place, Some(note), sources))
            .collect(),
        partial_fingerprints: Fingerprints { v1: fingerprint(diagnostic, sources, seen) },
    }
}

fn location(place: &Place, note: Option<&str>, sources: &Sources) -> Option<Location> {
    let Located { file, start, end } = locate(place, sources)?;
    let region = start.zip(end).map(|(start, end)| Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
    });
    Some(Location {
        physical_location: PhysicalLocation {
            artifact_location: Artifact { uri: uri(&file) },
            region,
        },
        message: note.map(|note| Message { text: safe(note).into_owned() }),
    })
}

/// A path as a relative URI reference (RFC 3986): bytes outside the unreserved set and `/`
/// are percent-encoded.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a String takes all text");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::samples::{hostile, samples};
    use super::*;
    use crate::diagnostic::Span;
    use crate::view::text::is_hidden;

    fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> serde_json::Value {
        let mut out = Vec::new();
        write_sarif(&mut out, diagnostics, sources).expect("memory");
        let line = String::from_utf8(out).expect("text");
        assert!(!line.trim_end_matches('\n').contains(is_hidden));
        serde_json::from_str(&line).expect("JSON")
    }

    #[test]
    fn the_format_is_frozen() {
        let (sources, diagnostics) = samples();
        let log = shown(&diagnostics[1..2], &sources);
        let log = serde_json::to_string_pretty(&log).expect("JSON");
        let version = env!("CARGO_PKG_VERSION");
        insta::assert_snapshot!(log.replace(version, "[version]"), @r#"
        {
          "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "offercast",
                  "version": "[version]",
                  "rules": [
                    {
                      "id": "campaign/same-name"
                    }
                  ]
                }
              },
              "columnKind": "unicodeCodePoints",
              "invocations": [
                {
                  "executionSuccessful": true
                }
              ],
              "results": [
                {
                  "ruleId": "campaign/same-name",
                  "ruleIndex": 0,
                  "level": "error",
                  "message": {
                    "text": "two campaigns are called `diwali`"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "campaigns/diwali.yaml"
                        },
                        "region": {
                          "startLine": 2,
                          "startColumn": 7,
                          "endLine": 2,
                          "endColumn": 13
                        }
                      }
                    }
                  ],
                  "relatedLocations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "campaigns/old.yaml"
                        },
                        "region": {
                          "startLine": 1,
                          "startColumn": 7,
                          "endLine": 1,
                          "endColumn": 13
                        }
                      },
                      "message": {
                        "text": "the other one"
                      }
                    }
                  ],
                  "partialFingerprints": {
                    "offercast/v1": "107b9e05f0f435c40159a5204bfd333a:1"
                  }
                }
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_finding_that_moves_is_the_same_finding() {
        let finding = |above: &str| {
            let mut sources = Sources::default();
            let source = sources.add("a.yaml", format!("{above}x: 1\n"));
            let span = Span::new(above.len(), above.len() + 1);
            let one = Diagnostic::error("a/b", Place::Text { source, span }, "no");
            let log = shown(&[one.clone(), one], &sources);
            let print = |index: usize| {
                log["runs"][0]["results"][index]["partialFingerprints"]["offercast/v1"].clone()
            };
            (print(0), print(1))
        };
        let (first, second) = finding("");
        assert_eq!((first.clone(), second.clone()), finding("# more\n\n"));
        assert_ne!(first, second, "equal findings are told apart by their ordinal");
    }

    #[test]
    fn a_hostile_path_is_one_uri() {
        let (sources, diagnostics) = hostile();
        let log = shown(&diagnostics, &sources);
        let at = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(at["artifactLocation"]["uri"], "camp%2Caigns/%1B%5B31m%7Ca%3Ab%25.yaml");
    }
}
