//! What is left of an apply for other programs: the report, GitHub's files, the stream.

use std::fs;

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{CAMPAIGN, World, expect_report, people};

fn world() -> World {
    World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(8)).ledger()
}

#[track_caller]
fn report(world: &World) -> Value {
    expect_report(&fs::read_to_string(world.path("report.json")).expect("the report is there"))
}

#[test]
fn a_finished_apply_is_reported() {
    let world = world().kaleyra("");
    let _ = world.run("apply --auto-approve --report report.json").exits(0);
    let report = report(&world);
    assert_eq!(report["state"], "ended");
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["requests"], 8);
    assert_eq!(report["counts"]["accepted"], 8);
    assert_eq!(report["runs"][0]["stop"], "finished");
    assert_eq!(report["plans"][0]["send"], 8);
    assert_eq!((&report["error"], &report["next"]), (&Value::Null, &Value::Null));
    let left = fs::read_dir(world.path("."))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp"));
    assert_eq!(left.count(), 0, "nothing is left beside it");
}

#[test]
fn a_refusal_is_reported_with_its_reason_and_no_request() {
    let world = World::new()
        .campaign("diwali", &format!("{CAMPAIGN}limits:\n  recipients: 5\n"))
        .audience("people.csv", &people(8))
        .ledger()
        .kaleyra("");
    let _ = world.run("apply --auto-approve --report report.json").exits(4);
    let report = report(&world);
    assert_eq!((&report["exit_code"], &report["requests"]), (&4.into(), &0.into()));
    assert_eq!(report["error"]["message"], "`diwali` is refused: nothing was sent");
    assert_eq!(report["plans"][0]["refused"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.requests(), 0);
}

#[test]
fn whatever_stops_an_apply_before_it_sends_is_reported() {
    let stale = "apply --approve 00000000000000000000000000000000 --report report.json";
    let auto = "apply --auto-approve --report report.json";
    let no_ledger = "apply --auto-approve --ledger none.db --report report.json";
    for (line, code) in [(stale, 3), (no_ledger, 6), ("apply --report report.json", 4)] {
        let world = world();
        let _ = world.run(line).exits(code);
        let report = report(&world);
        assert_eq!(report["exit_code"], code, "{line}");
        assert!(report["error"]["message"].is_string(), "{line}");
        assert_eq!(report["requests"], 0, "{line}");
    }
    let invalid = World::new().campaign("diwali", "version: 1\n").ledger();
    let _ = invalid.run(auto).exits(65);
    assert_eq!(report(&invalid)["exit_code"], 65);
    let no_key = world().without("KALEYRA_API_KEY");
    let _ = no_key.run(auto).exits(1);
    assert_eq!(report(&no_key)["exit_code"], 1);
}

#[test]
fn a_report_that_cannot_be_written_stops_an_apply_before_it_begins() {
    let world = world().kaleyra("");
    let run = world.run("apply --auto-approve --report nowhere/report.json").exits(1);
    let _ = run.shows("cannot write `nowhere/report.json`");
    assert_eq!(world.requests(), 0);
}

#[test]
fn an_apply_stopped_by_a_signal_is_reported_with_the_way_on() {
    let yaml = CAMPAIGN.replace("rate: 1000/s", "rate: 5/s");
    let world = World::new()
        .campaign("diwali", &yaml)
        .audience("people.csv", &people(100))
        .ledger()
        .kaleyra("");
    let process = world.spawn("apply --auto-approve --format json --report report.json");
    let process = process.until("the first message", |world| world.requests() > 0);
    process.signal(Signal::TERM);
    let _ = process.wait().exits(143);
    let report = report(&world);
    assert_eq!(report["exit_code"], 143);
    assert_eq!(report["runs"][0]["stop"], "terminated");
    assert_eq!(report["next"], "offercast apply campaigns");
    assert_eq!(report["counts"]["planned"], 100);
}

#[test]
fn a_killed_apply_leaves_a_report_that_says_it_never_ended() {
    let yaml = CAMPAIGN.replace("rate: 1000/s", "rate: 5/s");
    let world = World::new()
        .campaign("diwali", &yaml)
        .audience("people.csv", &people(100))
        .ledger()
        .kaleyra("");
    let process = world.spawn("apply --auto-approve --report report.json");
    let process = process.until("the first message", |world| world.requests() > 0);
    process.signal(Signal::KILL);
    let _ = process.wait().was_killed();
    let report = report(&world);
    assert_eq!((&report["state"], &report["exit_code"]), (&"started".into(), &Value::Null));
    assert_eq!(report["plans"][0]["send"], 100);
}

#[test]
fn a_github_step_gets_outputs_and_a_summary() {
    let mut world = world().kaleyra("");
    world.write("summary.md", "# before\n");
    let line = "apply --auto-approve --sandbox --report report.json";
    let run = world
        .command(line)
        .env("GITHUB_OUTPUT", "output.txt")
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .env("CI", "true");
    let _ = run.run().exits(0);
    let output = fs::read_to_string(world.path("output.txt")).unwrap();
    let values = outputs(&output);
    let value = |name: &str| values.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    assert_eq!(value("exit_code"), Some("0"));
    assert_eq!(value("accepted"), Some("8"));
    assert_eq!(value("pending"), Some("0"));
    assert_eq!(value("report"), Some("report.json"));
    assert_eq!(value("plan_id").map(str::len), Some(32));
    let summary = fs::read_to_string(world.path("summary.md")).unwrap();
    assert!(
        summary.starts_with("# before\n### offercast apply (sandbox): finished\n"),
        "{summary}"
    );
    let _ = expect_report(&fs::read_to_string(world.path("report.json")).unwrap());
}

#[test]
fn a_refused_apply_says_so_in_the_summary() {
    let world = world();
    let run = world.command("apply").env("GITHUB_STEP_SUMMARY", "summary.md").run();
    let _ = run.exits(4);
    let summary = fs::read_to_string(world.path("summary.md")).unwrap();
    assert_snapshot!(summary, @r"
    ### offercast apply: nothing was sent

    `` nobody can be asked here: approve the plan with `--approve ID` ``

    ");
}

#[test]
fn a_full_summary_is_left_as_it_is() {
    let mut world = world();
    let full = "x".repeat(1024 * 1024 - 10);
    world.write("summary.md", &full);
    let run = world.command("apply").env("GITHUB_STEP_SUMMARY", "summary.md").run();
    let _ = run.exits(4).shows("the file of `GITHUB_STEP_SUMMARY` is full");
    assert!(fs::read_to_string(world.path("summary.md")).unwrap() == full);
}

#[test]
fn the_stream_tells_of_faults_plans_and_the_end() {
    let world = World::new()
        .campaign("diwali", CAMPAIGN)
        .campaign("eid", &CAMPAIGN.replace("name: diwali\n", "name: eid\n"))
        .audience("people.csv", &people(3))
        .ledger()
        .kaleyra("");
    let run = world.run("apply --auto-approve --format json").exits(0);
    let kinds = |run: &crate::support::Run| -> Vec<String> {
        let kinds = run.json_lines().into_iter();
        let kinds = kinds.map(|line| line["type"].as_str().unwrap_or_default().to_owned());
        kinds.filter(|kind| kind != "apply_progress").collect()
    };
    assert_eq!(
        kinds(&run),
        [
            "version",
            "planned_change",
            "planned_change",
            "change_summary",
            "apply_start",
            "apply_complete",
            "apply_start",
            "apply_complete",
            "change_summary",
            "exit"
        ]
    );
    let again = world.run("apply --auto-approve --format json").exits(0);
    let expected = ["version", "planned_change", "planned_change", "change_summary", "exit"];
    assert_eq!(kinds(&again), expected);
    let world = self::world();
    let refused = world.run("apply --format json --approve 00000000000000000000000000000000");
    assert_eq!(kinds(&refused.exits(3)).last().map(String::as_str), Some("exit"));
}

/// The keys and values of a `GITHUB_OUTPUT` file, read as GitHub's runner does.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut values = Vec::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("a name and its delimiter");
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        values.push((name.to_owned(), value.join("\n")));
    }
    values
}
