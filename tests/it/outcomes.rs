//! What Kaleyra says, and what it does not say.

use std::time::Duration;

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::support::{CAMPAIGN, SHARED, World, people};

fn world(people_count: usize, script: &str) -> World {
    let world = World::new().campaign("diwali", CAMPAIGN);
    world.audience("people.csv", &people(people_count)).ledger().kaleyra(script)
}

#[test]
fn a_rejected_person_is_counted_and_never_tried_again() {
    let script = r#"{"rules": [{"recipient": "920003", "reject":
        {"code": "E13001", "text": "Invalid WhatsApp number"}}]}"#;
    let world = world(5, script);
    let run = world.run("apply --auto-approve").exits(0);
    let _ = run.shows("rejected  1").shows("accepted  4");
    assert_eq!(world.states(), "accepted 4, rejected 1");
    let requests = world.requests();
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), requests);
}

#[test]
fn a_lost_reply_leaves_the_outcome_unknown_and_held() {
    let script = r#"{"rules": [{"recipient": "920003", "drop": "after_accept", "rst": true}]}"#;
    let world = world(5, script);
    let run = world.run("apply --auto-approve").exits(7);
    assert_snapshot!("unknown", run.stdout());
    assert_eq!(world.states(), "accepted 4, unknown 1");
    let run = world.run("apply --auto-approve").exits(0);
    let _ = run.shows("1 unknown and held");
    assert_eq!((world.requests(), world.most_per_person()), (5, 1));
}

#[test]
fn every_doubtful_reply_is_unknown() {
    for (fault, cause) in [
        (r#""drop": "before_accept""#, "connection_lost"),
        (r#""status": 504"#, "server_error"),
        (r#""status": 500, "accept": true"#, "server_error"),
        (r#""truncate": 20"#, "unreadable_reply"),
        (r#""status": 200, "body": "<html>logged in</html>""#, "unreadable_reply"),
        (r#""status": 302, "headers": {"location": "http://127.0.0.1:1/"}"#, "foreign_reply"),
    ] {
        let world = world(2, &format!(r#"{{"rules": [{{"recipient": "920001", {fault}}}]}}"#));
        let _ = world.run("apply --auto-approve").exits(7);
        let rows = world.ledger_rows();
        let row = rows.iter().find(|row| row["id"] == "c1").unwrap();
        assert_eq!((&row["state"], &row["cause"]), (&"unknown".into(), &cause.into()), "{fault}");
        assert_eq!(world.requests(), 2, "{fault}: nothing is sent twice");
    }
}

#[test]
fn a_refused_account_halts_and_leaves_everybody_pending() {
    let world = world(50, r#"{"rules": [{"after": 10, "code": "RBC201"}]}"#);
    let run = world.run("apply --auto-approve").exits(8);
    let _ = run.shows("RBC201").shows("To go on:");
    assert_eq!(world.states(), "accepted 10, pending 40");
    let run = world.run("status").exits(0);
    let _ = run.shows("RBC201");
}

#[test]
fn a_halted_campaign_goes_on_once_the_account_is_in_order() {
    let world = world(20, r#"{"rules": [{"after": 10, "times": 1, "code": "RBC201"}]}"#);
    let _ = world.run("apply --auto-approve").exits(8);
    let _ = world.run("apply").exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (20, 1));
}

#[test]
fn being_asked_to_slow_down_pauses_the_sender() {
    let world = world(20, r#"{"rules": [{"first": 2, "status": 429, "retry_after": 1}]}"#);
    let run = world.run("apply --auto-approve").exits(0);
    let _ = run.shows("Kaleyra asks to slow down (429)");
    assert_eq!((world.received().len(), world.most_per_person()), (20, 1));
    assert_eq!(world.states(), "accepted 20");
    let arrivals = world.arrivals();
    let longest = arrivals.windows(2).map(|both| both[1].abs_diff(both[0])).max();
    assert!(longest >= Some(Duration::from_secs(1)), "it did pause: {longest:?}");
}

#[test]
fn too_many_rejections_halt() {
    let script = r#"{"rules": [{"reject": {"code": "E13001", "text": "Invalid number"}}]}"#;
    let world = world(200, script);
    let run = world.run("apply --auto-approve").exits(8);
    let rejected = world.requests();
    assert!((50..60).contains(&rejected), "{rejected}{run}");
    assert_eq!(world.states(), format!("pending {}, rejected {rejected}", 200 - rejected));
}

#[test]
fn a_far_side_that_is_not_there_loses_nobody() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(3));
    let world = world.ledger();
    let apply = world.spawn("apply --auto-approve");
    let _ = apply.line_with("no connection");
    apply.signal(Signal::TERM);
    let _ = apply.wait().exits(143);
    assert_eq!(world.states(), "pending 3");
}

#[test]
fn a_group_is_taken_apart_where_one_member_is_refused() {
    let script = r#"{"rules": [
        {"first": 1, "code": "E13001", "text": "Invalid WhatsApp number"},
        {"recipient": "920003", "reject": {"code": "E13001", "text": "Invalid WhatsApp number"}}]}"#;
    let world = group_of_thirty(script);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.states(), "accepted 29, rejected 1");
    assert_eq!((world.requests(), world.most_per_person()), (31, 1), "the group, and each alone");
}

#[test]
fn whoever_a_groups_reply_leaves_out_is_unknown_and_held() {
    let script = r#"{"rules": [{"recipient": "920003", "reject":
        {"code": "E13001", "text": "Invalid WhatsApp number"}}]}"#;
    let world = group_of_thirty(script);
    let _ = world.run("apply --auto-approve").exits(7);
    assert_eq!(world.states(), "accepted 29, unknown 1");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.received().len()), (1, 29));
}

fn group_of_thirty(script: &str) -> World {
    let world = World::new().campaign("shared", SHARED).audience("people.csv", &people(30));
    world.ledger().kaleyra(script)
}

#[test]
fn kaleyras_words_cannot_show_a_number() {
    let script = r#"{"rules": [{"recipient": "920001", "reject":
        {"code": "E13001", "text": "491713920001 is not on WhatsApp \u001b[2J"}}]}"#;
    let world = world(2, script);
    let _ = world.run("apply --auto-approve").exits(0).hides("\u{1b}");
    let _ = world.run("ledger export").exits(0).hides("\u{1b}");
    let _ = world.run("status").exits(0);
}
