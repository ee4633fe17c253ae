//! `offercast plan`: who would get which message, and nothing else happens.

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, phone, plan_id, skips};

fn world() -> World {
    World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(8))
}

#[test]
fn a_plan_shows_counts_terms_samples_and_the_next_command() {
    let run = world().ledger().run("plan").exits(0);
    assert_snapshot!("new", run.stdout());
    assert_eq!(run.stderr(), "");
}

#[test]
fn a_plan_is_told_as_json() {
    let run = world().ledger().run("plan --format json").exits(0);
    let _ = run.json();
    assert_snapshot!(run.stdout());
}

#[test]
fn everybody_who_gets_nothing_is_counted_with_the_reason() {
    let rows = "customer_id,first_name,phone,orders\n\
                c0,Asha,+491713920000,0\n\
                c1,Jonas,+49 171 3920000,0\n\
                c2,Elsa,4.91771E+11,0\n\
                c3,Ruby,01713920003,0\n\
                c4,Tom,+491713920004,2\n\
                c5,Asha,+491713920005,0\n\
                c6,Jonas,+12025550123,0\n\
                c7,Elsa,,0\n";
    let yaml = CAMPAIGN.replace("id: customer_id\n", "id: customer_id\n    where: orders == 0\n")
        + "exclude:\n  - file: audiences/opt-outs.csv\nlimits:\n  invalid: 50%\n";
    let world = World::new()
        .campaign("diwali", &yaml)
        .audience("people.csv", rows)
        .audience("opt-outs.csv", "phone\n+491713920005\n")
        .ledger();
    assert_snapshot!("reasons", world.run("plan").exits(0).stdout());
}

#[test]
fn changes_are_an_exit_code_when_asked_for() {
    let world = world().ledger().kaleyra("");
    let _ = world.run("plan").exits(0);
    let _ = world.run("plan --detailed-exitcode").exits(2);
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("plan --detailed-exitcode").exits(0);
}

#[test]
fn nothing_to_do_is_one_line() {
    let world = world().ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_snapshot!(world.run("plan").exits(0).stdout(), @r"
    diwali  nothing to do: 8 accepted
    ");
}

#[test]
fn the_same_meaning_has_the_same_id_and_another_meaning_another() {
    let mut world = world().ledger();
    let first = plan_id(&world.run("plan").exits(0));
    assert_eq!(plan_id(&world.run("plan").exits(0)), first);

    // Order, spelling, comments, pace and description mean nothing.
    let mut rows: Vec<_> = people(8).lines().map(str::to_owned).collect();
    rows[1..].reverse();
    let rows = rows.join("\r\n").replace("+4917139200", "+49 (171) 39200-");
    world.write("campaigns/audiences/people.csv", &rows);
    let same = CAMPAIGN.replace("Two weeks off", "Half a month off").replace("1000/s", "5/s");
    world.write("campaigns/diwali.yaml", &format!("# again\n{same}"));
    assert_eq!(plan_id(&world.run("plan").exits(0)), first);

    let mut ids = vec![first];
    for (from, to) in [
        // The environment's API host is the first one's, the region's own this one's.
        ("", ""),
        ("25%\"", "30%\""),
        ("14days", "13days"),
        ("lto_diwali_video", "lto_diwali_image"),
        ("code(9)", "code(10)"),
        ("diwali.mp4", "eid.mp4"),
        ("region: in", "region: eu"),
        ("555010", "555011"),
    ] {
        world.write("campaigns/diwali.yaml", &CAMPAIGN.replace(from, to));
        // The environment's API host would hide the region's.
        let run = world.command("plan").without("OFFERCAST_API_URL").run();
        ids.push(plan_id(&run.exits(0)));
    }
    world.write("campaigns/diwali.yaml", CAMPAIGN);
    for rows in [people(7), people(8).replace("Tom", "Tim")] {
        world.write("campaigns/audiences/people.csv", &rows);
        ids.push(plan_id(&world.run("plan").exits(0)));
    }
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
}

#[test]
fn a_plan_writes_nothing_and_needs_no_account() {
    if skips("it compares the file") {
        return;
    }
    let world = world().ledger().without("KALEYRA_API_KEY").without("KALEYRA_SID");
    let ledger = world.path(".offercast/ledger.db");
    let before = fs::read(&ledger).unwrap();
    let _ = world.run("plan").exits(0);
    assert_eq!(fs::read(&ledger).unwrap(), before);
    // SQLite's readers leave their side files behind; a log without contents is no change.
    let log = fs::metadata(world.path(".offercast/ledger.db-wal"));
    assert_eq!(log.map_or(0, |log| log.len()), 0);
}

#[test]
fn a_missing_ledger_is_never_taken_for_a_first_run() {
    if skips("it is about the file that is assumed") {
        return;
    }
    let world = world();
    let run = world.run("plan").exits(6).hides("init");
    assert_snapshot!(run.stderr(), @r"
    error: there is no ledger at `.offercast/ledger.db`

    hint: restore it, or name the right one with `--ledger` or `OFFERCAST_LEDGER`: without it nobody knows who was sent to already
    ");
    assert!(!world.path(".offercast").exists());
}

#[test]
fn a_plan_without_a_ledger_cannot_be_applied() {
    let run = world().run("plan --no-ledger").exits(0);
    let _ = run.shows("cannot be applied").hides("offercast apply").hides("$ID");
}

#[test]
fn the_sandboxs_plan_needs_no_environment() {
    let world = world().without("OFFERCAST_CODE_KEY").env("CI", "true");
    let _ = world.run("plan --sandbox").exits(0).shows("8 unique");
}

#[test]
fn a_plan_needs_the_code_key() {
    let world = world().ledger();
    let run = world.command("plan").without("OFFERCAST_CODE_KEY").run().exits(1);
    let _ = run.shows("`OFFERCAST_CODE_KEY` is not set");
    let run = world.command("plan").env("OFFERCAST_CODE_KEY", "canary-short").run().exits(1);
    let _ = run.shows("at least 32 bytes").hides("canary-short");
}

#[test]
fn a_shared_code_needs_no_code_key() {
    let world = World::new().campaign("shared", SHARED).audience("people.csv", &people(3)).ledger();
    let run = world.command("plan").without("OFFERCAST_CODE_KEY").run().exits(0);
    let _ = run.shows("one code for everybody").hides("HAPPY76");
}

#[test]
fn full_numbers_are_for_terminals_only() {
    let _ = world().ledger().run("plan --show-recipients").exits(64).shows("on a terminal only");
}

#[test]
fn samples_can_be_left_out_or_multiplied() {
    let world = world().ledger();
    let none = world.run("plan --samples 0").exits(0);
    assert_eq!(none.stdout().matches("people.csv:").count(), 0);
    let all = world.run("plan --samples 20").exits(0);
    assert_eq!(all.stdout().matches("people.csv:").count(), 8);
}

#[test]
fn an_unreadable_exclude_list_stops_the_plan() {
    let yaml = format!("{CAMPAIGN}exclude:\n  - file: audiences/opt-outs.csv\n");
    let mut world =
        World::new().campaign("diwali", &yaml).audience("people.csv", &people(3)).ledger();
    let _ = world.run("plan").exits(65).shows("opt-outs.csv");
    world.write("campaigns/audiences/opt-outs.csv", "phone\n+491713920001\nnobody\n");
    let _ = world.run("plan").exits(65).shows("opt-outs.csv:3");
    world.write("campaigns/audiences/opt-outs.csv", &format!("phone\n{}\n", phone(1)));
    let _ = world.run("plan").exits(0).shows("excluded by audiences/opt-outs.csv");
}

#[test]
fn a_row_that_a_pattern_cannot_be_rendered_for_is_named() {
    let rows = "{\"customer_id\": \"c0\", \"first_name\": \"Asha\", \"phone\": \"+491713920000\"}\n\
                {\"customer_id\": \"c1\", \"phone\": \"+491713920001\"}\n";
    let yaml = CAMPAIGN.replace("people.csv", "people.ndjson");
    let world = World::new().campaign("diwali", &yaml).audience("people.ndjson", rows).ledger();
    let _ = world.run("plan").exits(65).shows("people.ndjson:2").shows("first_name");
}

#[test]
fn a_row_whose_values_cannot_be_sent_is_left_out() {
    let rows = people(30).replacen("Asha", "A\tsha", 1);
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &rows).ledger();
    let run = world.run("plan").exits(0).shows("+  29  to send");
    let _ = run.shows("·   1  skipped: invalid rows").shows("people.csv:2");
}
