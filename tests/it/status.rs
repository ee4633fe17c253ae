//! `offercast status`: where campaigns stand, and one person's history.

use insta::assert_snapshot;

use crate::support::{CAMPAIGN, SHARED, World, people, phone};

fn world() -> World {
    let script = r#"{"rules": [
        {"recipient": "920003", "drop": "after_accept"},
        {"recipient": "920004", "reject": {"code": "E13001", "text": "Invalid WhatsApp number"}}]}"#;
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(8));
    let world = world.ledger().kaleyra(script);
    let _ = world.run("apply --auto-approve --limit 6").exits(7);
    world
}

#[test]
fn campaigns_add_up() {
    assert_snapshot!(world().run("status").exits(0).stdout(), @r"
    campaign  planned  accepted  unknown  rejected  pending  skipped
    diwali          8         4        1         1        2        0

    diwali
      plan $ID, begun 2026-12-01 09:00 UTC
      stopped: `--limit` is reached at 2026-12-01 09:00 UTC
      unknown for 1 person: connection lost after sending began
    ");
}

#[test]
fn an_empty_ledger_has_no_campaigns() {
    let run = World::new().ledger().run("status").exits(0);
    assert_snapshot!(run.stdout(), @"nothing was applied with this ledger yet");
}

#[test]
fn every_format_tells_the_same() {
    let world = world();
    assert_snapshot!(world.run("status --format csv").exits(0).stdout(), @r"
    campaign,plan_id,consumed_at,planned,accepted,unknown,rejected,pending,attempting,skipped,last_stop_at,last_stop,last_stop_detail
    diwali,$ID,2026-12-01T09:00:00Z,8,4,1,1,2,0,0,2026-12-01T09:00:00Z,limit,
    ");
    assert_snapshot!(world.run("status --format markdown").exits(0).stdout(), @r"
    | campaign | planned | accepted | unknown | rejected | pending | skipped | last stop |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
    | `diwali` | 8 | 4 | 1 | 1 | 2 | 0 | ``stopped: `--limit` is reached`` |
    ");
    let json = world.run("status --format json").exits(0);
    assert_snapshot!(json.stdout(), @r#"{"format_version":"1.0","campaigns":[{"campaign":"diwali","plan_id":"$ID","consumed_at":"2026-12-01T09:00:00Z","counts":{"planned":8,"accepted":4,"unknown":1,"rejected":1,"pending":2,"attempting":0,"skipped":0},"unknown":{"connection_lost":1},"receipts":{},"settled_unsent":0,"last_stop":{"at":"2026-12-01T09:00:00Z","reason":"limit","detail":null}}]}"#);
    let _ = json.json();
}

#[test]
fn one_campaign_can_be_asked_for() {
    let world = world().campaign("shared", SHARED);
    let _ = world.run("apply campaigns/shared.yaml --auto-approve").exits(7);
    assert_snapshot!(world.run("status shared").exits(0).stdout(), @r"
    campaign  planned  accepted  unknown  rejected  pending  skipped
    shared          8         0        8         0        0        0

    shared
      plan $ID, begun 2026-12-01 09:00 UTC
      finished: nobody is left to send to at 2026-12-01 09:00 UTC
      unknown for 8 people: connection lost after sending began
    ");
    let _ = world.run("status nobody").exits(1);
    let _ = world.run("status Not-A-Name").exits(64);
}

#[test]
fn a_persons_history_is_found_by_number_id_and_code() {
    let world = world();
    let asked = format!("{}\n", phone(3));
    let by_number = world.command("status --recipient -").input(&asked).run().exits(0);
    assert_snapshot!(by_number.stdout(), @r"
    diwali  unknown  2026-12-01 09:00 UTC
      number      +49••••••••03
      id          c3
      cause       connection_lost
      attempts    1
      code        ••••••••••79
      offer ends  2026-12-15 09:00 UTC
      tried       2026-12-01 09:00 UTC
      plan        $ID
    ");
    let by_id = world.run("status --id c3").exits(0);
    assert_eq!(by_id.stdout(), by_number.stdout());
    let accepted = world.received();
    let code = &accepted.iter().find(|a| a.recipient.e164() == phone(3)).unwrap().content;
    let line = format!("status --code {}", code.coupon_code);
    let by_code = world.command(&line).may_show_codes().run().exits(0);
    assert_eq!(by_code.stdout(), by_number.stdout());
}

#[test]
fn a_number_is_never_an_argument() {
    let world = world();
    let line = format!("status --recipient {}", phone(3));
    let _ = world.run(&line).exits(64).shows("--recipient -");
}

#[test]
fn somebody_unknown_has_no_history() {
    let world = world();
    assert_snapshot!(world.run("status --id nobody").exits(0).stdout(), @"nothing is known of this recipient");
    let _ = world.command("status --recipient -").input("not a number\n").run().exits(64);
}
