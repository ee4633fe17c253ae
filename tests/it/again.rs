//! People whose message was accepted and failed later: sent to again by review only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, people, phone, plan_id};

const LATER: &str = "2026-12-01T11:00:00Z";

const FROM: &str =
    "resolve diwali --from report.csv --map 'number=To,status=Status,message_id=Message ID'";

/// Five people, all accepted.
fn world() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    let world = world.ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    world.env("OFFERCAST_NOW", LATER)
}

/// Kaleyra's report tells of their latest messages that they failed.
fn fail(world: &mut World, ids: &[&str]) {
    let mut report = String::from("Message ID,To,Status\n");
    for row in world.ledger_rows().iter().filter(|row| ids.iter().any(|id| row["id"] == *id)) {
        let index: usize = row["id"].as_str().map_or(0, |id| id[1..].parse().expect("c0 to c4"));
        let message = row["message_id"].as_str().expect("accepted");
        writeln!(report, "{message},{},failed", &phone(index)[1..]).expect("a String takes it");
    }
    world.write("report.csv", &report);
    let _ = world.run(&format!("{FROM} --confirm {}", ids.len())).exits(0);
}

fn allowing(people: u64, reason: &str) -> String {
    format!("{CAMPAIGN}allow:\n  failed: {{ people: {people}, reason: {reason} }}\n")
}

/// The codes that each person got.
fn codes(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut codes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in world.received() {
        codes.entry(one.recipient.digits()).or_default().push(one.content.coupon_code.clone());
    }
    codes
}

#[test]
fn without_the_rule_nobody_who_was_accepted_is_sent_to() {
    let mut world = world();
    fail(&mut world, &["c0", "c2"]);
    let _ = world.run("plan --detailed-exitcode").exits(0).shows("nothing to do: 5 accepted");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), 5);
}

#[test]
fn exactly_the_stated_people_get_it_again_with_their_own_codes() {
    let mut world = world();
    fail(&mut world, &["c0", "c2"]);
    for wrong in [1, 3] {
        world.write("campaigns/diwali.yaml", &allowing(wrong, "paused"));
        let refused = "2 people would get the message again";
        let _ = world.run("plan").exits(4).shows(refused).shows("`allow.failed`");
        let _ = world.run("apply --auto-approve").exits(4).shows(refused);
        assert_eq!((world.requests(), world.states().as_str()), (5, "accepted 5"));
    }
    world.write("campaigns/diwali.yaml", &allowing(2, "paused"));
    let plan = world.run("plan").exits(0);
    assert_snapshot!("planned", plan.stdout());
    let json = world.run("plan --format json").exits(0).json();
    assert_eq!(json["plans"][0]["counts"]["after_failure"], 2);

    let line = format!("apply --approve {}", plan_id(&plan));
    let _ = world.run(&line).exits(0);
    assert_eq!((world.requests(), world.states().as_str()), (7, "accepted 5"));
    let got = codes(&world);
    for (index, times) in [(0, 2), (1, 1), (2, 2), (3, 1), (4, 1)] {
        let codes = &got[&phone(index)[1..]];
        assert_eq!(codes.len(), times, "c{index}");
        assert!(codes.iter().all(|code| *code == codes[0]), "a person's code never changes");
    }
    let _ = world.run(&line).exits(0);
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("plan --detailed-exitcode").exits(0).shows("nothing to do");
    assert_eq!(world.requests(), 7, "it is for one plan");
    let _ = world.run("ledger check").exits(0);
}

#[test]
fn an_apply_that_was_stopped_goes_on_with_them() {
    let mut world = world();
    fail(&mut world, &["c1", "c3", "c4"]);
    world.write("campaigns/diwali.yaml", &allowing(3, "paused"));
    let line = format!("apply --approve {}", plan_id(&world.run("plan").exits(0)));
    let _ = world.run(&format!("{line} --limit 1")).exits(5);
    assert_eq!(world.states(), "accepted 3, pending 2");
    let _ = world.run(&line).exits(0);
    assert_eq!((world.requests(), world.states().as_str()), (8, "accepted 5"));
    assert_eq!(world.most_per_person(), 2);
}

#[test]
fn a_second_failure_needs_a_second_review() {
    let mut world = world();
    fail(&mut world, &["c0"]);
    world.write("campaigns/diwali.yaml", &allowing(1, "paused"));
    let first = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {first}")).exits(0);
    fail(&mut world, &["c0"]);

    let _ = world.run("plan").exits(0).shows("1 person failed since `allow.failed` was used");
    let _ = world.run(&format!("apply --approve {first}")).exits(0);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), 6);

    world.write("campaigns/diwali.yaml", &allowing(1, "paused once more"));
    let _ = world.run(&format!("apply --approve {first}")).exits(3);
    let second = plan_id(&world.run("plan").exits(0).shows("of them again, after a failure"));
    assert_ne!(second, first);
    let _ = world.run(&format!("apply --approve {second}")).exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (7, 3));
}

#[test]
fn the_history_shows_both_messages() {
    let mut world = world();
    let before = world.ledger_rows().remove(0);
    fail(&mut world, &["c0"]);
    world.write("campaigns/diwali.yaml", &allowing(1, "paused"));
    let _ = world.run("apply --auto-approve").exits(0);
    let ask = |format: &str| {
        let line = format!("status --recipient - --format {format}");
        world.command(&line).input(&phone(0)).run().exits(0)
    };
    let json = ask("json").json();
    let now = &json["history"][0];
    assert_eq!(now["state"], "accepted");
    assert_ne!(now["plan_id"], before["plan_id"]);
    assert_ne!(now["message_id"], before["message_id"]);
    let reasons: Vec<_> = json["settled"].as_array().into_iter().flatten().collect();
    let reasons: Vec<_> = reasons.iter().map(|row| row["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("report_failed"), Some("again_after_failure")]);
    assert_eq!(json["settled"][1]["plan_id"], before["plan_id"], "the first message's plan");
    let _ = ask("human").shows("again_after_failure");
}
