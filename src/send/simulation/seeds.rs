//! Whole campaigns with random faults, crashes at any step and restarts, by seed.
//!
//! `OFFERCAST_SIM_SEEDS=1000000 cargo test --release --lib send::simulation::seeds` runs
//! more of them; `OFFERCAST_SIM_SEED=n` replays one.

use std::time::Duration;

use crate::event::StopReason;
use crate::model::{OfferEnd, Share, State};

use super::super::backoff::Chance;
use super::super::job::{Job, StopSignal};
use super::weather::Weather;
use super::world::World;
use super::{job, start};

/// Seeds of a normal test run.
const SEEDS: u64 = 10_000;

#[test]
fn no_fault_crash_or_stop_breaks_a_promise() {
    if let Some(seed) = number_from("OFFERCAST_SIM_SEED") {
        return campaign(seed);
    }
    for seed in 0..number_from("OFFERCAST_SIM_SEEDS").unwrap_or(SEEDS) {
        let failed = std::panic::catch_unwind(|| campaign(seed)).is_err();
        assert!(!failed, "seed {seed} failed; replay it with OFFERCAST_SIM_SEED={seed}");
    }
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn campaign(seed: u64) {
    let mut chance = Chance::seeded(seed.wrapping_mul(0x1234_5678_9ABC_DEF1) ^ 0xC0FF_EE00);
    let mut world = World::new(scenario(&mut chance), weather(&mut chance), chance.next());
    let most_crashes = chance.below(6);
    let mut crashes = 0;
    // Long enough for any campaign of this size, so that a run without end is found.
    for _run in 0..200 {
        world.start();
        let crash_at = (crashes < most_crashes).then(|| chance.below(150));
        let signal_at = (chance.below(4) == 0).then(|| chance.below(200));
        let mut steps = 0;
        let stop = loop {
            if crash_at == Some(steps) {
                break None;
            }
            if signal_at == Some(steps) {
                world.signal(StopSignal::Interrupt);
            }
            if let Some(stop) = world.step() {
                break Some(stop);
            }
            steps += 1;
            assert!(steps < 50_000, "the run does not end");
        };
        if stop.is_none() {
            crashes += 1;
            world.crash();
            continue;
        }
        let stop = world.end();
        if is_the_end(stop) {
            break;
        }
        if stop == StopReason::Daily {
            world.rest();
        }
        world.job.limit = None;
        world.job.deadline = None;
        world.weather = calmer(&world.weather);
    }
    world.ledger.recover(start().plus(world.now));
    let counts = world.ledger.counts();
    assert_eq!(counts.get(State::Attempting), 0);
    assert_eq!(counts.get(State::Pending), 0, "in calm weather everybody is settled");
    world.check_rows();
    check_rate(&world);
    check_days(&world);
}

fn is_the_end(stop: StopReason) -> bool {
    matches!(stop, StopReason::Finished | StopReason::OfferOver)
}

fn scenario(chance: &mut Chance) -> Job {
    let people = 1 + chance.below(60);
    let rate = ["5/s", "20/s", "80/s", "600/min", "1000/s", "100000/s"];
    let rate = rate[usize::try_from(chance.below(6)).expect("below six")];
    let slots = 1 + u16::try_from(chance.below(8)).expect("below eight");
    let mut job = job(people, rate, slots);
    job.seed = chance.next();
    if chance.below(3) == 0 {
        job.delivery.recipients_per_request = 2 + u8::try_from(chance.below(4)).expect("small");
    }
    if chance.below(4) == 0 {
        job.limit = Some(chance.below(people + 2));
    }
    if chance.below(6) == 0 {
        job.deadline = Some(chance.up_to(Duration::from_secs(5)));
    }
    job.offer_end = match chance.below(8) {
        0 => OfferEnd::At(start().plus(Duration::from_mins(15) + chance.up_to(SHORT_OFFER))),
        1 => OfferEnd::AfterSend(Duration::from_mins(15)),
        _ => job.offer_end,
    };
    if chance.below(8) == 0 {
        job.failures = Share::parse("5%").expect("a share");
    }
    if chance.below(5) == 0 {
        // A day's places are few, and the offer outlasts all the days they make.
        job.delivery.daily = Some(people / 5 + 1 + chance.below(people));
        job.offer_end = OfferEnd::At(start().plus(Duration::from_hours(24 * 365)));
    }
    job
}

const SHORT_OFFER: Duration = Duration::from_secs(6);

fn weather(chance: &mut Chance) -> Weather {
    let mut sometimes = |one_in: u64, most: u64| match chance.below(one_in) {
        0 => chance.below(most),
        _ => 0,
    };
    let weather = Weather {
        unreachable: sometimes(3, 600),
        throttled: sometimes(3, 600),
        in_doubt: sometimes(2, 400),
        rejected: sometimes(2, 300),
        halted: sometimes(6, 50),
        group_refused: sometimes(3, 300),
        never_started: sometimes(6, 100),
        write_fails: sometimes(6, 30),
        latency: (Duration::from_millis(1), Duration::ZERO),
        connecting: Duration::ZERO,
        commit: Duration::ZERO,
        timer: Duration::from_millis(1),
    };
    let least = milliseconds(chance, &[1, 50]);
    let latency = (least, least + milliseconds(chance, &[1, 500, 20_000]));
    let connecting = milliseconds(chance, &[1, 300]);
    let commit = milliseconds(chance, &[1, 10, 300]);
    Weather { latency, connecting, commit, ..weather }
}

/// Up to one of these, by chance.
fn milliseconds(chance: &mut Chance, most: &[u64]) -> Duration {
    let most = most[usize::try_from(chance.below(most.len() as u64)).expect("an index")];
    chance.up_to(Duration::from_millis(most))
}

/// Faults pass in the end.
fn calmer(weather: &Weather) -> Weather {
    Weather {
        unreachable: weather.unreachable / 2,
        throttled: weather.throttled / 2,
        in_doubt: weather.in_doubt / 2,
        rejected: weather.rejected / 2,
        halted: weather.halted / 2,
        group_refused: weather.group_refused / 2,
        write_fails: weather.write_fails / 2,
        ..weather.clone()
    }
}

/// No 24 hours hold more people than allowed, wherever they begin.
fn check_days(world: &World) {
    let Some(most) = world.job.delivery.daily else { return };
    let day = Duration::from_hours(24);
    let mut reached = world.reached.clone();
    reached.sort_unstable();
    for (i, &(start, _)) in reached.iter().enumerate() {
        let inside = reached[i..].iter().filter(|&&(at, _)| at - start < day);
        let people: u64 = inside.map(|&(_, people)| people).sum();
        assert!(people <= most, "{people} of {most} within 24 hours from {start:?}");
    }
}

fn check_rate(world: &World) {
    let per_second = world.job.delivery.rate.per_second().ceil();
    let window = Duration::from_secs(1);
    for (i, &(start, _)) in world.writes.iter().enumerate() {
        let inside = world.writes[i..].iter().take_while(|&&(at, _)| at - start < window);
        let messages: u32 = inside.map(|&(_, count)| count).sum();
        assert!(f64::from(messages) <= per_second, "{messages} within a second from {start:?}");
    }
}
