//! `offercast apply`: everybody planned gets the message, once.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use sha2::{Digest as _, Sha256};

use crate::support::{CAMPAIGN, SHARED, World, people, phone};

fn world(people_count: usize) -> World {
    let world = World::new().campaign("diwali", CAMPAIGN);
    world.audience("people.csv", &people(people_count)).ledger().kaleyra("")
}

#[test]
fn an_apply_shows_the_plan_and_a_summary_that_adds_up() {
    let world = world(5);
    let run = world.run("apply --auto-approve").exits(0);
    assert_snapshot!("finished", run.stdout());
    assert_snapshot!(run.stderr(), @r"
    diwali  sending to 5 people
    diwali  finished: nobody is left to send to
    ");
    assert_eq!(world.states(), "accepted 5");
}

#[test]
fn the_message_is_what_the_campaign_says() {
    let world = world(3);
    let _ = world.run("apply --auto-approve").exits(0);
    let received = world.received();
    let numbers: BTreeSet<_> = received.iter().map(|a| a.recipient.e164()).collect();
    assert_eq!(numbers, [phone(0), phone(1), phone(2)].into());
    let asha = received.iter().find(|a| a.recipient.e164() == phone(0)).unwrap();
    let content = &asha.content;
    assert_eq!(content.template_name, "lto_diwali_video");
    assert_eq!(content.lang_code.as_deref(), Some("en"));
    assert_eq!(content.from, 12_025_550_100);
    assert_eq!(content.params.as_deref(), Some(&["Asha".to_owned(), "25%".to_owned()][..]));
    assert_eq!(content.media_url.as_deref(), Some("https://cdn.example.com/diwali.mp4"));
    assert_eq!(content.param_url, Some(format!("login?c={}", content.coupon_code)));
    assert!(content.coupon_code.starts_with("DIW") && content.coupon_code.len() == 12);
    let codes: BTreeSet<_> = received.iter().map(|a| &a.content.coupon_code).collect();
    assert_eq!(codes.len(), 3, "codes differ from person to person");
}

#[test]
fn one_deadline_holds_for_everybody() {
    let world = world(5);
    let _ = world.run("apply --auto-approve --limit 2").exits(5);
    let later = world.command("apply").env("OFFERCAST_NOW", "2026-12-03T09:00:00Z");
    let _ = later.run().exits(0);
    let ends: BTreeSet<_> =
        world.received().iter().filter_map(|a| a.content.expiration_time_ms).collect();
    // The plan was consumed a few milliseconds after 2026-12-01T09:00:00Z, fourteen days before.
    let expected = 1_797_325_200_000;
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert!((expected..expected + 60_000).contains(ends.first().unwrap()), "{ends:?}");
}

#[test]
fn a_personal_message_is_a_request_of_its_own() {
    let world = world(250);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.received().len(), world.requests()), (250, 250));
    assert_eq!(world.most_per_person(), 1);
}

#[test]
fn people_with_one_message_share_requests() {
    let world = World::new().campaign("shared", SHARED).audience("people.csv", &people(250));
    let world = world.ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.received().len(), world.requests()), (250, 3));
    assert_eq!(world.most_per_person(), 1);
    assert!(world.received().iter().all(|a| a.content.coupon_code == "HAPPY76"));
}

#[test]
fn a_header_file_is_uploaded_with_every_request() {
    let picture = include_bytes!("../../campaigns/media/offer.png");
    let yaml = SHARED.replace("url: https://cdn.example.com/offer.jpg", "file: media/offer.png");
    let yaml = yaml.replace("recipients_per_request: 100", "recipients_per_request: 2");
    let world = World::new()
        .campaign("shared", &yaml)
        .audience("people.csv", &people(3))
        .bytes("campaigns/media/offer.png", picture)
        .ledger()
        .kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.requests(), 2);
    let uploads: Vec<_> =
        world.received().into_iter().map(|a| a.content.media_sha256.clone()).collect();
    let digest = Sha256::digest(picture).map(|byte| format!("{byte:02x}")).as_slice().concat();
    assert_eq!(uploads, vec![Some(digest); 3]);
}

#[test]
fn a_finished_campaign_makes_no_request() {
    let world = world(5);
    let _ = world.run("apply --auto-approve").exits(0);
    let run = world.run("apply --auto-approve").exits(0);
    assert_snapshot!(run.stdout(), @r"
    diwali  nothing to do: 5 accepted
    ");
    let _ = world.run("apply").exits(0);
    assert_eq!(world.requests(), 5);
}

#[test]
fn people_who_join_the_audience_later_are_sent_to_alone() {
    let mut world = world(5);
    let _ = world.run("apply --auto-approve").exits(0);
    world.write("campaigns/audiences/people.csv", &people(7));
    let run = world.run("apply --auto-approve").exits(0);
    let _ = run.shows("+  2  to send").shows("=  5  already accepted, same content");
    assert_eq!(world.received().len(), 7);
    assert_eq!(world.most_per_person(), 1);
}

#[test]
fn events_are_told_as_json_lines() {
    let world = world(5);
    let run = world.run("apply --auto-approve --format json").exits(0);
    let lines = run.json_lines();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"version"));
    assert!(kinds.contains(&"apply_start") && kinds.contains(&"apply_complete"), "{kinds:?}");
    let complete = lines.iter().find(|line| line["type"] == "apply_complete").unwrap();
    assert_eq!(complete["counts"]["accepted"], 5);
    assert_eq!(complete["counts"]["planned"], 5);
    assert_eq!(complete["requests"], 5);
}

#[test]
fn several_campaigns_run_in_path_order() {
    let world = world(3).campaign("shared", SHARED);
    let _ = world.run("apply --auto-approve").exits(0);
    let templates: Vec<_> =
        world.received().iter().map(|a| a.content.template_name.clone()).collect();
    assert_eq!(templates[..3], ["lto_diwali_video"; 3]);
    assert_eq!(templates[3..], ["lto_shared"; 3]);
}

#[test]
fn a_duration_is_sent_where_the_account_takes_one() {
    let yaml = SHARED.replace("window: 7days", "window: 7days\n  expiration: duration_ms");
    let world = World::new().campaign("shared", &yaml).audience("people.csv", &people(2));
    let world = world.ledger().kaleyra("");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.received().len(), 2);
    let week = 7 * 24 * 60 * 60 * 1_000;
    for accepted in world.received() {
        let sent = accepted.content.expiration_time_ms.unwrap();
        assert!((week - 60_000..=week).contains(&sent), "{sent}");
    }
}
