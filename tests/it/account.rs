//! The keys and the account: asked for when needed, never shown, never mixed up.

use std::fs;

use crate::support::{CAMPAIGN, World, people, plan_id};

fn world() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    world.ledger().kaleyra("")
}

#[test]
fn a_missing_key_is_named_before_anything_is_sent() {
    for name in ["KALEYRA_API_KEY", "KALEYRA_SID", "OFFERCAST_CODE_KEY"] {
        let world = world().without(name);
        let run = world.run("apply --auto-approve").exits(1);
        let _ = run.shows(&format!("`{name}` is not set"));
        assert_eq!(world.requests(), 0);
    }
}

#[test]
fn keys_can_stand_in_files() {
    let mut world = world();
    for name in ["KALEYRA_API_KEY", "KALEYRA_SID", "OFFERCAST_CODE_KEY"] {
        let value = world.variable(name);
        fs::write(world.path(name), format!("{value}\n")).unwrap();
        world = world.without(name).env(&format!("{name}_FILE"), name);
    }
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.received().len(), 5);
}

#[test]
fn an_unusable_key_is_refused_without_showing_it() {
    let world = world();
    let run = world.command("apply --auto-approve").env("KALEYRA_SID", "HX/canary/../071");
    let _ = run.run().exits(1).shows("`KALEYRA_SID` cannot be used").hides("HX/canary");
    let run = world.command("apply --auto-approve").env("KALEYRA_API_KEY", "canary key\u{7}");
    let _ = run.run().exits(1).shows("`KALEYRA_API_KEY` cannot be used").hides("canary key");
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_wrong_key_halts_at_the_first_request() {
    let mut world = world();
    world.write("campaigns/audiences/people.csv", &people(50));
    let run = world.command("apply --auto-approve").env("KALEYRA_API_KEY", "another-key");
    let _ = run.run().exits(8).shows("RBC201").hides("another-key");
    assert!((1..=4).contains(&world.requests()), "no more than were on the wire at once");
    assert_eq!(world.received().len(), 0);
    assert_eq!(world.states(), "pending 50");
}

#[test]
fn a_ledger_belongs_to_one_account_and_one_host() {
    let world = world();
    let _ = world.run("apply --auto-approve --limit 2").exits(5);
    let requests = world.requests();
    let _ = world.command("apply").env("KALEYRA_SID", "HXother").run().exits(6).hides("HXother");
    let _ = world.command("apply").env("OFFERCAST_API_URL", "http://127.0.0.1:2").run().exits(6);
    let _ = world.command("apply").without("OFFERCAST_API_URL").run().exits(6);
    assert_eq!(world.requests(), requests);
}

#[test]
fn a_campaign_keeps_the_code_key_it_began_with() {
    let world = world();
    let _ = world.run("apply --auto-approve --limit 2").exits(5);
    let id = plan_id(&world.run("plan").exits(0));
    let other = "another-code-key-another-code-key";
    let apply = |line: &str| world.command(line).env("OFFERCAST_CODE_KEY", other).run();
    let _ = apply("apply").exits(4).shows("began with code key").hides(other);
    let _ = apply(&format!("apply --approve {id}")).exits(3).shows("began with code key");
    assert_eq!(world.received().len(), 2);
}

#[test]
fn the_api_is_reached_in_the_clear_on_this_machine_only() {
    let world = world();
    for url in ["http://example.com", "ftp://127.0.0.1", "not a url", "https://u:p@example.com"] {
        let run = world.command("apply --auto-approve").env("OFFERCAST_API_URL", url).run();
        let _ = run.exits(1).shows("`OFFERCAST_API_URL` cannot be used").hides("u:p");
    }
    assert_eq!(world.requests(), 0);
}
