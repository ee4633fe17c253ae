//! Limits and guards refuse before the first send.

use crate::support::{CAMPAIGN, World, people};

/// Nothing was sent and nothing was written: the guarantee of exit codes 3, 4, 6, 64 and 65.
#[track_caller]
fn refuses(world: &World, line: &str, code: i32, words: &str) {
    let _ = world.run(line).exits(code).shows(words);
    assert_eq!(world.requests(), 0);
    assert_eq!(world.states(), "");
}

fn world(yaml: &str) -> World {
    let world = World::new().campaign("diwali", yaml).audience("people.csv", &people(10));
    world.ledger().kaleyra("")
}

#[test]
fn more_people_than_allowed() {
    let world = world(&format!("{CAMPAIGN}limits:\n  recipients: 9\n"));
    let _ = world.run("plan").exits(4).shows("`limits.recipients` allows 9, the plan has 10");
    refuses(&world, "apply --auto-approve", 4, "`limits.recipients` allows 9, the plan has 10");
}

#[test]
fn more_invalid_rows_than_allowed() {
    let mut world = world(CAMPAIGN);
    let rows = format!("{}c98,Max,12\nc99,Moritz,+4912\n", people(10));
    world.write("campaigns/audiences/people.csv", &rows);
    refuses(&world, "apply --auto-approve", 4, "`limits.invalid` allows 5%");
}

#[test]
fn rows_that_are_all_invalid_are_not_a_campaign_that_is_done() {
    let mut world = world(CAMPAIGN);
    let spoilt = "customer_id,first_name,phone\nc0,Max,9.1E+11\nc1,Moritz,\n";
    world.write("campaigns/audiences/people.csv", spoilt);
    let run = world.run("plan").exits(4).shows("`limits.invalid` allows 5%, the plan has 100.00%");
    let _ = run.shows("Nobody is left to send to").shows("people.csv:2");
    let first_line = world.run("plan --format github --detailed-exitcode").exits(4);
    let _ = first_line.shows("BLOCKED: invalid");
    refuses(&world, "apply --auto-approve", 4, "`limits.invalid` allows 5%");

    // Nor when everybody was sent to before, and the list came out spoilt since.
    world.write("campaigns/audiences/people.csv", &people(10));
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("apply --auto-approve").exits(0);
    world.write("campaigns/audiences/people.csv", spoilt);
    let _ = world.run("plan").exits(4).shows("`limits.invalid` allows 5%");
    let _ = world.run("apply --auto-approve").exits(4).shows("`limits.invalid` allows 5%");
    assert_eq!(world.requests(), 10);
}

#[test]
fn rows_that_are_all_invalid_concern_nobody_once_the_campaign_is_over() {
    let over = CAMPAIGN.replace("window: 14days", "ends_at: 2026-11-30T23:59:59+05:30");
    let ended = CAMPAIGN.replace("version: 1\n", "version: 1\nstatus: ended\n");
    let paused = CAMPAIGN.replace("version: 1\n", "version: 1\nstatus: paused\n");
    for yaml in [over, ended, paused] {
        let mut world = world(&yaml);
        world.write("campaigns/audiences/people.csv", "customer_id,first_name,phone\nc0,Max,1\n");
        let _ = world.run("plan --detailed-exitcode").exits(0).hides("refused");
        let _ = world.run("apply --auto-approve").exits(0).hides("refused");
        assert_eq!(world.requests(), 0);
    }
}

#[test]
fn an_offer_that_is_over() {
    let yaml = CAMPAIGN.replace("window: 14days", "ends_at: 2026-11-30T23:59:59+05:30");
    refuses(&world(&yaml), "apply --auto-approve", 4, "the offer ended");
}

#[test]
fn an_offer_with_too_little_left() {
    let yaml = CAMPAIGN.replace("window: 14days", "ends_at: 2026-12-01T09:10:00Z");
    refuses(&world(&yaml), "apply --auto-approve", 4, "less than `delivery.min_remaining`");
}

#[test]
fn an_offer_that_has_not_begun() {
    let yaml =
        CAMPAIGN.replace("window: 14days", "window: 14days\n  starts_at: 2026-12-02T00:00:00Z");
    let world = world(&yaml);
    let _ = world.run("plan").exits(0).shows("the offer starts 2026-12-02");
    refuses(&world, "apply --auto-approve", 4, "the offer starts 2026-12-02");
    let on_time =
        world.command("apply --auto-approve").env("OFFERCAST_NOW", "2026-12-02T00:00:01Z");
    // The stand-in's own clock shows the day before, which only makes the offer last longer.
    let _ = on_time.run().exits(0);
    assert_eq!(world.received().len(), 10);
}

#[test]
fn content_that_changed_after_part_of_it_was_sent() {
    let mut world = world(CAMPAIGN);
    let _ = world.run("apply --auto-approve --limit 4").exits(5);
    world.write("campaigns/diwali.yaml", &CAMPAIGN.replace("25%\"", "30%\""));
    let run = world.run("plan").exits(4);
    let _ = run.shows("4 people already got other content").shows("template.params");
    let _ = world.run("apply --auto-approve").exits(4);
    assert_eq!(world.received().len(), 4);
}

#[test]
fn a_paused_or_ended_campaign_sends_nothing() {
    for status in ["paused", "ended"] {
        let world =
            world(&CAMPAIGN.replace("version: 1\n", &format!("version: 1\nstatus: {status}\n")));
        let _ = world.run("plan --detailed-exitcode").exits(0).shows("apply sends nothing");
        refuses(&world, "apply --auto-approve", 0, "apply sends nothing");
    }
}

#[test]
fn a_faulty_campaign_stops_its_neighbours_too() {
    let world = world(CAMPAIGN).campaign("broken", "version: 1\nname: [");
    refuses(&world, "apply --auto-approve", 65, "must be mended first");
}

#[test]
fn wrong_usage_sends_nothing() {
    let world = world(CAMPAIGN);
    refuses(&world, "apply --force", 64, "--force");
    refuses(&world, "apply --limit 0", 64, "--limit");
    refuses(&world, "apply --deadline soon", 64, "--deadline");
    refuses(&world, "apply --sandbox --ledger x.db", 64, "--ledger");
}
