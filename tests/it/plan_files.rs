//! Plans kept in files: what a reviewer sees is what the file says, and the same meaning is
//! the same bytes.

use std::fs;

use serde_json::Value;

use crate::support::{CAMPAIGN, SHARED, World, people};

fn world() -> World {
    World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(8)).ledger()
}

/// The file that was written there.
#[track_caller]
fn file(world: &World, name: &str) -> Value {
    let text = fs::read_to_string(world.path(name)).expect("the file was written");
    serde_json::from_str(&text).expect("a plan file is JSON")
}

/// The canonical plan object, as the bytes it has in a file.
#[track_caller]
fn plan_bytes(world: &World, line: &str) -> String {
    let printed = world.run(line).json();
    serde_json::to_string_pretty(&printed["plans"][0]).expect("JSON")
}

#[test]
fn a_plan_file_holds_what_is_printed_as_json() {
    let world = world();
    let printed = world.run("plan --format json --out plan.json").exits(0).json();
    let file = file(&world, "plan.json");
    for key in ["version", "plans", "envelope", "seal"] {
        assert_eq!(file[key], printed[key], "{key}");
    }
    assert_eq!(file["now"], Value::Null);
    assert_eq!(printed["now"][0]["apply_command"], "offercast apply --plan plan.json");
}

#[test]
fn a_plan_file_shows_what_the_plan_showed() {
    let world = world();
    let planned = world.run("plan --out plan.json").exits(0);
    let shown = world.run("show plan.json").exits(0);
    assert_eq!(shown.raw(), planned.raw());
    let json = world.run("show plan.json --format json").exits(0).json();
    assert_eq!(json["plans"], file(&world, "plan.json")["plans"]);
}

#[test]
fn a_plan_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it() {
    let mut world = world();
    let _ = world.run("plan --out plan.json").exits(0);
    world.write("campaigns/audiences/people.csv", &people(7));
    let _ = world.run("plan --out plan.json").exits(0);
    assert_eq!(file(&world, "plan.json")["plans"][0]["counts"]["send"], 7);
    let _ = world.run("plan --out missing/plan.json").exits(1).shows("cannot write");
    let left = fs::read_dir(world.path(".")).expect("the world's folder");
    let left: Vec<_> = left
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".offercast-plan"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_same_meaning_has_the_same_bytes() {
    let mut world = world();
    let first = plan_bytes(&world, "plan --format json");
    let mut rows: Vec<_> = people(8).lines().map(str::to_owned).collect();
    rows[1..].reverse();
    let rows = rows.join("\r\n").replace("+4917139200", "+49 (171) 39200-");
    world.write("campaigns/audiences/people.csv", &rows);
    assert_eq!(plan_bytes(&world, "plan --format json"), first, "another order and spelling");
    world.write("campaigns/audiences/people.csv", &people(8));

    let harmless = CAMPAIGN
        .replace("Two weeks off", "Half a month off")
        .replace("until the lamps go out", "while the lamps burn")
        .replace("1000/s", "5/s")
        .replace("max_in_flight: 4", "max_in_flight: 8")
        .replace("audiences/people.csv", "audiences/everybody.csv");
    world.write("campaigns/diwali.yaml", &format!("# again\n{harmless}"));
    world.write("campaigns/audiences/everybody.csv", &people(8));
    assert_eq!(plan_bytes(&world, "plan --format json"), first, "words, pace and names of files");

    world.write("elsewhere/feast.yaml", CAMPAIGN);
    world.write("elsewhere/audiences/people.csv", &people(8));
    let again = plan_bytes(&world, "plan elsewhere/feast.yaml --format json");
    assert_eq!(again, first, "another path");
    let later =
        world.command("plan elsewhere --format json").env("OFFERCAST_NOW", "2026-12-03T09:00:00Z");
    let later = later.run().exits(0).json();
    let later = serde_json::to_string_pretty(&later["plans"][0]).expect("JSON");
    assert_eq!(later, first, "another time");
}

#[test]
fn a_plan_file_whose_line_ends_were_changed_is_refused() {
    let world = world().kaleyra("");
    let _ = world.run("plan --out plan.json").exits(0);
    let text = fs::read_to_string(world.path("plan.json")).expect("the file was written");
    world.put("plan.json", text.replace('\n', "\r\n").as_bytes());
    for line in ["show plan.json", "apply --plan plan.json"] {
        let _ = world.run(line).exits(3).shows("it is not as `plan --out` wrote it");
    }
    assert_eq!(world.requests(), 0);
    world.put("plan.json", text.as_bytes());
    let _ = world.run("apply --plan plan.json").exits(0);
}

#[test]
fn a_plan_file_of_a_thousand_people_holds_nothing_of_them_in_full() {
    let secret_names: Vec<_> = (0..1_000).map(|index| format!("Zq{index:04}canary")).collect();
    let mut rows = String::from("customer_id,first_name,phone\n");
    for (line, name) in people(1_000).lines().skip(1).zip(&secret_names) {
        let mut cells = line.split(',');
        let (id, phone) = (cells.next().expect("an id"), cells.nth(1).expect("a number"));
        rows.extend([id, ",", name, ",", phone, "\n"]);
    }
    let world = World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &rows)
        .ledger()
        .kaleyra("");
    for line in ["plan --out plan.json", "show plan.json", "show plan.json --format json"] {
        let run = world.run(line).exits(0);
        for name in &secret_names {
            assert!(!run.raw().contains(name), "{name} is shown by {line}");
        }
    }
    let text = fs::read_to_string(world.path("plan.json")).expect("written");
    for name in &secret_names {
        assert!(!text.contains(name), "{name} is in the file");
    }
    for index in 0..1_000 {
        let number = crate::support::phone(index);
        assert!(!text.contains(number.trim_start_matches('+')), "{number} is in the file");
    }
    // What was sent afterwards is what the codes were.
    let _ = world.run("apply --auto-approve").exits(0);
    for accepted in world.received() {
        assert!(!text.contains(accepted.content.coupon_code.as_str()), "a code is in the file");
    }
}

#[test]
fn a_code_for_everybody_is_masked_wherever_it_stands() {
    let yaml =
        SHARED.replace("https://cdn.example.com/offer.jpg", "https://cdn.example.com/HAPPY76.jpg");
    let world = World::new().campaign("shared", &yaml).audience("people.csv", &people(3)).ledger();
    let _ = world.run("plan --out plan.json").exits(0);
    let text = fs::read_to_string(world.path("plan.json")).expect("written");
    assert!(!text.contains("HAPPY76"), "{text}");
}

#[test]
fn a_file_that_is_no_plan_is_not_shown() {
    let world = world().file("plan.json", "{}").file("other.json", "not JSON");
    let _ = world.run("show plan.json").exits(3).shows("no plan to rely on");
    let _ = world.run("show other.json").exits(3).shows("does not read as a plan");
    let _ = world.run("show missing.json").exits(1).shows("cannot read");
    let _ = world.run("show campaigns").exits(1).shows("cannot read");
}

#[test]
fn a_plan_without_a_ledger_can_be_kept_and_shown() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(3));
    let _ = world.run("plan --no-ledger --out plan.json").exits(0);
    let _ =
        world.run("show plan.json").exits(0).shows("cannot be applied").hides("offercast apply");
}
