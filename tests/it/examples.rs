//! The campaigns that readers learn from.

use std::fs;

use crate::support::World;
use crate::tidy::{files_below, root};

/// A world with the repository's own campaigns in it.
fn world() -> World {
    let mut world = World::new().without("OFFERCAST_API_URL");
    for path in files_below("campaigns") {
        let bytes = fs::read(root().join(&path)).expect("an example can be read");
        world = world.bytes(&path.display().to_string(), &bytes);
    }
    world
}

#[test]
fn every_example_is_valid() {
    let run = world().run("validate").exits(0);
    assert!(run.stderr().contains("valid"), "{run}");
}

#[test]
fn every_example_is_valid_in_ten_years_too() {
    let world = world();
    let _ = world.command("validate").env("OFFERCAST_NOW", "2036-12-01T09:00:00Z").run().exits(0);
    let apply = world.command("apply --sandbox --auto-approve --limit 1");
    let _ = apply.env("OFFERCAST_NOW", "2036-12-01T09:00:00Z").run().exits(5);
}

#[test]
fn every_example_goes_through_the_sandbox_as_the_readme_says() {
    let bare = world().without("KALEYRA_API_KEY").without("KALEYRA_SID").env("CI", "true");
    let run = bare.without("OFFERCAST_CODE_KEY").run("apply --sandbox --auto-approve campaigns");
    let _ = run.exits(0).shows("accepted by Kaleyra (delivery not known)");
}
