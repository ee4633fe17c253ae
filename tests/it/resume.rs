//! A stopped apply goes on where it was.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, phone, plan_id};

fn world(people_count: usize) -> World {
    let world = World::new().campaign("diwali", CAMPAIGN);
    world.audience("people.csv", &people(people_count)).ledger().kaleyra("")
}

#[test]
fn a_limit_stops_cleanly_and_says_how_to_go_on() {
    let world = world(8);
    let run = world.run("apply --auto-approve --limit 3").exits(5);
    assert_snapshot!("limit", run.stdout());
    assert_eq!((world.received().len(), world.states().as_str()), (3, "accepted 3, pending 5"));
    // The command it prints goes on, without another approval: the plan was approved.
    let _ = run.shows("To go on:  offercast apply campaigns");
    let _ = world.run("apply campaigns").exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (8, 1));
    assert_eq!(world.states(), "accepted 8");
}

#[test]
fn the_approved_id_stays_the_same_while_it_is_carried_out() {
    let world = world(8);
    let id = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {id} --limit 3")).exits(5);
    assert_eq!(plan_id(&world.run("plan").exits(0)), id);
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (8, 1));
}

#[test]
fn a_limit_counts_people_over_all_campaigns() {
    let world = world(4).campaign("shared", SHARED);
    let _ = world.run("apply --auto-approve --limit 5").exits(5);
    assert_eq!(world.received().len(), 5);
    let _ = world.run("apply").exits(0);
    assert_eq!(world.received().len(), 8);
}

#[test]
fn a_deadline_stops_cleanly() {
    let yaml = CAMPAIGN.replace("1000/s", "2/s");
    // Ten seconds' worth of people: some are left however long it takes.
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &people(20));
    let world = world.ledger().kaleyra("");
    let run = world.run("apply --auto-approve --deadline 5s").exits(5);
    let _ = run.shows("To go on:");
    let sent = world.received().len();
    assert!((1..20).contains(&sent), "{sent}");
    assert_eq!(world.states(), format!("accepted {sent}, pending {}", 20 - sent));
}

#[test]
fn a_plan_that_changed_while_stopped_needs_a_new_approval() {
    let mut world = world(8);
    let _ = world.run("apply --auto-approve --limit 3").exits(5);
    world.write("campaigns/audiences/people.csv", &people(9));
    let _ = world.run("apply").exits(4);
    assert_eq!(world.received().len(), 3);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (9, 1));
}

#[test]
fn codes_stay_with_their_people_over_stops() {
    let world = world(8);
    let _ = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(0);
    let _ = world.run("apply --auto-approve --limit 3").exits(5);
    let _ = world.run("apply").exits(0);
    let codes = std::fs::read_to_string(world.path("codes.csv")).unwrap();
    let known: BTreeMap<String, String> = codes
        .lines()
        .skip(1)
        .map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>())
        .map(|cells| (cells[1].clone(), cells[0].clone()))
        .collect();
    let index_of = |number: &str| (0..8).find(|index| phone(*index) == number);
    let sent = world.received().into_iter().map(|one| {
        let index = index_of(&one.recipient.e164()).expect("somebody of the audience");
        (format!("c{index}"), one.content.coupon_code.clone())
    });
    assert_eq!(sent.collect::<BTreeMap<_, _>>(), known);
}
