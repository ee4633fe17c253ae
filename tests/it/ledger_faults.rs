//! What can happen to a ledger and to the disk it is on: refused, or right. A refusal made no
//! request; whatever happened, the next apply on a sound disk reaches everybody at most once.
//!
//! `OFFERCAST_FAULTS=1000` tries that many places and seeds in place of a few.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::process::Signal;

use crate::support::{CAMPAIGN, Run, World, can, people, skips, tell_of_skipping};

const PEOPLE: usize = 40;

/// How many places or seeds a sweep tries.
fn sweep(usual: usize) -> usize {
    std::env::var("OFFERCAST_FAULTS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn world() -> World {
    world_where(r#"{ "latency_ms": 2 }"#)
}

fn world_where(script: &str) -> World {
    let few_at_once = CAMPAIGN.replace("max_in_flight: 4", "max_in_flight: 2");
    World::new()
        .campaign("diwali", &few_at_once)
        .audience("people.csv", &people(PEOPLE))
        .ledger()
        .kaleyra(script)
}

/// The codes that promise that nothing was sent.
fn promises_nothing_sent(run: &Run) -> bool {
    matches!(run.code(), Some(3 | 4 | 6 | 64 | 65))
}

/// The checks that follow every fault: this run kept its promise, and the next one on a
/// sound disk settles everybody, nobody twice, nobody lost. How many are unknown then.
#[track_caller]
fn recovers(world: &World, run: &Run, requests_before: u64) -> usize {
    assert!(run.code().is_some_and(|code| code != 101), "it ends by itself{run}");
    if promises_nothing_sent(run) {
        assert_eq!(world.requests(), requests_before, "nothing was sent{run}");
    }
    let next = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.most_per_person(), 1, "nobody twice{run}{next}");
    let rows = world.ledger_rows();
    let numbers = |state: &str| -> HashSet<String> {
        let of_state = rows.iter().filter(|row| row["state"] == state);
        let number = |row: &serde_json::Value| row["recipient"].to_string();
        let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect();
        of_state.map(number).map(digits).collect()
    };
    let (accepted, unknown) = (numbers("accepted"), numbers("unknown"));
    assert_eq!(accepted.len() + unknown.len(), PEOPLE, "nobody lost{run}{next}");
    let sent: HashSet<_> =
        world.received().iter().map(|one| one.recipient.as_u64().to_string()).collect();
    assert!(accepted.is_subset(&sent), "accepted is what was accepted{run}");
    assert!(sent.is_subset(&(&accepted | &unknown)), "what was accepted is known{run}");
    let before = world.requests();
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), before, "a third apply sends nothing");
    unknown.len()
}

#[test]
fn a_flush_or_write_that_fails_anywhere_stops_the_apply_and_loses_nobody() {
    if skips("it is about the file's disk") {
        return;
    }
    if !can(&["strace", "-f", "-o", "/dev/null"]) {
        return;
    }
    let (mut journalled, mut midway) = (0, HashSet::new());
    // Counted for each thread: the first places are the opening and the consumption, the last
    // ones are the writer's.
    let faults = [
        ("fdatasync,fsync:error=EIO", [1, 2, 5, 8, 14]),
        ("pwrite64:error=ENOSPC", [1, 5, 20, 40, 60]),
    ];
    for turn in 0..sweep(10) {
        let (fault, places) = faults[turn % 2];
        let place = places.get(turn / 2).copied().unwrap_or(turn / 2);
        let lasting = if turn % 3 == 0 { "+" } else { "" };
        let inject = format!("inject={fault}:when={place}{lasting}");
        let world = world();
        let under = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let run = world.command("apply --auto-approve").under(&under).run();
        if run.code() == Some(8) && world.requests() > 0 {
            midway.insert(fault);
        }
        let kept = run.stderr().contains("the next apply records them");
        let unknown = recovers(&world, &run, 0);
        if kept {
            journalled += 1;
            assert_eq!(unknown, 0, "{inject}: the journal knew{run}");
        }
        eprintln!("{inject}: exit {:?}, {unknown} unknown", run.code());
    }
    assert_eq!(midway.len(), faults.len(), "each fault came in the middle too: {midway:?}");
    assert!(journalled > 0, "the journal was needed");
}

#[test]
fn a_disk_that_fills_up_stops_the_apply_and_loses_nobody() {
    if skips("it is about the file's disk") {
        return;
    }
    if !can(&["unshare", "-Urm"]) {
        return;
    }
    let mut midway = 0;
    for turn in 0..sweep(5) {
        let size = 140 + 35 * (turn % 16);
        let world = world();
        // The file system in memory goes with the run, so what is on it is saved first.
        let script = format!(
            "mkdir full && mount -t tmpfs -o size={size}k tmpfs full \
             && cp -p .offercast/ledger.db .offercast/ledger.db.serial full || exit 99; \
             \"$@\" --ledger full/ledger.db; code=$?; \
             cp -p full/ledger.db* .offercast/; exit $code"
        );
        let under = ["unshare", "-Urm", "sh", "-c", &script, "sh"];
        let run = world.command("apply --auto-approve").under(&under).run();
        if run.code() == Some(99) {
            return tell_of_skipping("no file system in memory can be mounted");
        }
        midway += usize::from(run.code() == Some(8) && world.requests() > 0);
        let _ = fs::remove_dir(world.path("full"));
        let unknown = recovers(&world, &run, 0);
        eprintln!("{size} KiB: exit {:?}, {unknown} unknown", run.code());
    }
    assert!(midway > 0, "some disk was full in the middle");
}

#[test]
fn on_a_read_only_mount_nothing_is_sent_and_only_a_settled_ledger_is_read() {
    if skips("it is about the file's disk") {
        return;
    }
    let script = "mount --bind .offercast .offercast && \
                  mount -o remount,bind,ro .offercast || exit 99; exec \"$@\"";
    let under = ["unshare", "-Urm", "sh", "-c", script, "sh"];
    if !can(&["unshare", "-Urm"]) {
        return;
    }
    // The replies to two in the middle come too late for the run to end before it is killed.
    let world = world_where(
        r#"{"latency_ms": 2, "rules": [{"after": 20, "first": 22, "latency_ms": 5000}]}"#,
    );
    let _ = world.run("apply --auto-approve --limit 10").exits(5);
    let before = world.requests();
    let run = world.command("apply --auto-approve").under(&under).run();
    let _ = run.exits(6).shows("read-only");
    let _ = world.command("plan").under(&under).run().exits(0).shows("+  30  still to send");
    assert_eq!(world.requests(), before);
    // Killed, it leaves its newest records in the write-ahead log.
    let apply = world.spawn("apply --auto-approve");
    let apply = apply.until("ten more", |world| world.requests() > 20);
    apply.signal(Signal::KILL);
    let _ = apply.wait().was_killed();
    let before = world.requests();
    for line in ["plan", "status", "apply --auto-approve"] {
        let _ = world.command(line).under(&under).run().exits(6).shows("read-only");
    }
    let run = world.run("status").exits(0);
    recovers(&world, &run, before);
}

#[test]
fn damaged_copies_are_refused_or_carried_out_right() {
    if skips("it damages the file") {
        return;
    }
    let world = world();
    let _ = world.run("apply --auto-approve --limit 20").exits(5);
    let ledger = world.path(".offercast/ledger.db");
    let beside = |ending: &str| world.path(&format!(".offercast/ledger.db{ending}"));
    let sound = fs::read(&ledger).unwrap();
    let serial = fs::read(beside(".serial")).unwrap();
    let first: HashSet<_> = world.received().iter().map(|one| one.recipient).collect();
    let (mut refused, mut right) = (0, 0);
    for seed in 0..sweep(24) as u64 {
        let mut dice = Dice(seed);
        let mut bytes = sound.clone();
        if seed % 4 == 0 {
            bytes.truncate(dice.below(sound.len()));
        } else {
            for _ in 0..=dice.below(3) {
                let place = dice.below(bytes.len());
                bytes[place] ^= 1 << dice.below(8);
            }
        }
        for ending in ["-wal", "-shm", ".journal"] {
            let _ = fs::remove_file(beside(ending));
        }
        fs::write(&ledger, bytes).unwrap();
        fs::write(beside(".serial"), &serial).unwrap();
        let before = world.received().len();
        let run = world.run("apply --auto-approve --limit 3");
        let received: Vec<_> = world.received()[before..].iter().map(|one| one.recipient).collect();
        let persons: HashSet<_> = received.iter().copied().collect();
        assert_eq!(persons.len(), received.len(), "seed {seed}: twice{run}");
        assert!(persons.is_disjoint(&first), "seed {seed}: again{run}");
        if promises_nothing_sent(&run) {
            assert!(received.is_empty(), "seed {seed}: refused, and sent{run}");
            refused += 1;
        } else {
            assert!(matches!(run.code(), Some(5 | 8)), "seed {seed}{run}");
            right += 1;
        }
    }
    assert!(refused > 5 && right > 0, "both happen: {refused} refused, {right} right");
}

#[test]
fn a_ledger_put_back_from_a_backup_is_refused_until_it_is_adopted() {
    if skips("it copies the file") {
        return;
    }
    let world = world();
    let ledger = world.path(".offercast/ledger.db");
    let _ = world.run("apply --auto-approve --limit 20").exits(5);
    fs::copy(&ledger, world.path("backup.db")).unwrap();
    let _ = world.run("apply --auto-approve").exits(0);
    fs::copy(world.path("backup.db"), &ledger).unwrap();
    for line in ["apply --auto-approve", "plan", "status"] {
        let run = world.run(line).exits(6).shows("is older than what was applied");
        let _ = run.shows("serial 3, expected at least 5");
    }
    assert_eq!(world.requests(), 40);
    let _ = world.run("ledger adopt --serial 5").exits(6).shows("has serial 3, not 5");
    let _ = world.run("ledger adopt --serial 3").exits(0).shows("can be sent to again");
    let _ = world.run("plan").exits(0).shows("+  20  still to send");
}

#[test]
fn a_ledger_moved_without_the_files_beside_it_is_refused_until_it_is_adopted() {
    if skips("it moves the file") {
        return;
    }
    let world = world();
    let _ = world.run("apply --auto-approve --limit 20").exits(5);
    fs::create_dir(world.path("moved")).unwrap();
    fs::rename(world.path(".offercast/ledger.db"), world.path("moved/ledger.db")).unwrap();
    let apply = "apply --auto-approve --ledger moved/ledger.db";
    let _ = world.run(apply).exits(6).shows("`moved/ledger.db.serial` is missing");
    assert_eq!(world.requests(), 20);
    let _ = world.run("ledger adopt --serial 3 --ledger moved/ledger.db").exits(0);
    let _ = world.run(apply).exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn what_others_could_have_put_there_is_refused() {
    if skips("it is about the file's rights") {
        return;
    }
    let world = world();
    let ledger = world.path(".offercast/ledger.db");
    let refuse = |why: &str| {
        let _ = world.run("apply --auto-approve").exits(6).shows(why);
        assert_eq!(world.requests(), 0, "{why}");
    };
    let mode = |mode| fs::set_permissions(&ledger, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o666);
    refuse("everybody may write to it");
    mode(0o600);
    let elsewhere = world.path("elsewhere.db");
    fs::rename(&ledger, &elsewhere).unwrap();
    symlink(&elsewhere, &ledger).unwrap();
    refuse("it is a symbolic link");
    fs::remove_file(&ledger).unwrap();
    refuse("there is no ledger");
    fs::hard_link(&elsewhere, &ledger).unwrap();
    refuse("more than one name");
    fs::remove_file(&elsewhere).unwrap();
    let run = world.run("apply --auto-approve").exits(0);
    recovers(&world, &run, 0);
}

/// Small numbers from a seed, the same on every machine (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).expect("below a usize")
    }
}
