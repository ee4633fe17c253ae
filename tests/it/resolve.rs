//! `offercast resolve`: what could not be known is settled, by a word or by a report.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, people, phone, plan_id};

/// Two hours after the apply of [`world`].
const LATER: &str = "2026-12-01T11:00:00Z";

/// Five people, of whom c3 is unknown (though accepted) and c1 is unknown (and never was);
/// whoever is sent to again gets through.
fn world() -> World {
    let script = r#"{"rules": [
        {"recipient": "920001", "times": 1, "drop": "before_accept"},
        {"recipient": "920003", "times": 1, "status": 504, "accept": true}]}"#;
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    let world = world.ledger().kaleyra(script);
    let _ = world.run("apply --auto-approve").exits(7);
    assert_eq!(world.states(), "accepted 3, unknown 2");
    world.env("OFFERCAST_NOW", LATER)
}

fn stands(world: &World, id: &str) -> (String, String, String) {
    let rows = world.ledger_rows();
    let row = rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id}"));
    let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
    (text("state"), text("cause"), text("receipt"))
}

fn is(state: &str, cause: &str, receipt: &str) -> (String, String, String) {
    (state.to_owned(), cause.to_owned(), receipt.to_owned())
}

#[test]
fn people_in_doubt_are_listed_masked() {
    let world = world();
    assert_snapshot!("listed", world.run("status diwali --unknown").exits(0).stdout());
    let csv = world.run("status --unknown --format csv").exits(0);
    assert_eq!(csv.stdout().lines().count(), 3);
    let json = world.run("status --unknown --format json").exits(0).json();
    assert_eq!(json["history"].as_array().map(Vec::len), Some(2));
    let _ = world.run("status --unknown --format markdown").exits(64);
}

#[test]
fn off_a_terminal_the_number_of_people_must_be_stated() {
    let world = world();
    let run = world.run("resolve diwali --as sent --all").exits(4);
    assert_snapshot!("shown", run.stdout());
    assert_snapshot!("refused", run.stderr());
    let _ = world.run("resolve diwali --as sent --all --confirm 3").exits(4);
    assert_eq!(world.states(), "accepted 3, unknown 2");
    let _ = world.run("resolve diwali --as sent --all --confirm 2").exits(0);
    assert_eq!(world.states(), "accepted 5");
    let _ = world.run("resolve diwali --as sent --all --confirm 2").exits(0).shows("Nothing");
}

#[test]
fn another_ledger_than_the_campaigns_name_is_refused() {
    let mut world = world();
    world.write("campaigns/.ledger", "abcdefabcdefabcdefabcdefabcdefab\n");
    let run = world.run("resolve diwali --as sent --all --confirm 2").exits(6);
    let _ = run.shows("campaigns/.ledger");
    assert_eq!(std::fs::remove_file(world.path("campaigns/.ledger")).ok(), Some(()));
    assert_eq!(world.states(), "accepted 3, unknown 2");
}

#[test]
fn settled_as_sent_is_never_sent_again() {
    let world = world();
    let _ = world.run("resolve diwali --as sent --all --confirm 2").exits(0);
    let requests = world.requests();
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), requests);
    assert_eq!(stands(&world, "c1"), is("accepted", "resolved", "-"));
}

#[test]
fn settled_as_unsent_is_sent_by_a_new_plan_and_not_by_the_old_approval() {
    let world = world();
    let rows = world.ledger_rows();
    let old = rows[0]["plan_id"].as_str().expect("everybody has a plan");
    let run = world.run("resolve diwali --as unsent --id c1 --confirm 1").exits(0);
    assert_snapshot!("unsent", run.stdout());
    let _ = world.run("status").exits(0).shows("1 person settled as unsent");

    let requests = world.requests();
    let _ = world.run(&format!("apply --approve {old}")).exits(3);
    assert_eq!(world.requests(), requests);

    let plan = world.run("plan").exits(0);
    assert_snapshot!("again", plan.stdout());
    let new = plan_id(&plan);
    assert_ne!(new, old);
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    let received = world.received();
    assert_eq!(received.last().map(|a| a.recipient.digits()), Some(phone(1).replace('+', "")));
    assert_eq!((received.len(), world.most_per_person()), (5, 1));
    assert_eq!(world.states(), "accepted 4, unknown 1");
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    assert_eq!(world.received().len(), 5);
}

#[test]
fn an_approval_of_one_person_does_not_send_to_them_twice() {
    let script = r#"{"rules": [{"times": 1, "drop": "before_accept"}]}"#;
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(1));
    let world = world.ledger().kaleyra(script);
    let old = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {old}")).exits(7);
    let world = world.env("OFFERCAST_NOW", LATER);
    let _ = world.run("resolve diwali --as unsent --all --confirm 1").exits(0);
    let _ = world.run(&format!("apply --approve {old}")).exits(3);
    assert_eq!(world.received().len(), 0);
    let new = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    assert_eq!(world.received().len(), 1);
    let _ = world.run(&format!("apply --approve {new}")).exits(0);
    assert_eq!(world.received().len(), 1);
}

#[test]
fn the_plan_that_tried_goes_on_without_whom_it_left() {
    let script = r#"{"rules": [{"recipient": "920001", "times": 1, "drop": "before_accept"}]}"#;
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(6));
    let world = world.ledger().kaleyra(script);
    let old = plan_id(&world.run("plan").exits(0));
    let _ = world.run(&format!("apply --approve {old} --limit 4")).exits(7);
    let world = world.env("OFFERCAST_NOW", LATER);
    let _ = world.run("resolve diwali --as unsent --all --confirm 1").exits(0);
    let _ = world.run(&format!("apply --approve {old}")).exits(0).shows("settled as unsent");
    assert_eq!(world.states(), "accepted 5, skipped 1");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.states().as_str(), world.most_per_person()), ("accepted 6", 1));
}

#[test]
fn young_attempts_are_not_settled_as_unsent() {
    let world = world().env("OFFERCAST_NOW", "2026-12-01T09:20:00Z");
    let run = world.run("resolve diwali --as unsent --all --confirm 2").exits(4);
    assert_snapshot!("young", run.stderr());
    let _ = world.run("resolve diwali --as unsent --all --min-age 4min").exits(64);
    assert_eq!(world.states(), "accepted 3, unknown 2");
    let _ = world.run("resolve diwali --as unsent --all --min-age 5min --confirm 2").exits(0);
    assert_eq!(world.states(), "accepted 3, skipped 2");
}

#[test]
fn people_are_named_by_numbers_from_standard_input_by_id_or_by_cause() {
    let world = world();
    let line = "resolve diwali --as sent --recipient - --confirm 1";
    let twice = format!("{}\n\n {}\n", phone(3), phone(3));
    let _ = world.command(line).input(&twice).run().exits(0);
    assert_eq!(stands(&world, "c3"), is("accepted", "resolved", "-"));
    let _ = world.run("resolve diwali --as sent --all --cause timeout").exits(0).shows("Nothing");
    let line = "resolve diwali --as sent --all --cause connection-lost --confirm 1";
    let _ = world.run(line).exits(0);
    assert_eq!(world.states(), "accepted 5");
}

#[test]
fn whoever_is_not_unknown_refuses_all_who_are_named() {
    let world = world();
    let line = "resolve diwali --as sent --recipient - --confirm 2";
    let run = world.command(line).input(&format!("{}\n{}\n", phone(0), phone(1))).run().exits(4);
    assert_snapshot!("named", run.stderr());
    let run = world.command(line).input(&format!("{}\n", phone(99))).run().exits(4);
    let _ = run.shows("was never planned");
    let _ = world.run("resolve diwali --as sent --id c0 --confirm 1").exits(4);
    let _ = world.run("resolve diwali --as sent --id nobody --confirm 1").exits(4);
    assert_eq!(world.states(), "accepted 3, unknown 2");
}

#[test]
fn wrong_usage_is_told_before_anything_else() {
    let world = world();
    for line in [
        "resolve diwali",
        "resolve diwali --as sent",
        "resolve diwali --all",
        "resolve diwali --as maybe --all",
        "resolve diwali --as sent --all --id c1",
        "resolve diwali --as sent --id c1 --cause timeout",
        "resolve diwali --as sent --all --cause weather",
        "resolve diwali --as sent --recipient c1",
        "resolve diwali --from report.csv",
        "resolve diwali --from report.csv --map number=To",
        "resolve diwali --as sent --from report.csv --map number=To,status=Status",
    ] {
        let _ = world.run(line).exits(64);
    }
    let line = "resolve diwali --as sent --recipient - --confirm 1";
    let _ = world.command(line).input("0171 123\n").run().exits(64).shows("line 1");
    let _ = world.command(line).input("\n").run().exits(64);
    let _ = world.run("resolve holi --as sent --all").exits(1);
}

/// A report about the world's people: number, status, message id.
fn report(rows: &[(&str, &str, &str)]) -> String {
    let rows = rows.iter().map(|(number, status, id)| format!("{id},{},{status}\n", &number[1..]));
    format!("Message ID,To,Status\n{}", rows.collect::<String>())
}

const FROM: &str =
    "resolve diwali --from report.csv --map 'number=To,status=Status,message_id=Message ID'";

#[test]
fn a_report_settles_who_is_unknown_and_marks_late_failures() {
    let world = world();
    let rows = world.ledger_rows();
    let id_of = |id: &str| {
        let row = rows.iter().find(|row| row["id"] == id).expect("planned");
        row["message_id"].as_str().unwrap_or("late-3:0").to_owned()
    };
    let (c0, c2, c3) = (id_of("c0"), id_of("c2"), id_of("c3"));
    let text = report(&[
        (&phone(3), "DELIVERED", &c3),
        (&phone(3), "sent", &c3),
        (&phone(0), "failed", &c0),
        (&phone(2), "Read", &c2),
        (&phone(2), "failed", "of-another-message"),
        (&phone(70), "sent", "stranger:0"),
    ]);
    let world = world.file("report.csv", &text);
    let run = world.run(&format!("{FROM} --confirm 3")).exits(0);
    // Kaleyra's ids in the report differ from run to run, and its hash with them.
    let lines: Vec<_> = run.stdout().lines().filter(|line| !line.contains("SHA-256")).collect();
    assert_snapshot!("report", lines.join("\n"));
    assert_eq!(stands(&world, "c3"), is("accepted", "reported", "delivered"));
    assert_eq!(stands(&world, "c0"), is("accepted", "-", "failed"));
    assert_eq!(stands(&world, "c2"), is("accepted", "-", "read"));
    assert_eq!(stands(&world, "c1"), is("unknown", "connection_lost", "-"));

    let again = world.run(FROM).exits(0);
    let _ = again.shows("nothing new").shows("Nothing to settle");
    let _ = world.run("status").exits(0).shows("reports tell: 1 failed, 1 delivered, 1 read");
    let _ = world.run("ledger check").exits(0);
    let requests = world.requests();
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), requests, "a late failure is not sent again");
}

#[test]
fn a_report_takes_back_what_was_settled_as_unsent_by_mistake() {
    let world = world();
    let _ = world.run("resolve diwali --as unsent --all --confirm 2").exits(0);
    let world = world.file("report.csv", &report(&[(&phone(3), "read", "late-3:0")]));
    let _ = world.run(&format!("{FROM} --confirm 1")).exits(0);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.states().as_str(), world.most_per_person()), ("accepted 5", 1));
}

#[test]
fn ids_of_requests_are_not_kept_as_ids_of_messages() {
    let world = world();
    let rows = [(&*phone(1), "sent", "same"), (&*phone(3), "sent", "same")];
    let world = world.file("report.csv", &report(&rows));
    let _ = world.run(&format!("{FROM} --confirm 2")).exits(0);
    assert_eq!(world.states(), "accepted 5");
    let _ = world.run("ledger check").exits(0);
}

#[test]
fn a_report_with_one_unreadable_row_settles_nobody() {
    let rows = [(&*phone(3), "delivered", ""), (&*phone(1), "queued", "")];
    let world = world().file("report.csv", &report(&rows));
    let run = world.run(&format!("{FROM} --confirm 1")).exits(65);
    assert_snapshot!("unreadable", run.stderr());
    assert_eq!(world.states(), "accepted 3, unknown 2");
    let _ = world.run("resolve diwali --from absent.csv --map number=a,status=b").exits(65);
}

#[test]
fn a_history_tells_who_settled_it_when_and_on_what_evidence() {
    let world = world().env("GITHUB_ACTOR", "asha\u{1b}[2J").env("USER", "ci");
    let _ = world.run("resolve diwali --as unsent --id c3 --confirm 1").exits(0);
    let world = world.file("report.csv", &report(&[(&phone(3), "read", "late-3:0")]));
    let _ = world.run(&format!("{FROM} --confirm 1")).exits(0);
    let test = format!("test campaigns/diwali.yaml --to {}", phone(3));
    let _ = world.run(&test).exits(0);
    let ask = |format: &str| {
        let line = format!("status --recipient - --format {format}");
        world.command(&line).input(&phone(3)).run().exits(0)
    };
    assert_snapshot!("history", ask("human").stdout());
    let json = ask("json").json();
    assert_eq!(json["settled"][0]["reason"], "as_unsent");
    assert_eq!(json["settled"][0]["by"], "github:asha[2J");
    assert_eq!(json["settled"][1]["evidence_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(json["test_sends"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["history"].as_array().map(Vec::len), Some(1), "tests are kept apart");
    let by_id = world.run("status --id c3 --format json").exits(0).json();
    assert_eq!(by_id["settled"].as_array().map(Vec::len), Some(2));
}
