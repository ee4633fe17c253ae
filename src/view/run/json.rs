//! A run as newline-delimited JSON, in the conventions of Terraform's machine-readable UI:
//! `@level`, `@message`, `@module`, `@timestamp` and `type` on every line, `version` first.
//!
//! A minor version adds, and readers ignore keys they do not know; for an unknown `type`
//! they show `@message`. Progress is aggregated and carries no recipient.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::lines::Lines;
use super::plain::progress_words;
use super::stop::{pause_sentence, pause_word, stop_sentence, stop_word};
use super::story::{ApplyStory, PlannedRun};
use super::{Now, RunListener};
use crate::diagnostic::{Diagnostic, Severity, Sources};
use crate::event::{RunEvent, RunReport, StopReason};
use crate::model::{StateCounts, Timestamp, UtcOffset};
use crate::view::diagnostics::DiagnosticJson;
use crate::view::error::ErrorWords;
use crate::view::text::{json_line, people, plural, roughly, safe};

/// The JSON Schema of one line.
pub const EVENTS_SCHEMA: &str = include_str!("../../../schemas/events.v1.schema.json");

/// What a change summary is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// What would be sent.
    Plan,
    /// What was accepted.
    Apply,
}

/// Writes one line per event.
pub struct JsonEvents {
    lines: Lines,
    now: Now,
    interval: Duration,
    campaign: String,
    last: Option<Timestamp>,
}

/// One line. The order of the fields is the order of the keys.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "@level")]
    level: Level,
    #[serde(rename = "@message")]
    message: &'a str,
    #[serde(rename = "@module")]
    module: &'static str,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    rest: Value,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Info,
    Warn,
    Error,
}

impl JsonEvents {
    /// Writes the version line, then progress no more often than every `interval`.
    pub fn new(out: Box<dyn Write + Send>, interval: Duration, now: Now) -> Self {
        let lines = Lines::new(out);
        let mut events = Self { lines, now, interval, campaign: String::new(), last: None };
        let version = env!("CARGO_PKG_VERSION");
        let rest = json!({ "offercast": version, "ui": "1.0" });
        events.say(Level::Info, &format!("offercast {version}"), "version", rest);
        events
    }

    /// A line about something a person wrote.
    pub fn diagnostic(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        let level = match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warn,
        };
        let message = safe(&diagnostic.message).into_owned();
        let rest = json!({ "diagnostic": DiagnosticJson::new(diagnostic, sources) });
        self.say(level, &message, "diagnostic", rest);
    }

    /// A line about what stands in the way, where it has no place in a file.
    pub fn error(&mut self, error: &ErrorWords) {
        let message = safe(&error.message).into_owned();
        let rest = json!({ "diagnostic": {
            "severity": "error",
            "summary": error.message,
            "detail": error.causes.join("\n"),
            "hint": error.hint,
        } });
        self.say(Level::Error, &message, "diagnostic", rest);
    }

    /// A line for each campaign's plan.
    pub fn planned(&mut self, plan: &PlannedRun) {
        let message = format!("{}: {} to send to", plan.campaign, people(plan.send));
        let rest = json!({
            "campaign": plan.campaign,
            "plan_id": plan.plan_id,
            "progress": plan.progress,
            "send": plan.send,
            "refused": plan.refused,
        });
        let level = if plan.refused.is_empty() { Level::Info } else { Level::Error };
        self.say(level, &message, "planned_change", rest);
    }

    /// The last line: whoever read it has read everything.
    pub fn exit(&mut self, story: &ApplyStory<'_>) {
        let code = story.exit_code.unwrap_or_default();
        let message = format!("exit {code}, {}", plural(story.requests(), "request", "requests"));
        let level = if code == 0 { Level::Info } else { Level::Error };
        let rest = json!({
            "exit_code": code,
            "requests": story.requests(),
            "next": story.next,
        });
        self.say(level, &message, "exit", rest);
    }

    /// The line that sums up a plan or an apply over all its campaigns.
    pub fn change_summary(&mut self, operation: Operation, counts: StateCounts) {
        let (add, message, operation) = match operation {
            Operation::Plan => {
                (counts.pending, format!("{} to send to", people(counts.pending)), "plan")
            }
            Operation::Apply => (
                counts.accepted,
                format!("accepted by Kaleyra for {}", people(counts.accepted)),
                "apply",
            ),
        };
        let changes =
            json!({ "add": add, "change": 0, "remove": 0, "import": 0, "operation": operation });
        let rest = json!({ "changes": changes, "counts": counts_json(counts) });
        self.say(Level::Info, &message, "change_summary", rest);
    }

    fn say(&mut self, level: Level, message: &str, kind: &'static str, rest: Value) {
        let timestamp = (self.now)().rfc3339(UtcOffset::UTC);
        let line = Line { level, message, module: "offercast.ui", timestamp, kind, rest };
        // A line is made of strings and numbers only, which JSON can always hold.
        if let Ok(line) = json_line(&line) {
            self.lines.line(&line);
        }
    }

    fn is_due(&mut self) -> bool {
        let now = (self.now)();
        let due = self.last.is_none_or(|last| now.since(last) >= self.interval);
        if due {
            self.last = Some(now);
        }
        due
    }
}

impl RunListener for JsonEvents {
    fn on(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started { campaign, plan, counts } => {
                campaign.as_str().clone_into(&mut self.campaign);
                self.last = Some((self.now)());
                let message = format!("{campaign}: sending to {}", people(counts.pending));
                let rest = json!({
                    "campaign": self.campaign,
                    "plan_id": plan.to_string(),
                    "counts": counts_json(*counts),
                });
                self.say(Level::Info, &message, "apply_start", rest);
            }
            RunEvent::Progress(progress) => {
                if self.is_due() {
                    let message = format!("{}: {}", self.campaign, progress_words(progress));
                    let mut rest = json!({
                        "campaign": self.campaign,
                        "counts": counts_json(progress.counts),
                        "concluded": progress.concluded,
                        "per_second": tenths(progress.per_second),
                        "seconds_left": progress.time_left.map(|left| left.as_secs()),
                        "in_flight": progress.in_flight,
                    });
                    if let Some(together) = progress.per_second_together {
                        rest["per_second_together"] = json!(tenths(together));
                    }
                    self.say(Level::Info, &message, "apply_progress", rest);
                }
            }
            RunEvent::Paused { cause, wait, detail } => {
                let words = pause_sentence(*cause, detail.as_ref());
                let message = format!("{}: pausing for {}: {words}", self.campaign, roughly(*wait));
                let rest = json!({
                    "campaign": self.campaign,
                    "cause": pause_word(*cause),
                    "wait_seconds": wait.as_secs_f64(),
                });
                self.say(Level::Warn, &message, "apply_paused", rest);
            }
            RunEvent::Resumed => {
                let message = format!("{}: going on", self.campaign);
                let rest = json!({ "campaign": self.campaign });
                self.say(Level::Info, &message, "apply_resumed", rest);
            }
            RunEvent::Draining { stop, in_flight } => {
                let message = format!("{}: {}", self.campaign, stop_sentence(*stop));
                let rest = json!({
                    "campaign": self.campaign,
                    "stop": stop_word(*stop),
                    "in_flight": in_flight,
                });
                self.say(Level::Warn, &message, "apply_draining", rest);
            }
            RunEvent::Finished(report) => {
                let message = format!("{}: {}", report.campaign, stop_sentence(report.stop));
                self.say(level_of(report.stop), &message, "apply_complete", report_json(report));
            }
        }
    }
}

impl fmt::Debug for JsonEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonEvents").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// To a tenth.
fn tenths(per_second: f64) -> f64 {
    (per_second * 10.0).round() / 10.0
}

fn level_of(stop: StopReason) -> Level {
    match stop {
        StopReason::Finished => Level::Info,
        StopReason::Halted(_) => Level::Error,
        StopReason::Limit
        | StopReason::Deadline
        | StopReason::Daily
        | StopReason::Interrupted
        | StopReason::Terminated
        | StopReason::OfferOver
        | StopReason::AttemptsUsedUp => Level::Warn,
    }
}

/// The counts under the names of the conservation law; they add up to `planned`.
pub(in crate::view) fn counts_json(counts: StateCounts) -> Value {
    json!({
        "planned": counts.planned(),
        "accepted": counts.accepted,
        "unknown": counts.unknown,
        "rejected": counts.rejected,
        "pending": counts.pending,
        "attempting": counts.attempting,
        "skipped": counts.skipped,
    })
}

pub(in crate::view::run) fn report_json(report: &RunReport) -> Value {
    let unknown: serde_json::Map<String, Value> = report
        .unknown
        .iter()
        .map(|(cause, count)| (cause.as_str().to_owned(), json!(count)))
        .collect();
    json!({
        "campaign": report.campaign.as_str(),
        "plan_id": report.plan.to_string(),
        "stop": stop_word(report.stop),
        "detail": report.detail.as_ref().map(|d| json!({ "code": d.code, "text": d.text })),
        "next_at": report.next_at.map(|at| at.rfc3339(UtcOffset::UTC)),
        "counts": counts_json(report.counts),
        "this_run": counts_json(report.this_run),
        "unknown": unknown,
        "requests": report.requests,
        "started_at": report.started_at.rfc3339(UtcOffset::UTC),
        "took_seconds": report.took.as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Paper, TestClock, progress, report, started};
    use super::*;
    use crate::diagnostic::Place;
    use crate::event::PauseCause;
    use crate::model::HaltReason;

    #[test]
    fn the_stream_is_frozen() {
        let (paper, clock) = (Paper::default(), TestClock::default());
        let interval = Duration::from_secs(5);
        let mut events = JsonEvents::new(Box::new(paper.clone()), interval, clock.now());
        let warning = Diagnostic::warning("a/b", Place::File("a.csv".to_owned()), "odd \u{1b}[2J");
        events.diagnostic(&warning, &Sources::default());
        events.on(&started("diwali-2026"));
        for step in 0..30 {
            clock.advance(250);
            events.on(&progress(12_480 + step));
        }
        events.on(&RunEvent::Paused {
            cause: PauseCause::Overloaded,
            wait: Duration::from_millis(1_500),
            detail: None,
        });
        events.on(&RunEvent::Resumed);
        let halted = StopReason::Halted(HaltReason::Template);
        events.on(&RunEvent::Draining { stop: halted, in_flight: 3 });
        events.on(&RunEvent::Finished(report(halted)));
        events.change_summary(Operation::Apply, report(halted).counts);
        let version = env!("CARGO_PKG_VERSION");
        insta::assert_snapshot!(paper.text().replace(version, "[version]"), @r#"
        {"@level":"info","@message":"offercast [version]","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:00Z","type":"version","offercast":"[version]","ui":"1.0"}
        {"@level":"warn","@message":"odd \\u{1b}[2J","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:00Z","type":"diagnostic","diagnostic":{"severity":"warning","summary":"odd \u001b[2J","detail":"","rule":"a/b","range":{"filename":"a.csv","start":{"line":1,"column":1,"byte":0},"end":{"line":1,"column":1,"byte":0}}}}
        {"@level":"info","@message":"diwali-2026: sending to 287,412 people","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:00Z","type":"apply_start","campaign":"diwali-2026","plan_id":"abababababababababababababababab","counts":{"planned":287412,"accepted":0,"unknown":0,"rejected":0,"pending":287412,"attempting":0,"skipped":0}}
        {"@level":"info","@message":"diwali-2026: 12,499 of 287,412  accepted 12,459  rejected 31  unknown 9  80/s  57 min left","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:05Z","type":"apply_progress","campaign":"diwali-2026","counts":{"planned":287412,"accepted":12459,"unknown":9,"rejected":31,"pending":274881,"attempting":32,"skipped":0},"concluded":12499,"per_second":80.2,"seconds_left":3420,"in_flight":32}
        {"@level":"warn","@message":"diwali-2026: pausing for 2 s: Kaleyra is overloaded (503)","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:07Z","type":"apply_paused","campaign":"diwali-2026","cause":"overloaded","wait_seconds":1.5}
        {"@level":"info","@message":"diwali-2026: going on","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:07Z","type":"apply_resumed","campaign":"diwali-2026"}
        {"@level":"warn","@message":"diwali-2026: halted: Kaleyra refused the template","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:07Z","type":"apply_draining","campaign":"diwali-2026","stop":"template","in_flight":3}
        {"@level":"error","@message":"diwali-2026: halted: Kaleyra refused the template","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:07Z","type":"apply_complete","campaign":"diwali-2026","plan_id":"abababababababababababababababab","stop":"template","detail":{"code":"WA401","text":"template \u001b[31mpaused\r"},"next_at":null,"counts":{"planned":287412,"accepted":12440,"unknown":9,"rejected":31,"pending":274912,"attempting":0,"skipped":20},"this_run":{"planned":12459,"accepted":12400,"unknown":8,"rejected":31,"pending":0,"attempting":0,"skipped":20},"unknown":{"timeout":6,"server_error":2},"requests":12439,"started_at":"2026-12-01T03:30:00Z","took_seconds":156.0}
        {"@level":"info","@message":"accepted by Kaleyra for 12,440 people","@module":"offercast.ui","@timestamp":"2026-12-01T03:30:07Z","type":"change_summary","changes":{"add":12440,"change":0,"remove":0,"import":0,"operation":"apply"},"counts":{"planned":287412,"accepted":12440,"unknown":9,"rejected":31,"pending":274912,"attempting":0,"skipped":20}}
        "#);
    }
}
