//! `offercast ledger copy`: the same ledger in another place, and never in two.

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, can, is_missing, people};

/// A campaign that half of 40 people got a message of, with its ledger in `here/ledger.db`.
fn half_sent(count: usize) -> World {
    let world = World::new()
        .env("OFFERCAST_LEDGER", "here/ledger.db")
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(count))
        .kaleyra("")
        .ledger();
    let _ = world.run(&format!("apply --auto-approve --limit {}", count / 2)).exits(5);
    world
}

/// Everything that the ledger knows of everybody.
fn export(world: &World) -> String {
    let run = world.run("ledger export --format ndjson").exits(0);
    assert_eq!(run.stdout().lines().count(), 40);
    run.stdout().to_owned()
}

#[test]
fn a_ledger_goes_on_in_its_new_place_and_refuses_in_the_old_one() {
    let world = half_sent(40);
    let before = export(&world);
    let run = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
    assert_snapshot!(run.stderr(), @r"
    The ledger is in `there/ledger.db` now, with 40 rows of recipients; `here/ledger.db` refuses from here on.
    Name it with `--ledger` or `OFFERCAST_LEDGER` from now on.
    ");
    for line in
        ["apply --auto-approve", "plan", "status", "codes campaigns/diwali.yaml --out c.csv"]
    {
        let _ = world.run(line).exits(6).shows("was moved to");
    }
    assert_eq!(world.requests(), 20, "nobody was sent to from the old place");
    let world = world.env("OFFERCAST_LEDGER", "there/ledger.db");
    assert_eq!(export(&world), before);
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn a_ledger_goes_to_a_database_and_back() {
    if is_missing() {
        return;
    }
    let world = half_sent(40);
    let before = export(&world);
    let world = world.on_postgres();
    let database = world.database().url();
    let _ = world.run(&format!("ledger copy here/ledger.db {database}")).exits(0);
    assert_eq!(export(&world), before);
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let _ = world.run("apply --auto-approve --limit 10").exits(5);
    let before = export(&world);
    let _ = world.run(&format!("ledger copy {database} back/ledger.db")).exits(0);
    let _ = world.run("apply --auto-approve").exits(6).shows("was moved to");
    let world = world.env("OFFERCAST_LEDGER", "back/ledger.db");
    assert_eq!(export(&world), before);
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("apply --auto-approve --ledger here/ledger.db").exits(6);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn nothing_is_moved_to_where_a_ledger_is() {
    let world = half_sent(40);
    let _ = world.run("ledger init --ledger other.db --campaigns elsewhere").exits(0);
    for to in ["other.db", "here/ledger.db"] {
        let run = world.run(&format!("ledger copy here/ledger.db {to}")).exits(6);
        let _ = run.shows("exists already");
    }
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn a_move_that_was_cut_off_before_its_end_is_finished_by_the_same_command() {
    let world = half_sent(40);
    let _ = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
    // As if it had been killed after the old place was marked, before the new one was there.
    for ending in ["", ".serial"] {
        fs::remove_file(world.path(&format!("there/ledger.db{ending}"))).unwrap();
    }
    let _ =
        world.run("apply --auto-approve").exits(6).shows("`offercast ledger copy` with the same");
    let other = world.run("ledger copy here/ledger.db elsewhere.db").exits(6);
    let _ = other.shows("was moved to");
    let _ = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
    let again = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
    let _ = again.shows("was moved to `there/ledger.db` before");
    let world = world.env("OFFERCAST_LEDGER", "there/ledger.db");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

#[test]
fn a_ledger_whose_new_place_is_lost_is_taken_over_by_a_persons_word() {
    let world = half_sent(40);
    let _ = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
    let refused = world.run("status").exits(6);
    let _ = refused.shows("`offercast ledger adopt --serial 4` goes on here");
    let _ = world.run("ledger adopt --serial 4").exits(0).shows("can be sent to again");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
}

/// The calls at which a move is killed, counted for each thread, and how many are passed over
/// from one to the next.
const KILLED_AT: [(&str, usize); 3] =
    [("fsync,fdatasync", 1), ("pwrite64", 13), ("rename,renameat,renameat2,unlink,unlinkat", 1)];
/// More calls than a move has.
const MOST_CALLS: usize = 400;

#[test]
fn a_move_killed_at_any_time_leaves_one_ledger_or_none_to_send_from() {
    if !can(&["strace", "-f", "-o", "/dev/null"]) {
        return;
    }
    let mut seen = BTreeSet::new();
    for (calls, step) in KILLED_AT {
        let mut was_killed = true;
        for nth in (1..MOST_CALLS).step_by(step) {
            let (trace, inject) =
                (format!("trace={calls}"), format!("inject={calls}:signal=KILL:when={nth}"));
            let world = half_sent(40);
            let copy = world.command("ledger copy here/ledger.db there/ledger.db");
            let copy = copy.under(&["strace", "-f", "-qq", "-o", "/dev/null"]);
            was_killed = copy.under(&["-e", &trace, "-e", &inject]).run().code() != Some(0);
            let usable = ["here/ledger.db", "there/ledger.db"].map(|ledger| {
                let run = world.run(&format!("plan --ledger {ledger}"));
                assert!(matches!(run.code(), Some(0 | 6)), "{inject}{run}");
                run.code() == Some(0)
            });
            assert_ne!(usable, [true, true], "{inject}");
            seen.insert(usable);
            let _ = world.run("ledger copy here/ledger.db there/ledger.db").exits(0);
            let _ = world.run("apply --auto-approve --ledger there/ledger.db").exits(0);
            assert_eq!((world.requests(), world.most_per_person()), (40, 1), "{inject}");
            if !was_killed {
                break;
            }
        }
        assert!(!was_killed, "it was killed at all of these: {calls}");
    }
    // Before the old place refuses, between that and the new one, and after it.
    assert_eq!(seen, [[true, false], [false, false], [false, true]].into());
}
