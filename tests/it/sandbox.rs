//! `--sandbox`, and the stand-in as a command of its own.

use std::fs;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, skips};

/// No account, no keys, no ledger, and a CI system all around.
fn bare() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    let world = world.without("KALEYRA_API_KEY").without("KALEYRA_SID").env("CI", "true");
    world.without("OFFERCAST_CODE_KEY").without("OFFERCAST_API_URL")
}

#[test]
fn an_apply_to_the_sandbox_needs_nothing_and_leaves_nothing() {
    let world = bare().campaign("shared", SHARED);
    // Samples hang on the codes' key, which the sandbox makes anew.
    let run = world.run("apply --sandbox --auto-approve --samples 0").exits(0);
    assert_snapshot!("apply", run.stdout());
    assert!(!world.path(".offercast").exists());
    assert!(!world.path("campaigns/.ledger").exists());
    assert_eq!(fs::read_dir(world.temporary()).unwrap().count(), 0);
}

#[test]
fn the_sandbox_never_touches_a_real_ledger() {
    if skips("it compares the file") {
        return;
    }
    let world = bare().without("CI").ledger();
    let ledger = world.path(".offercast/ledger.db");
    let before = fs::read(&ledger).unwrap();
    let _ = world.run("apply --sandbox --auto-approve").exits(0);
    assert_eq!(fs::read(&ledger).unwrap(), before);
}

#[test]
fn the_command_answers_logs_and_stops() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    let world = world.ledger();
    let sandbox = world.spawn("sandbox --listen 127.0.0.1:0 --log sandbox.ndjson");
    let address = sandbox.line_with("Listening on http://");
    let url = address.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let url = url.trim_end_matches(';').to_owned();
    let _ = world.command("apply --auto-approve").env("OFFERCAST_API_URL", &url).run().exits(0);
    sandbox.signal(rustix::process::Signal::TERM);
    let _ = sandbox.wait().exits(0).shows("accepted for 5 recipients");
    let log = fs::read_to_string(world.path("sandbox.ndjson")).unwrap();
    assert_eq!(log.lines().count(), 5);
}

#[test]
fn it_listens_on_this_machine_only() {
    let _ = World::new().run("sandbox --listen 0.0.0.0:8787").exits(1).shows("loopback");
}

#[test]
fn a_wrong_script_is_wrong_usage() {
    let run = World::new().run(r#"sandbox --script '{"rules":[{"evry":3}]}'"#).exits(64);
    let _ = run.shows("evry");
}
