//! At most once, on the real binary: killed with `kill -9` at any time and at every point
//! that matters, applied again until nobody is left, and looked at after each death.
//!
//! `OFFERCAST_KILLS=2000 cargo test --test it kills::` kills ten times as often,
//! `OFFERCAST_SEED` begins elsewhere. The program knows nothing of this: the points are
//! found from outside, on the wire by a proxy and in the process by strace.

pub(crate) mod checker;
pub(crate) mod dice;
mod ground;
mod proxy;
mod strace;

use std::time::Duration;

use dice::{Dice, first_seed, share_of_kills};
use ground::{Ground, Kills, Shape, rough_script, slow_script};
use proxy::{Point, Stage};

/// Campaign after campaign, each with a seed of its own, until a share of all kills is done.
fn kill(
    name: &'static str,
    percent: u64,
    shape: Shape,
    script: impl Fn(u64) -> String,
    draw: impl Fn(&mut Dice) -> Point,
) -> Kills {
    let wanted = share_of_kills(percent);
    let mut kills = Kills::new(name, shape);
    let mut seed = first_seed();
    while kills.total() < wanted {
        let ground = Ground::new(shape, &script(seed), seed);
        let mut dice = Dice::new(seed);
        ground.kill_until_settled(wanted, || draw(&mut dice), &mut kills);
        seed += 1;
    }
    kills.tell();
    kills
}

fn any_time(dice: &mut Dice) -> Point {
    if dice.one_in(3) {
        Point::Start(dice.micros(120_000))
    } else {
        Point::FirstByte(dice.micros(25_000))
    }
}

fn mid_request(dice: &mut Dice) -> Point {
    Point::RequestByte { at: dice.between(1, 12_000), arrives: dice.one_in(2) }
}

fn mid_upload(dice: &mut Dice) -> Point {
    let mebibytes = Shape::UPLOADED.upload as u64;
    Point::RequestByte { at: dice.between(1, mebibytes * 3), arrives: dice.one_in(2) }
}

fn before_reply(dice: &mut Dice) -> Point {
    let stage = if dice.one_in(3) { Stage::Middle } else { Stage::Before };
    Point::Reply { nth: dice.between(1, 8), stage }
}

fn after_reply(dice: &mut Dice) -> Point {
    let stage = Stage::After(dice.micros(4_000));
    Point::Reply { nth: dice.between(1, 8), stage }
}

#[test]
fn killed_at_any_time_nobody_is_sent_to_twice() {
    let _ = kill("at any time", 22, Shape::SINGLE, rough_script, any_time);
}

#[test]
fn killed_at_any_time_nobody_in_a_group_is_sent_to_twice() {
    let _ = kill("at any time", 14, Shape::GROUPED, rough_script, any_time);
}

#[test]
fn killed_in_the_middle_of_a_request_nobody_is_sent_to_twice() {
    let _ = kill("mid-request", 12, Shape::SINGLE, rough_script, mid_request);
    let _ = kill("mid-request", 6, Shape::GROUPED, rough_script, mid_request);
}

#[test]
fn killed_in_the_middle_of_an_upload_nobody_is_sent_to_twice() {
    let _ = kill("mid-upload", 4, Shape::UPLOADED, rough_script, mid_upload);
}

#[test]
fn killed_between_acceptance_and_reply_the_doubt_is_as_large_as_the_plan_said() {
    let single = kill("accepted, before the reply", 12, Shape::SINGLE, slow_script, before_reply);
    assert_eq!(single.worst(), Shape::SINGLE.bound(), "the bound is reached: {single}");
    let groups = kill("accepted, before the reply", 8, Shape::GROUPED, slow_script, before_reply);
    assert_eq!(groups.worst(), Shape::GROUPED.bound(), "the bound is reached: {groups}");
}

#[test]
fn killed_between_reply_and_record_nobody_is_sent_to_twice() {
    let _ = kill("after the reply", 12, Shape::SINGLE, slow_script, after_reply);
    let _ = kill("after the reply", 8, Shape::GROUPED, slow_script, after_reply);
}

/// `status` reads beside the writer: what it says adds up at every moment.
#[test]
fn what_status_says_adds_up_while_an_apply_runs_and_after_it_was_killed() {
    let shape = Shape { people: 1_000, ..Shape::SINGLE };
    let seed = first_seed();
    // Slow enough to be far from its end after all readings.
    let ground = Ground::new(shape, r#"{"latency_ms": [150, 250]}"#, seed);
    let process = ground.apply().spawn().until("somebody is sent to", |world| world.requests() > 0);
    let mut sums = Vec::new();
    for _ in 0..5 {
        sums.push(planned_and_sum(&ground));
        std::thread::sleep(Duration::from_millis(20));
    }
    process.signal(rustix::process::Signal::KILL);
    let _ = process.wait().was_killed();
    sums.push(planned_and_sum(&ground));
    let attempting = ground.look().count("attempting");
    assert!((1..=shape.bound()).contains(&attempting), "{attempting} on the wire");
    assert!(sums.iter().all(|both| *both == (1_000, 1_000)), "planned, and the sum: {sums:?}");
}

fn planned_and_sum(ground: &Ground) -> (u64, u64) {
    let run = ground.world().run("status --format json").exits(0);
    let answer: serde_json::Value = serde_json::from_str(run.raw()).expect("status is JSON");
    let counts = answer["campaigns"][0]["counts"].as_object().expect("a campaign is known");
    let count = |name: &str| counts[name].as_u64().expect("a number");
    let states = ["pending", "attempting", "accepted", "rejected", "unknown", "skipped"];
    (count("planned"), states.map(count).iter().sum())
}
