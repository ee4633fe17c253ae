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
    // In a campaign of this name c7 and c69 draw the same four characters, and whoever has
    // the lower number keeps them, had the code not been issued to the other before.
    let yaml = CAMPAIGN.replace("code(9)", "code(4)").replace("name: diwali", "name: diwali-70");
    let everybody = people(100);
    let without_c7: String =
        everybody.split_inclusive('\n').filter(|row| !row.starts_with("c7,")).collect();
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &without_c7);
    let mut world = world.ledger().kaleyra("");
    let _ = world.run("codes campaigns/diwali.yaml --out before.csv").exits(0);
    world.write("campaigns/audiences/people.csv", &everybody);
    let _ = world.run("codes campaigns/diwali.yaml --out after.csv").exits(0);
    let codes = |file| -> BTreeSet<_> {
        rows(&world, file).into_iter().skip(1).map(|row| (row[1].clone(), row[0].clone())).collect()
    };
    let (before, after) = (codes("before.csv"), codes("after.csv"));
    assert_eq!((before.len(), after.len()), (99, 100));
    assert!(before.is_subset(&after));
    let different: BTreeSet<_> = after.iter().map(|(_, code)| code).collect();
    assert_eq!(different.len(), 100, "the one who joined got another one");
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
