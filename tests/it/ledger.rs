//! `offercast ledger`: created once, named in git, never made up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, people, phone, skips};

fn world() -> World {
    World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(3))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

#[test]
fn init_prints_the_lineage_and_names_it_in_the_campaigns_folder() {
    if skips("it is about the ledger's file") {
        return;
    }
    let world = world();
    let run = world.run("ledger init").exits(0);
    assert_snapshot!(run.stdout(), @"$ID");
    assert_snapshot!(run.stderr(), @"Created the ledger `.offercast/ledger.db` and wrote its lineage to `campaigns/.ledger`: commit that file.");
    let named = fs::read_to_string(world.path("campaigns/.ledger")).unwrap();
    assert_eq!(named, run.raw());
    assert_eq!(mode(&world.path(".offercast/ledger.db")), 0o600);
}

#[test]
fn a_named_ledger_is_not_replaced_by_the_way() {
    let world = world().ledger();
    let lineage = fs::read_to_string(world.path("campaigns/.ledger")).unwrap();
    let _ = world.run("ledger init").exits(6);
    let _ = world.run("ledger init --ledger other.db").exits(6);
    assert!(!world.path("other.db").exists());
    let other = "ledger init --ledger other.db --replace 00000000000000000000000000000000";
    let _ = world.run(other).exits(64);
    let replace = format!("ledger init --ledger other.db --replace {}", lineage.trim());
    let _ = world.run(&replace).exits(0);
    assert_ne!(fs::read_to_string(world.path("campaigns/.ledger")).unwrap(), lineage);
}

#[test]
fn another_ledger_than_the_named_one_is_refused() {
    let world = world().ledger().kaleyra("");
    let _ = world.run("ledger init --ledger other.db --campaigns elsewhere").exits(0);
    for line in ["plan --ledger other.db", "apply --auto-approve --ledger other.db"] {
        let _ = world.run(line).exits(6).shows("campaigns/.ledger");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_lost_ledger_is_never_created_by_apply() {
    if skips("it deletes the file") {
        return;
    }
    let world = world().ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    fs::remove_dir_all(world.path(".offercast")).unwrap();
    let _ = world.run("apply --auto-approve").exits(6).hides("init");
    let _ = world.run("status").exits(6).hides("init");
    assert!(!world.path(".offercast/ledger.db").exists());
    assert_eq!(world.requests(), 3);
}

#[test]
fn in_ci_no_ledger_is_assumed() {
    if skips("it is about the file that is assumed elsewhere") {
        return;
    }
    let world = world().ledger().env("CI", "true");
    let _ = world.run("plan").exits(6).shows("in CI none is assumed");
    let _ = world.run("plan --ledger .offercast/ledger.db").exits(0);
    let _ = world.command("plan").env("OFFERCAST_LEDGER", ".offercast/ledger.db").run().exits(0);
}

#[test]
fn a_file_is_no_ledger_on_a_machine_that_is_thrown_away() {
    let env = |line: &str, runner: &str, world: &World| {
        let command = world.command(line).env("CI", "true").env("GITHUB_ACTIONS", "true");
        command.env("RUNNER_ENVIRONMENT", runner).env("OFFERCAST_LEDGER", "kept/ledger.db").run()
    };
    let world = world().kaleyra("");
    let _ = env("ledger init", "self-hosted", &world).exits(0);
    let plan = "plan --out plan.json";
    let _ = env(plan, "self-hosted", &world).exits(0);
    let before = fs::read(world.path("kept/ledger.db")).unwrap();
    for line in [
        "plan",
        "apply --plan plan.json",
        "apply --plan plan.json --ledger kept/ledger.db",
        "test campaigns/diwali.yaml --to '+49 171 3920022'",
        "codes campaigns/diwali.yaml --out codes.csv",
        "status",
        "report",
        "resolve diwali --as sent --all",
        "ledger init --ledger another.db",
        "ledger check",
        "ledger export",
    ] {
        let run = env(line, "github-hosted", &world).exits(6).shows("is a file on a hosted runner");
        let _ = run.shows("PostgreSQL").shows("self-hosted runner with a persistent volume");
    }
    assert_eq!((world.requests(), world.path("another.db").exists()), (0, false));
    assert_eq!(fs::read(world.path("kept/ledger.db")).unwrap(), before);
    for line in ["validate", "plan --no-ledger", "plan --sandbox", "apply --sandbox"] {
        let line = line.replace("apply", "apply --auto-approve");
        let _ = env(&line, "github-hosted", &world).exits(0);
    }
    let _ = env("apply --plan plan.json", "self-hosted", &world).exits(0);
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let world = world().ledger();
    fs::write(world.path("notes.db"), "these are my notes\n").unwrap();
    let _ = world.run("plan --ledger notes.db").exits(6).shows("notes.db");
    let _ = world.run("ledger check --ledger notes.db").exits(6);
    assert_eq!(fs::read_to_string(world.path("notes.db")).unwrap(), "these are my notes\n");
}

#[test]
fn check_finds_damage() {
    if skips("it damages the file") {
        return;
    }
    let world = world().ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let file = world.path(".offercast/ledger.db");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(3).position(|bytes| bytes == b"DIW").expect("codes stand in the file");
    bytes[at] = b'X';
    fs::write(&file, bytes).unwrap();
    let _ = world.run("ledger check").exits(6);
}

#[test]
fn an_export_hides_numbers_and_codes() {
    let world = world().ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    let csv = world.run("ledger export").exits(0);
    assert_eq!(csv.stdout().lines().count(), 4);
    let header = "campaign,recipient,id,state,cause,attempts,message_id,coupon_code,content_hash,\
                  plan_id,accepted_at,updated_at,attempted_at,receipt";
    assert_eq!(csv.stdout().lines().next(), Some(header));
    let lines = world.run("ledger export --format ndjson").exits(0).json_lines();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["id"], "c0");
    let _ = world.run("ledger export --campaign other").exits(0);
}

#[test]
fn a_full_export_goes_to_a_private_file_only() {
    let world = world().ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("ledger export --show-recipients").exits(64).shows("`--out FILE`");
    let _ = world.run("ledger export --show-recipients --out all.csv").exits(0);
    assert_eq!(mode(&world.path("all.csv")), 0o600);
    let text = fs::read_to_string(world.path("all.csv")).unwrap();
    assert!(text.contains(phone(0).trim_start_matches('+')), "{text}");
    // A file that is there is not written over.
    let _ = world.run("ledger export --show-recipients --out all.csv").exits(1);
}
