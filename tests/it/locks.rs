//! Several applies at once: one sends, the others say who it is.

use std::collections::HashSet;

use rustix::process::Signal;

use crate::support::{CAMPAIGN, World, people, phone};

const SLOW: &str = r#"{ "latency_ms": 20 }"#;

/// Rounds of applies started at once; `OFFERCAST_RACES=1000` for more.
fn rounds() -> usize {
    let text = std::env::var("OFFERCAST_RACES").ok();
    text.map_or(100, |text| text.parse().expect("`OFFERCAST_RACES` is a number"))
}

fn one_by_one(name: &str) -> String {
    CAMPAIGN.replace("name: diwali", &format!("name: {name}")).replace("flight: 4", "flight: 1")
}

fn world(count: usize) -> World {
    World::new().audience("people.csv", &people(count)).ledger().kaleyra(SLOW)
}

#[test]
fn of_applies_started_at_once_one_sends_and_the_others_name_it() {
    let mut world = world(8);
    let mut refused = 0;
    for round in 0..rounds() {
        world.write("campaigns/round.yaml", &one_by_one(&format!("round-{round}")));
        let before = world.received().len();
        let started = 2 + round % 7;
        let applies: Vec<_> = (0..started).map(|_| world.spawn("apply --auto-approve")).collect();
        for apply in applies {
            let run = apply.wait();
            if run.stderr().contains("is in use") {
                let run = run.exits(6).shows("held by pid ").shows(" since 2026-12-01T09:00:0");
                let _ = run.shows("`--lock-timeout`");
                refused += 1;
            } else {
                let _ = run.exits(0);
            }
        }
        let received: Vec<_> = world.received()[before..].iter().map(|one| one.recipient).collect();
        let persons: HashSet<_> = received.iter().collect();
        assert_eq!((received.len(), persons.len()), (8, 8), "round {round}, {started} applies");
    }
    assert!(refused >= rounds(), "they met: {refused}");
}

#[test]
fn an_apply_that_may_wait_takes_its_turn_and_finds_nothing_left() {
    let world = world(8).campaign("one", &one_by_one("one"));
    let first = world.spawn("apply --auto-approve").until("a message", |w| w.requests() > 0);
    let second = world.run("apply --auto-approve --lock-timeout 20s").exits(0);
    let _ = first.wait().exits(0);
    let _ = second.hides("is in use");
    assert_eq!(world.requests(), 8);
    assert_eq!(world.states(), "accepted 8");
}

#[test]
fn the_lock_dies_with_its_process() {
    let world = world(8).campaign("one", &one_by_one("one"));
    let first = world.spawn("apply --auto-approve").until("a message", |w| w.requests() > 2);
    first.signal(Signal::KILL);
    let _ = first.wait().was_killed();
    let _ = world.run("apply --auto-approve").exits(0).hides("is in use");
    assert_eq!(world.most_per_person(), 1);
    assert_eq!(world.ledger_rows().len(), 8);
    assert!(world.received().iter().any(|one| one.recipient.to_string() != phone(0)));
}
