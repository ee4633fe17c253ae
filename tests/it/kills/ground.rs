//! A campaign in a world of its own, applied again and again until nobody is left.

use std::cell::Cell;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use offercast::model::{Timestamp, UtcOffset};

use super::checker::Look;
use super::dice::{Replay, say};
use super::proxy::{Point, Proxy};
use crate::support::{Command, Run, World, people};

/// When the first apply starts; each one after it starts a minute later, so that none has
/// to wait for the pace of the one before.
const FIRST_MS: i64 = 1_796_115_600_000;
const MINUTE_MS: i64 = 60_000;
/// More applies than any campaign here takes.
const MOST_APPLIES: u32 = 400;

/// What a campaign is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) people: usize,
    pub(super) in_flight: usize,
    pub(super) group: usize,
    /// Bytes of a header file that goes with each request; 0 for none.
    pub(super) upload: usize,
}

impl Shape {
    pub(super) const SINGLE: Self = Self { people: 60, in_flight: 4, group: 1, upload: 0 };
    pub(super) const GROUPED: Self = Self { people: 200, in_flight: 3, group: 5, upload: 0 };
    /// A request that no socket's buffer holds, so that it is cut also where it is written.
    pub(super) const UPLOADED: Self =
        Self { people: 30, in_flight: 2, group: 1, upload: 4_000_000 };

    /// The most outcomes one crash may leave unknown.
    pub(super) fn bound(self) -> u64 {
        (self.in_flight * self.group) as u64
    }

    /// How its requests are told in the table.
    fn words(self) -> String {
        match self {
            Self { upload: 1.., .. } => format!("single, {} MB", self.upload / 1_000_000),
            Self { group: 1, .. } => "single".to_owned(),
            Self { group, .. } => format!("groups of {group}"),
        }
    }

    fn yaml(self) -> String {
        let Self { in_flight, group, upload, .. } = self;
        let header = match upload {
            0 => "url: https://cdn.example.com/offer.jpg",
            _ => "file: media/offer.png",
        };
        let (params, code) = match group {
            1 => ("params: [\"{{ first_name }}\"]", "DIW{{ code(9) }}"),
            _ => ("language: en", "HAPPY76"),
        };
        format!(
            "version: 1\nname: diwali\nsender:\n  from: \"+12025550100\"\n  region: in\n\
             template:\n  name: lto_offer\n  header:\n    {header}\n  {params}\n\
             offer:\n  coupon_code: \"{code}\"\n  window: 14days\n\
             recipients:\n  - file: audiences/people.csv\n    id: customer_id\n\
             limits:\n  failures: 90%\n\
             delivery:\n  rate: 1000/s\n  max_in_flight: {in_flight}\n  \
             recipients_per_request: {group}\n"
        )
    }
}

/// What a far side does that has days like this: a few answers lost, a few errors, some
/// people refused.
pub(super) fn rough_script(seed: u64) -> String {
    format!(
        r#"{{"seed": {seed}, "latency_ms": [0, 4], "rules": [
            {{"recipient": "07", "reject": {{"code": "E13001"}}}},
            {{"probability": 0.01, "drop": "after_accept"}},
            {{"probability": 0.01, "drop": "before_accept", "rst": true}},
            {{"probability": 0.01, "status": 500, "accept": true}},
            {{"probability": 0.01, "truncate": 20}}
        ]}}"#
    )
}

/// A far side that takes its time, so that all slots are in use when somebody dies.
pub(super) fn slow_script(seed: u64) -> String {
    format!(r#"{{"seed": {seed}, "latency_ms": [15, 25]}}"#)
}

/// A campaign in a world of its own.
pub(super) struct Ground {
    world: World,
    proxy: Proxy,
    shape: Shape,
    applies: Cell<u32>,
    lost: Cell<u64>,
    _replay: Replay,
}

impl Ground {
    pub(super) fn new(shape: Shape, script: &str, seed: u64) -> Self {
        let world = World::new()
            .campaign("diwali", &shape.yaml())
            .audience("people.csv", &people(shape.people));
        if shape.upload > 0 {
            let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
            image.resize(shape.upload, 0x55);
            let file = world.path("campaigns/media/offer.png");
            fs::create_dir_all(file.parent().expect("it has a folder")).expect("ours");
            fs::write(file, image).expect("the world is ours");
        }
        let world = world.ledger().kaleyra(script);
        let proxy = Proxy::before(world.kaleyra_address());
        let (applies, lost) = (Cell::new(0), Cell::new(0));
        let ground = Self { world, proxy, shape, applies, lost, _replay: Replay(seed) };
        ground.expect_bound_in_plan();
        ground
    }

    /// Applies until nobody is left, killed each time at a point of its own while fewer than
    /// `wanted` have died, and looks at everything after each.
    pub(super) fn kill_until_settled(
        &self,
        wanted: u64,
        mut point: impl FnMut() -> Point,
        kills: &mut Kills,
    ) {
        self.until_settled(kills, |died| {
            if died >= wanted {
                return self.apply().run();
            }
            let process = self.apply().spawn();
            self.proxy.arm(point(), process.id());
            let run = process.wait();
            self.proxy.disarm();
            run
        });
    }

    /// Applies until nobody is left, each time as `apply` does it when told how many died.
    pub(super) fn until_settled(&self, kills: &mut Kills, mut apply: impl FnMut(u64) -> Run) {
        let mut halts = 0;
        loop {
            let run = apply(kills.total());
            let look = self.look();
            match run.code() {
                // strace tells of its tracee's death in its own way.
                None | Some(137) => self.count(&look, kills),
                Some(0 | 7) => break,
                Some(8) if halts < 5 => halts += 1,
                _ => panic!("an apply ended in a way it should not{run}"),
            }
        }
        let look = self.look();
        look.expect_settled();
        assert_eq!(look.lost_in_crashes(), self.lost.get(), "only crashes are told as such");
        let before = self.world.requests();
        let _ = self.apply().run().exits(0);
        assert_eq!(self.world.requests(), before, "a settled campaign makes no request");
        kills.campaigns += 1;
        kills.people += self.shape.people as u64;
        kills.resent += self.world.most_per_person().saturating_sub(1);
    }

    /// A call of `apply` through the proxy, a minute after the one before.
    pub(super) fn apply(&self) -> Command<'_> {
        let run = self.applies.get() + 1;
        self.applies.set(run);
        assert!(run < MOST_APPLIES, "the campaign never ends");
        let now = Timestamp::from_millis(FIRST_MS + i64::from(run) * MINUTE_MS);
        self.world
            .command("apply --auto-approve --samples 0 campaigns")
            .env("OFFERCAST_NOW", &now.rfc3339(UtcOffset::UTC))
            .env("OFFERCAST_API_URL", &self.proxy.url())
    }

    /// The ledger, held against what the far side accepted.
    #[track_caller]
    pub(super) fn look(&self) -> Look {
        let look = Look::at(&self.ledger());
        look.expect_order(&self.world.received(), self.shape.people);
        look
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.world.path(".offercast/ledger.db")
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    #[track_caller]
    fn count(&self, look: &Look, kills: &mut Kills) {
        // Who dies early leaves what the one before left, told or not yet told.
        let lost = look.lost_in_crashes() + look.count("attempting");
        let unknown = lost - self.lost.replace(lost);
        let bound = self.shape.bound();
        assert!(unknown <= bound, "{unknown} may have been sent to, the plan said {bound}");
        kills.add(unknown);
    }

    /// The plan says how much doubt a crash can leave: that number is what is tested.
    fn expect_bound_in_plan(&self) {
        let plan = self.apply_time_plan();
        let bound = self.shape.bound().to_string();
        assert_eq!(plan, Some(bound), "the plan names the bound");
    }

    fn apply_time_plan(&self) -> Option<String> {
        let run = self.world.run("plan --format json campaigns").exits(0);
        let (_, rest) = run.raw().split_once("\"most_unknown\": ")?;
        Some(rest.chars().take_while(char::is_ascii_digit).collect())
    }
}

/// What many kills came to.
#[derive(Debug)]
pub(super) struct Kills {
    name: &'static str,
    shape: Shape,
    campaigns: u64,
    people: u64,
    resent: u64,
    /// How many kills left so many unknown.
    unknown: Vec<u64>,
}

impl Kills {
    pub(super) fn new(name: &'static str, shape: Shape) -> Self {
        let unknown = vec![0; usize::try_from(shape.bound()).expect("small") + 1];
        Self { name, shape, campaigns: 0, people: 0, resent: 0, unknown }
    }

    fn add(&mut self, unknown: u64) {
        self.unknown[usize::try_from(unknown).expect("small")] += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.unknown.iter().sum()
    }

    /// The most unknown that any kill left.
    pub(super) fn worst(&self) -> u64 {
        let worst = self.unknown.iter().rposition(|kills| *kills > 0).unwrap_or(0);
        worst as u64
    }

    /// Tells the row that stands in the table of `docs/reliability.md`.
    pub(super) fn tell(&self) {
        say(&self.to_string());
    }
}

impl fmt::Display for Kills {
    /// A row of that table. Nobody is lost where it is told: the checker fails before.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, shape, campaigns, people, resent, unknown } = self;
        let (total, bound, requests) = (self.total(), shape.bound(), shape.words());
        write!(
            f,
            "| {name} | {requests} | {total} | {campaigns} | {people} | {resent} | 0 | {bound} |"
        )?;
        for (index, (left, kills)) in
            unknown.iter().enumerate().filter(|(_, kills)| **kills > 0).enumerate()
        {
            write!(f, "{} {left} ({kills})", if index == 0 { "" } else { "," })?;
        }
        f.write_str(" |")
    }
}
