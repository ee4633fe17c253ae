//! `offercast init`: a folder that works before anything in it is changed.

use std::fs;

use insta::assert_snapshot;

use crate::support::World;

fn world() -> World {
    World::new()
        .without("OFFERCAST_CODE_KEY")
        .without("KALEYRA_API_KEY")
        .without("KALEYRA_SID")
        .without("OFFERCAST_API_URL")
}

#[test]
fn a_new_folder_goes_through_the_sandbox_as_it_is() {
    let world = world();
    let run = world.run("init").exits(0);
    assert_snapshot!(run.stdout(), @r"
    created  campaigns/first-offer.yaml
    created  campaigns/audiences/first-offer.csv
    created  schemas/campaign.schema.json
    created  campaigns/.gitattributes
    created  .gitignore
    ");
    assert_snapshot!(run.stderr().trim_start(), @r"
    Next: change the campaign to yours, and see what it would send:
      offercast validate campaigns/first-offer.yaml
      offercast plan --sandbox campaigns/first-offer.yaml
    ");
    assert_snapshot!(world.run("validate").exits(0).stderr(), @"1 campaign is valid");
    let _ = world.run("apply --sandbox --auto-approve").exits(0).shows("3 accepted");
    let schema = world.run("schema campaign").exits(0);
    let written = fs::read_to_string(world.path("schemas/campaign.schema.json")).unwrap();
    assert_eq!(written, schema.raw());
}

#[test]
fn a_second_campaign_joins_the_first_whatever_its_name_is() {
    let world = world();
    let _ = world.run("init shop").exits(0).shows("  cd shop\n");
    for name in ["2026", "null", "x", "a.b_c-d"] {
        let run = world.run(&format!("init shop --name {name}")).exits(0);
        assert!(run.stdout().contains("kept     .gitignore"), "{run}");
    }
    let run = world.run("validate shop/campaigns").exits(0);
    assert_snapshot!(run.stderr(), @"5 campaigns are valid");
    let plan = world.run("plan --sandbox --format json shop/campaigns/2026.yaml").exits(0).json();
    assert_eq!(plan["plans"][0]["campaign"], "2026");
}

#[test]
fn what_exists_is_never_written_over() {
    let mut world = world();
    world.write("campaigns/audiences/first-offer.csv", "mine\n");
    world.write(".gitignore", "target\n");
    let run = world.run("init").exits(1);
    assert_snapshot!(run.stderr(), @r"
    error: cannot write `./campaigns/audiences/first-offer.csv`
    Caused by:
      it exists already

    hint: an existing file is never written over: name another one
    ");
    assert!(!world.path("campaigns/first-offer.yaml").exists(), "no half of a campaign");
    let run = world.run("init --name other").exits(0);
    let _ = run.shows("`.gitignore` has no line `.offercast/`");
    assert_eq!(fs::read_to_string(world.path(".gitignore")).unwrap(), "target\n");
    let mine = fs::read_to_string(world.path("campaigns/audiences/first-offer.csv")).unwrap();
    assert_eq!(mine, "mine\n");
}

#[test]
fn pipelines_are_those_of_the_examples() {
    for (service, example) in [
        ("github", "examples/ci/github/offercast-apply.yml"),
        ("gitlab", "examples/ci/gitlab/.gitlab-ci.yml"),
    ] {
        let world = world();
        let run = world.run(&format!("init --ci {service}")).exits(0);
        let name = example.rsplit('/').next().unwrap();
        let written = run.stdout().lines().find(|line| line.ends_with(name)).unwrap();
        let written = fs::read(world.path(written.trim_start_matches("created  "))).unwrap();
        assert_eq!(written, fs::read(crate::tidy::root().join(example)).unwrap(), "{service}");
    }
}

#[test]
fn a_name_that_no_campaign_can_have_is_refused_before_anything_is_written() {
    let world = world();
    let _ = world.run("init shop --name Diwali").exits(64).shows("lower-case letters");
    assert!(!world.path("shop").exists());
}
