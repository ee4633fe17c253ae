//! Points inside the process: the system calls that make an intent durable, put a request on
//! the wire, and take its reply. Where strace cannot be used these tests say so and pass.

use std::fs;
use std::process::{Command as System, Stdio};

use super::dice::{Dice, Replay, first_seed, say, share_of_kills};
use super::ground::{Ground, Kills, Shape, rough_script, slow_script};

/// A prime larger than any number of calls that is swept.
const STRIDE: u64 = 101;

/// Whether strace is there and may trace.
fn can_trace(test: &str) -> bool {
    let traces = System::new("strace")
        .args(["-f", "-qq", "-e", "trace=fsync", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !traces {
        say(&format!("SKIP {test}: strace is missing or may not trace"));
    }
    traces
}

/// Kills at the nth call of these names, counted for each thread, so that small numbers fall
/// on the consumption of the plan and larger ones on the ledger's own thread.
fn kill_at_calls(name: &'static str, percent: u64, shape: Shape, calls: &str, last: u64) {
    if !can_trace(name) {
        return;
    }
    let wanted = share_of_kills(percent);
    let mut kills = Kills::new(name, shape);
    let mut seed = first_seed();
    while kills.total() < wanted {
        let ground = Ground::new(shape, &rough_script(seed), seed);
        let mut dice = Dice::new(seed);
        // Scattered first, so that few kills see early and late ones; then by chance.
        let scattered = (0..last).map(|turn| 1 + turn * STRIDE % last);
        let mut in_turn = scattered.filter(|_| seed == first_seed());
        ground.until_settled(&mut kills, |died| {
            if died >= wanted {
                return ground.apply().run();
            }
            let nth = in_turn.next().unwrap_or_else(|| dice.between(1, last));
            let trace = format!("trace={calls}");
            let inject = format!("inject={calls}:signal=KILL:when={nth}");
            // Without --seccomp-bpf, which counts wrongly (strace 6.1).
            ground
                .apply()
                .under(&["strace", "-f", "-qq", "-o", "/dev/null"])
                .under(&["-e", &trace, "-e", &inject])
                .run()
        });
        seed += 1;
    }
    kills.tell();
}

#[test]
fn killed_at_any_fsync_nobody_is_sent_to_twice() {
    // At its entry: the commit is written, and its request not yet begun.
    kill_at_calls("at an `fsync`", 8, Shape::SINGLE, "fsync,fdatasync", 12);
}

#[test]
fn killed_at_any_write_of_the_ledger_nobody_is_sent_to_twice() {
    kill_at_calls("at a `pwrite64`", 6, Shape::GROUPED, "pwrite64", 60);
}

#[test]
fn killed_before_the_first_byte_nobody_is_sent_to_twice() {
    kill_at_calls("at the first byte", 5, Shape::SINGLE, "writev,sendto,sendmsg", 8);
}

#[test]
fn killed_when_the_reply_is_read_nobody_is_sent_to_twice() {
    kill_at_calls("at the reading of a reply", 5, Shape::GROUPED, "recvfrom,recvmsg", 8);
}

/// A power cut cannot be had in a test, its only defence can: with one request at a time,
/// each is preceded by a commit of its own, and nothing written to the log is unflushed.
#[test]
fn no_byte_of_a_request_is_written_before_its_intent_is_flushed_to_the_disk() {
    if !can_trace("the order of flush and send") {
        return;
    }
    let seed = first_seed();
    let _replay = Replay(seed);
    let shape = Shape { people: 25, in_flight: 1, ..Shape::SINGLE };
    let ground = Ground::new(shape, &slow_script(seed), seed);
    let trace = ground.world().path("trace");
    let calls = "trace=fsync,fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg";
    let _ = ground
        .apply()
        .under(&["strace", "-f", "-y", "-s", "64", "-o", &trace.display().to_string()])
        .under(&["-e", calls])
        .run()
        .exits(0);
    let text = fs::read_to_string(&trace).expect("strace wrote it");
    let order = Order::of(&text);
    assert_eq!(order.requests, 25, "one request each");
    assert_eq!(order.unflushed, 0, "requests begun while the log was not flushed");
    assert_eq!(order.without_commit, 0, "requests begun without a commit since the last");
}

/// What a trace says about the order of things.
#[derive(Default)]
struct Order {
    requests: u64,
    unflushed: u64,
    without_commit: u64,
}

impl Order {
    fn of(trace: &str) -> Self {
        let mut order = Self::default();
        let (mut dirty, mut committed) = (false, false);
        let mut flushing: Vec<&str> = Vec::new();
        for line in trace.lines() {
            let (thread, call) = line.split_once(' ').unwrap_or_default();
            let call = call.trim_start();
            let is = |names: &[&str]| names.iter().any(|name| call.starts_with(name));
            let on_log = call.contains(".db-wal>");
            if is(&["pwrite64(", "pwritev(", "write("]) && on_log {
                dirty = true;
            } else if is(&["fsync(", "fdatasync("]) && on_log {
                if call.contains("<unfinished") {
                    flushing.push(thread);
                } else if call.ends_with("= 0") {
                    (dirty, committed) = (false, true);
                }
            } else if is(&["<... fsync", "<... fdatasync"]) && flushing.contains(&thread) {
                flushing.retain(|other| *other != thread);
                if call.ends_with("= 0") {
                    (dirty, committed) = (false, true);
                }
            } else if is(&["writev(", "sendto(", "sendmsg(", "write("])
                && call.contains("POST /v1/")
            {
                order.requests += 1;
                order.unflushed += u64::from(dirty);
                order.without_commit += u64::from(!committed);
                committed = false;
            }
        }
        order
    }
}

#[test]
fn the_order_of_things_is_read_from_a_trace() {
    let right = "7 pwrite64(5</x/ledger.db-wal>, ..., 4096, 0) = 4096\n\
                 7 fsync(5</x/ledger.db-wal> <unfinished ...>\n\
                 8 pwrite64(9</x/other>, ..., 1, 0) = 1\n\
                 7 <... fsync resumed>) = 0\n\
                 8 writev(9<socket:[1]>, [{iov_base=\"POST /v1/x\"...}], 2) = 10\n";
    let order = Order::of(right);
    assert_eq!((order.requests, order.unflushed, order.without_commit), (1, 0, 0));
    let mut lines: Vec<&str> = right.lines().collect();
    lines.swap(3, 4);
    let order = Order::of(&lines.join("\n"));
    assert_eq!((order.requests, order.unflushed, order.without_commit), (1, 1, 1));
    let twice = format!("{right}{}", right.lines().last().unwrap_or_default());
    assert_eq!(Order::of(&twice).without_commit, 1);
}
