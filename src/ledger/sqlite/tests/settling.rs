//! Settling what could not be known.

use super::*;
use crate::ledger::{HistoryRow, Settlement, Verdict, Who};
use crate::model::{Receipt, State, UnknownCause};

fn reported(receipt: Receipt, message_id: &str) -> Verdict {
    Verdict::Reported { receipt, message_id: MessageId::new(message_id) }
}

/// Four people of one plan: two unknown, one accepted, one pending.
fn in_doubt() -> (World, LockedLedger, Vec<RowId>) {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=4).map(person)).expect("consumed");
    let rows: Vec<_> = rows(&ledger, plan).into_values().collect();
    ledger.write(&[intend(rows[0]), intend(rows[1]), intend(rows[2])]).expect("intents");
    ledger
        .write(&[
            conclude(rows[0], Outcome::Unknown(UnknownCause::Timeout)),
            conclude(rows[1], Outcome::Unknown(UnknownCause::ConnectionLost)),
            conclude(rows[2], accepted(rows[2])),
        ])
        .expect("outcomes");
    (world, ledger, rows)
}

fn settle(ledger: &mut LockedLedger, row: RowId, verdict: Verdict) -> Result<(), LedgerError> {
    ledger.settle(&[Settlement { row, verdict }], &decision())
}

#[test]
fn a_copy_from_before_outcomes_were_settled_is_refused() {
    let (world, mut ledger, rows) = in_doubt();
    let copy = world.folder.path().join("copy.db");
    world.query(&format!("VACUUM INTO '{}'", copy.display()));
    settle(&mut ledger, rows[0], Verdict::Sent).expect("settled");
    assert_eq!(world.query("SELECT occasion FROM marks ORDER BY serial DESC LIMIT 1"), "settled");
    ledger.close().expect("closed");
    std::fs::rename(copy, world.path()).expect("put back");
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(world.beside(ending));
    }
    let refused = world.try_open().expect_err("it has forgotten what was settled");
    assert!(refused.to_string().contains("serial"), "{refused}");
}

fn stands(ledger: &LockedLedger, n: u64) -> HistoryRow {
    let mut found = None;
    let who = Who::Number(person(n).number());
    let visit = |row| -> Result<(), LedgerError> {
        found = Some(row);
        Ok(())
    };
    any(ledger.read()).history(&who, None, visit).expect("read");
    found.expect("planned")
}

#[test]
fn settled_as_sent_is_accepted_at_the_time_of_the_attempt_and_audited() {
    let (world, mut ledger, rows) = in_doubt();
    settle(&mut ledger, rows[0], Verdict::Sent).expect("settled");
    let row = stands(&ledger, 1);
    assert_eq!((row.state, row.cause.as_deref()), (State::Accepted, Some("resolved")));
    assert_eq!((row.accepted_at, row.updated_at, row.message_id), (Some(at(20)), at(9_000), None));
    assert_eq!(
        world.query(
            "SELECT number, person, plan, attempted_at, from_state, from_cause, to_state, reason,
               evidence, done_by, done_at FROM audit"
        ),
        format!(
            "919800000001|919800000001|1|{}|unknown|timeout|accepted|as_sent||user:asha|{}",
            at(20).as_millis(),
            at(9_000).as_millis()
        )
    );
}

#[test]
fn settled_as_unsent_waits_for_a_new_plan_and_is_sent_to_by_no_old_one() {
    let (world, mut ledger, rows) = in_doubt();
    settle(&mut ledger, rows[0], Verdict::Unsent).expect("settled");
    let memory = ledger.read().snapshot(&name("diwali")).expect("read").campaign.expect("known");
    let known = memory.known[0];
    assert_eq!((known.state, known.settled_unsent), (State::Skipped, true));
    assert_eq!((known.round, known.next_round()), (0, 1));
    assert!(known.code_may_be_out() && !memory.known[3].code_may_be_out());
    let still: Vec<_> = pending(&ledger, PlanRow(1)).iter().map(|row| row.row).collect();
    assert_eq!(still, [rows[3]]);

    let plan = consume(&mut ledger, &record("diwali", 2), [person(1)]).expect("consumed");
    let again = pending(&ledger, plan);
    assert_eq!(again.iter().map(|row| row.number).collect::<Vec<_>>(), [person(1).number()]);
    let memory = ledger.read().snapshot(&name("diwali")).expect("read").campaign.expect("known");
    assert_eq!((memory.known[0].round, memory.known[0].settled_unsent), (1, false));
    assert!(memory.known[0].code_may_be_out(), "the first message may be there after all");
    assert_eq!(world.query("SELECT count(*), min(reason) FROM audit"), "1|as_unsent");
    assert_eq!(ledger.read().counts(&name("diwali")).expect("counted").planned(), 4);
}

#[test]
fn a_report_settles_who_is_unknown_or_was_settled_as_unsent() {
    let (_world, mut ledger, rows) = in_doubt();
    settle(&mut ledger, rows[0], reported(Receipt::Delivered, "r-9:0")).expect("settled");
    let row = stands(&ledger, 1);
    assert_eq!((row.state, row.cause.as_deref()), (State::Accepted, Some("reported")));
    assert_eq!(row.message_id.as_deref(), Some("r-9:0"));
    assert_eq!((row.receipt, row.accepted_at), (Some(Receipt::Delivered), Some(at(20))));

    settle(&mut ledger, rows[1], Verdict::Unsent).expect("settled");
    settle(&mut ledger, rows[1], reported(Receipt::Read, "r-9:1")).expect("settled after all");
    assert_eq!(stands(&ledger, 2).state, State::Accepted);
    let decisions = ledger.read().decisions(person(2).number().person()).expect("read");
    let told: Vec<_> =
        decisions.iter().map(|row| (row.from, row.to, row.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (State::Unknown, State::Skipped, "as_unsent"),
            (State::Skipped, State::Accepted, "report_read")
        ]
    );
}

#[test]
fn a_late_failure_is_a_mark_on_the_accepted_person_whose_message_id_stays() {
    let (_world, mut ledger, rows) = in_doubt();
    let before = stands(&ledger, 3);
    settle(&mut ledger, rows[2], reported(Receipt::Failed, "other")).expect("marked");
    let after = stands(&ledger, 3);
    assert_eq!((after.state, after.receipt), (State::Accepted, Some(Receipt::Failed)));
    assert_eq!(
        (after.message_id, after.accepted_at, after.cause),
        (before.message_id, before.accepted_at, before.cause)
    );
    let status = ledger.read().status().expect("status");
    assert_eq!(status[0].receipts, [(Receipt::Failed, 1)]);
    assert_eq!(status[0].counts.planned(), 4);
}

#[test]
fn nobody_else_can_be_settled_and_one_fault_keeps_all_as_it_was() {
    for verdict in [Verdict::Sent, Verdict::Unsent, reported(Receipt::Read, "r")] {
        let (world, mut ledger, rows) = in_doubt();
        let both = [rows[0], rows[3]].map(|row| Settlement { row, verdict: verdict.clone() });
        let error = ledger.settle(&both, &decision()).expect_err("the second is pending");
        assert!(matches!(error, LedgerError::UnexpectedState { .. }), "{error}");
        assert_eq!(stands(&ledger, 1).state, State::Unknown);
        assert_eq!(world.query("SELECT count(*) FROM audit"), "0");
    }
    let (_world, mut ledger, rows) = in_doubt();
    for verdict in [Verdict::Sent, Verdict::Unsent] {
        settle(&mut ledger, rows[2], verdict).expect_err("accepted already");
    }
}

#[test]
fn people_in_doubt_are_listed_by_cause_and_time() {
    let (world, mut ledger, rows) = in_doubt();
    ledger
        .write(&[Change::Intend { row: rows[3], at: at(15), offer_ends_at: at(99) }])
        .expect("on");
    ledger.write(&[conclude(rows[3], Outcome::Unknown(UnknownCause::Timeout))]).expect("unknown");
    let mut listed = Vec::new();
    let visit = |row: HistoryRow| -> Result<(), LedgerError> {
        listed.push((row.cause.unwrap_or_default(), row.id.unwrap_or_default()));
        Ok(())
    };
    any(&world.read()).history(&Who::Unknown, Some(&name("diwali")), visit).expect("read");
    let listed: Vec<_> = listed.iter().map(|(cause, id)| (cause.as_str(), id.as_str())).collect();
    assert_eq!(listed, [("connection_lost", "C-2"), ("timeout", "C-4"), ("timeout", "C-1")]);
}

#[test]
fn whoever_failed_later_is_planned_again_only_where_the_plan_says_so() {
    let (world, mut ledger, rows) = in_doubt();
    settle(&mut ledger, rows[2], reported(Receipt::Failed, "other")).expect("marked");
    let known = |ledger: &LockedLedger| {
        let snapshot = ledger.read().snapshot(&name("diwali")).expect("read");
        snapshot.campaign.expect("known").known[2]
    };
    assert_eq!((known(&ledger).failed, known(&ledger).next_round()), (true, 1));
    let refused = consume(&mut ledger, &record("diwali", 2), [person(3)]);
    assert!(matches!(refused, Err(LedgerError::Settled { state: State::Accepted, .. })));
    let again = PlanRecord { again_after_failure: true, ..record("diwali", 2) };
    // Of the others nobody who was sent to may be planned either.
    let refused = consume(&mut ledger, &again, [person(3), person(1)]);
    assert!(matches!(refused, Err(LedgerError::Settled { state: State::Unknown, .. })));
    assert!(known(&ledger).failed, "all or none");

    let plan = consume(&mut ledger, &again, [person(3)]).expect("consumed");
    assert_eq!(pending(&ledger, plan).len(), 1);
    let now = known(&ledger);
    assert_eq!((now.state, now.failed, now.round), (State::Pending, false, 1));
    assert!(now.code_may_be_out());
    assert_eq!(
        world.query("SELECT from_state, from_cause, to_state, reason, done_by FROM audit"),
        "accepted||accepted|report_failed|user:asha\n\
         accepted|failed|pending|again_after_failure|plan:allow.failed"
    );
    assert_eq!(ledger.read().counts(&name("diwali")).expect("counted").planned(), 4);
}
