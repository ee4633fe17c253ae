//! Several machines that send one plan from one ledger in PostgreSQL: processes with working
//! folders of their own.
//!
//! `OFFERCAST_MACHINE_KILLS=1000 cargo test --test it machines::` interferes ten times as
//! often, `OFFERCAST_SEED` begins elsewhere.

use std::time::Duration;

use rustix::process::Signal;

use crate::kills::checker::Look;
use crate::kills::dice::{Dice, Replay, first_seed, say, variable};
use crate::support::{CAMPAIGN, Command, Cut, Process, Relay, Run, World, is_missing, people};

/// A campaign in a world whose stand-in takes its time; `None` where no server can be had.
fn world(count: usize, rate: &str, script: &str) -> Option<World> {
    if is_missing() {
        return None;
    }
    let yaml = CAMPAIGN.replace("1000/s", rate);
    let world = World::new().on_postgres().campaign("diwali", &yaml);
    Some(world.audience("people.csv", &people(count)).ledger().kaleyra(script))
}

/// An apply on a machine of its own.
fn apply_on(world: &World, machine: usize) -> Process<'_> {
    command(world, machine).spawn()
}

/// The same, whose lease the others wait two seconds for, and whose ledger is behind a relay.
fn apply_briefly_on<'w>(world: &'w World, relay: &Relay, machine: usize) -> Process<'w> {
    let url = relay.url(world.database());
    command(world, machine).env("OFFERCAST_LEDGER", &url).env("OFFERCAST_LEASE", "2s").spawn()
}

/// Longer than that lease.
const PAST_THE_LEASE: Duration = Duration::from_millis(2_200);

fn command(world: &World, machine: usize) -> Command<'_> {
    world
        .command("apply --auto-approve --samples 0 ../campaigns")
        .in_folder(&format!("machine-{machine}"))
}

/// How many machines sent.
pub(crate) const SENDERS: &str = "SELECT count(DISTINCT epoch) FROM offercast.recipients";
const IN_DOUBT_BY: &str =
    "SELECT count(DISTINCT epoch) FROM offercast.recipients WHERE state = 'unknown'";
const MOST_REFUSED_BY_ONE: &str = "SELECT max(refused) FROM
    (SELECT count(*) AS refused FROM offercast.recipients WHERE state = 'rejected' GROUP BY epoch)
    AS by_machine";

#[test]
fn eight_applies_started_at_once_record_one_plan_and_serve_everybody_once() {
    let Some(world) = world(200, "40/s", "") else { return };
    let applies: Vec<_> = (0..8).map(|machine| apply_on(&world, machine)).collect();
    for apply in applies {
        let _ = apply.wait().exits(0);
    }
    assert_eq!(world.states(), "accepted 200");
    assert_eq!((world.requests(), world.most_per_person()), (200, 1));
    assert_eq!(world.database().query("SELECT count(*) FROM offercast.plans"), "1");
    assert_ne!(world.database().query(SENDERS), "1", "more than one of them sent");
}

#[test]
fn machines_that_send_together_keep_to_one_rate() {
    let Some(world) = world(300, "20/s", "") else { return };
    let applies: Vec<_> = (0..3).map(|machine| apply_on(&world, machine)).collect();
    for apply in applies {
        let _ = apply.wait().exits(0);
    }
    assert_eq!((world.states().as_str(), world.most_per_person()), ("accepted 300", 1));
    assert_eq!(world.database().query(SENDERS), "3");
    world.expect_rate(20, 3 * IN_FLIGHT);
}

#[test]
fn refusals_are_judged_over_all_machines() {
    let script = r#"{"rules": [{"code": "E13001", "text": "not on WhatsApp"}]}"#;
    let Some(world) = world(300, "10/s", script) else { return };
    let first = apply_on(&world, 0).until("somebody is sent to", |world| world.requests() > 0);
    let second = apply_on(&world, 1);
    for apply in [first, second] {
        let _ = apply.wait().exits(8);
    }
    assert_eq!(world.database().query(SENDERS), "2");
    // Fifty are enough to judge by: neither had as many by itself.
    assert!(world.requests() >= 50);
    let most: u64 = world.database().query(MOST_REFUSED_BY_ONE).parse().expect("a number");
    assert!(most < 50, "{most} were refused on one machine");
}

#[test]
fn one_machine_finds_out_for_all_whether_outcomes_can_be_known_again() {
    // Nothing is known of the first seven requests, tries alone among them; then all is well.
    let script = r#"{"rules": [{"first": 7, "status": 504, "accept": true}]}"#;
    let Some(world) = world(200, "20/s", script) else { return };
    let first = apply_on(&world, 0);
    let _ = first.line_with("one request will probe");
    let second = apply_on(&world, 1);
    for apply in [first, second] {
        let run = apply.wait();
        assert!(matches!(run.code(), Some(0 | 7)), "{run}");
    }
    assert_eq!(world.most_per_person(), 1);
    assert_eq!(world.states(), "accepted 193, unknown 7");
    assert_eq!(world.database().query(SENDERS), "2");
    assert_eq!(world.database().query(IN_DOUBT_BY), "1", "the second left the tries to the first");
}

#[test]
fn what_stays_in_doubt_stops_all_machines_and_one_of_them_tried() {
    let Some(mut world) = world(300, "20/s", r#"{"rules": [{"drop": "before_accept"}]}"#) else {
        return;
    };
    let yaml = CAMPAIGN.replace("1000/s", "20/s").replace("max_in_flight: 4", "max_in_flight: 1");
    world.write("campaigns/diwali.yaml", &yaml);
    let first = apply_on(&world, 0);
    let _ = first.line_with("one request will probe");
    let second = apply_on(&world, 1);
    for apply in [first, second] {
        let _ = apply.wait().exits(8);
    }
    // Five in a row, and three tries alone.
    assert_eq!(world.states(), "pending 292, unknown 8");
    assert_eq!(world.database().query(IN_DOUBT_BY), "1", "one of them tried");
}

#[test]
fn a_machine_that_has_nothing_left_waits_for_the_others() {
    let Some(world) = world(30, "1000/s", r#"{ "latency_ms": 400 }"#) else { return };
    let first = apply_on(&world, 0).until("somebody is sent to", |world| world.requests() > 0);
    let second = apply_on(&world, 1);
    let run = second.wait().exits(0);
    assert_eq!(world.states(), "accepted 30", "it ends when everybody is served{run}");
    let _ = first.wait().exits(0);
}

#[test]
fn somebody_whom_a_late_outcome_gave_back_is_sent_to_by_whoever_is_there() {
    let Some(world) = world(30, "10/s", "") else { return };
    let accepted = "SELECT count(*) FROM offercast.recipients WHERE state = 'accepted'";
    let has_begun = |world: &World| world.database().query(accepted) != "0";
    let apply = apply_on(&world, 0).until("somebody is served", has_begun);
    // As a journal that is found late does it, when the request had never been written.
    let _ = world.database().query(
        "UPDATE offercast.recipients SET state = 'pending', cause = 'no_connection',
           accepted_at = NULL, message_id = NULL, request_id = NULL
         WHERE id = (SELECT min(id) FROM offercast.recipients WHERE state = 'accepted')",
    );
    let _ = apply.wait().exits(0);
    assert_eq!(world.states(), "accepted 30");
    assert_eq!(world.requests(), 31, "the one who was given back, and everybody else once");
}

#[test]
fn another_plan_is_not_recorded_while_machines_send() {
    let Some(mut world) = world(60, "20/s", "") else { return };
    let first = apply_on(&world, 0).until("somebody is sent to", |world| world.requests() > 0);
    let other = CAMPAIGN.replace("name: diwali", "name: holi");
    let place = world.path("campaigns/holi.yaml");
    std::fs::write(&place, other).expect("the world is ours");
    let run = world.run("apply --auto-approve campaigns/holi.yaml").exits(6);
    let _ = run.shows("is in use, held by pid ");
    let _ = first.wait().exits(0);
    assert_eq!(world.states(), "accepted 60");
    world.write("campaigns/holi.yaml", "");
}

/// What was done to machines, and what came of it.
#[derive(Debug, Default)]
struct Harm {
    kills: u64,
    stops: u64,
    /// Machines that lost their lease on a busy host.
    lapses: u64,
    /// Machines that were cut off before they could send anything.
    barred: u64,
    /// Connections cut.
    cuts: u64,
    campaigns: u64,
    people: u64,
    unknown: u64,
}

impl Harm {
    fn ended_by_itself(&mut self, run: &Run) {
        self.lapses += u64::from(run.code() == Some(8));
        self.barred += u64::from(run.code() == Some(6));
    }
}

/// People in each campaign.
const PEOPLE: usize = 500;
/// Most requests of one machine on the wire.
const IN_FLIGHT: u64 = 4;
/// Bytes of all connections within which one is cut: a few seconds' worth.
const BYTES: u64 = 30_000;
/// More rounds than any campaign here takes.
const MOST_ROUNDS: u32 = 400;

#[test]
fn killed_stopped_and_cut_off_at_any_time_three_machines_send_to_nobody_twice() {
    if is_missing() {
        return;
    }
    let wanted = variable("OFFERCAST_MACHINE_KILLS").unwrap_or(100);
    let mut harm = Harm::default();
    let mut seed = first_seed();
    while harm.kills + harm.stops < wanted {
        send_with_harm(seed, wanted, &mut harm);
        seed += 1;
    }
    let Harm { kills, stops, lapses, barred, cuts, campaigns, people, unknown } = harm;
    assert!(cuts > kills / 4, "{harm:?}");
    say(&format!(
        "3 machines: {kills} killed, {stops} stopped past their lease, {lapses} without it on a \
         busy host, {cuts} connections cut ({barred} machines barred by that before they sent), in {campaigns} campaigns of {people} people; accepted twice 0, lost 0; unknown {unknown} (bound {})",
        (kills + stops + lapses) * IN_FLIGHT
    ));
}

/// One campaign: connections are cut, machines are killed, or stopped until the others take
/// over, and others come in their place, until nobody is left.
fn send_with_harm(seed: u64, wanted: u64, harm: &mut Harm) {
    let _replay = Replay(seed);
    let mut dice = Dice::new(seed);
    let script = format!(r#"{{"seed": {seed}, "latency_ms": [5, 25]}}"#);
    let world = world(PEOPLE, "50/s", &script).expect("a server can be had");
    let relay = Relay::before(world.database());
    let before = harm.kills + harm.stops + harm.lapses;
    let mut machines: Vec<_> =
        (0..3).map(|machine| apply_briefly_on(&world, &relay, machine)).collect();
    let mut rounds = 0;
    while harm.kills + harm.stops < wanted && rounds < MOST_ROUNDS {
        rounds += 1;
        if dice.one_in(2) {
            relay.cut(Cut::Byte(dice.between(1, BYTES)));
        }
        std::thread::sleep(dice.micros(300_000));
        if dice.one_in(12) {
            relay.cut_all();
        }
        let chosen = usize::try_from(dice.between(0, 2)).expect("small");
        let machine = machines.remove(chosen);
        if dice.one_in(8) {
            machine.signal(Signal::STOP);
            // Past the lease, whether or not it is noticed meanwhile.
            std::thread::sleep(PAST_THE_LEASE);
            machine.signal(Signal::CONT);
            let run = machine.wait();
            assert!(matches!(run.code(), Some(0 | 6 | 7 | 8)), "{run}");
            harm.stops += 1;
        } else {
            machine.signal(Signal::KILL);
            let run = machine.wait();
            assert!(matches!(run.code(), None | Some(0 | 6 | 7 | 8)), "{run}");
            harm.kills += u64::from(!matches!(run.code(), Some(6 | 8)));
            harm.ended_by_itself(&run);
        }
        if rounds.is_multiple_of(4) {
            let received = world.received();
            Look::in_database(world.database()).expect_known(&received);
        }
        machines.insert(chosen, apply_briefly_on(&world, &relay, chosen));
        if world.received().len() > PEOPLE - 20 {
            break;
        }
    }
    for machine in machines {
        let run = machine.wait();
        assert!(matches!(run.code(), Some(0 | 5 | 6 | 7 | 8)), "{run}");
        harm.ended_by_itself(&run);
    }
    harm.cuts += relay.cuts();
    // Whatever was left by the last ones, and what a journal holds.
    let last: Vec<_> = (0..3).map(|machine| apply_on(&world, machine)).collect();
    for machine in last {
        let run = machine.wait();
        assert!(matches!(run.code(), Some(0 | 7)), "{run}");
    }
    let look = Look::in_database(world.database());
    look.expect_order(&world.received(), PEOPLE);
    look.expect_settled();
    let unknown = look.count("unknown");
    let bound = (harm.kills + harm.stops + harm.lapses - before) * IN_FLIGHT;
    assert!(unknown <= bound, "{unknown} unknown, at most {bound} were on the wire");
    assert_eq!(world.most_per_person(), 1);
    let requests = world.requests();
    let _ = apply_on(&world, 0).wait().exits(0);
    assert_eq!(world.requests(), requests, "a settled campaign makes no request");
    harm.campaigns += 1;
    harm.people += PEOPLE as u64;
    harm.unknown += unknown;
}
