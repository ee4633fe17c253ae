//! Pauses, probes and halts of the gate.

use super::*;

const A: BatchId = BatchId(1);
const B: BatchId = BatchId(2);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn slow_down(retry_after: Option<u64>) -> Reach {
    Reach::SlowDown {
        cause: PauseCause::Throttled,
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn begin_probe(gate: &mut Gate, id: BatchId) -> Duration {
    let now = gate.opens_at().expect("closed");
    gate.advance(now);
    assert_eq!(gate.admission(true), Admission::Probe);
    gate.probe_begins(id);
    assert_eq!(gate.admission(true), Admission::Nobody);
    now
}

#[test]
fn a_pause_is_as_long_as_the_server_asks_and_ends_with_one_probe() {
    let mut gate = Gate::new(1);
    let swing = gate.reply(seconds(10), A, slow_down(Some(30)), false, false);
    assert_eq!(swing, Swing::Pauses(PauseCause::Throttled, seconds(30)));
    assert!(!gate.may_send(B));
    gate.advance(seconds(39));
    assert_eq!(gate.admission(true), Admission::Nobody);
    assert_eq!(begin_probe(&mut gate, B), seconds(40));
    assert!(gate.may_send(B) && !gate.may_send(A));
    assert_eq!(gate.reply(seconds(41), B, Reach::Reached, false, false), Swing::Resumes);
    assert_eq!(gate.admission(false), Admission::All);
}

#[test]
fn absurd_wishes_are_cut_and_pauses_never_shortened() {
    let mut gate = Gate::new(1);
    gate.reply(seconds(0), A, slow_down(Some(u64::MAX)), false, false);
    assert_eq!(gate.opens_at(), Some(LONGEST_PAUSE));
    let swing = gate.reply(seconds(1), B, slow_down(Some(1)), false, false);
    assert_eq!((swing, gate.opens_at()), (Swing::Stays, Some(LONGEST_PAUSE)));
}

#[test]
fn requests_from_before_the_pause_do_not_lengthen_the_backoff() {
    let mut gate = Gate::new(1);
    gate.reply(seconds(0), A, Reach::Unreachable, false, false);
    let until = gate.opens_at();
    for id in 2..60 {
        gate.reply(seconds(0), BatchId(id), Reach::Unreachable, false, false);
    }
    assert_eq!(gate.opens_at(), until);
}

#[test]
fn five_minutes_without_a_connection_halt() {
    let mut gate = Gate::new(3);
    let mut now = seconds(0);
    let mut id = 0;
    let halted = loop {
        id += 1;
        match gate.reply(now, BatchId(id), Reach::Unreachable, false, false) {
            Swing::Pauses(PauseCause::NoConnection, _) => {
                now = begin_probe(&mut gate, BatchId(id + 1));
            }
            other => break other,
        }
    };
    assert_eq!(halted, Swing::Halts(HaltReason::NoConnection));
    assert_eq!(now, UNREACHABLE_LIMIT);
}

#[test]
fn half_an_hour_of_being_asked_to_slow_down_halts() {
    for retry_after in [None, Some(7), Some(900)] {
        let mut gate = Gate::new(3);
        let mut now = seconds(0);
        let mut id = 0;
        let halted = loop {
            id += 1;
            match gate.reply(now, BatchId(id), slow_down(retry_after), false, false) {
                Swing::Pauses(PauseCause::Throttled, _) => {
                    now = begin_probe(&mut gate, BatchId(id + 1));
                }
                other => break other,
            }
        };
        assert_eq!(halted, Swing::Halts(HaltReason::Throttled));
        assert!((THROTTLED_LIMIT..THROTTLED_LIMIT + LONGEST_PAUSE).contains(&now), "{now:?}");
    }
}

#[test]
fn one_request_that_gets_through_starts_the_half_hour_again() {
    let mut gate = Gate::new(3);
    gate.reply(seconds(0), A, slow_down(Some(900)), false, false);
    begin_probe(&mut gate, B);
    gate.reply(seconds(900), B, Reach::Reached, false, false);
    let swing = gate.reply(seconds(1_801), A, slow_down(Some(1)), false, false);
    assert!(matches!(swing, Swing::Pauses(..)));
}

#[test]
fn one_connection_starts_the_five_minutes_again() {
    let mut gate = Gate::new(3);
    gate.reply(seconds(0), A, Reach::Unreachable, false, false);
    begin_probe(&mut gate, B);
    gate.reply(seconds(200), B, Reach::Reached, false, false);
    let swing = gate.reply(seconds(400), A, Reach::Unreachable, false, false);
    assert!(matches!(swing, Swing::Pauses(..)));
}

#[test]
fn a_tripped_breaker_probes_alone_and_halts_after_three_failures() {
    let mut gate = Gate::new(1);
    let swing = gate.reply(seconds(0), A, Reach::Reached, true, true);
    assert!(matches!(swing, Swing::Pauses(PauseCause::Breaker, _)));
    gate.advance(seconds(100));
    assert_eq!(gate.admission(false), Admission::Nobody, "others are in flight");
    for probe in 10..12 {
        assert_eq!(gate.admission(true), Admission::Probe);
        gate.probe_begins(BatchId(probe));
        let swing = gate.reply(seconds(100), BatchId(probe), Reach::Reached, true, false);
        assert!(matches!(swing, Swing::Pauses(PauseCause::Breaker, _)));
        gate.advance(seconds(1_000));
    }
    gate.probe_begins(B);
    let swing = gate.reply(seconds(1_000), B, Reach::Reached, true, false);
    assert_eq!(swing, Swing::Halts(HaltReason::Breaker));
}

#[test]
fn a_known_outcome_closes_the_breaker() {
    let mut gate = Gate::new(1);
    gate.reply(seconds(0), A, Reach::Reached, true, true);
    begin_probe(&mut gate, B);
    assert_eq!(gate.reply(seconds(9), B, Reach::Reached, false, false), Swing::Resumes);
    assert!(!gate.is_tripped());
}

#[test]
fn while_another_machine_finds_out_nobody_is_sent_to_and_then_one_tries_alone() {
    let mut gate = Gate::new(1);
    assert!(!gate.hold(true));
    assert_eq!(gate.admission(true), Admission::Nobody);
    assert!(!gate.may_send(A));
    assert!(!gate.hold(true), "it goes on");
    assert!(gate.hold(false));
    assert_eq!(gate.admission(true), Admission::Probe);
    gate.probe_begins(B);
    assert!(gate.may_send(B) && !gate.may_send(A));
    assert_eq!(gate.reply(seconds(1), B, Reach::Reached, false, false), Swing::Resumes);
    assert_eq!(gate.admission(false), Admission::All);
}

#[test]
fn a_machine_in_doubt_itself_waits_its_turn_and_needs_a_probe_of_its_own() {
    let mut gate = Gate::new(1);
    gate.reply(seconds(0), A, Reach::Reached, true, true);
    gate.hold(true);
    let now = gate.opens_at().expect("closed");
    gate.advance(now);
    assert_eq!(gate.admission(true), Admission::Nobody);
    gate.hold(false);
    assert!(gate.is_tripped());
    assert_eq!(gate.admission(true), Admission::Probe);
}
