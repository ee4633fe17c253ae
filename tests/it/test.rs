//! `offercast test`: the real message to named testers, kept apart from the campaign.

use crate::support::{CAMPAIGN, World, people, phone};

fn world(script: &str) -> World {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    world.ledger().kaleyra(script)
}

#[test]
fn a_tester_gets_the_campaigns_message_with_a_code_that_is_nobodys() {
    let world = world("");
    let line = format!("test campaigns/diwali.yaml --to {} --set first_name=Tester", phone(1));
    let _ = world.run(&line).exits(0).shows("accepted by Kaleyra");
    let [accepted] = &world.received()[..] else { panic!("one message") };
    assert_eq!(accepted.recipient.e164(), phone(1));
    assert!(accepted.content.coupon_code.starts_with("TEST"));
    assert_eq!(accepted.content.params.as_ref().unwrap()[0], "Tester");
}

#[test]
fn a_test_neither_counts_nor_keeps_anybody_from_the_campaign() {
    let world = world("");
    let _ = world.run(&format!("test campaigns/diwali.yaml --to {}", phone(1))).exits(0);
    assert_eq!(world.states(), "");
    let _ = world.run("plan").exits(0).shows("+  5  to send");
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.received().len(), 6);
    assert_eq!(world.states(), "accepted 5");
}

#[test]
fn testers_can_stand_in_a_file() {
    let world = world("").file("testers.txt", &format!("{}\n{}\n", phone(50), phone(51)));
    let _ = world.run("test campaigns/diwali.yaml --to-file testers.txt").exits(0);
    assert_eq!(world.received().len(), 2);
}

#[test]
fn what_became_of_a_test_is_an_exit_code() {
    for (rule, code) in [
        (r#""reject": {"code": "E13001", "text": "Invalid WhatsApp number"}"#, 1),
        (r#""code": "RBC201""#, 8),
        (r#""drop": "after_accept""#, 7),
    ] {
        let world = world(&format!(r#"{{"rules": [{{{rule}}}]}}"#));
        let _ = world.run(&format!("test campaigns/diwali.yaml --to {}", phone(1))).exits(code);
    }
}

#[test]
fn mistakes_send_nothing() {
    let world = world("");
    let test = |rest: &str| world.run(&format!("test campaigns/diwali.yaml {rest}"));
    let _ = test("").exits(64).shows("--to");
    let _ = test("--to 12").exits(64).shows("no usable number");
    let to = phone(1);
    let _ = test(&format!("--to {to} --set frist_name=x")).exits(64).shows("first_name");
    let _ = test(&format!("--to {to} --set first_name")).exits(64).shows("has no `=`");
    assert_eq!(world.requests(), 0);
}

#[test]
fn the_sandbox_tests_without_an_account() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(5));
    let world = world.without("KALEYRA_API_KEY").without("KALEYRA_SID");
    let world = world.without("OFFERCAST_CODE_KEY").without("OFFERCAST_API_URL");
    let line = format!("test campaigns/diwali.yaml --sandbox --to {}", phone(1));
    let _ = world.run(&line).exits(0).shows("accepted by Kaleyra");
}
