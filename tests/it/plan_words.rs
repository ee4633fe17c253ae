//! What every view says of every kind of plan, to the letter.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, Run, World, people};

const FORMATS: [&str; 6] = ["human", "json", "markdown", "html", "github", "gitlab"];

/// With an end that does not hang on how long a test takes.
fn campaign() -> String {
    CAMPAIGN.replace("window: 14days", "ends_at: 2026-12-15T23:59:59+05:30")
}

fn world(yaml: &str) -> World {
    World::new().campaign("diwali", yaml).audience("people.csv", &people(8)).ledger()
}

/// Every view of a plan, each held against its snapshot.
#[track_caller]
fn tells(name: &str, world: &World, line: &str, exit: i32) {
    for format in FORMATS {
        let run = world.run(&format!("{line} --format {format}")).exits(exit);
        let text = match format {
            "json" => without_seconds(&run),
            "html" => without_style(&run),
            _ => run.stdout().to_owned(),
        };
        assert_snapshot!(format!("{name}_{format}"), text);
    }
}

/// The page without its style, which is the same on all pages.
fn without_style(run: &Run) -> String {
    let (before, after) = run.stdout().split_once("<style>").expect("a page has a style");
    let (_, after) = after.split_once("</style>").expect("it ends");
    let before: String = before.lines().filter(|line| !line.contains("sha256-")).collect();
    format!("{before}{after}")
}

/// The JSON without instants that pass while a test runs.
fn without_seconds(run: &Run) -> String {
    let passes = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("\"starts_at\": \"") || line.starts_with("\"done_at\": \"")
    };
    run.stdout().split_inclusive('\n').filter(|line| !passes(line)).collect()
}

#[test]
fn a_first_send() {
    tells("first", &world(&campaign()), "plan", 0);
}

#[test]
fn nothing_left_to_do() {
    let world = world(&campaign()).kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    tells("nothing", &world, "plan", 0);
}

#[test]
fn a_campaign_that_was_stopped() {
    let world = world(&campaign()).kaleyra("");
    let _ = world.run("apply --auto-approve --limit 3").exits(5);
    tells("part", &world, "plan", 0);
}

#[test]
fn people_in_doubt() {
    let world =
        world(&campaign()).kaleyra(r#"{"rules": [{"recipient": "920003", "status": 500}]}"#);
    let _ = world.run("apply --auto-approve").exits(7);
    tells("held", &world, "plan", 0);
}

#[test]
fn content_that_drifted() {
    let mut world = world(&campaign()).kaleyra("");
    let _ = world.run("apply --auto-approve --limit 3").exits(5);
    world.write("campaigns/diwali.yaml", &campaign().replace("25%\"", "30%\""));
    tells("drifted", &world, "plan", 4);
}

#[test]
fn more_people_than_the_limit() {
    let world = world(&format!("{}limits:\n  recipients: 5\n", campaign()));
    tells("limit", &world, "plan", 4);
}

#[test]
fn an_approval_and_an_offer_that_ended() {
    let world = world(&campaign());
    let _ = world.run("plan --out plan.json --expires-in 24h").exits(0);
    let world = world.env("OFFERCAST_NOW", "2026-12-16T09:00:00Z");
    tells("stale", &world, "show plan.json", 0);
}
