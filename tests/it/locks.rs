//! Several applies at once on one ledger: one works, the others say who does.

use crate::support::{CAMPAIGN, World, people};

const APPLY: &str = "apply --auto-approve --samples 0 campaigns";

/// How often it is tried; `OFFERCAST_RACES=1000` for more.
fn races() -> usize {
    let text = std::env::var("OFFERCAST_RACES").ok();
    text.map_or(100, |text| text.parse().expect("`OFFERCAST_RACES` is a number"))
}

#[test]
fn of_applies_started_at_once_one_sends_and_the_others_are_refused() {
    let mut refused = 0;
    for race in 0..races() {
        let runners = 2 + race % 7;
        let world = World::new()
            .campaign("diwali", CAMPAIGN)
            .audience("people.csv", &people(6))
            .ledger()
            .kaleyra(r#"{"latency_ms": [1, 9]}"#);
        let processes: Vec<_> = (0..runners).map(|_| world.spawn(APPLY)).collect();
        let runs: Vec<_> = processes.into_iter().map(|process| process.wait()).collect();
        for run in &runs {
            match run.code() {
                Some(0) => {}
                Some(6) => {
                    refused += 1;
                    assert!(run.stderr().contains("held by"), "{run}");
                }
                _ => panic!("race {race}: neither done nor refused{run}"),
            }
        }
        assert!(runs.iter().any(|run| run.code() == Some(0)), "race {race}: nobody sent");
        assert_eq!(world.most_per_person(), 1, "race {race}: somebody was sent to twice");
        assert_eq!(world.states(), "accepted 6", "race {race}");
        assert_eq!(world.requests(), 6, "race {race}");
    }
    assert!(refused > 0, "no two applies ever met");
}
