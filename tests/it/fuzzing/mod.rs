//! The targets of `fuzz/`, fed with mutations of valid inputs: a few seconds of each in every
//! run, `OFFERCAST_FUZZ_SECONDS` for longer, `OFFERCAST_SEED` to begin elsewhere.
//!
//! What once broke a target is kept in `tests/fixtures/fuzz/<target>` and tried first.

#![expect(clippy::print_stdout, reason = "how much was tried is what docs/reliability.md tells")]

mod mutate;
#[path = "../../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use mutate::{Dice, mutated};
use offercast::clock::Clock;
use targets::{TARGETS, Target};

use crate::support::{CAMPAIGN, SHARED, World, people};
use crate::tidy::files_below;

/// So long is each target fed, unless a variable says otherwise.
const USUAL: Duration = Duration::from_millis(1500);
/// So many inputs at least, however slow the machine.
const FEWEST: u64 = 60;
/// One input may take so long on a busy machine in a build without optimisation.
const PATIENCE: Duration = Duration::from_secs(20);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Feeds one target. Whatever breaks it is written to a file that the message names.
fn feed(name: &str, corpus: &[Vec<u8>]) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    let kept = files_below(&format!("tests/fixtures/fuzz/{name}"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = kept.iter().map(|path| fs::read(root.join(path)).expect("a fixture"));
    let (to_target, inputs) = mpsc::channel::<Vec<u8>>();
    let (done, results) = mpsc::channel::<bool>();
    let feeding = thread::spawn(move || {
        for input in inputs {
            if done.send(is_kept(target, &input)).is_err() {
                return;
            }
        }
    });
    let try_it = |what: &str, input: Vec<u8>| {
        to_target.send(input.clone()).expect("it listens");
        let result = results.recv_timeout(PATIENCE);
        if result == Ok(true) {
            return;
        }
        let how = match result {
            Err(RecvTimeoutError::Timeout) => "takes too long",
            _ => "breaks its promise",
        };
        let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        fs::write(&place, &input).expect("the target's folder is ours");
        panic!("`{name}` {how} on {what}: the input is in `{}`", place.display());
    };
    for (index, input) in kept.chain(corpus.iter().cloned()).enumerate() {
        try_it(&format!("input {index} of those kept"), input);
    }
    let budget = number("OFFERCAST_FUZZ_SECONDS").map_or(USUAL, Duration::from_secs);
    let first = number("OFFERCAST_SEED").unwrap_or(1).wrapping_mul(1 << 32);
    let (started, mut tried) = (now(), 0);
    while tried < FEWEST || started.elapsed() < budget {
        let seed = first + tried;
        try_it(&format!("seed {seed}"), mutated(corpus, &mut Dice(seed)));
        tried += 1;
    }
    drop(to_target);
    feeding.join().expect("its panics are caught");
    println!("{name}: {tried} mutations in {:?}", started.elapsed());
}

fn is_kept(target: Target, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| target(input))).is_ok()
}

fn now() -> Instant {
    Clock::system().monotonic()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn campaign_files_are_read_or_refused() {
    let mut corpus = texts(&[CAMPAIGN, SHARED]);
    for folder in ["tests/fixtures/campaigns/valid", "tests/fixtures/campaigns/invalid"] {
        for path in files_below(folder) {
            if path.extension().is_some_and(|ending| ending == "yaml") {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
                corpus.push(fs::read(path).expect("a fixture"));
            }
        }
    }
    assert!(corpus.len() > 20, "the fixtures are found");
    feed("campaign", &corpus);
}

const ROWS: [&str; 5] = [
    "0phone,first_name,note\n+919812345678,Asha,\"a, \"\"b\"\"\"\n9812345679,Ben,\n",
    "1phone\tfirst_name\n+4917139200001\tJonas\n\n+4917139200001\tJonas\n",
    "2{\"phone\":\"+12025550123\",\"first_name\":\"Ruby\",\"vip\":true,\"n\":1.5}\n{\"phone\":919812345678}\n",
    "0\u{feff}phone\r\n9.19877E+11\r\n00919812345678\r\n",
    "0+919812345678\n+919812345679\n",
];

#[test]
fn audience_files_are_read_row_by_row_or_refused() {
    let mut corpus = texts(&ROWS);
    corpus.push(format!("0{}", people(30)).into_bytes());
    feed("audience", &corpus);
}

#[test]
fn exclude_lists_are_read_whole_or_refused() {
    feed("exclude", &texts(&ROWS));
}

#[test]
fn patterns_give_messages_within_bounds_or_are_refused() {
    let corpus = [
        "{{ first_name }}\nAsha\nPune\nyes",
        "DIW{{ code(9) }}",
        "{{ first_name | upper | truncate(5) }} of {{ city }}",
        "{% if vip == \"yes\" %}25%{% elif city %}10%{% else %}5%{% endif %}\n{{ 7*7 }}\n\"}\n{%",
        "{% for n in range(3) %}{{ first_name[0] }}{% endfor %}",
        "login?c={{ coupon_code }}&n={{ first_name | urlencode }}",
        "first_name is startingwith(\"A\") and not vip or city in [\"Pune\"]",
        "vip | int(default=3) * 2 + 1 > 4\n\n\n",
        "{{ first_name if vip else \"you\" }}{# c #}{{ 'a' ~ \"b\" }}",
    ];
    feed("template", &texts(&corpus));
}

#[test]
fn replies_prove_no_more_than_they_may() {
    let heads: [&[u8]; 6] = [
        b"\0\x64\0",
        b"\0\x66\x02",
        b"\x01\x2c\0",
        b"\x01\x49\x08",
        b"\x01\x90\0",
        b"\x01\x2d\x05",
    ];
    let bodies = [
        r#"{"id":"08a7","data":[{"message_id":"08a7:0","recipient":"919986127034"}],"totalCount":1}"#,
        r#"{"code":"E13001","message":"919986127034 is bad","data":[],"error":{"error":"DIW7K2M9QXVB"}}"#,
        r#"{"code":"RBC201","message":"Incorrect","data":[{"recipient":"xx9986xx70xx","message_id":"a:1"}]}"#,
        r#"{"data":[{"message_id":"a:0","recipient":"+12025550123"},{"message_id":"a:1","recipient":"491713920099"}]}"#,
        "<html>502</html>",
    ];
    let pairs = heads.iter().flat_map(|head| bodies.map(|body| [*head, body.as_bytes()].concat()));
    feed("reply", &pairs.collect::<Vec<_>>());
}

#[test]
fn ledgers_are_refused_or_read() {
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(12));
    let world = world.ledger().kaleyra(r#"{"rules": [{"after": 6, "first": 8, "status": 502}]}"#);
    let empty = fs::read(world.path(".offercast/ledger.db")).expect("there is a ledger");
    let _ = world.run("apply --auto-approve --limit 9");
    let used = fs::read(world.path(".offercast/ledger.db")).expect("there is a ledger");
    feed("ledger", &[empty, used]);
}
