//! What a campaign costs, said before it is sent and held against a limit.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, World, people};

const CARD: &str = "# as_of: 2026-10-01\n# currency: USD\nprefix,rate,market\n49,0.1365,Germany\n";

fn world() -> World {
    World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(8))
        .file("rates.csv", CARD)
        .ledger()
}

fn limited(limit: &str) -> String {
    format!("{CAMPAIGN}limits: {{ cost: {limit} }}\n")
}

#[test]
fn a_plan_says_what_it_costs_at_most() {
    let run = world().run("plan --rates rates.csv").exits(0);
    let line = run.stdout().lines().find(|line| line.trim_start().starts_with("cost"));
    assert_snapshot!(
        line.unwrap_or_default(),
        @"  cost      at most 1.10 USD by the card of 2026-10-01: 8 to Germany"
    );
    let again = world().env("OFFERCAST_RATES", "rates.csv").run("plan").exits(0);
    let without_flag = run.stdout().replace("apply --rates rates.csv", "apply");
    assert_eq!(again.stdout(), without_flag, "the variable names a card as the flag does");
}

#[test]
fn the_cost_is_in_the_plan_s_json() {
    let plan = world().run("plan --rates rates.csv --format json").exits(0).json();
    assert_snapshot!(plan["plans"][0]["cost"].to_string(), @r#"{"as_of":"2026-10-01","currency":"USD","total":"1.092","held":"0","unpriced":0,"markets":[{"market":"Germany","rate":"0.1365","people":8,"total":"1.092"}],"more_markets":0}"#);
    let without = world().run("plan --format json").exits(0).json();
    assert!(without["plans"][0]["cost"].is_null());
}

#[test]
fn a_card_changes_no_plan_id() {
    let world = world();
    let id = |run: &crate::support::Run| run.json()["plans"][0]["plan_id"].to_string();
    let with = world.run("plan --rates rates.csv --format json").exits(0);
    let without = world.run("plan --format json").exits(0);
    assert_eq!(id(&with), id(&without));
}

#[test]
fn a_plan_above_its_cost_limit_is_shown_and_refused_by_plan_and_apply() {
    let world = world().campaign("diwali", &limited("1 USD")).kaleyra("");
    let run = world.run("plan --rates rates.csv").exits(4).shows("cost 1.10 USD of 1 USD");
    assert_snapshot!(
        run.stdout().lines().find(|line| line.contains("refused:")).unwrap_or_default(),
        @"  refused: `limits.cost` allows 1 USD, the plan has 1.10 USD"
    );
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(4);
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_cost_limit_without_a_card_or_with_one_in_another_currency_sends_nothing() {
    let world = world()
        .campaign("diwali", &limited("100 USD"))
        .file("rupees.csv", &CARD.replace("USD", "INR"))
        .file("elsewhere.csv", &CARD.replace("49,", "91,"))
        .kaleyra("");
    let _ = world.run("apply --auto-approve").exits(4).shows("no rate card");
    let _ = world.run("apply --auto-approve --rates rupees.csv").exits(4);
    let _ = world
        .run("apply --auto-approve --rates elsewhere.csv")
        .exits(4)
        .shows("8 people without a rate");
    assert_eq!(world.requests(), 0);
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(0);
    assert_eq!(world.requests(), 8);
}

#[test]
fn a_cap_on_the_cost_in_the_environment_is_out_of_the_authors_hands() {
    let world = world().campaign("diwali", &limited("600 USD")).kaleyra("");
    let _ = world.run("plan --rates rates.csv --out plan.json").exits(0);
    let capped = |line: &str, cap: &str| world.command(line).env("OFFERCAST_MAX_COST", cap).run();
    let words = "`OFFERCAST_MAX_COST` allows 1 USD, the plan has 1.10 USD";
    let run = capped("plan --rates rates.csv", "1 USD").exits(4).shows(words);
    let _ = run.shows("cost 1.10 USD of 600 USD · cost 1.10 USD of 1 USD (set by the environment)");
    let _ = capped("apply --plan plan.json --rates rates.csv", "1 USD").exits(4).shows(words);
    // What cannot be priced cannot be under a cap.
    for line in ["plan", "apply --plan plan.json"] {
        let _ = capped(line, "600 USD").exits(4).shows("no rate card (`--rates FILE`)");
    }
    let _ = capped("plan --rates rates.csv", "600 INR").exits(4);
    let run = capped("plan --rates rates.csv", "600").exits(64);
    let _ = run.shows("`OFFERCAST_MAX_COST` is no amount of money").shows("such as `600 USD`");
    assert_eq!(world.requests(), 0);
    let _ = capped("apply --plan plan.json --rates rates.csv", "1.10 USD").exits(0);
}

#[test]
fn a_resumed_plan_is_held_against_its_limit_with_what_it_has_spent() {
    let mut world = world().campaign("diwali", &limited("1.10 USD")).kaleyra("");
    let _ = world.run("apply --auto-approve --rates rates.csv --limit 5").exits(5);
    world.write("rates.csv", &CARD.replace("0.1365", "0.14"));
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(4);
    assert_eq!(world.requests(), 5);
    world.write("rates.csv", CARD);
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(0);
    assert_eq!(world.requests(), 8);
}

#[test]
fn a_faulty_card_is_told_with_its_lines_and_sends_nothing() {
    let world = world().file("rates.csv", "# currency: USD\nprefix,rate\n49,cheap\n").kaleyra("");
    let run = world.run("apply --auto-approve --rates rates.csv").exits(65);
    assert_snapshot!(run.stderr(), @r"
    error[rates/no-date]: the rate card does not say from when it holds
    --> rates.csv
     = help: a line above the columns, such as `# as_of: 2026-10-01`

    error[rates/rate]: this row has no rate
    --> rates.csv:3
     = help: a decimal number with at most six digits after the point, such as `0.0118`

    error[rates/empty]: the rate card has no rates
    --> rates.csv

    3 errors
    error: the rate card must be mended first
    ");
    let _ = world.run("plan --rates nowhere.csv").exits(1).shows("nowhere.csv");
    assert_eq!(world.requests(), 0);
}

#[test]
fn an_old_card_is_warned_about() {
    let world = world().file("rates.csv", &CARD.replace("2026-10-01", "2026-07-01"));
    let _ = world
        .run("plan --rates rates.csv")
        .exits(0)
        .shows("rates may have changed on 2026-10-01, after the date of the rate card");
}

#[test]
fn the_sample_card_prices_the_example_campaigns() {
    let root = env!("CARGO_MANIFEST_DIR");
    let run = World::new()
        .run(&format!(
            "plan --sandbox --rates {root}/campaigns/rates/meta-usd-2026-10-01.csv {root}/campaigns"
        ))
        .exits(0);
    assert_eq!(run.stdout().matches("USD by the card of 2026-10-01").count(), 3, "{run}");
    let _ = run.hides("without a rate").hides("no market");
}

#[test]
fn a_report_prices_what_was_accepted_by_the_card_it_was_sent_under() {
    let mut world = world().kaleyra("");
    let _ = world.run("apply --auto-approve --rates rates.csv --limit 5").exits(5);
    world.write("rates.csv", &CARD.replace("2026-10-01", "2026-12-03").replace("0.1365", "0.14"));
    let world = world.env("OFFERCAST_NOW", "2026-12-05T09:00:00Z");
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(0);
    assert_snapshot!(world.run("report").exits(0).stdout(), @r"
    campaign  market     rate  card        accepted   at most  failed  unknown  if sent
    diwali    Germany  0.1365  2026-10-01         5  0.69 USD
    diwali    Germany    0.14  2026-12-03         3  0.42 USD
    total                                         8  1.11 USD

    At most: Meta charges for delivered messages only, and Kaleyra's price may differ.
    ");
    assert_snapshot!(world.run("report --by campaign --from 2026-12-01 --to 2026-12-02 --format csv").exits(0).stdout(), @r"
    campaign,market,rate,card,currency,accepted,cost_at_most,failed,unknown,unknown_cost
    diwali,,,,USD,5,0.6825,0,0,0
    ");
    assert_snapshot!(world.run("report --from 2030-01-01").exits(0).stdout(), @"no message was accepted in this time");
    let _ = world.run("report --from yesterday").exits(64);
}

#[test]
fn what_is_unknown_is_shown_beside_the_sum_and_what_has_no_rate_without_one() {
    let script = r#"{"rules": [{"recipient": "920003", "drop": "after_accept", "rst": true}]}"#;
    let world = world().kaleyra(script);
    let _ = world.run("apply --auto-approve --rates rates.csv").exits(7);
    assert_snapshot!(world.run("report --format json").exits(0).stdout(), @r#"{"format_version":"1.0","lines":[{"campaign":"diwali","market":"Germany","rate":"0.1365","card":"2026-10-01","currency":"USD","accepted":7,"cost_at_most":"0.9555","failed":0,"unknown":1,"unknown_cost":"0.1365"}]}"#);
    let bare = self::world().kaleyra("");
    let _ = bare.run("apply --auto-approve").exits(0);
    assert_snapshot!(bare.run("report").exits(0).stdout(), @r"
    campaign  market  rate  card  accepted  at most  failed  unknown  if sent
    diwali    -                          8  no rate

    At most: Meta charges for delivered messages only, and Kaleyra's price may differ.
    ");
}
