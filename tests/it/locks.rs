//! Several applies at once: one sends, the others say who it is.

use std::collections::HashSet;

use rustix::process::Signal;

use crate::support::{CAMPAIGN, World, people, phone, skips};

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

/// Eight people, to whom one is sent after the other; the reply to the nth comes so late that
/// an apply is still there for whatever is done to it then.
fn standing_at(nth: u64) -> World {
    let late = format!(r#"{{"after": {}, "first": {nth}, "latency_ms": 5000}}"#, nth - 1);
    let script = format!(r#"{{"latency_ms": 20, "rules": [{late}]}}"#);
    let world = World::new().audience("people.csv", &people(8)).ledger().kaleyra(&script);
    world.campaign("one", &one_by_one("one"))
}

#[test]
fn of_applies_started_at_once_one_sends_and_the_others_name_it() {
    if skips("it is refused where there is one writer; machines join on a server") {
        return;
    }
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
    if skips("it waits where there is one writer; machines join on a server") {
        return;
    }
    let world = standing_at(1);
    let first = world.spawn("apply --auto-approve").until("a message", |w| w.requests() > 0);
    let second = world.run("apply --auto-approve --lock-timeout 60s").exits(0);
    let pid = first.id().as_raw_nonzero();
    let _ = first.wait().exits(0);
    let words = format!("waiting for the ledger `.offercast/ledger.db`, held by pid {pid} on ");
    let _ = second.shows(&words);
    assert_eq!(world.requests(), 8);
    assert_eq!(world.states(), "accepted 8");
}

#[test]
fn the_lock_dies_with_its_process() {
    let world = standing_at(3);
    let first = world.spawn("apply --auto-approve").until("a message", |w| w.requests() > 2);
    first.signal(Signal::KILL);
    let _ = first.wait().was_killed();
    let _ = world.run("apply --auto-approve").exits(0).hides("is in use");
    assert_eq!(world.most_per_person(), 1);
    assert_eq!(world.ledger_rows().len(), 8);
    assert!(world.received().iter().any(|one| one.recipient.to_string() != phone(0)));
}

/// Seven people settled, one in doubt, and an apply of another campaign that stands still
/// with the ledger in its hands.
fn doubt_beside_an_apply() -> World {
    // The reply to the first of the second campaign is late: its apply is still there then.
    let script = r#"{ "latency_ms": 20, "rules": [
        {"recipient": "920003", "times": 1, "drop": "before_accept"},
        {"after": 8, "first": 9, "latency_ms": 5000}]}"#;
    let world = World::new().audience("people.csv", &people(8)).ledger().kaleyra(script);
    let world = world.campaign("one", &one_by_one("one"));
    let _ = world.run("apply --auto-approve").exits(7);
    let world = world.campaign("two", &one_by_one("two"));
    assert_eq!(world.states(), "accepted 7, unknown 1");
    world
}

const SETTLE: &str = "resolve one --as sent --all --confirm 1 --lock-timeout";

#[test]
fn a_resolve_that_waited_in_vain_names_the_apply_that_holds_the_ledger() {
    let world = doubt_beside_an_apply();
    let apply = world.spawn("apply campaigns/two.yaml --auto-approve");
    let apply = apply.until("a message of the second campaign", |world| world.requests() > 8);
    apply.signal(Signal::STOP);
    for patience in ["0s", "300ms"] {
        let run = world.run(&format!("{SETTLE} {patience}")).exits(6).shows("is in use");
        let run = run.shows(&format!("held by pid {} on ", apply.id().as_raw_nonzero()));
        let _ = run.shows(" since 2026-12-01T09:00:0").shows("`--lock-timeout`");
    }
    apply.signal(Signal::CONT);
    let _ = apply.wait().exits(0);
    assert_eq!(world.states(), "accepted 15, unknown 1", "nothing was settled");
}

#[test]
fn a_resolve_that_may_wait_settles_once_the_apply_is_done() {
    let world = doubt_beside_an_apply();
    let apply = world.spawn("apply campaigns/two.yaml --auto-approve");
    let apply = apply.until("a message of the second campaign", |world| world.requests() > 8);
    apply.signal(Signal::STOP);
    let resolve = world.spawn(&format!("{SETTLE} 60s"));
    let told = resolve.line_with("waiting for the ledger");
    assert!(told.contains(&format!("held by pid {} on ", apply.id().as_raw_nonzero())), "{told}");
    assert_eq!(world.states(), "accepted 7, attempting 1, pending 7, unknown 1");
    apply.signal(Signal::CONT);
    let _ = resolve.wait().exits(0);
    let _ = apply.wait().exits(0);
    assert_eq!(world.states(), "accepted 16");
    assert_eq!(world.requests(), 16, "settling sends nothing");
}
