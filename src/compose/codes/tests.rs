//! The book against a model that simply goes through people in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn person(index: u64) -> PhoneNumber {
    number(919_800_000_000 + index)
}

/// A draw from a tiny space, the same every time.
fn draw(seed: u64, person: PhoneNumber, counter: u32, codes: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(person.as_u64().to_be_bytes());
    hash.update(counter.to_be_bytes());
    let digest = hash.finalize();
    u64::from_be_bytes(digest[..8].try_into().expect("8 bytes")) % codes
}

/// What the rule says, word for word.
fn greedy(
    people: &BTreeSet<PhoneNumber>,
    known: &BTreeMap<PhoneNumber, u64>,
    draw: impl Fn(PhoneNumber, u32) -> u64,
) -> BTreeMap<PhoneNumber, u32> {
    let mut held: BTreeSet<u64> = known.values().copied().collect();
    let mut counters = BTreeMap::new();
    for &person in people {
        let kept = known
            .get(&person)
            .and_then(|code| (0..MAX_SEARCH).find(|counter| draw(person, *counter) == *code));
        let counter = kept.unwrap_or_else(|| {
            let mut all = 0..MAX_DRAWS;
            all.find(|counter| !held.contains(&draw(person, *counter))).expect("room for all")
        });
        held.insert(draw(person, counter));
        counters.insert(person, counter);
    }
    counters
}

/// Runs the book, redrawing each round's people forwards or backwards.
fn run(book: &mut CodeBook, backwards: bool, draw: impl Fn(PhoneNumber, u32) -> u64) {
    loop {
        let mut people = book.collisions().expect("the space is large enough");
        if people.is_empty() {
            return;
        }
        if backwards {
            people.reverse();
        }
        for person in people {
            book.redraw(person, &mut |counter| Ok(draw(person, counter))).expect("a free code");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn everybody_gets_what_going_through_them_in_order_gives(
        seed in any::<u64>(),
        indices in prop::collection::btree_set(0_u64..400, 1..80),
        strangers in prop::collection::btree_map(0_u64..400, 0_u64..200, 0..20),
        keepers in prop::collection::vec(0_u32..6, 0..10),
        shuffled in any::<prop::sample::Index>(),
        backwards in any::<bool>(),
    ) {
        let codes = 2 * (indices.len() as u64 + strangers.len() as u64 + 10);
        let draw = |person: PhoneNumber, counter: u32| draw(seed, person, counter, codes);
        let people: BTreeSet<_> = indices.iter().map(|index| person(*index)).collect();
        let mut known: BTreeMap<_, _> =
            strangers.iter().map(|(index, code)| (person(*index), code % codes)).collect();
        for (person, counter) in people.iter().zip(keepers) {
            known.insert(*person, draw(*person, counter));
        }

        let mut book = CodeBook::new(Some(u128::from(u64::MAX)));
        for (person, code) in &known {
            book.know(*person, *code);
        }
        let mut order: Vec<_> = people.iter().copied().collect();
        let turn = shuffled.index(order.len());
        order.rotate_left(turn);
        for person in order {
            book.add(person, draw(person, 0));
        }
        run(&mut book, backwards, draw);

        let expected = greedy(&people, &known, draw);
        for person in &people {
            prop_assert_eq!(book.counter_for(*person), expected[person]);
        }
        prop_assert_eq!(book.report().unique, people.len() as u64);
    }
}

#[test]
fn a_redrawn_person_takes_a_code_from_a_higher_number() {
    // Two people share code 7; the second one's next draw is what the third one holds.
    let codes = |person: PhoneNumber, counter: u32| match (person.as_u64() % 10, counter) {
        (1 | 2, 0) => 7,
        (2, 1) | (3, 0) => 8,
        (_, counter) => 100 + u64::from(counter),
    };
    let mut book = CodeBook::new(Some(1_000_000));
    for at in [3, 2, 1] {
        book.add(person(at), codes(person(at), 0));
    }
    assert_eq!(book.collisions(), Ok(vec![person(2)]));
    let result = book.redraw(person(2), &mut |counter| Ok(codes(person(2), counter)));
    assert_eq!(result, Ok(Redraw::Displaced { counter: 1, loser: person(3) }));
    assert_eq!(book.collisions(), Ok(vec![person(3)]));
    let result = book.redraw(person(3), &mut |counter| Ok(codes(person(3), counter)));
    assert_eq!(result, Ok(Redraw::Settled { counter: 1 }));
    assert_eq!(book.collisions(), Ok(Vec::new()));
    let report = book.report();
    assert_eq!((report.unique, report.redrawn, report.replaced), (3, 2, 0));
}

#[test]
fn a_space_below_twice_the_people_is_too_small() {
    let mut book = CodeBook::new(Some(5));
    for at in 0..3 {
        book.add(person(at), at);
    }
    assert_eq!(book.collisions(), Err(CodeBookError::SpaceTooSmall { space: 5, people: 3 }));
}

#[test]
fn a_person_who_never_finds_a_free_code_ends_in_an_error() {
    let mut book = CodeBook::new(Some(1_000_000));
    book.add(person(1), 5);
    book.add(person(2), 5);
    assert_eq!(book.collisions(), Ok(vec![person(2)]));
    let result = book.redraw(person(2), &mut |_| Ok(5));
    assert_eq!(result, Err(CodeBookError::NoFreeCode { number: person(2) }));
}

#[test]
fn codes_that_are_not_drawn_must_differ_by_themselves() {
    let mut book = CodeBook::new(None);
    for at in 0..3 {
        book.add(person(at), 9);
    }
    assert_eq!(book.collisions(), Err(CodeBookError::Repeated { people: 2 }));
    let mut book = CodeBook::new(None);
    book.add(person(1), 1);
    book.add(person(2), 2);
    assert_eq!(book.collisions(), Ok(Vec::new()));
    assert_eq!(book.report().guesses_per_hit, None);
}

#[test]
fn a_code_in_the_ledger_stays_with_its_person_also_when_the_pattern_no_longer_gives_it() {
    let mut book = CodeBook::new(Some(1_000_000));
    book.know(person(1), 42);
    book.know(person(9), 7);
    book.add(person(1), 1);
    book.add(person(2), 42);
    book.add(person(3), 7);
    assert_eq!(book.collisions(), Ok(vec![person(1), person(2), person(3)]));
    for at in 1..=3 {
        let person = person(at);
        book.redraw(person, &mut |counter| Ok(at * 1_000 + u64::from(counter))).expect("free");
    }
    assert_eq!(book.report().replaced, 1);
    assert_eq!([1, 2, 3].map(|at| book.counter_for(person(at))), [0, 1, 1]);
}

#[test]
fn the_odds_count_everybody_who_holds_a_code() {
    let mut book = CodeBook::new(Some(32_u128.pow(9)));
    for at in 0..300 {
        book.add(person(at), at);
    }
    assert_eq!(book.collisions(), Ok(Vec::new()));
    let report = book.report();
    assert_eq!(report.guesses_per_hit, Some(32_u128.pow(9) / 300));
    assert!(!report.is_guessable());
    let mut small = CodeBook::new(Some(32_u128.pow(4)));
    small.add(person(1), 1);
    small.add(person(2), 2);
    assert_eq!(small.collisions(), Ok(Vec::new()));
    assert!(small.report().is_guessable());
}
