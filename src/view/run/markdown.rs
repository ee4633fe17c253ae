//! What came of an apply in Markdown, for the page of a CI job.

use std::fmt::Write as _;

use super::stop::{stop_sentence, why_it_ended};
use super::story::ApplyStory;
use crate::event::{RunReport, StopReason};
use crate::model::{State, format_duration};
use crate::view::text::{inline_code, number, plural, truncate};

/// Columns that some foreign text may take in one place.
const LONGEST_TEXT: usize = 400;
/// Room for the line that says how many campaigns are left out.
const LEFT_OUT_LINE: usize = 64;

/// The summary in at most `budget` bytes; where not all campaigns fit, it says how many are
/// left out. Empty when not even its first lines fit.
pub fn step_summary(story: &ApplyStory<'_>, budget: usize) -> String {
    let mut text = head(story);
    let tail = tail(story);
    let reserved = tail.len() + LEFT_OUT_LINE;
    if text.len() + reserved > budget {
        return String::new();
    }
    let room = budget - reserved;
    for (index, run) in story.runs.iter().enumerate() {
        let part = campaign(run);
        if text.len() + part.len() > room {
            let more = (story.runs.len() - index) as u64;
            let _ = writeln!(text, "\n{} more.", plural(more, "campaign", "campaigns"));
            break;
        }
        text.push_str(&part);
    }
    text.push_str(&tail);
    text
}

fn head(story: &ApplyStory<'_>) -> String {
    let mut text = String::new();
    let sandbox = if story.sandbox { " (sandbox)" } else { "" };
    let end = match (story.exit_code, story.error) {
        (None, _) => "goes on".to_owned(),
        (Some(_), Some(_)) if story.requests() == 0 => "nothing was sent".to_owned(),
        (Some(0), _) if story.requests() == 0 => "nothing to do".to_owned(),
        (Some(0), _) => "finished".to_owned(),
        (Some(code), _) => format!("ended with exit code {code}"),
    };
    let _ = writeln!(text, "### offercast apply{sandbox}: {end}\n");
    if let Some(error) = story.error {
        let _ = writeln!(text, "{}", shown(&error.message));
        for cause in error.causes.iter().take(4) {
            let _ = writeln!(text, "- {}", shown(cause));
        }
        if let Some(hint) = &error.hint {
            let _ = writeln!(text, "\nHint: {}", shown(hint));
        }
        text.push('\n');
    }
    for plan in story.plans.iter().filter(|plan| !plan.refused.is_empty()).take(20) {
        for reason in plan.refused.iter().take(10) {
            let _ = writeln!(text, "- `{}` is refused: {}", plan.campaign, shown(reason));
        }
    }
    text
}

fn campaign(run: &RunReport) -> String {
    let sign = match run.stop {
        StopReason::Finished => "",
        StopReason::Halted(_) => "🛑 ",
        _ => "⚠️ ",
    };
    let mut text = format!("\n#### {sign}{}: {}\n", run.campaign, stop_sentence(run.stop));
    if let Some(detail) = &run.detail {
        let (who, words) = why_it_ended(detail);
        let _ = writeln!(text, "\n{who}{}", shown(&words));
    }
    text.push_str("\n| | people | this run |\n| --- | ---: | ---: |\n");
    let _ = writeln!(text, "| planned | {} | |", number(run.counts.planned()));
    for state in State::ALL {
        let (count, now) = (run.counts.get(state), run.this_run.get(state));
        if state != State::Attempting || count > 0 {
            let _ = writeln!(text, "| {state} | {} | {} |", number(count), number(now));
        }
    }
    let requests = plural(run.requests, "request", "requests");
    let _ = writeln!(text, "\nPlan `{}`, {requests} in {}.", run.plan, format_duration(run.took));
    for (cause, count) in &run.unknown {
        let _ = writeln!(text, "- {} unknown: {cause}", number(*count));
    }
    text
}

fn tail(story: &ApplyStory<'_>) -> String {
    match story.next {
        Some(next) => format!("\nTo go on: {}\n", shown(next)),
        None => String::new(),
    }
}

fn shown(text: &str) -> String {
    inline_code(&truncate(text, LONGEST_TEXT))
}

#[cfg(test)]
mod tests {
    use super::super::samples::report;
    use super::*;
    use crate::model::{HaltReason, Timestamp};
    use crate::view::error::ErrorWords;

    fn story(runs: &[RunReport]) -> ApplyStory<'_> {
        let at = Timestamp::from_millis(1_796_095_800_000);
        ApplyStory {
            started_at: at,
            now: at,
            exit_code: Some(8),
            sandbox: false,
            error: None,
            plans: &[],
            runs,
            next: Some("offercast apply campaigns"),
        }
    }

    #[test]
    fn a_halted_apply_reads_in_a_page() {
        let runs = [report(StopReason::Halted(HaltReason::Template))];
        insta::assert_snapshot!(step_summary(&story(&runs), 10_000));
    }

    #[test]
    fn a_summary_never_grows_beyond_its_budget() {
        let runs = vec![report(StopReason::Limit); 400];
        for budget in [0, 100, 1_000, 20_000] {
            let text = step_summary(&story(&runs), budget);
            assert!(text.len() <= budget, "{} of {budget}", text.len());
            assert_eq!(text.contains("campaigns more."), budget >= 1_000, "{text}");
        }
    }

    #[test]
    fn foreign_words_are_words() {
        let error = ErrorWords {
            message: "cannot read `<img src=x>` @team [a](http://b) \u{1b}[2J".to_owned(),
            causes: vec!["::error::x".to_owned()],
            hint: None,
        };
        let story = ApplyStory { error: Some(&error), ..story(&[]) };
        insta::assert_snapshot!(step_summary(&story, 10_000), @r"
        ### offercast apply: nothing was sent

        ``cannot read `<img src=x>` @team [a](http://b) \u{1b}[2J``
        - `::error::x`


        To go on: `offercast apply campaigns`
        ");
    }
}
