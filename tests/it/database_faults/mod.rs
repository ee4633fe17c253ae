//! PostgreSQL that goes away in the middle of everything. What is in hand is kept, nothing
//! new is begun, nothing is tried twice blindly; and sooner or later everybody is served
//! once.
//!
//! `OFFERCAST_FAULTS=1000 cargo test --test it database_faults::` cuts a thousand times,
//! `OFFERCAST_SEED` begins elsewhere.

mod cuts;
mod outages;
mod servers;

use offercast::model::{Timestamp, UtcOffset};

use crate::kills::checker::Look;
use crate::support::{CAMPAIGN, Command, Process, Relay, Run, World, people};

/// Most people on the wire at once.
const IN_FLIGHT: u64 = 4;

/// When a world begins; a run that follows is a minute later.
const START_MS: i64 = 1_796_115_600_000;

/// A campaign whose ledger is behind a relay.
struct Life {
    world: World,
    relay: Relay,
    yaml: String,
    people: usize,
    /// Those among them who were planned before the campaign at hand.
    before: usize,
}

impl Life {
    /// With a ledger, and nobody planned.
    fn new(world: World, count: usize, rate: &str, latency: &str) -> Self {
        Self::facing(world, count, rate, &format!(r#"{{"latency_ms": {latency}}}"#))
    }

    fn facing(world: World, count: usize, rate: &str, script: &str) -> Self {
        let yaml = CAMPAIGN.replace("1000/s", rate);
        let world = world.campaign("diwali", &yaml).audience("people.csv", &people(count));
        let world = world.ledger().kaleyra(script);
        let relay = Relay::before(world.database());
        Self { world, relay, yaml, people: count, before: 0 }
    }

    /// One that leaves time to interfere: after the tenth, replies are late for once.
    fn slow(world: World) -> Self {
        let late = format!(r#"{{"after": 10, "first": {}, "latency_ms": 1500}}"#, 10 + IN_FLIGHT);
        let script = format!(r#"{{"latency_ms": [5, 25], "rules": [{late}]}}"#);
        Self::facing(world, 40, "40/s", &script)
    }

    /// One that is far from its end when somebody interferes, however late that is.
    fn long(world: World) -> Self {
        Self::new(world, 400, "40/s", "[5, 25]")
    }

    /// From here on what is left is sent at once.
    fn hurry(&mut self) {
        self.world.write("campaigns/diwali.yaml", CAMPAIGN);
    }

    /// An apply whose ledger is behind the relay.
    fn apply(&self) -> Command<'_> {
        let url = self.relay.url(self.world.database());
        self.world.command("apply --auto-approve --samples 0").env("OFFERCAST_LEDGER", &url)
    }

    /// Begins an apply and lets it send to some people.
    #[track_caller]
    fn midway(apply: Command<'_>) -> Process<'_> {
        apply.spawn().until("the tenth request", |world| world.requests() >= 10)
    }

    /// Applies without a fault after a run with one, and once more; how many are unknown.
    #[track_caller]
    fn settle(&self, run: &Run) -> u64 {
        self.look(run);
        let healthy = self.healthy(1);
        assert!(matches!(healthy.code(), Some(0 | 7)), "{run}{healthy}");
        let look = self.look(&healthy);
        assert_eq!(look.planned(), i64::try_from(self.people).ok(), "{healthy}");
        look.expect_settled();
        let requests = self.world.requests();
        let idle = self.healthy(2).exits(0);
        assert_eq!(self.world.requests(), requests, "a settled campaign makes no request{idle}");
        look.count("unknown")
    }

    /// An apply straight to the server, so many minutes after the world began.
    fn healthy(&self, minute: i64) -> Run {
        let now = Timestamp::from_millis(START_MS + minute * 60_000);
        let apply = self.world.command("apply --auto-approve --samples 0");
        apply.env("OFFERCAST_NOW", &now.rfc3339(UtcOffset::UTC)).run()
    }

    /// Holds the ledger against what the far side accepted.
    #[track_caller]
    fn look(&self, run: &Run) -> Look {
        let look = Look::in_database(self.world.database());
        // An apply that ended early may not have got to its plan.
        let is_early = self.before > 0 && look.planned() == i64::try_from(self.before).ok();
        let people = if is_early { self.before } else { self.people };
        look.expect_order(&self.world.received(), people);
        assert!(self.world.most_per_person() <= 1, "{run}");
        look
    }

    /// Expects that everybody was accepted in the run, with nobody in doubt.
    #[track_caller]
    fn expect_all_accepted(&self, run: Run) {
        let run = run.exits(0);
        let look = self.look(&run);
        assert_eq!(look.count("accepted"), self.people as u64, "{run}");
        assert_eq!(self.settle(&run), 0);
    }
}
