//! Connections cut: at any byte, and on purpose between a statement and its answer.

use super::Life;
use crate::kills::dice::{Dice, Replay, first_seed, say, variable};
use crate::support::{Cut, Statement, World, is_missing, people};

/// People in a campaign.
const PEOPLE: usize = 12;
/// Campaigns in one ledger.
const MOST_TURNS: usize = 40;
/// Campaigns for each cut that is wanted, at most: some are over before their byte comes.
const MOST_TRIES: u64 = 4;

/// Writes intents and outcomes.
const WRITE: &str = "UPDATE offercast.recipients AS r SET state = 'attempting'";
/// The last statements of their transactions but one.
const CONSUMES: &str = "UPDATE offercast.plans SET planned";
const CLAIMS: &str = "UPDATE offercast.machines SET working = true";
const STOPS: &str = "INSERT INTO offercast.stops";
const LEAVES: &str = "UPDATE offercast.machines SET working = false, wants = false, doubts";
const RENEWS: &str = "UPDATE offercast.machines SET lease_until";

fn life(people: usize) -> Life {
    Life::new(World::new().on_postgres(), people, "1000/s", "[0, 6]")
}

impl Life {
    /// Leaves the campaign behind for another one, of other people.
    fn turn(&mut self, turn: usize) {
        let all = people((turn + 1) * PEOPLE);
        let mut lines = all.lines();
        let head = lines.next().expect("a heading");
        let own: Vec<_> = lines.skip(turn * PEOPLE).collect();
        self.world
            .write("campaigns/audiences/people.csv", &format!("{head}\n{}\n", own.join("\n")));
        let yaml = self.yaml.replace("name: diwali", &format!("name: diwali-{turn}"));
        self.world.write("campaigns/diwali.yaml", &yaml);
        (self.before, self.people) = (turn * PEOPLE, (turn + 1) * PEOPLE);
    }
}

#[test]
fn cut_at_any_byte_nobody_is_sent_to_twice_and_nobody_is_lost() {
    if is_missing() {
        return;
    }
    let wanted = variable("OFFERCAST_FAULTS").unwrap_or(40);
    let (mut turn, mut cuts, mut campaigns, mut unknown) = (0, 0, 0, 0);
    let mut lives = life(PEOPLE);
    let (mut bytes, mut sending) = (0, 0);
    let mut seed = first_seed();
    while cuts < wanted {
        assert!(campaigns < wanted * MOST_TRIES, "{cuts} cuts in {campaigns} campaigns");
        let _replay = Replay(seed);
        if turn == MOST_TURNS {
            (lives, turn) = (life(PEOPLE), 0);
        }
        if turn == 0 {
            // Uncut, to know how long it is.
            lives.turn(turn);
            lives.relay.cut(Cut::Byte(u64::MAX));
            let before = lives.world.requests();
            let process = lives.apply().spawn();
            let process = process.until("somebody is sent to", |w| w.requests() > before);
            sending = lives.relay.bytes();
            let run = process.wait().exits(0);
            bytes = lives.relay.bytes();
            assert_eq!(lives.settle(&run), 0);
            turn += 1;
        }
        lives.turn(turn);
        turn += 1;
        let mut dice = Dice::new(seed);
        // Half of them from about where the plan is recorded.
        let from = if dice.one_in(2) { 1 } else { sending * 9 / 10 };
        lives.relay.cut(Cut::Byte(dice.between(from, bytes)));
        let (cuts_before, requests) = (lives.relay.cuts(), lives.world.requests());
        let run = lives.apply().run();
        lives.relay.spare();
        match run.code() {
            Some(0) => {
                let accepted = lives.look(&run).count("accepted");
                assert_eq!(accepted, lives.people as u64, "everybody is served{run}");
            }
            Some(6) => assert_eq!(lives.world.requests(), requests, "nothing was sent{run}"),
            _ => panic!("neither served nor refused{run}"),
        }
        if lives.relay.cuts() == cuts_before {
            // It was over before that byte.
            bytes = bytes.min(lives.relay.bytes());
        }
        cuts += lives.relay.cuts() - cuts_before;
        let left = lives.settle(&run);
        assert_eq!(left, unknown, "a cut alone leaves nobody in doubt{run}");
        unknown = if turn == MOST_TURNS { 0 } else { left };
        campaigns += 1;
        seed += 1;
    }
    say(&format!(
        "database_faults: {cuts} connections cut, each at one of about {bytes} bytes, in {campaigns} \
         campaigns of {} people: accepted twice 0, lost 0, unknown 0",
        campaigns * PEOPLE as u64
    ));
}

#[test]
fn an_intent_or_an_outcome_whose_answer_is_lost_is_looked_for_and_not_written_twice() {
    if is_missing() {
        return;
    }
    for cut in [Cut::Before, Cut::After, Cut::Late] {
        let mut lives = life(PEOPLE);
        lives.yaml = lives.yaml.replace("max_in_flight: 4", "max_in_flight: 1");
        for (turn, nth) in [1, 2, 3, 4, 7, 12].into_iter().enumerate() {
            lives.turn(turn);
            let cut = cut(Statement::Nth(WRITE, nth));
            lives.relay.cut(cut);
            let run = lives.apply().run();
            assert_eq!(lives.relay.cuts(), turn as u64 + 1, "{cut:?}{run}");
            lives.expect_all_accepted(run);
        }
    }
}

#[test]
fn a_plan_whose_commit_has_no_answer_is_looked_for_by_its_id() {
    if is_missing() {
        return;
    }
    let plans = "SELECT count(*) FROM offercast.plans";
    let lost = life(PEOPLE);
    lost.relay.cut(Cut::After(Statement::CommitOf(CONSUMES)));
    lost.expect_all_accepted(lost.apply().run());
    assert_eq!((lost.relay.cuts(), lost.world.database().query(plans).as_str()), (1, "1"));

    let never = life(PEOPLE);
    never.relay.cut(Cut::Before(Statement::CommitOf(CONSUMES)));
    let run = never.apply().run().exits(6).shows("none of it is");
    assert_eq!((never.world.requests(), never.world.database().query(plans).as_str()), (0, "0"));
    assert_eq!(never.settle(&run), 0);

    let late = life(PEOPLE);
    late.relay.cut(Cut::Late(Statement::CommitOf(CONSUMES)));
    let run = late.apply().run().exits(6);
    assert_eq!(late.world.requests(), 0, "{run}");
    assert_eq!(late.settle(&run), 0);
}

#[test]
fn a_claim_a_renewal_and_an_end_without_an_answer_are_as_if_there_had_been_one() {
    if is_missing() {
        return;
    }
    let mut lives = life(PEOPLE);
    let mut turn = 0;
    for words in [CLAIMS, RENEWS, STOPS, LEAVES] {
        for cut in [Cut::Before, Cut::After] {
            lives.turn(turn);
            turn += 1;
            let cut = cut(Statement::CommitOf(words));
            lives.relay.cut(cut);
            let run = lives.apply().run();
            assert_eq!(lives.relay.cuts(), turn as u64, "{cut:?}{run}");
            lives.expect_all_accepted(run);
        }
    }
    let stops = "SELECT count(*), count(DISTINCT campaign) FROM offercast.stops";
    assert_eq!(lives.world.database().query(stops), format!("{turn}|{turn}"));
}

#[test]
fn all_connections_cut_again_and_again_while_sending_stop_nothing() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let mut process = life.apply().spawn();
    for requests in [5, 12, 19, 26, 33] {
        process = process.until("some requests", |world| world.requests() >= requests);
        life.relay.cut_all();
    }
    let run = process.wait();
    assert!(life.relay.cuts() >= 5);
    life.expect_all_accepted(run);
}
