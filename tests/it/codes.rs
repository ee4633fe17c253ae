//! `offercast codes`: the shop knows every code before a customer does.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{CAMPAIGN, World, people};

fn world() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    world.ledger().kaleyra("")
}

/// The file's rows, each as its cells.
fn rows(world: &World, file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(world.path(file)).expect("the file was written");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn the_file_holds_exactly_the_codes_that_are_sent() {
    let world = world();
    let run = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(0);
    let _ = run.shows("Wrote 5 codes to `codes.csv`");
    let mode = fs::metadata(world.path("codes.csv")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let rows = rows(&world, "codes.csv");
    assert_eq!(rows[0], ["code", "id", "offer_ends_at", "plan_id"]);
    let issued: BTreeSet<_> = rows[1..].iter().map(|row| row[0].clone()).collect();
    let _ = world.run("apply --auto-approve").exits(0);
    let sent: BTreeSet<_> =
        world.received().iter().map(|a| a.content.coupon_code.clone()).collect();
    assert_eq!(issued, sent);
}

#[test]
fn issued_codes_do_not_change_when_people_join() {
    let mut world = world();
    let _ = world.run("codes campaigns/diwali.yaml --out before.csv").exits(0);
    world.write("campaigns/audiences/people.csv", &people(9));
    let _ = world.run("codes campaigns/diwali.yaml --out after.csv").exits(0);
    let codes = |file| -> BTreeSet<_> {
        rows(&world, file).into_iter().skip(1).map(|row| (row[1].clone(), row[0].clone())).collect()
    };
    assert!(codes("before.csv").is_subset(&codes("after.csv")));
    assert_eq!(codes("after.csv").len(), 9);
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let world = world().file("codes.csv", "mine\n");
    let _ = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(1);
    assert_eq!(fs::read_to_string(world.path("codes.csv")).unwrap(), "mine\n");
}

#[test]
fn codes_need_no_account_and_send_nothing() {
    let world = world().without("KALEYRA_API_KEY").without("KALEYRA_SID");
    let _ = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(0);
    assert_eq!(world.requests(), 0);
}
