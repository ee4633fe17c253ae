//! Reading everybody with several connections.

use super::super::people::{Helpers, Keeping, More, Of, read_people};
use super::super::snapshot::{find_campaign, plans};
use super::super::survey::Survey;
use super::*;
use crate::ledger::Damage;
use crate::ledger::rows::Verified;

/// The numbers of `diwali` as so many helpers beside the ledger's own connection read them.
fn read(ledger: &ReadLedger, helpers: Helpers) -> Result<Vec<u64>, LedgerError> {
    ledger.reading("read everybody", |connection| {
        let campaign = find(connection);
        let plans = plans(connection, campaign)?;
        let of = Of { campaign, plans: &plans };
        let keep =
            |person: Verified<'_>, _: More<'_>| Ok(person.whose.number().map(PhoneNumber::as_u64));
        let keeping = Keeping { keep, sort: <[_]>::sort, surveys: false };
        let (mut numbers, _) = read_people(connection, helpers, of, &keeping)?;
        numbers.sort_unstable();
        Ok(numbers)
    })
}

fn with_people(count: u64) -> World {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("holi", 2), [person(7)]).expect("consumed");
    consume(&mut ledger, &record("diwali", 1), (1..=count).map(person)).expect("consumed");
    ledger.close().expect("closed");
    world
}

#[test]
fn several_connections_read_whom_one_reads() {
    for count in [1, 2, 5, 100] {
        let world = with_people(count);
        let ledger = world.read();
        let everybody: Vec<u64> = (1..=count).map(|n| 919_800_000_000 + n).collect();
        for wanted in 0..4 {
            let helpers = Helpers::several(&ledger, wanted);
            assert_eq!(read(&ledger, helpers).expect("a sound ledger"), everybody);
        }
        assert_eq!(Helpers::several(&ledger, 3).in_step().len(), 3);
    }
}

#[test]
fn a_survey_on_the_way_tells_what_one_by_itself_does() {
    let world = with_people(100);
    let sent = "UPDATE deliveries SET state = 'accepted', attempted_at = 7 * id, accepted_at = 1";
    world.query(&format!("{sent} WHERE id BETWEEN 3 AND 60 RETURNING id"));
    let ledger = world.read();
    let told = |survey: &Survey| {
        let Survey { counts, first_pending, last_attempt } = survey;
        format!("{counts:?} {first_pending:?} {last_attempt:?}")
    };
    let alone = told(&Survey::take(&ledger.connection).expect("a sound ledger"));
    for wanted in 0..4 {
        let helpers = Helpers::several(&ledger, wanted);
        let read = ledger.reading("read everybody", |connection| {
            let of =
                Of { campaign: find(connection), plans: &plans(connection, find(connection))? };
            let keep = |_: Verified<'_>, _: More<'_>| Ok(Some(()));
            let keeping = Keeping { keep, sort: |_: &mut [()]| (), surveys: true };
            read_people(connection, helpers, of, &keeping)
        });
        let (people, survey) = read.expect("a sound ledger");
        assert_eq!((people.len(), told(&survey.expect("taken"))), (100, alone.clone()));
    }
}

fn find(connection: &rusqlite::Connection) -> i64 {
    find_campaign(connection, &name("diwali")).expect("read").expect("a known campaign").0
}

#[test]
fn a_connection_that_may_see_another_state_does_not_help() {
    let world = with_people(10);
    let ledger = world.read();
    let helpers = Helpers::several(&ledger, 2);
    consume(&mut world.lock(), &record("eid", 3), [person(1)]).expect("consumed meanwhile");
    assert!(helpers.in_step().is_empty());
}

#[test]
fn a_damaged_key_between_two_pages_leads_nobody_past_rows() {
    let world = with_people(100);
    let root: usize = world
        .query("SELECT rootpage FROM sqlite_schema WHERE name = 'recipients'")
        .parse()
        .expect("a page's number");
    let mut bytes = std::fs::read(world.path()).expect("the file");
    let page = (root - 1) * 4096;
    assert_eq!(bytes[page], 5, "a table of several pages");
    // Each cell is a page's number and the last id on that page. The second one that a search
    // for the middle passes by is made to seem to end before it.
    let cells = usize::from(bytes[page + 4]);
    let key_of = |bytes: &[u8], cell: usize| {
        let at = page + 12 + 2 * cell;
        page + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]])) + 4
    };
    let middle = (0..cells).find(|cell| bytes[key_of(&bytes, *cell)] >= 50).expect("a cell");
    let key = key_of(&bytes, middle);
    let sound = ReadLedger::open_checked(&world.path(), 0).expect("opens");
    assert_eq!(read(&sound, Helpers::several(&sound, 1)).expect("sound").len(), 100);
    drop(sound);
    bytes[key] = 49;
    std::fs::write(world.path(), bytes).expect("written");

    let damaged = ReadLedger::open_checked(&world.path(), 0).expect("opens without its check");
    assert_eq!(read(&damaged, Helpers::several(&damaged, 0)).expect("in order").len(), 100);
    let error = read(&damaged, Helpers::several(&damaged, 1)).expect_err("rows are out of reach");
    assert!(
        matches!(&error, LedgerError::Damaged { damage: Damage::Structure(_), .. }),
        "{error:?}"
    );
}
