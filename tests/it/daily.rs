//! `delivery.daily`: most people within 24 hours and sender number.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, people, plan_id};

/// A day after the world's time and a little more.
const NEXT_DAY: &str = "2026-12-02T09:00:10Z";

fn with_daily(name: &str, most: u32) -> String {
    let yaml = CAMPAIGN.replace("name: diwali", &format!("name: {name}"));
    format!("{yaml}  daily: {most}\n")
}

fn world(most: u32, people_count: usize, script: &str) -> World {
    let world = World::new().campaign("diwali", &with_daily("diwali", most));
    world.audience("people.csv", &people(people_count)).ledger().kaleyra(script)
}

#[test]
fn a_full_day_stops_cleanly_and_the_same_command_goes_on_a_day_later() {
    let world = world(30, 50, "");
    let run = world.run("apply --auto-approve").exits(5);
    let _ = run
        .shows("stopped: `delivery.daily` is reached for this sender number")
        .shows("The next message may go out at 2026-12-02T09:00:0")
        .shows("To go on:  offercast apply campaigns");
    assert_eq!(world.states(), "accepted 30, pending 20");
    let _ = world.run("status").exits(0).shows("not before 2026-12-02T09:00:0");

    let _ = world.run("apply").exits(5).shows("no request was made");
    assert_eq!(world.requests(), 30);

    let world = world.env("OFFERCAST_NOW", NEXT_DAY);
    let _ = world.run("apply").exits(0);
    assert_eq!(world.states(), "accepted 50");
    assert_eq!((world.requests(), world.most_per_person()), (50, 1));
}

#[test]
fn the_plan_says_over_how_many_days_it_runs() {
    let world = world(20, 50, "");
    assert_snapshot!("over_days", world.run("plan").exits(0).stdout());
    let json = world.run("plan --format json").exits(0).json();
    let now = &json["now"][0];
    assert_eq!(now["daily"]["days"], 3, "{json}");
}

#[test]
fn all_campaigns_of_a_number_share_its_day_and_a_plan_that_could_send_to_nobody_waits() {
    let world = world(10, 10, "").campaign("other", &with_daily("other", 12));
    let _ = world.run("apply campaigns/diwali.yaml --auto-approve").exits(0);
    let _ = world.run("apply campaigns/other.yaml --auto-approve").exits(5);
    assert_eq!(world.states(), "accepted 12, pending 8");

    let world = world.campaign("third", &with_daily("third", 12));
    let run = world.run("plan campaigns/third.yaml").exits(0);
    assert_snapshot!("day_over", run.stdout());
    let line = format!("apply campaigns/third.yaml --approve {}", plan_id(&run));
    let _ = world.run(&line).exits(4).shows("apply it from 2026-12-02 09:00 UTC on");
    assert_eq!(world.states(), "accepted 12, pending 8", "nothing was consumed");

    let elsewhere = with_daily("fourth", 12).replace("+12025550100", "+12025550101");
    let world = world.campaign("fourth", &elsewhere);
    let _ = world.run("apply campaigns/fourth.yaml --auto-approve").exits(0);
    let _ = world.env("OFFERCAST_NOW", NEXT_DAY).run(&line).exits(0);
}

#[test]
fn who_may_have_been_sent_to_counts_and_who_was_not_does_not() {
    let script = r#"{"rules": [{"first": 3, "status": 429, "retry_after": 1},
        {"recipient": "920001", "status": 504}]}"#;
    let world = world(4, 9, script);
    let _ = world.run("apply --auto-approve").exits(7).shows("`delivery.daily` is reached");
    assert_eq!(world.states(), "accepted 3, pending 5, unknown 1");
    let _ = world.run("apply").exits(5);
    assert_eq!(world.states(), "accepted 3, pending 5, unknown 1");
}
