//! Stopped in all the ways a person, a pipeline or a machine stops a process; and talked to
//! through streams that nobody reads.

use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use offercast::clock::Clock;
use rustix::process::Signal;

use crate::support::{CAMPAIGN, Process, World, people};

const APPLY: &str = "apply --auto-approve --samples 0 campaigns";
const LATER: &str = "2026-12-01T09:10:00Z";
const MUCH_LATER: &str = "2026-12-01T09:20:00Z";
/// More than the drain and what a busy machine needs around it; less than a reply is waited
/// for where nobody is in a hurry.
const DRAINED: Duration = Duration::from_secs(30);

/// Sixty people and a far side that behaves as the script says.
fn world(script: &str) -> World {
    World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(60))
        .ledger()
        .kaleyra(script)
}

fn apply(world: &World) -> Process<'_> {
    world.spawn(APPLY).until("somebody is sent to", |world| world.requests() > 3)
}

fn now() -> Instant {
    Clock::system().monotonic()
}

/// Nobody is on the wire any more, everybody planned is somewhere, nobody was sent to twice.
#[track_caller]
fn expect_order(world: &World) {
    let rows = world.ledger_rows();
    assert_eq!(rows.len(), 60, "everybody has a row");
    let in_ledger = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    let received = world.received().len();
    assert_eq!(in_ledger("attempting"), 0, "{}", world.states());
    let known = in_ledger("accepted")..=in_ledger("accepted") + in_ledger("unknown");
    assert!(known.contains(&received), "received {received}: {}", world.states());
    assert!(world.most_per_person() <= 1, "somebody was sent to twice");
}

/// The next apply goes on to the end, and the one after it has nothing to do.
#[track_caller]
fn expect_to_go_on(world: &World, exit: i32) {
    let _ = world.command(APPLY).env("OFFERCAST_NOW", LATER).run().exits(exit);
    expect_order(world);
    assert!(!world.states().contains("pending"), "{}", world.states());
    let requests = world.requests();
    let _ = world.command(APPLY).env("OFFERCAST_NOW", MUCH_LATER).run().exits(0);
    assert_eq!(world.requests(), requests, "a settled campaign makes no request");
}

#[test]
fn a_signal_at_any_time_drains_and_the_next_apply_goes_on() {
    let waits = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55].map(Duration::from_millis);
    let mut quickest = DRAINED;
    for (wait, (signal, exit)) in
        waits.into_iter().zip([(Signal::INT, 130), (Signal::TERM, 143)].into_iter().cycle())
    {
        // Four replies in a row are late: a signal that is late itself still comes in time.
        let world = world(
            r#"{"latency_ms": [20, 60], "rules": [{"after": 19, "first": 23, "latency_ms": 1500}]}"#,
        );
        let process = apply(&world);
        thread::sleep(wait);
        process.signal(signal);
        let signalled = now();
        let run = process.wait().exits(exit).shows("offercast apply");
        let took = now() - signalled;
        assert!(took < DRAINED, "{took:?}{run}");
        quickest = quickest.min(took);
        expect_order(&world);
        assert!(!world.states().contains("unknown"), "all were waited for: {}", world.states());
        expect_to_go_on(&world, 0);
    }
    assert!(quickest < Duration::from_secs(5), "no longer than it is waited for: {quickest:?}");
}

#[test]
fn a_drain_gives_up_on_a_silent_server_after_six_seconds() {
    let world = world(r#"{"rules": [{"after": 6, "hang": "after_accept"}]}"#);
    let process = apply(&world).until("all slots wait", |world| world.requests() == 10);
    process.signal(Signal::TERM);
    let signalled = now();
    let run = process.wait().exits(143);
    let took = now() - signalled;
    assert!((Duration::from_secs(5)..DRAINED).contains(&took), "{took:?}{run}");
    expect_order(&world);
    assert_eq!(world.states(), "accepted 6, pending 50, unknown 4");
}

#[test]
fn a_second_signal_leaves_at_once_and_the_next_apply_holds_who_was_on_the_wire() {
    let world = world(r#"{"rules": [{"after": 6, "first": 10, "hang": "after_accept"}]}"#);
    let process = apply(&world).until("all slots wait", |world| world.requests() == 10);
    process.signal(Signal::INT);
    let _ = process.line_with("on the wire");
    process.signal(Signal::INT);
    let signalled = now();
    let run = process.wait().exits(130);
    let took = now() - signalled;
    assert!(took < Duration::from_secs(5), "shorter than a drain: {took:?}{run}");
    expect_to_go_on(&world, 0);
    assert_eq!(world.states(), "accepted 56, unknown 4");
}

#[test]
fn a_deadline_stops_cleanly_for_the_next_job() {
    let world = world(r#"{"latency_ms": 200}"#);
    let run = world.run("apply --auto-approve --deadline 1s campaigns").exits(5);
    let run = run.shows("offercast apply");
    expect_order(&world);
    assert!(world.states().contains("pending"), "{run}");
    assert!(!world.states().contains("unknown"), "all were waited for{run}");
    expect_to_go_on(&world, 0);
}

#[test]
fn a_frozen_process_that_wakes_after_every_timeout_sends_to_nobody_twice() {
    let world = world(r#"{"latency_ms": [20, 40]}"#).env("OFFERCAST_RESPONSE_TIMEOUT", "5s");
    let process = apply(&world);
    process.signal(Signal::STOP);
    thread::sleep(Duration::from_millis(6_500));
    process.signal(Signal::CONT);
    let run = process.wait();
    assert!(matches!(run.code(), Some(0 | 7 | 8)), "{run}");
    expect_order(&world);
    let _ = world.command(APPLY).env("OFFERCAST_NOW", LATER).run();
    expect_order(&world);
    assert!(!world.states().contains("pending"), "{}", world.states());
}

#[test]
fn a_response_timeout_of_no_use_is_refused_before_anything_is_sent() {
    for timeout in ["4s", "11min", "soon"] {
        let world = world("").env("OFFERCAST_RESPONSE_TIMEOUT", timeout);
        let _ = world.run(APPLY).exits(64).shows("OFFERCAST_RESPONSE_TIMEOUT");
        assert_eq!(world.requests(), 0);
        assert_eq!(world.ledger_rows().len(), 0);
    }
}

#[test]
fn a_reader_who_leaves_changes_nothing() {
    for format in ["human", "json"] {
        let world = world("");
        let mut head = Command::new("head")
            .args(["-c", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("head is everywhere");
        let pipe = head.stdin.take().expect("it is piped");
        let line = format!("{APPLY} --format {format}");
        let _ = world.command(&line).stdout(pipe).run().exits(0);
        let _ = head.wait();
        assert_eq!(world.states(), "accepted 60");
        expect_order(&world);
    }
}

#[test]
fn a_reader_who_was_never_there_changes_nothing() {
    let world = world("");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let _ = world.command(APPLY).stdout(writer).run().exits(0);
    assert_eq!(world.states(), "accepted 60");
}

#[test]
fn a_full_disk_behind_stdout_is_an_error_that_changes_nothing_about_the_sending() {
    let world = world("");
    let run = world.command(APPLY).stdout(full()).run().exits(1);
    let _ = run.shows("standard output could not be written");
    assert_eq!(world.states(), "accepted 60");
    expect_order(&world);
    let world = self::world("");
    let events = format!("{APPLY} --format json");
    let run = world.command(&events).stdout(full()).run().exits(1);
    let _ = run.shows("standard output could not be written");
    assert_eq!(world.states(), "accepted 60");
}

#[test]
fn a_full_or_closed_stderr_changes_nothing() {
    let full_world = world("");
    let _ = full_world.command(APPLY).stderr(full()).run().exits(0);
    assert_eq!(full_world.states(), "accepted 60");
    let closed_world = world("");
    let script = ["sh", "-c", "exec \"$0\" \"$@\" 2>&-"];
    let _ = closed_world.command(APPLY).under(&script).run().exits(0);
    assert_eq!(closed_world.states(), "accepted 60");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let broken_world = world("");
    let _ = broken_world.command(APPLY).stderr(writer).run().exits(0);
    assert_eq!(broken_world.states(), "accepted 60");
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("Linux has it")
}
