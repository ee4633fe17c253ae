//! Stopped from outside: by a signal, by kill -9, by a second apply.

use rustix::process::Signal;

use crate::support::{CAMPAIGN, World, people, skips};

/// Forty people at a pace that leaves time to interfere.
fn world(script: &str) -> World {
    let yaml = CAMPAIGN.replace("1000/s", "40/s");
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &people(40));
    world.ledger().kaleyra(script)
}

#[test]
fn a_signal_drains_and_says_how_to_go_on() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        // The replies to all four on the wire come late, but within a drain's time.
        let world = world(r#"{"rules": [{"after": 4, "first": 8, "latency_ms": 3000}]}"#);
        let apply = world.spawn("apply --auto-approve");
        let apply = apply.until("the fifth request", |world| world.requests() >= 5);
        apply.signal(signal);
        let _ = apply.wait().exits(code).shows("To go on:  offercast apply campaigns");
        let sent = world.received().len();
        assert!(sent < 40, "{sent}");
        assert_eq!(world.states(), format!("accepted {sent}, pending {}", 40 - sent));
        let _ = world.run("apply").exits(0);
        assert_eq!((world.received().len(), world.most_per_person()), (40, 1));
    }
}

#[test]
fn nobody_is_sent_to_twice_after_kill_9() {
    // The replies around the tenth are slow: the kill finds requests on the wire.
    let world = world(r#"{"rules": [{"after": 8, "first": 14, "latency_ms": 1000}]}"#);
    let apply = world.spawn("apply --auto-approve");
    let apply = apply.until("the tenth request", |world| world.requests() >= 10);
    apply.signal(Signal::KILL);
    let _ = apply.wait().was_killed();
    let run = world.run("apply");
    let _ = run.shows("an apply died while");
    assert_eq!(world.most_per_person(), 1);
    let rows = world.ledger_rows();
    let count = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    assert_eq!(count("accepted") + count("unknown"), 40);
    // At most `max_in_flight`, as the plan said.
    assert!((1..=4).contains(&count("unknown")), "{}", world.states());
    for accepted in world.received() {
        let number = accepted.recipient.e164();
        let known = rows.iter().any(|row| {
            row["recipient"].as_str().is_some_and(|r| number.ends_with(r.trim_start_matches('+')))
        });
        assert!(known, "accepted by the far side, but not in the ledger");
    }
}

#[test]
fn a_second_apply_is_refused_while_the_first_runs() {
    if skips("it is refused where there is one writer; machines join on a server") {
        return;
    }
    let world = world("");
    let first = world.spawn("apply --auto-approve");
    let first = first.until("the first request", |world| world.requests() >= 1);
    first.signal(Signal::STOP);
    let _ = world.run("apply --auto-approve").exits(6).shows("--lock-timeout");
    // Reading is free meanwhile.
    let _ = world.run("plan").exits(0);
    let _ = world.run("status").exits(0);
    first.signal(Signal::CONT);
    let _ = first.wait().exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (40, 1));
}

#[test]
fn a_second_apply_can_wait_for_the_first() {
    if skips("it is refused where there is one writer; machines join on a server") {
        return;
    }
    let world = world("");
    let first = world.spawn("apply --auto-approve");
    let first = first.until("the first request", |world| world.requests() >= 1);
    let _ = world.run("apply --auto-approve --lock-timeout 60s").exits(0).shows("nothing to do");
    let _ = first.wait().exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (40, 1));
}
