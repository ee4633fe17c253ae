//! `offercast preview`: one person's message and the request that sends it.

use std::fs;

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, phone};

/// An end that does not depend on when the test runs.
const UNTIL: &str = "ends_at: 2026-12-15T23:59:59+05:30";

fn world() -> World {
    World::new()
        .campaign("diwali", &CAMPAIGN.replace("window: 14days", UNTIL))
        .audience("people.csv", &people(8))
        .without("OFFERCAST_CODE_KEY")
        .without("KALEYRA_API_KEY")
        .without("KALEYRA_SID")
        .without("OFFERCAST_API_URL")
}

#[test]
fn a_message_is_shown_as_a_phone_shows_it_with_the_request() {
    let run = world().run("preview campaigns/diwali.yaml").exits(0);
    assert_snapshot!("bubble", run.stdout());
    assert_eq!(run.stderr(), "");
}

#[test]
fn a_message_is_told_as_json() {
    let run = world().run("preview campaigns/diwali.yaml --format json").exits(0);
    let value = run.json();
    assert_eq!(value["message"]["code"], "DIW•••••••••");
    assert_eq!(value["request"]["fields"][0]["value"], "49••••••••00");
    assert_snapshot!("json", run.stdout());
}

#[test]
fn a_request_is_a_curl_command() {
    let run = world().run("preview campaigns/diwali.yaml --format curl").exits(0);
    assert_snapshot!("curl", run.stdout());
}

#[test]
fn a_template_without_its_text_is_told_in_plain_words() {
    let yaml = SHARED.replace("window: 7days", UNTIL);
    let world = World::new().campaign("shared", &yaml).audience("people.csv", &people(3));
    assert_snapshot!("plain", world.run("preview campaigns/shared.yaml").exits(0).stdout());
}

#[test]
fn an_end_that_hangs_on_the_moment_says_so() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(1));
    let run = world.run("preview campaigns/diwali.yaml").exits(0);
    let _ = run.shows("offer ends  2026-12-15 09:00 UTC if sent now").shows("Ends in 14 days");
}

#[test]
fn a_person_is_found_by_number_or_by_row() {
    let world = world();
    let third = world.run("preview campaigns/diwali.yaml --row 4").exits(0);
    let _ = third.clone().shows("people.csv:4").shows("Hi E•••,").shows("+49••••••••02");
    for line in ["--row people.csv:4", "--row audiences/people.csv:4"] {
        let again = world.run(&format!("preview campaigns/diwali.yaml {line}")).exits(0);
        assert_eq!(again.stdout(), third.stdout(), "{line}");
    }
    let piped = world.command("preview campaigns/diwali.yaml --recipient -").input(&phone(2));
    assert_eq!(piped.run().exits(0).stdout(), third.stdout());
    let typed = world.run(&format!("preview campaigns/diwali.yaml --recipient {}", phone(2)));
    assert_eq!(typed.exits(0).stdout(), third.stdout());
}

#[test]
fn who_is_not_in_the_audience_has_no_message() {
    let world = world();
    let nobody = world.command("preview campaigns/diwali.yaml --recipient -").input(&phone(9));
    let _ = nobody.run().exits(64).shows("nobody in the audience has this number");
    for (row, words) in [
        ("99", "the audience has no such row"),
        ("other.csv:3", "the audience has no such row"),
        ("0", "names no line"),
        ("x", "names no line"),
    ] {
        let run = world.run(&format!("preview campaigns/diwali.yaml --row {row}"));
        let _ = run.exits(64).shows(words);
    }
}

#[test]
fn a_row_that_is_not_sent_to_says_why() {
    let yaml = format!("{CAMPAIGN}exclude:\n  - file: audiences/opt-outs.csv\n");
    let world = World::new()
        .campaign("diwali", &yaml)
        .audience("people.csv", &people(3))
        .audience("opt-outs.csv", &format!("phone\n{}\n", phone(1)));
    let run = world.run("preview campaigns/diwali.yaml --row 3").exits(64);
    assert_snapshot!(run.stderr(), @"error: campaigns/audiences/people.csv:3 is not sent to: the person is excluded");
    let _ = world.run("preview campaigns/diwali.yaml --row 4").exits(0).shows("people.csv:4");
}

#[test]
fn a_row_that_no_message_can_be_made_of_is_named() {
    let rows = people(2).replacen("Asha", "A\tsha", 1);
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &rows);
    let _ = world.run("preview campaigns/diwali.yaml").exits(65).shows("contains a tab");
}

#[test]
fn full_values_are_for_terminals_only() {
    let run = world().run("preview campaigns/diwali.yaml --show-recipients");
    let _ = run.exits(64).shows("works on a terminal only");
}

#[test]
fn a_page_stands_alone() {
    let world = world();
    let run = world.run("preview campaigns/diwali.yaml --format html").exits(0);
    fs::write(world.path("preview.html"), run.raw()).unwrap();
    let page = scraper::Html::parse_document(run.raw());
    let all = |selector: &str| page.select(&scraper::Selector::parse(selector).unwrap()).count();
    assert_eq!(all("script, img, link, iframe, object, embed, form, a"), 0);
    assert_eq!(
        all("meta[http-equiv='Content-Security-Policy'][content*=\"default-src 'none'\"]"),
        1
    );
    assert_eq!(all(".phone .bubble"), 1);
    assert!(!run.raw().contains("style="), "the policy lets no style attribute apply");
}
