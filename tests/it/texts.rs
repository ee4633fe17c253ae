//! Texts that the program makes from itself: help, schema, completions, man page.

use crate::support::World;

#[test]
fn help_is_no_error_and_wrong_usage_is_64() {
    let world = World::new();
    let _ = world.run("--help").exits(0).shows("Exit codes:");
    let _ = world.run("apply --help").exits(0).shows("--auto-approve");
    let _ = world.run("--version").exits(0).shows(env!("CARGO_PKG_VERSION"));
    let _ = world.run("").exits(64);
    let _ = world.run("aply").exits(64).shows("apply");
}

#[test]
fn the_schema_is_printed() {
    let schema = World::new().run("schema campaign").exits(0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn a_code_key_can_be_made_and_differs_every_time() {
    let world = World::new();
    let keys = [(); 2].map(|()| world.run("util code-key").exits(0).raw().to_owned());
    assert!(keys[0].trim().len() >= 32);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn completions_and_the_man_page_are_printed() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let _ = world.run(&format!("util completions {shell}")).exits(0).shows("offercast");
    }
    let _ = world.run("util man").exits(0).shows(".TH");
    let _ = world.run("util reference").exits(0).shows("## `offercast apply`");
}

#[test]
fn a_wrong_clock_is_wrong_usage() {
    let run = World::new().command("status").env("OFFERCAST_NOW", "tomorrow").run().exits(64);
    let _ = run.shows("RFC 3339");
}
