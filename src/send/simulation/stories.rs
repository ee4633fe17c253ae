//! Single stories, told by the simulated world.

use std::time::Duration;

use crate::event::StopReason;
use crate::model::{HaltReason, OfferEnd, Share, StateCounts};

use super::super::job::{Job, StopSignal};
use super::weather::Weather;
use super::world::World;
use super::{job, start};

fn world(job: Job, weather: Weather) -> World {
    let mut world = World::new(job, weather, 1);
    world.start();
    world
}

fn ends(world: &mut World) -> StopReason {
    while world.step().is_none() {}
    world.end()
}

#[test]
fn two_hundred_and_fifty_people_in_groups_of_a_hundred_take_three_requests() {
    let mut job = job(250, "100/s", 4);
    job.delivery.recipients_per_request = 100;
    let mut world = world(job, Weather::fair());
    assert_eq!(ends(&mut world), StopReason::Finished);
    let sizes: Vec<_> = world.writes.iter().map(|&(_, messages)| messages).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn a_signal_waits_six_seconds_and_what_has_not_answered_then_is_unknown() {
    let latency = (Duration::from_secs(30), Duration::from_secs(30));
    let mut world = world(job(50, "100/s", 4), Weather { latency, ..Weather::fair() });
    while world.writes.len() < 4 {
        world.step();
    }
    let signalled = world.now;
    world.signal(StopSignal::Terminate);
    assert_eq!(ends(&mut world), StopReason::Terminated);
    let counts = StateCounts { pending: 46, unknown: 4, ..StateCounts::default() };
    assert_eq!(world.ledger.counts(), counts);
    let took = world.now - signalled;
    assert!((6_000..6_200).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_limit_counts_people_and_the_next_run_goes_on() {
    let mut job = job(50, "100/s", 4);
    job.limit = Some(20);
    let mut world = world(job, Weather { throttled: 300, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Limit);
    assert_eq!(world.ledger.counts().accepted, 20);
    world.job.limit = None;
    world.start();
    assert_eq!(ends(&mut world), StopReason::Finished);
    assert_eq!(world.ledger.counts().accepted, 50);
}

#[test]
fn a_full_day_stops_and_the_next_run_goes_on_when_the_first_place_is_free() {
    let mut job = job(50, "10/s", 4);
    job.delivery.daily = Some(20);
    job.offer_end = OfferEnd::At(start().plus(Duration::from_hours(24 * 7)));
    let mut world = world(job, Weather { throttled: 200, rejected: 100, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Daily);
    let reached = |world: &World| 50 - world.ledger.counts().pending;
    assert_eq!(reached(&world), 20);
    let first = world.ledger.sent()[0].at;
    let next_at = world.next_at.expect("told");
    assert!(next_at.since(first.plus(Duration::from_hours(24))) <= Duration::from_secs(1));

    world.start();
    assert_eq!(ends(&mut world), StopReason::Daily, "an hour is nothing");
    assert_eq!(reached(&world), 20);

    // Places come back one by one, as they were taken: the run keeps step with them.
    world.rest();
    world.start();
    assert_eq!(ends(&mut world), StopReason::Daily);
    assert_eq!(reached(&world), 40);
    world.rest();
    world.start();
    assert_eq!(ends(&mut world), StopReason::Finished);
}

#[test]
fn unknown_outcomes_keep_their_places() {
    let mut job = job(50, "10/s", 1);
    job.delivery.daily = Some(3);
    let mut world = world(job, Weather { in_doubt: 1_000, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Daily);
    assert_eq!(world.ledger.counts().unknown, 3);
}

#[test]
fn a_deadline_stops_and_leaves_the_rest_pending() {
    let mut job = job(500, "100/s", 4);
    job.deadline = Some(Duration::from_secs(2));
    let mut world = world(job, Weather::fair());
    assert_eq!(ends(&mut world), StopReason::Deadline);
    let counts = world.ledger.counts();
    assert!((190..=200).contains(&counts.accepted), "{counts:?}");
    assert_eq!(counts.accepted + counts.pending, 500);
}

#[test]
fn when_too_little_of_the_offer_is_left_the_rest_is_skipped() {
    let mut job = job(2_500, "100/s", 8);
    job.offer_end = OfferEnd::At(start().plus(Duration::from_secs(900 + 3)));
    let mut world = world(job, Weather::fair());
    assert_eq!(ends(&mut world), StopReason::OfferOver);
    let counts = world.ledger.counts();
    assert!((280..=300).contains(&counts.accepted), "{counts:?}");
    assert_eq!(counts.accepted + counts.skipped, 2_500);
}

#[test]
fn a_server_that_is_never_reached_halts_after_five_minutes_and_costs_nobody_an_attempt() {
    let mut world = world(job(50, "100/s", 8), Weather { unreachable: 1_000, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Halted(HaltReason::NoConnection));
    assert_eq!(world.ledger.counts().pending, 50);
    assert!((300..310).contains(&world.now.as_secs()), "{:?}", world.now);
}

#[test]
fn a_server_that_only_asks_to_slow_down_halts_and_costs_nobody_an_attempt() {
    let mut world = world(job(50, "100/s", 8), Weather { throttled: 1_000, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Halted(HaltReason::Throttled));
    assert_eq!(world.ledger.counts().pending, 50);
    assert!((30..45).contains(&(world.now.as_secs() / 60)), "{:?}", world.now);
}

#[test]
fn doubt_about_everything_halts_within_slots_and_threshold_and_probes() {
    let mut world = world(job(500, "100/s", 8), Weather { in_doubt: 1_000, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Halted(HaltReason::Breaker));
    let unknown = world.ledger.counts().unknown;
    assert!(unknown <= 8 + 5 + 3, "{unknown} unknown");
}

#[test]
fn too_many_rejections_halt_after_fifty_outcomes() {
    let mut job = job(500, "100/s", 4);
    job.failures = Share::parse("5%").expect("a share");
    let mut world = world(job, Weather { rejected: 500, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::Halted(HaltReason::FailureShare));
    let counts = world.ledger.counts();
    assert!((50..=53).contains(&(counts.accepted + counts.rejected)), "{counts:?}");
}

#[test]
fn refused_groups_are_tried_alone_and_those_refused_again_stay_pending() {
    let mut job = job(20, "100/s", 4);
    job.delivery.recipients_per_request = 10;
    let mut world = world(job, Weather { group_refused: 1_000, ..Weather::fair() });
    assert_eq!(ends(&mut world), StopReason::AttemptsUsedUp);
    let alone = world.writes.iter().filter(|&&(_, messages)| messages == 1).count();
    assert_eq!((world.writes.len(), alone), (2 + 20 * 3, 20 * 3));
    assert_eq!(world.ledger.counts().pending, 20);
}
