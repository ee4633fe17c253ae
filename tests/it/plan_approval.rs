//! A plan file carries an approval: what it holds is sent, or nothing is.

use std::fs;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, skips};

fn world() -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    world.ledger().kaleyra("")
}

/// The world with its plan in `plan.json`.
fn planned() -> World {
    let world = world();
    let _ = world.run("plan --out plan.json").exits(0);
    world
}

/// Exit 3 guarantees that nothing was sent and nothing recorded.
#[track_caller]
fn refuses(world: &World, words: &str) {
    let _ = world.run("apply --plan plan.json").exits(3).shows(words);
    assert_eq!(world.requests(), 0);
    assert_eq!(world.states(), "");
}

#[test]
fn the_plan_in_the_file_is_sent_once() {
    let world = planned();
    let _ = world.run("apply --plan plan.json").exits(0);
    assert_eq!(world.received().len(), 5);
    let requests = world.requests();
    let _ = world.run("apply --plan plan.json").exits(0);
    assert_eq!(world.requests(), requests, "a finished plan makes no request");
}

#[test]
fn the_plan_in_the_file_goes_on_where_it_stopped() {
    let world = world();
    let _ = world.run("plan --out plan.json --expires-in 1h").exits(0);
    let _ = world.run("apply --plan plan.json --limit 2").exits(5);
    let later =
        world.command("apply --plan plan.json").env("OFFERCAST_NOW", "2026-12-02T09:00:00Z");
    let _ = later.run().exits(0);
    assert_eq!(world.received().len(), 5);
    assert_eq!(world.most_per_person(), 1);
}

#[test]
fn every_change_of_who_gets_what_on_which_terms_is_refused_and_named() {
    let rows = |count: usize| people(count);
    let limits = format!("{CAMPAIGN}limits:\n  recipients: 100\n");
    let exclude = "exclude:\n  - file: audiences/staff.csv\n";
    let yaml = |from: &str, to: &str| CAMPAIGN.replace(from, to);
    let cases = [
        (yaml("25%\"", "30%\""), rows(5), "`template.params[1]`: from `25%` to `30%`"),
        (yaml("14days", "13days"), rows(5), "`offer.window`: from `14 days` to `13 days`"),
        (yaml("14days", "336h 1s"), rows(5), "`offer.window`: another value than before"),
        (yaml("  window: 14days", "  ends_at: 2026-12-15T09:00:00Z"), rows(5), "`offer.ends_at`"),
        (yaml("lto_diwali_video", "lto_diwali_image"), rows(5), "`template.name`: from"),
        (yaml("language: en", "language: hi"), rows(5), "`template.language`: from `en` to `hi`"),
        (yaml("diwali.mp4", "eid.mp4"), rows(5), "`template.header.url`: from"),
        (yaml("login?c=", "in?c="), rows(5), "`template.url_suffix`: from"),
        (yaml("code(9)", "code(10)"), rows(5), "`offer.coupon_code`: from"),
        (yaml("5550100", "5550110"), rows(5), "`sender.from`: from"),
        (
            yaml("region: in\n", "region: in\ncallback:\n  profile_id: IN_1\n"),
            rows(5),
            "`callback.profile_id`",
        ),
        (format!("{CAMPAIGN}  number_format: e164\n"), rows(5), "`delivery.number_format`: from"),
        (limits, rows(5), "`limits.recipients`: `100` now"),
        (CAMPAIGN.to_owned(), rows(6), "1 row added, 0 gone, from 5 to 6 people"),
        (CAMPAIGN.to_owned(), rows(3), "0 rows added, 2 gone, from 5 to 3 people"),
        (
            CAMPAIGN.to_owned(),
            rows(5).replace("Elsa", "Else"),
            "1 row added, 1 gone, from 5 to 5 people",
        ),
        (format!("{CAMPAIGN}{exclude}"), rows(5), "`audiences/staff.csv`: new, 1 rows"),
        (
            format!("{CAMPAIGN}exclude:\n  - {{ file: audiences/staff.csv, late: true }}\n"),
            rows(5),
            "`exclude[audiences/staff.csv].late`",
        ),
        (
            format!("{CAMPAIGN}allow:\n  growth: {{ people: 5, reason: x }}\n"),
            rows(5),
            "`allow.growth`: `5: x` now",
        ),
    ];
    let mut world = planned();
    world.write("campaigns/audiences/staff.csv", "phone\n+491713920001\n");
    for (yaml, rows, words) in cases {
        world.write("campaigns/diwali.yaml", &yaml);
        world.write("campaigns/audiences/people.csv", &rows);
        refuses(&world, words);
    }
    world.write("campaigns/diwali.yaml", CAMPAIGN);
    world.write("campaigns/audiences/people.csv", &rows(5));
    let _ = world.run("apply --plan plan.json").exits(0);
    assert_eq!(world.received().len(), 5, "what was approved can still be sent");
}

#[test]
fn a_stale_plan_says_what_changed_from_what_to_what() {
    let mut world = planned();
    world.write("campaigns/diwali.yaml", &CAMPAIGN.replace("25%\"", "30%\""));
    let run = world.run("apply --plan plan.json").exits(3);
    assert_snapshot!(run.stderr(), @r"
    error: the plan of `diwali` is not the approved one any more: nothing was sent
      | `template.params[1]`: from `25%` to `30%`

    hint: run `offercast plan`, review what changed, and approve that plan
    ");
}

#[test]
fn every_flipped_byte_is_refused() {
    let world = planned();
    let bytes = fs::read(world.path("plan.json")).expect("the plan file");
    // Every byte would take minutes: a stride that is prime to the length of lines meets
    // names, values, digits and spaces alike.
    let (mut tried, stride) = (0, bytes.len() / 40);
    for at in (0..bytes.len()).step_by(stride).chain([bytes.len() - 1]) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        fs::write(world.path("plan.json"), &flipped).expect("the world is ours");
        let run = world.run("apply --plan plan.json campaigns").exits(3);
        let _ = run.shows("error:");
        tried += 1;
    }
    assert!(tried > 40);
    fs::write(world.path("plan.json"), [&bytes[..], b"\n"].concat()).expect("the world is ours");
    refuses(&world, "not as `plan --out` wrote it");
    fs::write(world.path("plan.json"), &bytes[..bytes.len() / 2]).expect("the world is ours");
    refuses(&world, "does not read as a plan");
}

#[test]
fn an_expiry_cannot_be_moved() {
    let world = world();
    let _ = world.run("plan --out plan.json --expires-in 1h").exits(0);
    let late = |world: &World| {
        world.command("apply --plan plan.json").env("OFFERCAST_NOW", "2026-12-01T10:00:00Z").run()
    };
    let _ = late(&world).exits(3).shows("could be applied until 2026-12-01T10:00:00Z");
    let text = fs::read_to_string(world.path("plan.json")).expect("the plan file");
    let later = text.replace("2026-12-01T10:00:00Z", "2026-12-09T10:00:00Z");
    world.put("plan.json", later.as_bytes());
    let _ = late(&world).exits(3).shows("its seal does not fit");
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_superseded_plan_is_refused() {
    let mut world = planned();
    let _ = world.run("apply --plan plan.json --limit 1").exits(5);
    world.write("campaigns/audiences/people.csv", &people(6));
    let _ = world.run("apply --auto-approve --limit 1").exits(5);
    let requests = world.requests();
    let _ = world.run("apply --plan plan.json").exits(3).shows("was consumed, and");
    let _ = world.run("apply --auto-approve").exits(0);
    let _ = world.run("apply --plan plan.json").exits(3).shows("was consumed, and");
    assert_eq!(world.requests(), requests + 4);
    assert_eq!(world.most_per_person(), 1);
}

#[test]
fn a_lost_or_new_ledger_is_not_the_one_that_was_planned_against() {
    if skips("it deletes the file") {
        return;
    }
    let world = planned();
    fs::rename(world.path(".offercast"), world.path("lost")).expect("the world is ours");
    let _ = world.run("apply --plan plan.json").exits(6);
    fs::remove_file(world.path("campaigns/.ledger")).expect("it is there");
    let _ = world.run("ledger init").exits(0);
    refuses(&world, "was planned against the ledger");
}

#[test]
fn another_target_is_refused() {
    let world = planned();
    let run =
        world.command("apply --plan plan.json").env("OFFERCAST_API_URL", "http://127.0.0.1:2");
    let _ = run.run().exits(3).shows("`api host`: from `127.0.0.1:");
    assert_eq!(world.requests(), 0);
}

#[test]
fn another_code_key_is_refused() {
    let world = planned();
    let other = "another-code-key-of-more-than-32-bytes";
    let run = world.command("apply --plan plan.json").env("OFFERCAST_CODE_KEY", other);
    let _ = run.run().exits(3).shows("`code key`: from `");
    let _ = world.run("apply --plan plan.json --limit 1").exits(5);
    let run = world.command("apply --plan plan.json").env("OFFERCAST_CODE_KEY", other);
    let _ = run.run().exits(3).shows("began with code key");
    assert_eq!(world.requests(), 1);
}

#[test]
fn one_file_or_several_carry_several_campaigns() {
    let world = world().campaign("shared", SHARED);
    let _ = world.run("plan --out plan.json").exits(0);
    let _ = world.run("plan campaigns/diwali.yaml --out one.json").exits(0);
    let _ = world.run("plan campaigns/shared.yaml --out two.json").exits(0);
    let run = world.run("apply --plan plan.json --plan one.json").exits(3);
    let _ = run.shows("another file has a plan of `diwali` too");
    let _ = world.run("apply --plan one.json campaigns").exits(3).shows("`shared`");
    assert_eq!(world.requests(), 0);
    // Without a path, a file's own campaigns are applied and no other.
    let _ = world.run("apply --plan one.json").exits(0);
    assert_eq!(world.received().len(), 5);
    let _ = world.run("apply --plan two.json --plan one.json").exits(0);
    assert_eq!(world.received().len(), 10);
}

#[test]
fn a_plan_made_without_a_ledger_cannot_be_applied() {
    let world = world();
    let _ = world.run("plan --no-ledger --out plan.json").exits(0);
    refuses(&world, "was planned without a ledger");
}

#[test]
fn a_file_takes_the_place_of_other_approvals() {
    let world = planned();
    for line in ["--plan plan.json --auto-approve", "--plan plan.json --approve 0"] {
        let _ = world.run(&format!("apply {line}")).exits(64);
    }
    assert_eq!(world.requests(), 0);
}
