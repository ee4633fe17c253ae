//! `offercast ledger forget`: nothing names the person any more, what was done stays counted,
//! and nobody sends to them again.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{CAMPAIGN, Run, World, is_missing, people, phone, plan_id, skips};

/// Two hours after the apply of [`world`].
const LATER: &str = "2026-12-01T11:00:00Z";

/// Eight people: of the first six c1 and c3 are unknown, c2 was refused and the others were
/// accepted; c6 and c7 are pending.
fn world() -> World {
    let script = r#"{"rules": [
        {"recipient": "920001", "times": 1, "drop": "before_accept"},
        {"recipient": "920003", "times": 1, "status": 504, "accept": true},
        {"recipient": "920002", "times": 1, "code": "E13001", "text": "Zebulon is not there"}]}"#;
    let world = World::new()
        .campaign("diwali", &format!("{CAMPAIGN}limits:\n  failures: 50%\n"))
        .audience("people.csv", &people(8))
        .ledger()
        .kaleyra(script);
    let _ = world.run("apply --auto-approve --limit 6").exits(7);
    assert_eq!(world.states(), "accepted 3, pending 2, rejected 1, unknown 2");
    world.env("OFFERCAST_NOW", LATER)
}

fn numbers(people: &[usize]) -> String {
    people.iter().map(|&index| phone(index) + "\n").collect()
}

fn forget(world: &World, people: &[usize]) -> Run {
    let line = format!("ledger forget --recipient - --confirm {}", people.len());
    world.command(&line).input(&numbers(people)).run()
}

/// Everything that the ledger's files, or its tables, hold.
fn bytes_of(world: &World) -> Vec<u8> {
    if world.ledger_address().starts_with("postgres") {
        let tables = "recipients issued_codes test_sends audit forgotten stops plans marks meta";
        let texts = tables.split(' ').map(|table| {
            let sql = format!("SELECT string_agg(t::text, chr(10)) FROM offercast.{table} AS t");
            world.database().query(&sql)
        });
        return texts.collect::<String>().into_bytes();
    }
    let folder = fs::read_dir(world.path(".offercast")).expect("the ledger has a folder");
    let files = folder.map(|entry| fs::read(entry.expect("readable").path()).expect("readable"));
    files.flatten().collect()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Whether the number stands there, in digits or as SQLite writes an integer: the last six
/// bytes, the highest first.
fn names(bytes: &[u8], person: usize) -> bool {
    let digits = phone(person).replace('+', "");
    let integer: u64 = digits.parse().expect("digits");
    holds(bytes, digits.as_bytes()) || holds(bytes, &integer.to_be_bytes()[2..])
}

fn row<'r>(rows: &'r [Value], id: &str) -> &'r Value {
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id}"))
}

#[test]
fn nothing_names_a_forgotten_person_and_everything_stays_counted() {
    let world = world();
    let _ = world.run(&format!("test campaigns/diwali.yaml --to {}", phone(0))).exits(0);
    let _ = world.run("resolve diwali --as sent --id c1 --confirm 1").exits(0);
    let rows = world.ledger_rows();
    let code = row(&rows, "c0")["coupon_code"].as_str().expect("it has one").to_owned();
    let message = row(&rows, "c0")["message_id"].as_str().expect("it has one").to_owned();
    let before = bytes_of(&world);
    for person in [0, 1, 2, 6] {
        assert!(names(&before, person), "{person} is there to be forgotten");
    }
    for text in [code.as_str(), message.as_str(), "Zebulon"] {
        assert!(holds(&before, text.as_bytes()), "{text} is there to be forgotten");
    }
    let report = world.run("report --format json").exits(0).stdout().to_owned();

    let run = forget(&world, &[0, 1, 2, 6, 99]).exits(0);
    assert_snapshot!("shown", run.stdout());
    assert_snapshot!("done", run.stderr());

    let after = bytes_of(&world);
    for person in [0, 1, 2, 6, 99] {
        assert!(!names(&after, person), "{person} is still there");
    }
    for text in [code.as_str(), message.as_str(), "Zebulon"] {
        assert!(!holds(&after, text.as_bytes()), "{text} is still there");
    }
    for other in [3, 4, 5, 7] {
        assert!(names(&after, other), "{other} was to stay");
    }
    assert_eq!(world.states(), "accepted 4, pending 1, rejected 1, skipped 1, unknown 1");
    assert_eq!(world.run("report --format json").exits(0).stdout(), report);
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let rows = world.ledger_rows();
    let forgotten: Vec<_> = rows.iter().filter(|row| row["recipient"] == "forgotten").collect();
    assert_eq!(forgotten.len(), 4);
    for row in forgotten {
        assert_eq!((&row["id"], &row["coupon_code"]), (&Value::Null, &Value::Null), "{row}");
        assert_eq!(row["message_id"], Value::Null, "{row}");
    }
}

#[test]
fn nobody_sends_to_a_forgotten_person_again_in_any_campaign() {
    let mut world = world();
    let _ = forget(&world, &[0, 1, 6, 50]).exits(0);
    let sent = world.requests();
    let second = CAMPAIGN.replace("name: diwali", "name: holi");
    world.write("campaigns/audiences/people.csv", &people(51));
    world.write("campaigns/holi.yaml", &second);
    let plan = world.run("plan campaigns/holi.yaml").exits(0);
    let _ = plan.shows("47  to send").shows("4  skipped: forgotten, nobody sends to them again");
    let json = world.run("plan campaigns/holi.yaml --format json").exits(0).json();
    assert_eq!(json["plans"][0]["counts"]["forgotten"], 4);
    let _ = world.run("apply campaigns/holi.yaml --auto-approve").exits(0);
    assert_eq!(world.requests(), sent + 47);
    let gone: Vec<_> = [0, 1, 6, 50].map(|index| phone(index).replace('+', "")).into();
    let received = world.received();
    let later = &received[received.len() - 47..];
    assert!(later.iter().all(|accepted| !gone.contains(&accepted.recipient.digits())));
    for person in [0, 50] {
        let line = format!("test campaigns/holi.yaml --to {} --to {}", phone(60), phone(person));
        let _ = world.run(&line).exits(4).shows("is forgotten");
    }
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.most_per_person(), 2, "once in each campaign");
}

#[test]
fn a_plan_under_way_is_to_be_reviewed_again_without_them() {
    let world = world();
    let rows = world.ledger_rows();
    let old = rows[0]["plan_id"].as_str().expect("everybody has a plan").to_owned();
    let sent = world.requests();
    let _ = forget(&world, &[0, 6]).exits(0);
    let stale = world.run(&format!("apply --approve {old}")).exits(3);
    assert_snapshot!("stale", stale.stderr());
    assert_eq!(world.requests(), sent);
    let plan = world.run("plan").exits(0);
    assert_snapshot!("planned", plan.stdout());
    let new = plan_id(&plan);
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (sent + 1, 1));
    assert_eq!(world.received().last().map(|a| a.recipient.e164()), Some(phone(7)));
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    assert_eq!(world.requests(), sent + 1);
}

#[test]
fn a_finished_campaign_stays_finished() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(3));
    let world = world.ledger().kaleyra("");
    let id = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    let _ = forget(&world, &[1]).exits(0);
    let _ = world.run("plan").exits(0).shows("nothing to do: 2 accepted, 1 forgotten");
    let _ = world.run(&format!("apply --approve {id}")).exits(0);
    assert_eq!((world.requests(), world.states().as_str()), (3, "accepted 3"));
}

#[test]
fn it_takes_consent_to_exactly_these_people() {
    let world = world();
    let line = "ledger forget --recipient -";
    let run = world.command(line).input(&numbers(&[0, 0, 6])).run().exits(4);
    assert_snapshot!("refused", run.stderr());
    let wrong = world.command(&format!("{line} --confirm 3")).input(&numbers(&[0, 6])).run();
    let _ = wrong.exits(4).shows("nobody was forgotten");
    let dry = world.command(&format!("{line} --dry-run --format json"));
    let dry = dry.input(&numbers(&[0, 6, 99])).run().exits(0).json();
    assert_eq!(dry["forgotten"], false);
    assert_eq!(dry["not_in_ledger"], 1);
    assert!(names(&bytes_of(&world), 0));
    for (input, words) in [("", "has no number"), ("17139\n", "line 1 of standard input")] {
        let _ = world.command(line).input(input).run().exits(64).shows(words);
    }
    let typed = format!("ledger forget --recipient {} --confirm 1 --format json", phone(0));
    let done = world.run(&typed).exits(0).json();
    assert_eq!((&done["forgotten"], &done["rewritten"]), (&true.into(), &true.into()));
    let again = world.run(&typed).exits(0).json();
    assert_eq!((&again["forgotten_before"], &again["in_ledger"]), (&1.into(), &0.into()));
}

#[test]
fn every_other_command_works_with_forgotten_people() {
    let mut world = world();
    let _ = forget(&world, &[0, 1, 6]).exits(0);
    let status = world.command("status --recipient -").input(&phone(0)).run().exits(0);
    let _ = status.shows("forgotten since 2026-12-01 11:00 UTC");
    let _ = world.run("status --unknown").exits(0).shows("forgotten");
    let _ = world.run("status --id c0").exits(0).shows("nothing is known");
    let listed = world.command("resolve diwali --as sent --recipient - --confirm 1");
    let _ = listed.input(&phone(1)).run().exits(4);
    world.write("report.csv", &format!("To,Status\n{},read\n{},read\n", phone(1), phone(3)));
    let line = "resolve diwali --from report.csv --map number=To,status=Status --confirm 1";
    let _ = world.run(line).exits(0);
    let _ = world.run("resolve diwali --as unsent --all --confirm 1").exits(0);
    assert_eq!(world.states(), "accepted 4, pending 1, rejected 1, skipped 2");
    let _ = world.run("status").exits(0).hides("settled as unsent");
    let _ = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(0).shows("Wrote 1 code");

    // Excluded by another campaign they are no more, forgotten they are.
    let exclude =
        "exclude:\n  - { campaign: diwali }\n  - { file: audiences/out.csv, late: true }\n";
    let second = CAMPAIGN.replace("name: diwali", "name: holi") + exclude;
    world.write("campaigns/holi.yaml", &second);
    world.write("campaigns/audiences/out.csv", &format!("phone\n{}\n", phone(7)));
    let before = world.run("plan campaigns/holi.yaml --out before.plan").exits(0);
    let _ =
        before.shows("3  skipped: forgotten").shows("1  of them on exclude lists marked `late`");
    let _ = forget(&world, &[2]).exits(0);
    let since = world.run("plan campaigns/holi.yaml --against before.plan").exits(0);
    let _ = since.shows("4  skipped: forgotten");
    let _ = world.run("apply --plan before.plan").exits(3).shows("forgotten: from 3 to 4 people");
    let _ = world.run("ledger check").exits(0);
}

#[test]
fn what_was_forgotten_stays_forgotten_in_a_new_place() {
    if skips("a ledger that is moved from a file") || is_missing() {
        return;
    }
    let world = world();
    let _ = forget(&world, &[0, 6]).exits(0);
    let rows = world.ledger_rows();
    let world = world.on_postgres();
    let database = world.database().url();
    let _ = world.run(&format!("ledger copy .offercast/ledger.db {database}")).exits(0);
    assert_eq!(world.ledger_rows(), rows);
    let _ = world.run("plan").exits(0).shows("2  skipped: forgotten");
    let _ = forget(&world, &[7]).exits(0);
    let _ = world.run(&format!("ledger copy {database} back/ledger.db")).exits(0);
    let world = world.env("OFFERCAST_LEDGER", "back/ledger.db");
    let _ = world.run("plan").exits(0).shows("1 rejected, 3 forgotten");
    let _ = world.run("ledger check").exits(0);
}

#[test]
fn whoever_does_not_own_the_tables_is_told_what_may_remain() {
    if is_missing() {
        return;
    }
    let world = World::new().on_postgres();
    let database = world.database();
    let role = format!("{}_sender", database.name());
    let _ = world.run("ledger init --campaigns elsewhere").exits(0);
    database.query(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA offercast TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA offercast TO {role}"
    ));
    let line = "ledger forget --recipient - --confirm 1 --campaigns elsewhere";
    let run = world.command(line).env("OFFERCAST_LEDGER", &database.url_of(&role));
    let run = run.input(&phone(0)).run().exits(1);
    let _ = run.shows("may still stand in freed parts").shows("belong to another role");
    let _ = world.command(line).input(&phone(0)).run().exits(0);
}

#[test]
fn nobody_is_forgotten_while_an_apply_runs() {
    let world = World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(5))
        .ledger()
        .kaleyra(r#"{"rules": [{"hang": "before_accept"}]}"#);
    let apply = world.spawn("apply --auto-approve");
    let apply = apply.until("a request is on the wire", |world| world.requests() > 0);
    let _ = forget(&world, &[0]).exits(6).shows("is in use");
    apply.signal(rustix::process::Signal::KILL);
    let _ = apply.wait().was_killed();
    let run = forget(&world, &[0, 1, 2, 3, 4]).exits(0);
    let _ = run.shows("an apply died while");
    assert!(!world.states().contains("attempting"), "{}", world.states());
    let requests = world.requests();
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.received().len()), (requests, 0));
}
