//! Nothing is sent that was not approved, and what is sent is what was approved.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, plan_id};

fn world() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    world.ledger().kaleyra("")
}

#[test]
fn without_approval_nothing_is_sent() {
    let world = world();
    let run = world.run("apply").exits(4);
    assert_snapshot!(run.stderr(), @"error: nobody can be asked here: approve the plan with `--approve ID`");
    assert_eq!(world.requests(), 0);
    assert_eq!(world.states(), "");
}

#[test]
fn the_plan_with_the_approved_id_is_sent() {
    let world = world();
    let id = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    assert_eq!(world.received().len(), 5);
}

#[test]
fn another_id_than_the_approved_one_sends_nothing() {
    let world = world();
    let run = world.run("apply --approve 00000000000000000000000000000000").exits(3);
    assert_snapshot!(run.stderr(), @r"
    error: the plan of `diwali` is $ID, which was not approved: nothing was sent

    hint: run `offercast plan`, review what changed, and approve that plan
    ");
    assert_eq!(world.requests(), 0);
    assert_eq!(world.states(), "");
}

#[test]
fn a_plan_that_changed_after_approval_is_stale() {
    for (path, text) in [
        ("campaigns/audiences/people.csv", people(6)),
        ("campaigns/diwali.yaml", CAMPAIGN.replace("14days", "15days")),
    ] {
        let mut world = world();
        let id = plan_id(&world.run("plan").exits(0));
        world.write(path, &text);
        let _ = world.run(&format!("apply --approve {id}")).exits(3);
        assert_eq!(world.requests(), 0);
    }
}

#[test]
fn something_else_than_an_id_is_wrong_usage() {
    let _ = world().run("apply --approve yes").exits(64).shows("32 hexadecimal digits");
}

#[test]
fn ci_must_approve_by_id() {
    let world = world();
    let ledger = world.ledger_address();
    let world = world.env("CI", "true").env("OFFERCAST_LEDGER", &ledger);
    let _ = world.run("apply --auto-approve").exits(4).shows("refused in CI");
    let _ = world.run("apply").exits(4);
    assert_eq!(world.requests(), 0);
    let id = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    assert_eq!(world.received().len(), 5);
}

#[test]
fn several_campaigns_are_all_approved_or_none_is_sent() {
    let world = world().campaign("shared", SHARED);
    let one = plan_id(&world.run("plan campaigns/diwali.yaml").exits(0));
    let _ = world.run(&format!("apply --approve {one}")).exits(3).shows("`shared`");
    assert_eq!(world.requests(), 0);
    let two = plan_id(&world.run("plan campaigns/shared.yaml").exits(0));
    let _ = world.run(&format!("apply --approve {one} --approve {two}")).exits(0);
    assert_eq!(world.received().len(), 10);
}

#[test]
fn an_approval_that_fits_no_campaign_sends_nothing() {
    let world = world();
    let id = plan_id(&world.run("plan").exits(0));
    let other = "--approve 00000000000000000000000000000000";
    let _ = world.run(&format!("apply --approve {id} {other}")).exits(3);
    assert_eq!(world.requests(), 0);
}
