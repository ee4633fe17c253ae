//! A person at a terminal: asked before anything is sent, shown how it goes, and obeyed.

use crate::support::{CAMPAIGN, World, can, people, phone, skips};

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const QUESTION: &str = "Only `yes` sends: ";

/// Forty people at a pace at which one can be in time.
fn world() -> World {
    world_where("")
}

fn world_where(script: &str) -> World {
    let yaml = CAMPAIGN.replace("1000/s", "40/s");
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &people(40));
    world.ledger().kaleyra(script)
}

/// Whether this host has terminals to offer.
fn has_terminals() -> bool {
    can(&["script", "--quiet", "--return", "/dev/null", "--command"])
}

#[test]
fn only_yes_sends() {
    if !has_terminals() {
        return;
    }
    for answer in ["no\n", "y\n", "YES\n", "\n", "yes please\n", CTRL_D] {
        let world = world();
        let (code, screen) = world.at_terminal("apply", &[]).until(QUESTION).types(answer).ends();
        assert_eq!(code, 4, "{answer:?}: {screen}");
        assert!(screen.contains("not approved: nothing was sent"), "{answer:?}: {screen}");
        assert_eq!((world.requests(), world.states().as_str()), (0, ""), "{answer:?}");
    }
    let world = world();
    let (code, screen) = world.at_terminal("apply", &[]).until(QUESTION).types("yes\n").ends();
    assert_eq!(code, 0, "{screen}");
    let asked = screen.find(QUESTION).expect("it was asked");
    let told = screen.find("40").expect("the plan names the people");
    assert!(told < asked, "the plan stands above the question: {screen}");
    assert_eq!((world.requests(), world.most_per_person()), (40, 1));
    // Nothing is left, so nothing is asked.
    let (code, screen) = world.at_terminal("apply", &[]).ends();
    assert!(code == 0 && !screen.contains(QUESTION), "{screen}");
}

#[test]
fn ctrl_c_at_the_question_sends_nothing_and_leaves_the_ledger_free() {
    if !has_terminals() {
        return;
    }
    let world = world();
    let (code, screen) = world.at_terminal("apply", &[]).until(QUESTION).types(CTRL_C).ends();
    assert_eq!(code, 130, "{screen}");
    assert_eq!((world.requests(), world.states().as_str()), (0, ""));
    let _ = world.run("apply --auto-approve --limit 1").exits(5);
}

#[test]
fn ctrl_c_while_sending_finishes_what_is_on_the_wire_and_clears_the_bar() {
    if !has_terminals() {
        return;
    }
    // From the twentieth on replies come late, but within a drain's time.
    let world = world_where(r#"{"rules": [{"after": 19, "first": 23, "latency_ms": 3000}]}"#);
    let apply = world.at_terminal("apply --auto-approve", &[]).until("%  diwali");
    let apply = apply.until_so("all are on the wire", |world| world.requests() >= 23);
    let (code, screen) = apply.types(CTRL_C).until(" on the wire").ends();
    assert_eq!(code, 130, "{screen}");
    let (bars, rest) = screen.rsplit_once("%  diwali").expect("a bar was drawn");
    assert!(bars.contains("%  diwali"), "it was drawn again and again: {screen:?}");
    assert!(rest.contains("\u{1b}[2K"), "it is cleared in the end: {rest:?}");
    assert!(rest.contains("offercast apply campaigns"), "it says how to go on: {screen}");
    let sent = world.received().len();
    assert!(sent < 40, "{sent}");
    assert_eq!(world.states(), format!("accepted {sent}, pending {}", 40 - sent));
    let (code, _) = world.at_terminal("apply", &[]).ends();
    assert_eq!((code, world.requests(), world.most_per_person()), (0, 40, 1));
}

#[test]
fn the_bar_is_redrawn_on_a_terminal_only() {
    if skips("its terminal knows the file that is assumed only") {
        return;
    }
    if !has_terminals() {
        return;
    }
    let redraws = |screen: &str| screen.contains("\u{1b}[2K") || screen.contains("\r\u{1b}[");
    let (code, screen) = world().at_terminal("apply --auto-approve", &[]).ends();
    assert!(code == 0 && redraws(&screen), "{screen:?}");
    for variable in [("CI", "true"), ("TERM", "dumb")] {
        let line = "apply --auto-approve --ledger .offercast/ledger.db";
        // In CI approval is by id, and nobody is asked.
        let world = world();
        if variable.0 == "CI" {
            let (code, screen) =
                world.at_terminal("apply --ledger .offercast/ledger.db", &[variable]).ends();
            assert!(code == 4 && !screen.contains(QUESTION), "{screen}");
            assert_eq!(world.requests(), 0);
        } else {
            let (code, screen) = world.at_terminal(line, &[variable]).ends();
            assert!(code == 0 && !screen.contains('\u{1b}'), "{screen:?}");
        }
    }
    let (code, screen) = world().at_terminal("plan", &[("NO_COLOR", "1")]).ends();
    assert!(code == 0 && !screen.contains('\u{1b}'), "{screen:?}");
    let (_, screen) = world().at_terminal("plan", &[]).ends();
    assert!(screen.contains("\u{1b}["), "colours: {screen:?}");
}

#[test]
fn numbers_are_masked_on_a_terminal_too_unless_they_are_asked_for() {
    if !has_terminals() {
        return;
    }
    let world = world();
    let shows_a_number = |screen: &str| {
        let plain = screen.replace(' ', "");
        (0..40).any(|index| plain.contains(phone(index).trim_start_matches('+')))
    };
    let (_, screen) = world.at_terminal("plan", &[]).ends();
    assert!(!shows_a_number(&screen), "{screen}");
    let (_, screen) = world.at_terminal("plan --show-recipients", &[]).ends();
    assert!(shows_a_number(&screen), "{screen}");
    let _ = world.run("plan --show-recipients").exits(64);
}

#[test]
fn a_sample_shows_the_code_that_its_person_will_get() {
    if !has_terminals() {
        return;
    }
    // In a campaign of this name two of these hundred people draw the same four characters.
    let yaml = CAMPAIGN.replace("code(9)", "code(4)").replace("name: diwali", "name: diwali-70");
    let rows = people(100);
    let rows: Vec<_> = [0, 8, 70].iter().filter_map(|&line| rows.lines().nth(line)).collect();
    let world = World::new().campaign("diwali", &yaml).audience("people.csv", &rows.join("\n"));
    let world = world.ledger().kaleyra("");
    let (_, screen) = world.at_terminal("plan --show-recipients --samples 20", &[]).ends();
    assert!(screen.contains("2 unique (1 redrawn)"), "{screen}");
    let _ = world.run("apply --auto-approve").exits(0);
    let received = world.received();
    for (line, index) in [(2, 7), (3, 69)] {
        let place = format!("people.csv:{line}");
        let at =
            screen.find(&format!("{place}\r")).or_else(|| screen.find(&format!("{place}\u{1b}")));
        let sample = &screen[at.unwrap_or_else(|| panic!("{place}: {screen}"))..];
        let code = sample.split("code ").nth(1).expect("a sample shows its code");
        let code = code.split_whitespace().next().unwrap_or_default();
        let number = phone(index).replace('+', "");
        let got = received.iter().find(|one| one.recipient.digits() == number);
        let got = got.expect("everybody got a message");
        assert_eq!(code, got.content.coupon_code, "{place}");
    }
}
