//! Writing while sending.

use proptest::prelude::*;

use super::*;
use crate::model::{HaltReason, NotSent, Rejection, RequestId, State, StateCounts, UnknownCause};

fn with_people(people: u64) -> (World, LockedLedger, Vec<RowId>) {
    let world = World::new();
    let mut ledger = world.lock();
    let plan =
        consume(&mut ledger, &record("diwali", 1), (1..=people).map(person)).expect("consumed");
    let rows = pending(&ledger, plan).iter().map(|row| row.row).collect();
    (world, ledger, rows)
}

#[test]
fn an_outcome_is_kept_with_all_that_later_questions_need() {
    let (world, mut ledger, rows) = with_people(4);
    let accepted = Outcome::Accepted {
        message_id: MessageId::new("f1e2:0").expect("an id"),
        request_id: RequestId::new("f1e2"),
    };
    let rejection = Rejection { code: "E13001".to_owned(), text: "not on WhatsApp".to_owned() };
    let intents: Vec<Change> = rows[..3].iter().map(|row| intend(*row)).collect();
    ledger.write(&intents).expect("intents");
    ledger
        .write(&[
            conclude(rows[0], accepted),
            conclude(rows[1], Outcome::Rejected(rejection)),
            conclude(rows[2], Outcome::Unknown(UnknownCause::ServerError)),
            Change::Skip { row: rows[3], at: at(30), cause: "offer_over" },
        ])
        .expect("outcomes");
    let t = |seconds| at(seconds).as_millis();
    assert_eq!(
        world.query(
            "SELECT state, cause, detail, attempts, message_id, request_id, offer_ends_at,
               attempted_at, accepted_at, updated_at FROM deliveries ORDER BY id"
        ),
        format!(
            "accepted|||1|f1e2:0|f1e2|{end}|{try_}|{done}|{done}\n\
             rejected|E13001|not on WhatsApp|1|||{end}|{try_}||{done}\n\
             unknown|server_error||1|||{end}|{try_}||{done}\n\
             skipped|offer_over||0||||||{skip}",
            end = t(86_400),
            try_ = t(20),
            done = t(21),
            skip = t(30),
        )
    );
    assert_eq!(ledger.read().last_attempt_at().expect("read"), Some(at(20)));
}

#[test]
fn what_provably_was_not_sent_is_pending_again_and_costs_no_attempt() {
    for (why, attempts, cause) in [
        (NotSent::NoConnection, 0, "no_connection"),
        (NotSent::Throttled, 0, "throttled"),
        (NotSent::Refused(HaltReason::Balance), 0, "balance"),
        (NotSent::GroupRefused, 1, "group_refused"),
    ] {
        let (world, mut ledger, rows) = with_people(1);
        ledger.write(&[intend(rows[0])]).expect("an intent");
        ledger.write(&[conclude(rows[0], Outcome::NotSent(why))]).expect("an outcome");
        let row = &pending(&ledger, PlanRow(1))[0];
        assert_eq!(row.attempts, attempts, "{why:?}");
        assert_eq!(world.query("SELECT cause FROM deliveries"), cause);
        ledger.write(&[intend(rows[0])]).expect("another try");
        assert_eq!(world.query("SELECT cause FROM deliveries"), "");
    }
}

#[test]
fn a_change_from_another_state_refuses_the_whole_write() {
    let (_world, mut ledger, rows) = with_people(3);
    let refused = |result: Result<(), LedgerError>| match result.expect_err("refused") {
        LedgerError::UnexpectedState { row, expected, found } => (row, expected, found),
        other => panic!("{other}"),
    };
    let early = ledger.write(&[intend(rows[0]), conclude(rows[1], accepted(rows[1]))]);
    assert_eq!(refused(early), (rows[1], State::Attempting, Some(State::Pending)));
    assert_eq!(ledger.read().counts(&name("diwali")).expect("counts").pending, 3);

    let twice = ledger.write(&[intend(rows[0]), intend(rows[0])]);
    assert_eq!(refused(twice), (rows[0], State::Pending, Some(State::Attempting)));
    assert_eq!(ledger.read().counts(&name("diwali")).expect("counts").pending, 3);

    ledger.write(&[intend(rows[0])]).expect("an intent");
    let skip = Change::Skip { row: rows[0], at: at(30), cause: "offer_over" };
    assert_eq!(refused(ledger.write(&[skip])).2, Some(State::Attempting));
    assert_eq!(refused(ledger.write(&[intend(RowId(99))])), (RowId(99), State::Pending, None));
}

#[test]
fn of_neighbours_written_together_the_one_that_is_not_pending_is_named_and_nobody_written() {
    let (world, mut ledger, rows) = with_people(5);
    ledger.write(&[intend(rows[3])]).expect("an intent");
    let before = world.query("SELECT id, state, attempts FROM deliveries");
    let all: Vec<_> = rows.iter().map(|&row| intend(row)).collect();
    match ledger.write(&all).expect_err("refused") {
        LedgerError::UnexpectedState { row, expected, found } => {
            assert_eq!((row, expected), (rows[3], State::Pending));
            assert_eq!(found, Some(State::Attempting));
        }
        other => panic!("{other}"),
    }
    let lost = (1..=7).map(|row| intend(RowId(row))).filter(|change| *change != intend(rows[3]));
    match ledger.write(&lost.collect::<Vec<_>>()).expect_err("refused") {
        LedgerError::UnexpectedState { row, found, .. } => {
            assert_eq!((row, found), (RowId(6), None));
        }
        other => panic!("{other}"),
    }
    assert_eq!(world.query("SELECT id, state, attempts FROM deliveries"), before);
    // In any order, and beside others: the same as one by one.
    ledger
        .write(&[
            conclude(rows[3], accepted(rows[3])),
            intend(rows[4]),
            intend(rows[0]),
            intend(rows[1]),
            intend(rows[2]),
        ])
        .expect("all of them");
    assert_eq!(
        world.query("SELECT state, attempts FROM deliveries"),
        "attempting|1\nattempting|1\nattempting|1\naccepted|1\nattempting|1"
    );
}

#[test]
fn neighbours_accepted_together_keep_each_their_own_message_id() {
    let (world, mut ledger, rows) = with_people(14);
    ledger.write(&rows.iter().map(|&row| intend(row)).collect::<Vec<_>>()).expect("intents");
    let of_groups = ["r:8", "r:9", "r:10", "r:11", "☂:1", "r:12", "é:3", "s:7", "s:8"];
    let of_their_own = ["t:1", "u:1", "v:2", "v:3", "é:1"];
    let ids = of_groups.into_iter().chain(of_their_own);
    let outcomes: Vec<_> = (rows.iter().zip(ids))
        .map(|(&row, id)| {
            let message_id = MessageId::new(id).expect("an id");
            let request_id = RequestId::new(id.split(':').next().expect("a first part"));
            conclude(row, Outcome::Accepted { message_id, request_id })
        })
        .collect();
    ledger.write(&outcomes).expect("outcomes");
    assert_eq!(
        world.query(
            "SELECT id, state, message_id, request_id FROM deliveries
              WHERE typeof(message_id) = 'text' AND typeof(request_id) = 'text'"
        ),
        "1|accepted|r:8|r\n2|accepted|r:9|r\n3|accepted|r:10|r\n4|accepted|r:11|r\n\
         5|accepted|☂:1|☂\n6|accepted|r:12|r\n7|accepted|é:3|é\n8|accepted|s:7|s\n\
         9|accepted|s:8|s\n10|accepted|t:1|t\n11|accepted|u:1|u\n12|accepted|v:2|v\n\
         13|accepted|v:3|v\n14|accepted|é:1|é"
    );
}

#[test]
fn of_neighbours_accepted_together_the_one_that_was_not_attempted_is_named_and_nobody_written() {
    let (world, mut ledger, rows) = with_people(4);
    let tried = [rows[0], rows[1], rows[3]];
    ledger.write(&tried.map(intend)).expect("intents");
    let before = world.query("SELECT id, state, message_id FROM deliveries");
    let all: Vec<_> = rows.iter().map(|&row| conclude(row, accepted(row))).collect();
    match ledger.write(&all).expect_err("refused") {
        LedgerError::UnexpectedState { row, expected, found } => {
            assert_eq!((row, expected), (rows[2], State::Attempting));
            assert_eq!(found, Some(State::Pending));
        }
        other => panic!("{other}"),
    }
    assert_eq!(world.query("SELECT id, state, message_id FROM deliveries"), before);
}

#[test]
fn what_is_written_is_seen_by_others_at_once_and_after_a_crash() {
    let (world, mut ledger, rows) = with_people(1);
    ledger.write(&[intend(rows[0])]).expect("an intent");
    // The files as a crash would leave them at this moment.
    let copy = World { folder: TempDir::new().expect("a temporary folder") };
    for ending in ["", "-wal", ".serial"] {
        std::fs::copy(world.beside(ending), copy.beside(ending)).expect("copied");
    }
    assert_eq!(copy.open().recovered, 1);
}

#[test]
fn how_a_run_ended_and_test_messages_are_kept_apart_from_counts() {
    use crate::ledger::{LastStop, TestSend};
    let (world, mut ledger, _) = with_people(2);
    let stop = |reason: &str| LastStop { at: at(40), reason: reason.to_owned(), detail: None };
    ledger.record_stop(&name("diwali"), &stop("limit")).expect("recorded");
    ledger.record_stop(&name("diwali"), &stop("finished")).expect("recorded");
    let unknown = ledger.record_stop(&name("holi"), &stop("limit"));
    assert!(matches!(unknown, Err(LedgerError::NoSuchCampaign { .. })));
    ledger
        .record_test_send(&TestSend {
            campaign: name("diwali"),
            number: number(4_915_112_345_678),
            message: message(5),
            outcome: Outcome::Unknown(UnknownCause::Timeout),
            at: at(41),
        })
        .expect("recorded");
    let status = ledger.read().status().expect("status");
    assert_eq!(status[0].last_stop, Some(stop("finished")));
    assert_eq!(status[0].counts, StateCounts { pending: 2, ..StateCounts::default() });
    assert_eq!(
        world.query("SELECT number, state, cause FROM test_sends"),
        "4915112345678|unknown|timeout"
    );
}

/// What may be tried on a row: any change, fitting or not.
#[derive(Clone, Copy, Debug)]
enum Try {
    Intend,
    Accept,
    Reject,
    Doubt,
    Return,
    Skip,
}

impl Try {
    fn change(self, row: RowId) -> Change {
        let rejection = || Rejection { code: "E1".to_owned(), text: String::new() };
        match self {
            Self::Intend => intend(row),
            Self::Accept => conclude(row, accepted(row)),
            Self::Reject => conclude(row, Outcome::Rejected(rejection())),
            Self::Doubt => conclude(row, Outcome::Unknown(UnknownCause::Timeout)),
            Self::Return => conclude(row, Outcome::NotSent(NotSent::Throttled)),
            Self::Skip => Change::Skip { row, at: at(30), cause: "offer_over" },
        }
    }

    /// The state machine of DESIGN section 5.
    fn leads(self, from: State) -> Option<State> {
        match (from, self) {
            (State::Pending, Self::Intend) => Some(State::Attempting),
            (State::Pending, Self::Skip) => Some(State::Skipped),
            (State::Attempting, Self::Accept) => Some(State::Accepted),
            (State::Attempting, Self::Reject) => Some(State::Rejected),
            (State::Attempting, Self::Doubt) => Some(State::Unknown),
            (State::Attempting, Self::Return) => Some(State::Pending),
            _ => None,
        }
    }
}

fn any_try() -> impl Strategy<Value = Try> {
    prop_oneof![
        4 => Just(Try::Intend),
        1 => Just(Try::Accept),
        1 => Just(Try::Reject),
        1 => Just(Try::Doubt),
        1 => Just(Try::Return),
        1 => Just(Try::Skip),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn everybody_planned_is_in_exactly_one_state_whatever_is_tried(
        writes in prop::collection::vec(prop::collection::vec((0..6_usize, any_try()), 1..4), 1..25),
        crash_after in 0..25_usize,
    ) {
        let (world, mut ledger, rows) = with_people(6);
        let mut model = vec![State::Pending; rows.len()];
        for (index, write) in writes.iter().enumerate() {
            let mut wanted = Some(model.clone());
            for (row, attempt) in write {
                wanted = wanted.and_then(|mut states: Vec<State>| {
                    states[*row] = attempt.leads(states[*row])?;
                    Some(states)
                });
            }
            let changes: Vec<Change> =
                write.iter().map(|(row, attempt)| attempt.change(rows[*row])).collect();
            prop_assert_eq!(ledger.write(&changes).is_ok(), wanted.is_some());
            model = wanted.unwrap_or(model);
            if index == crash_after {
                drop(ledger);
                let opened = world.open();
                let open = model.iter_mut().filter(|state| **state == State::Attempting);
                prop_assert_eq!(opened.recovered, open.map(|state| *state = State::Unknown).count() as u64);
                ledger = opened.ledger;
            }
            let mut counts = StateCounts::default();
            for state in &model {
                counts.add(*state, 1);
            }
            prop_assert_eq!(ledger.read().counts(&name("diwali")).expect("counts"), counts);
            prop_assert_eq!(counts.planned(), 6);
        }
        drop(ledger);
        prop_assert_eq!(ReadLedger::check(&world.path()).expect("checked"), Vec::new());
    }
}

#[test]
fn the_table_refuses_a_row_without_what_its_state_asks_for() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), [person(1)]).expect("consumed");
    ledger.close().expect("closed");
    let mut database = rusqlite::Connection::open(world.path()).expect("a database");
    let mut fits = |change: &str| {
        let undone = database.transaction().expect("begun");
        undone.execute(&format!("UPDATE deliveries SET {change}"), []).is_ok()
    };
    for whole in [
        "state = 'pending', cause = 'connect'",
        "state = 'attempting', attempted_at = 1",
        "state = 'accepted', attempted_at = 1, accepted_at = 2",
        "state = 'accepted', attempted_at = 1, accepted_at = 2, receipt = 'read'",
        "state = 'rejected', cause = 'code'",
        "state = 'unknown', cause = 'timeout'",
        "state = 'skipped', cause = 'late'",
    ] {
        assert!(fits(whole), "{whole}");
    }
    for part in [
        "state = 'sent'",
        "accepted_at = 2",
        "receipt = 'read'",
        "state = 'attempting'",
        "state = 'attempting', attempted_at = 1, accepted_at = 2",
        "state = 'attempting', attempted_at = 1, receipt = 'sent'",
        "state = 'accepted', accepted_at = 2",
        "state = 'accepted', attempted_at = 1",
        "state = 'accepted', attempted_at = 1, accepted_at = 2, receipt = 'lost'",
        "state = 'rejected'",
        "state = 'rejected', cause = 'code', accepted_at = 2",
        "state = 'unknown'",
        "state = 'unknown', cause = 'timeout', receipt = 'sent'",
        "state = 'skipped'",
        "state = 'skipped', cause = 'late', accepted_at = 2",
    ] {
        assert!(!fits(part), "{part}");
    }
}

/// Ids as replies have them: counted, with gaps, zeros in front or none at all, foreign letters.
fn any_id() -> impl Strategy<Value = String> {
    let counted = (0..12_u8).prop_map(|number| number.to_string());
    let other = prop_oneof!["0[0-9]", "[0-9]{14,22}", Just(String::new()), Just("é".to_owned())];
    ("r:|s:|é:|r|7", prop_oneof![4 => counted, 1 => other])
        .prop_map(|(before, after)| before + &after)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_ids_a_reply_gives_each_keeps_their_own(
        ids in prop::collection::vec((any_id(), prop::option::weighted(0.9, "r|s|é")), 9),
        counts in prop::collection::vec(prop::bool::weighted(0.6), 9),
        seconds in prop::collection::vec(prop_oneof![4 => Just(21), 1 => Just(22)], 9),
    ) {
        let (world, mut ledger, rows) = with_people(9);
        ledger.write(&rows.iter().map(|&row| intend(row)).collect::<Vec<_>>()).expect("intents");
        let mut given: Vec<(String, Option<String>)> = Vec::new();
        for (at, (id, counts)) in ids.into_iter().zip(counts).enumerate() {
            let goes_on = given.last().filter(|_| counts).and_then(|(last, request)| {
                let start = last.trim_end_matches(|digit: char| digit.is_ascii_digit()).len();
                let number: u64 = last[start..].parse().ok()?;
                Some((format!("{}{}", &last[..start], number + 1), request.clone()))
            });
            given.push(goes_on.unwrap_or_else(|| (format!("{}{at}", id.0), id.1)));
        }
        let people = rows.iter().zip(&given).zip(&seconds);
        let outcomes: Vec<_> = people.map(|((&row, (id, request)), &second)| {
            let message_id = MessageId::new(id).expect("an id");
            let request_id = request.as_deref().and_then(RequestId::new);
            let outcome = Outcome::Accepted { message_id, request_id };
            Change::Conclude { row, at: at(second), outcome }
        }).collect();
        ledger.write(&outcomes).expect("outcomes");
        let found = world.query(
            "SELECT typeof(message_id), message_id, typeof(request_id), request_id, accepted_at
             FROM deliveries ORDER BY id",
        );
        let wanted: Vec<_> = given.iter().zip(seconds).map(|((id, request), second)| {
            let request = request.as_ref().map_or("null|".to_owned(), |id| format!("text|{id}"));
            format!("text|{id}|{request}|{}", at(second).as_millis())
        }).collect();
        prop_assert_eq!(found, wanted.join("\n"));
    }
}
