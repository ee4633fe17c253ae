//! The server, or the way to it, gone for a while: shorter than the lease, and longer.

use std::thread::sleep;
use std::time::Duration;

use super::{IN_FLIGHT, Life};
use crate::support::{World, is_missing};

const AWAY: &str = "the ledger's server is away";

/// A short lease, and longer than it.
const LEASE: &str = "2s";
const PAST_THE_LEASE: Duration = Duration::from_millis(2_500);

const CONNECTED: &str = "SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'offercast'";

/// Long enough for something to be asked in vain.
const A_MOMENT: Duration = Duration::from_millis(400);

#[test]
fn a_server_that_crashes_and_is_started_again_is_waited_for() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_its_own_postgres());
    let process = Life::midway(life.apply());
    life.world.database().crash();
    let _ = process.line_with(AWAY);
    // What was durable before it may still be sent.
    sleep(A_MOMENT);
    let meanwhile = life.world.requests();
    sleep(A_MOMENT);
    assert_eq!(life.world.requests(), meanwhile, "nothing new is begun");
    life.world.database().start();
    life.expect_all_accepted(process.wait());
}

#[test]
fn a_server_that_takes_no_connections_for_a_while_is_waited_for() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let process = Life::midway(life.apply());
    life.relay.refuse();
    let _ = process.line_with(AWAY);
    life.relay.let_through();
    life.expect_all_accepted(process.wait());
}

#[test]
fn a_server_away_for_longer_than_the_lease_leaves_the_outcomes_in_the_journal() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let process = Life::midway(life.apply().env("OFFERCAST_LEASE", LEASE));
    life.relay.refuse();
    let run = process.wait().exits(8).shows("nothing more was sent").shows(".journal");
    let received = life.world.received().len() as u64;
    assert!(received < 40, "{received}");
    let look = life.look(&run);
    assert!(received - look.count("accepted") <= IN_FLIGHT, "{run}");
    let next = life.healthy(1).shows("journal");
    assert_eq!(life.look(&next).count("accepted"), 40, "the journal has them all{run}{next}");
    assert_eq!(life.settle(&next), 0);
}

#[test]
fn a_run_that_is_to_stop_waits_for_no_server() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let process = Life::midway(life.apply().env("OFFERCAST_LEASE", "10min"));
    life.relay.refuse();
    let _ = process.line_with(AWAY);
    process.signal(rustix::process::Signal::TERM);
    let run = process.wait().exits(8).shows(".journal");
    assert_eq!(life.settle(&run), 0);
}

#[test]
fn a_wire_that_passes_nothing_on_is_given_up_for_another_one() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    // An answer is waited for half as long.
    let process = Life::midway(life.apply().env("OFFERCAST_LEASE", "8s"));
    let before = life.relay.connections();
    life.relay.stall();
    let run = process.wait();
    assert!(life.relay.connections() > before, "another connection was made{run}");
    life.expect_all_accepted(run);
}

#[test]
fn a_server_that_stands_still_for_a_moment_is_waited_for() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_its_own_postgres());
    let process = Life::midway(life.apply());
    life.world.database().freeze();
    sleep(A_MOMENT);
    life.world.database().thaw();
    life.expect_all_accepted(process.wait());
}

#[test]
fn a_server_that_stands_still_past_the_lease_leaves_nobody_in_doubt() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_its_own_postgres());
    let process = Life::midway(life.apply().env("OFFERCAST_LEASE", LEASE));
    life.world.database().freeze();
    sleep(PAST_THE_LEASE);
    let meanwhile = life.world.requests();
    life.world.database().thaw();
    let run = process.wait();
    assert!(matches!(run.code(), Some(0 | 8)), "{run}");
    if run.code() == Some(8) {
        assert!(life.world.requests() <= meanwhile + IN_FLIGHT, "{run}");
    }
    assert_eq!(life.settle(&run), 0);
}

#[test]
fn a_machine_whose_place_was_taken_meanwhile_writes_nothing_more() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let process = Life::midway(life.apply());
    life.relay.refuse();
    let _ = process.line_with(AWAY);
    // Until the server has noticed, another apply would not be alone with the ledger.
    let process = process.until("the server knows that nobody is connected", |world| {
        world.database().query(CONNECTED) == "0"
    });
    let other = life.healthy(1);
    assert!(matches!(other.code(), Some(0 | 7)), "{other}");
    life.relay.let_through();
    let run = process.wait().exits(8).shows("has taken the ledger").shows(".journal");
    let next = life.healthy(2);
    let look = life.look(&next);
    look.expect_settled();
    let (accepted, unknown) = (look.count("accepted"), look.count("unknown"));
    assert_eq!(accepted, life.world.received().len() as u64, "{run}{other}{next}");
    assert!(unknown <= IN_FLIGHT, "{unknown} unknown{run}{other}{next}");
}
