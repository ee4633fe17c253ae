//! What is reviewed besides the people: late exclude lists, the code key, guards and the
//! overrides of guards.

use crate::support::{CAMPAIGN, World, people, phone, plan_id};

fn world(yaml: &str) -> World {
    let world = World::new().campaign("diwali", yaml).audience("people.csv", &people(10));
    world.ledger().kaleyra("")
}

fn late(min_rows: u32) -> String {
    format!(
        "{CAMPAIGN}exclude:\n  - {{ file: audiences/out.csv, late: true, min_rows: {min_rows} }}\n"
    )
}

fn out(people: &[usize]) -> String {
    let rows: Vec<_> = people.iter().map(|&index| format!("{}\n", phone(index))).collect();
    format!("phone\n{}", rows.concat())
}

#[test]
fn a_late_list_shrinks_an_approved_plan_and_adds_nobody() {
    let mut world = World::new()
        .campaign("diwali", &late(0))
        .audience("people.csv", &people(10))
        .audience("out.csv", &out(&[0]))
        .ledger()
        .kaleyra("");
    let run = world.run("plan --out plan.json").exits(0);
    let run = run.shows("+  10  to send").shows("·   1  of them on exclude lists marked `late`");
    // One more, and the first one has changed their mind: only the first counts.
    world.write("campaigns/audiences/out.csv", &out(&[3, 4]));
    assert_eq!(plan_id(&world.run("plan").exits(0)), plan_id(&run));
    let run = world.run("apply --plan plan.json --limit 3").exits(5);
    let _ = run.shows("2 people on late exclude lists will not be sent to");
    // And one more while the plan is being carried out.
    world.write("campaigns/audiences/out.csv", &out(&[3, 4, 9]));
    let _ = world.run("apply --plan plan.json").exits(0).shows("1 person on late exclude lists");
    assert_eq!(world.states(), "accepted 7, skipped 3");
    let sent: Vec<_> = world.received().iter().map(|sent| sent.recipient.e164()).collect();
    for index in [3, 4, 9] {
        assert!(!sent.contains(&phone(index)), "{index}");
    }
    let requests = world.requests();
    let _ = world.run("apply --plan plan.json").exits(0);
    assert_eq!(world.requests(), requests);
}

#[test]
fn a_late_list_that_is_gone_or_too_short_stops_everything() {
    let mut world = World::new()
        .campaign("diwali", &late(2))
        .audience("people.csv", &people(10))
        .audience("out.csv", &out(&[0, 1]))
        .ledger()
        .kaleyra("");
    let _ = world.run("plan --out plan.json").exits(0);
    world.write("campaigns/audiences/out.csv", &out(&[0]));
    let _ = world.run("apply --plan plan.json").exits(65).shows("at least 2 are required");
    std::fs::remove_file(world.path("campaigns/audiences/out.csv")).expect("it is there");
    let _ = world.run("apply --plan plan.json").exits(65).shows("there is no file");
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_stated_code_key_plans_without_the_key_and_proves_at_apply() {
    let plain = world(CAMPAIGN);
    let fingerprint = plain.run("plan --format json").json()["plans"][0]["codes"]["key"].clone();
    let fingerprint = fingerprint.as_str().expect("codes are drawn").to_owned();
    let stated = |key: &str| {
        CAMPAIGN.replace("  window: 14days", &format!("  code_key: {key}\n  window: 14days"))
    };
    let world = world(&stated(&fingerprint));
    let without =
        world.command("plan --out plan.json").without("OFFERCAST_CODE_KEY").run().exits(0);
    let without = without.shows("unproven").shows(&fingerprint);
    let with = world.run("plan").exits(0).shows("10 unique");
    assert_eq!(plan_id(&with), plan_id(&without));

    let run = world.command("apply --plan plan.json").without("OFFERCAST_CODE_KEY").run().exits(1);
    let _ = run.shows("`OFFERCAST_CODE_KEY` is not set");
    let other = "another-code-key-of-more-than-32-bytes";
    let run = world.command("apply --plan plan.json").env("OFFERCAST_CODE_KEY", other).run();
    let _ = run.exits(3).shows(&fingerprint);
    let run = world.command("plan").env("OFFERCAST_CODE_KEY", other).run().exits(4);
    let _ = run.shows(&fingerprint).shows("this is code key");
    let run =
        world.command("codes campaigns/diwali.yaml --out codes.csv").without("OFFERCAST_CODE_KEY");
    let _ = run.run().exits(1).shows("`OFFERCAST_CODE_KEY` is not set");
    assert_eq!(world.requests(), 0);

    let _ = world.run("apply --plan plan.json --limit 4").exits(5);
    // Whoever goes on needs no key: the codes are in the ledger.
    let _ = world.command("apply --plan plan.json").without("OFFERCAST_CODE_KEY").run().exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (10, 1));
}

#[test]
fn a_cap_in_the_environment_is_out_of_the_authors_hands() {
    let world = world(&format!("{CAMPAIGN}limits:\n  recipients: 100\n"));
    let _ = world.run("plan --out plan.json").exits(0);
    let capped = |line: &str| world.command(line).env("OFFERCAST_MAX_RECIPIENTS", "9").run();
    let words = "`OFFERCAST_MAX_RECIPIENTS` allows 9, the plan has 10";
    let run = capped("plan").exits(4).shows(words);
    let _ = run.shows("+  10  to send").shows("recipients 10 of 9 (set by the environment)");
    let _ = capped("apply --plan plan.json").exits(4).shows(words);
    let run = world.command("plan").env("OFFERCAST_MAX_RECIPIENTS", "many").run();
    let _ = run.exits(64).shows("is no whole number");
    assert_eq!(world.requests(), 0);
    let roomy = world.command("apply --plan plan.json").env("OFFERCAST_MAX_RECIPIENTS", "10");
    let _ = roomy.run().exits(0);
}

#[test]
fn a_policy_holds_beside_the_campaign_whoever_names_it() {
    let world = world(&format!("{CAMPAIGN}limits:\n  recipients: 100\n"))
        .file("low.yaml", "version: 1\nlimits: { recipients: 9 }\n")
        .file("high.yaml", "version: 1\nlimits: { recipients: 50 }\n")
        .file("dear.yaml", "version: 1\nlimits: { cost: 600 USD }\n")
        .file("wrong.yaml", "version: 1\nlimits: { recipient: 9 }\n");
    let plan = world.run("plan --policy high.yaml --out plan.json").exits(0);
    let plan = plan.shows("recipients 10 of 100 · recipients 10 of 50 (set by the policy)");
    let _ = plan.shows("offercast apply --policy high.yaml --plan plan.json");
    let words = "the policy allows 9, the plan has 10";
    for line in ["plan", "plan --policy high.yaml", "apply --plan plan.json --policy high.yaml"] {
        let run = world.command(line).env("OFFERCAST_POLICY", "low.yaml").run();
        let _ = run.exits(4).shows(words);
    }
    let _ = world.run("apply --plan plan.json --policy low.yaml").exits(4).shows(words);
    let _ = world.run("plan --policy dear.yaml").exits(4).shows("no rate card");
    let run = world.run("apply --plan plan.json --policy wrong.yaml").exits(65);
    let _ = run.shows("policy/unknown-key").shows("wrong.yaml:2:11").shows("`recipients`?");
    let _ = world.run("plan --policy nowhere.yaml").exits(1);
    assert_eq!(world.requests(), 0);
    let _ = world.run("apply --plan plan.json --policy high.yaml").exits(0);
}

#[test]
fn a_policy_can_leave_no_override_to_campaigns() {
    let mut world = world(CAMPAIGN)
        .file("firm.yaml", "version: 1\nallow: [growth]\n")
        .file("loose.yaml", "version: 1\nallow: [mixed_content]\n");
    let _ = world.run("apply --auto-approve --limit 4").exits(5);
    let other = CAMPAIGN.replace("25%\"", "30%\"");
    let allowed = format!("{other}allow:\n  mixed_content: {{ sent: 4, reason: legal asked }}\n");
    world.write("campaigns/diwali.yaml", &allowed);
    let _ = world.run("plan --policy loose.yaml").exits(0);
    for line in ["plan --policy firm.yaml", "apply --auto-approve --policy firm.yaml"] {
        let run = world.run(line).exits(4).shows("4 people already got other content");
        let _ = run.shows("the policy leaves `allow.mixed_content` to no campaign");
    }
    assert_eq!(world.received().len(), 4);
}

#[test]
fn mixed_content_goes_on_only_by_a_reviewed_override_of_its_exact_figure() {
    let mut world = world(CAMPAIGN);
    let _ = world.run("apply --auto-approve --limit 4").exits(5);
    let other = CAMPAIGN.replace("25%\"", "30%\"");
    let allow = |sent: u32| {
        format!("{other}allow:\n  mixed_content: {{ sent: {sent}, reason: legal asked }}\n")
    };
    world.write("campaigns/diwali.yaml", &other);
    let _ = world.run("plan").exits(4).shows("`allow.mixed_content`");
    world.write("campaigns/diwali.yaml", &allow(5));
    let _ = world.run("plan").exits(4).shows("lets exactly 5 through, and the plan has 4");
    world.write("campaigns/diwali.yaml", &allow(4));
    let run = world.run("plan --out plan.json").exits(0);
    let _ = run.shows("`allow.mixed_content` lets 4 through: legal asked");
    let _ = world.run("apply --plan plan.json").exits(0);
    assert_eq!((world.received().len(), world.most_per_person()), (10, 1));
    let _ = world.run("apply --plan plan.json").exits(0);
}

#[test]
fn an_exclude_list_that_lost_rows_since_the_last_plan_is_refused() {
    let yaml = format!("{CAMPAIGN}exclude:\n  - file: audiences/out.csv\n");
    let mut world = World::new()
        .campaign("diwali", &yaml)
        .audience("people.csv", &people(10))
        .audience("out.csv", &out(&[20, 21, 22, 23]))
        .ledger()
        .kaleyra("");
    let _ = world.run("apply --auto-approve --limit 4").exits(5);
    world.write("campaigns/audiences/out.csv", &out(&[20, 21]));
    let run = world.run("plan").exits(4);
    let _ = run.shows("exclude lists lost 2 rows").shows("`audiences/out.csv` from 4 to 2");
    let _ = world.run("apply --auto-approve").exits(4);
    assert_eq!(world.received().len(), 4);
    let allowed = format!("{yaml}allow:\n  exclude_shrank: {{ gone: 2, reason: cleaned }}\n");
    world.write("campaigns/diwali.yaml", &allowed);
    let _ = world.run("plan").exits(0).shows("`allow.exclude_shrank` lets 2 through: cleaned");
}

#[test]
fn a_plan_is_held_against_one_that_was_approved_and_never_applied() {
    let mut world = world(CAMPAIGN);
    world.write("campaigns/audiences/people.csv", &people(60));
    let _ = world.run("plan --out before.json").exits(0);
    world.write("campaigns/audiences/people.csv", &people(200));
    let _ = world.run("plan").exits(0);
    let words = "the plan has 200 people, more than twice the 60 of the plan before";
    for line in ["plan --against before.json", "plan --against before.json --no-ledger"] {
        let _ = world.run(line).exits(4).shows(words).shows("+  200  to send");
    }
    let run = world.run("plan --against before.json --out before.json").exits(64);
    let _ = run.shows("`--out` would write over the file of `--against`");
    let _ = world.run("plan --against ./before.json --out campaigns/../before.json").exits(64);
    let _ = world.run("plan --against nowhere.json").exits(1);
    let allowed =
        format!("{CAMPAIGN}allow:\n  growth: {{ people: 200, reason: the spring list }}\n");
    world.write("campaigns/diwali.yaml", &allowed);
    let run = world.run("plan --against before.json --out plan.json").exits(0);
    let _ = run.shows("`allow.growth` lets 200 through: the spring list");
    let _ = world.run("apply --plan plan.json --limit 1").exits(5);
    // Another campaign in the same file is none of its business.
    world.write("campaigns/diwali.yaml", &CAMPAIGN.replace("name: diwali\n", "name: eid\n"));
    let _ = world.run("plan --against before.json").exits(0);
}

#[test]
fn what_a_plan_is_held_against_cannot_be_made_up() {
    let world = world(CAMPAIGN);
    let _ = world.run("plan --out before.json").exits(0);
    let text = std::fs::read_to_string(world.path("before.json")).expect("the file was written");
    let grown = text.replace("\"send\": 10", "\"send\": 9000");
    assert_ne!(grown, text);
    let world = world.file("grown.json", &grown);
    let _ = world.run("plan --against grown.json").exits(3).shows("it was changed after");
    let _ = world.run("plan --no-ledger --out draft.json").exits(0);
    let _ = world.run("plan --against draft.json").exits(3).shows("planned without a ledger");
}

#[test]
fn an_exclude_list_that_lost_rows_since_an_unapplied_plan_is_refused() {
    for late in ["", ", late: true"] {
        let yaml = format!("{CAMPAIGN}exclude:\n  - {{ file: audiences/out.csv{late} }}\n");
        let mut world = World::new()
            .campaign("diwali", &yaml)
            .audience("people.csv", &people(10))
            .audience("out.csv", &out(&[20, 21, 22, 23]))
            .ledger();
        let _ = world.run("plan --out before.json").exits(0);
        world.write("campaigns/audiences/out.csv", &out(&[20, 21, 22, 23, 24]));
        let _ = world.run("plan --against before.json").exits(0);
        world.write("campaigns/audiences/out.csv", &out(&[20, 21]));
        let _ = world.run("plan").exits(0);
        let run = world.run("plan --against before.json").exits(4);
        let _ = run.shows("exclude lists lost 2 rows").shows("`audiences/out.csv` from 4 to 2");
    }
}

#[test]
fn a_copied_campaign_under_another_name_is_noticed() {
    let mut world = world(CAMPAIGN);
    let _ = world.run("apply --auto-approve").exits(0);
    let copy = CAMPAIGN.replace("name: diwali\n", "name: diwali-copy\n");
    world.write("campaigns/diwali.yaml", &copy);
    let words = "10 people or more got the same content from the campaign `diwali`";
    let _ = world.run("plan").exits(0).shows(words);
    let later = world.command("plan").env("OFFERCAST_NOW", "2027-01-05T09:00:00Z");
    let _ = later.run().exits(0).hides("got the same content");
    world.write("campaigns/diwali.yaml", &copy.replace("25%\"", "30%\""));
    let _ = world.run("plan").exits(0).hides("got the same content");
}
