//! A host that lacks what the program needs: network, files, memory, time that goes forward,
//! power. Nobody is lost and nobody is sent to twice.

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{CAMPAIGN, Run, World, can, people, tell_of_skipping};

const PEOPLE: usize = 40;
/// Most requests on the wire.
const IN_FLIGHT: usize = 16;

fn world() -> World {
    world_where(r#"{ "latency_ms": 5 }"#)
}

/// The replies to the nth message and those after it come so late that an apply is still there
/// for whatever is done to it then.
fn standing_at(nth: usize) -> World {
    let late = format!(
        r#"{{"after": {}, "first": {}, "latency_ms": 5000}}"#,
        nth - 1,
        nth - 1 + IN_FLIGHT
    );
    world_where(&format!(r#"{{"latency_ms": 5, "rules": [{late}]}}"#))
}

fn world_where(script: &str) -> World {
    let yaml = CAMPAIGN.replace("max_in_flight: 4", "max_in_flight: 16");
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &people(PEOPLE));
    world.ledger().kaleyra(script)
}

/// Everybody has a row, whoever the far side accepted is known to have been attempted, and
/// the next apply settles the rest.
#[track_caller]
fn recovers(world: &World, run: &Run) -> usize {
    let next = world.run("apply --auto-approve");
    assert!(matches!(next.code(), Some(0)), "{run}{next}");
    let rows = world.ledger_rows();
    let of_state = |state: &str| -> HashSet<String> {
        let digits = |row: &serde_json::Value| {
            row["recipient"].to_string().chars().filter(char::is_ascii_digit).collect()
        };
        rows.iter().filter(|row| row["state"] == state).map(digits).collect()
    };
    let (accepted, unknown) = (of_state("accepted"), of_state("unknown"));
    assert_eq!(accepted.len() + unknown.len(), PEOPLE, "nobody lost{run}{next}");
    let sent: HashSet<_> =
        world.received().iter().map(|one| one.recipient.as_u64().to_string()).collect();
    assert!(sent.is_subset(&(&accepted | &unknown)), "what was accepted is known{run}");
    assert!(accepted.is_subset(&sent), "accepted is what was accepted{run}");
    assert_eq!(world.most_per_person(), 1, "nobody twice{run}");
    unknown.len()
}

#[test]
fn without_a_network_nothing_is_sent_and_nobody_is_in_doubt() {
    let under = ["unshare", "-Urn"];
    if !can(&under) {
        return;
    }
    // The real address, and real time, which only a world without a network may be given.
    let world = world().without("OFFERCAST_API_URL").without("OFFERCAST_NOW");
    let apply = world.command("apply --auto-approve --deadline 20s").under(&under).spawn();
    let _ = apply.line_with("the host name could not be resolved");
    apply.signal(Signal::TERM);
    let _ = apply.wait().exits(143);
    assert_eq!(world.states(), format!("pending {PEOPLE}"));
    // A plan needs no network, no account and no key of its own.
    let plan = world.command("plan --sandbox").without("OFFERCAST_CODE_KEY");
    let plan = plan.without("KALEYRA_API_KEY").without("KALEYRA_SID").without("HOME");
    let _ = plan.under(&under).run().exits(0);
}

#[test]
fn a_sender_that_runs_out_of_files_leaves_nobody_in_doubt() {
    // Enough for the ledger and the runtime, but not for sixteen connections.
    let mut short = 0;
    for files in [18, 20, 22, 24, 26] {
        let script = format!("ulimit -n {files}; exec \"$@\"");
        let world = world();
        let line = "apply --auto-approve --deadline 3s";
        let run = world.command(line).under(&["sh", "-c", &script, "sh"]).run();
        assert!(matches!(run.code(), Some(0 | 1 | 5 | 6 | 8)), "{files} files{run}");
        let is_short = run.stderr().contains("no connection to Kaleyra");
        short += usize::from(is_short && !world.received().is_empty());
        assert_eq!(recovers(&world, &run), 0, "{files} files: no connection is no doubt{run}");
    }
    assert!(short > 0, "some connections were made and others not");
}

#[test]
fn a_sender_that_runs_out_of_memory_is_no_worse_than_killed() {
    let mut failed = 0;
    for mebibytes in [12, 20, 28, 40, 64] {
        let script = format!("ulimit -d {}; exec \"$@\"", mebibytes * 1024);
        let world = world();
        let run = world.command("apply --auto-approve").under(&["sh", "-c", &script, "sh"]).run();
        failed += usize::from(run.code() != Some(0));
        let unknown = recovers(&world, &run);
        assert!(unknown <= 16, "{unknown} in doubt, the plan printed 16{run}");
    }
    assert!(failed > 0, "some memory was too little");
}

#[test]
fn clocks_that_jump_between_runs_send_to_nobody_twice() {
    let world = world();
    for (now, exit) in [
        ("2026-12-01T09:00:00Z", 5),
        // An hour back, a minute forward, ten years back.
        ("2026-12-01T08:00:00Z", 5),
        ("2026-12-01T08:01:00Z", 5),
        ("2016-12-01T08:00:00Z", 5),
    ] {
        let line = "apply --auto-approve --limit 8";
        let run = world.command(line).env("OFFERCAST_NOW", now).run();
        let _ = run.exits(exit);
        assert_eq!(world.most_per_person(), 1, "{now}");
    }
    assert_eq!(world.received().len(), 32);
    // Ten years on the offer is over: the others get nothing.
    let run = world.command("apply --auto-approve").env("OFFERCAST_NOW", "2036-12-01T09:00:00Z");
    let _ = run.run().exits(4);
    assert_eq!((world.received().len(), world.requests()), (32, 32));
}

#[test]
fn a_machine_that_has_run_for_years_is_like_any_other() {
    let under = ["unshare", "-UrT", "--boottime", "300000000", "--monotonic", "300000000"];
    if !can(&under) {
        return;
    }
    let world = world();
    let _ = world.command("apply --auto-approve").under(&under).run().exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn pipes_in_place_of_files_are_refused_and_hang_nobody() {
    let pipe = |world: &World, path: &str| {
        let made = Command::new("mkfifo").arg(world.path(path)).status();
        assert!(made.expect("every Unix has `mkfifo`").success());
    };
    let world = world();
    pipe(&world, "campaigns/audiences/pipe.csv");
    pipe(&world, "pipe.db");
    pipe(&world, "campaigns/pipe.png");
    for (from, to) in [
        ("audiences/people.csv", "audiences/pipe.csv"),
        ("url: https://cdn.example.com/diwali.mp4", "file: pipe.png"),
        ("delivery:", "exclude:\n  - file: audiences/pipe.csv\ndelivery:"),
    ] {
        let world = &world;
        fs::write(world.path("campaigns/diwali.yaml"), CAMPAIGN.replace(from, to)).unwrap();
        let _ = world.run("apply --auto-approve").exits(65);
    }
    fs::write(world.path("campaigns/diwali.yaml"), CAMPAIGN).unwrap();
    let _ = world.run("apply --auto-approve --ledger pipe.db").exits(6);
    let _ = world.run("plan --ledger pipe.db").exits(6);
    assert_eq!(world.requests(), 0);
}

/// The ledger on a disk of its own that is cut off in the middle: what was flushed before a
/// request is there when the power is back. `OFFERCAST_CUTS` cuts more often.
#[test]
fn a_power_cut_loses_no_intent() {
    if !can(&["unshare", "-m"]) {
        return;
    }
    let cuts = std::env::var("OFFERCAST_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    // FS_IOC_SHUTDOWN without a last flush of the journal: the nearest to pulling the plug.
    let script = r#"
        dd if=/dev/zero of=disk bs=1M count=24 status=none && mke2fs -q -t ext4 disk || { touch no-disk; exit 99; }
        mkdir -p disk.d && mount -o loop disk disk.d || { touch no-disk; exit 99; }
        cp -p .offercast/ledger.db* disk.d && sync || { touch no-disk; exit 99; }
        "$@" --ledger disk.d/ledger.db & apply=$!
        for turn in $(seq 3000); do [ -e cut ] && break; sleep 0.01; done
        python3 -c "import fcntl, os, struct
fcntl.ioctl(os.open('disk.d', os.O_RDONLY), 0x8004587d, struct.pack('I', 2))" || code=99
        kill -9 $apply; wait $apply
        umount disk.d; mount -o loop disk disk.d || exit 98
        rm -f .offercast/ledger.db*; cp -p disk.d/ledger.db* .offercast/ || exit 97
        umount disk.d; exit ${code:-0}
    "#;
    for cut in 0..cuts {
        let when = 4 + (cut * 7) % 20;
        let world = standing_at(when);
        let under = ["unshare", "-m", "sh", "-c", script, "sh"];
        let apply = world.command("apply --auto-approve").under(&under).spawn();
        let apply = apply.until("some are sent to, or there is no disk", |world| {
            world.requests() >= when as u64 || world.path("no-disk").exists()
        });
        fs::write(world.path("cut"), "").unwrap();
        let run = apply.wait();
        if run.code() == Some(99) {
            return tell_of_skipping("no disk can be made and cut off on this host");
        }
        assert_eq!(run.code(), Some(0), "{run}");
        let sent = world.received().len();
        assert!(sent < PEOPLE, "it was cut in the middle: {sent}");
        let _ = world.run("status").exits(0);
        let unknown = recovers(&world, &run);
        assert!(unknown <= 16, "{unknown} in doubt, the plan printed 16{run}");
        eprintln!("cut after {sent} were accepted: {unknown} unknown");
    }
}

/// Keys, numbers and codes are in memory, and a core file would write them to the disk.
#[test]
fn a_process_that_is_aborted_leaves_no_memory_on_the_disk() {
    let allow_core_files = ["sh", "-c", "ulimit -c unlimited; exec \"$0\" \"$@\""];
    let world = standing_at(1);
    let apply = world.command("apply --auto-approve").under(&allow_core_files).spawn();
    let apply = apply.until("a message", |world| world.requests() > 0);
    let limits = format!("/proc/{}/limits", apply.id().as_raw_nonzero());
    if let Ok(limits) = fs::read_to_string(limits) {
        let cores = limits.lines().find(|line| line.starts_with("Max core file size"));
        let cores: Vec<_> = cores.expect("a limit of Linux").split_whitespace().skip(4).collect();
        assert_eq!(cores[..2], ["0", "0"], "the process cannot raise it again either");
    }
    apply.signal(Signal::ABORT);
    let run = apply.wait().was_killed();
    let files = fs::read_dir(world.path("")).expect("the world is ours").flatten();
    let names: Vec<_> = files.map(|file| file.file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("core")), "{names:?}");
    let _ = recovers(&world, &run);
}
