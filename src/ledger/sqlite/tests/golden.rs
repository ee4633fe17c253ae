//! A ledger of format 1 as it was written once: every later version must read it and go on
//! with it. Never write it anew after a release; a new format gets a file of its own.

use std::fs;

use super::*;
use crate::ledger::store::LockedLedger as _;
use crate::ledger::{Decision, IssuedCode, LastStop, Settlement, TestSend, Verdict, Who};
use crate::model::{Receipt, Rejection, StateCounts, UnknownCause};

const CARD: &str = "# as_of: 2026-10-01\n# currency: USD\nprefix,rate\n91,0.0118\n";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger/format-1.db")
}

/// A copy to work on, with the mark beside it that `adopt` makes.
fn copy() -> World {
    let world = World { folder: TempDir::new().expect("a temporary folder") };
    fs::copy(golden(), world.path()).expect("the golden ledger is in the repository");
    let serial = world.query("SELECT max(serial) FROM marks").parse().expect("it has marks");
    let adopted = LockedLedger::adopt(&world.path(), serial, LockWait::default(), &holder());
    adopted.expect("the last serial is stated").ledger.close().expect("closed");
    world
}

#[test]
fn a_ledger_of_format_1_is_sound_and_says_what_it_said() {
    let world = copy();
    assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
    let ledger = world.read();
    let mut rows = Vec::new();
    any(&ledger)
        .history(&Who::All, None, |row| -> Result<(), LedgerError> {
            let cause = row.cause.unwrap_or_default();
            let who = row.whose.number().map_or("forgotten".to_owned(), PhoneNumber::digits);
            rows.push(format!("{who} {} {cause}", row.state));
            Ok(())
        })
        .expect("readable");
    assert_eq!(
        rows,
        [
            "919800000001 accepted ",
            "919800000002 rejected E13001",
            "919800000003 skipped unsent",
            "919800000004 unknown crash",
            "919800000005 pending ",
            "919800000006 pending ",
            "forgotten skipped forgotten",
        ]
    );
    let memory = ledger.snapshot(&name("diwali")).expect("readable").campaign.expect("known");
    assert!(memory.known[0].failed && memory.known[2].settled_unsent);
    assert_eq!(memory.issued, [(person(9).number(), message(9).coupon_code)]);
    let plan = memory.last_plan.expect("consumed");
    assert_eq!((plan.id, plan.planned, plan.offer_end), (plan_id(1), 7, OfferEnd::At(at(86_400))));
    let decisions = ledger.decisions(person(1).number().person()).expect("readable");
    assert_eq!(decisions[0].reason, "report_failed");
    assert_eq!(ledger.test_sends().expect("readable").len(), 1);
    assert_eq!(any(&ledger).rates().expect("readable")[0].card, CARD);
    assert!(ledger.forgotten().expect("readable").contains(person(7).number().person()));
    let status = ledger.status().expect("readable");
    assert_eq!(status[0].last_stop.as_ref().map(|stop| stop.reason.as_str()), Some("limit"));
}

#[test]
fn a_ledger_of_format_1_is_gone_on_with() {
    let world = copy();
    let mut ledger = world.lock();
    let found = ledger.read().consumed(&name("diwali"), plan_id(1)).expect("readable");
    let left = pending(&ledger, found.expect("consumed").row);
    assert_eq!(left.len(), 2);
    assert_eq!(*left[0].message, message(5));
    let row = left[0].row;
    ledger.write(&[intend(row), conclude(row, accepted(row))]).expect("written");
    assert_eq!(
        ledger.read().counts(&name("diwali")).expect("counted"),
        StateCounts {
            pending: 1,
            accepted: 2,
            rejected: 1,
            unknown: 1,
            skipped: 2,
            ..StateCounts::default()
        }
    );
    let again = PlanRecord { again_after_failure: true, ..record("diwali", 2) };
    let refused = consume(&mut ledger, &again, [person(7)]).expect_err("they are forgotten");
    assert!(matches!(refused, LedgerError::Forgotten { .. }), "{refused}");
    let people = [person(1), person(3), person(9)];
    let plan = consume(&mut ledger, &again, people).expect("the next plan is consumed");
    assert_eq!(pending(&ledger, plan).len(), 3);
    assert_eq!(
        ledger.read().snapshot(&name("diwali")).expect("readable").campaign.expect("known").known
            [0]
        .round,
        1
    );
}

/// Run by hand, before the first release only:
/// `cargo test --lib -- --ignored write_the_golden_ledger`.
#[test]
#[ignore = "writes the golden ledger anew"]
fn write_the_golden_ledger() {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=7).map(person)).expect("consumed");
    let rows: Vec<_> = rows(&ledger, plan).into_values().collect();
    ledger.keep_rates(plan, CARD, at(15)).expect("kept");
    ledger.mark_run(at(15)).expect("marked");
    let rejection = Rejection { code: "E13001".into(), text: "not on WhatsApp".into() };
    let outcomes = [
        accepted(rows[0]),
        Outcome::Rejected(rejection),
        Outcome::Unknown(UnknownCause::Timeout),
        Outcome::Unknown(UnknownCause::Crash),
    ];
    for (row, outcome) in rows.iter().zip(outcomes) {
        ledger.write(&[intend(*row), conclude(*row, outcome)]).expect("written");
    }
    let stop = LastStop { at: at(40), reason: "limit".to_owned(), detail: None };
    ledger.record_stop(&name("diwali"), &stop).expect("recorded");
    let failed = Verdict::Reported { receipt: Receipt::Failed, message_id: None };
    let settlements = [
        Settlement { row: rows[0], verdict: failed },
        Settlement { row: rows[2], verdict: Verdict::Unsent },
    ];
    let decision = Decision { by: "user:asha".to_owned(), at: at(9_000), evidence: None };
    ledger.settle(&settlements, &decision).expect("settled");
    let issued = IssuedCode {
        number: person(9).number(),
        id: Some("C-9".to_owned()),
        code: message(9).coupon_code,
    };
    ledger.mark_issued(&name("diwali"), None, at(9_100), vec![issued]).expect("marked");
    let test = TestSend {
        campaign: name("diwali"),
        number: number(4_915_112_345_678),
        message: message(8),
        outcome: accepted(RowId(1)),
        at: at(9_200),
    };
    ledger.record_test_send(&test).expect("recorded");
    ledger.forget(&[person(7).number()], &decision).expect("forgotten");
    ledger.close().expect("closed");
    fs::create_dir_all(golden().parent().expect("a folder")).expect("made");
    fs::copy(world.path(), golden()).expect("written");
}
