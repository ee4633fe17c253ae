//! Files written to do harm: refused or read, in bounded time and memory, without a crash.
//!
//! Each goes through the real program, so that a stack that overflows is seen as what it is.

#![expect(clippy::print_stdout, reason = "what each cost is what docs/reliability.md tells")]

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use crate::bench::measure;
use crate::support::{CAMPAIGN, World, people};

/// The most memory, code and all.
const MOST_MEMORY: u64 = 64 << 20;
/// The same for a campaign file of a mebibyte, which has a hundred thousand nodes.
const MOST_MEMORY_FOR_LONG: u64 = 192 << 20;
/// The most processor time for bombs of a few kilobytes, in harmless files' times: a machine
/// that is slow, or busy, is so for both.
const SHORT: u32 = 15;
/// The same for files as long as a campaign file can be.
const LONG: u32 = 400;
/// The same for a pattern, as a text and as a filter.
const PATTERN: u32 = LONG / 2;
/// The same for audiences of eight mebibytes.
const AUDIENCE: u32 = 4 * LONG;
/// How often something is run before it is said to take too long. A machine that stands still
/// for a moment adds that to whatever ran on it.
const ATTEMPTS: usize = 3;

/// The processor time of a harmless file. It is near what the system's clock can tell apart,
/// so it is that of several runs.
static HARMLESS: LazyLock<Duration> = LazyLock::new(|| {
    const RUNS: u32 = 10;
    let world = world();
    let words = ["validate", "campaigns/harmless.yaml"];
    let once = || run(MOST_MEMORY, &world, "harmless", &words, &[0]);
    let all: Duration = (0..RUNS).map(|_| once()).sum();
    all.max(Duration::from_millis(50)) / RUNS
});

/// Runs a command on a world and checks how it ended, its memory and its processor time, which
/// is given in harmless files' times.
#[track_caller]
fn bounded(most_memory: u64, most: u32, world: &World, what: &str, words: &[&str], exits: &[i32]) {
    let most = *HARMLESS * most;
    let mut attempts = (0..ATTEMPTS).map(|_| run(most_memory, world, what, words, exits));
    assert!(attempts.any(|took| took < most), "{what}: each time more than {most:?}");
}

/// Runs a command on a world, checks how it ended and its memory, and tells its processor time.
#[track_caller]
fn run(most_memory: u64, world: &World, what: &str, words: &[&str], exits: &[i32]) -> Duration {
    let output = world.temporary().join("output.txt");
    let mut command = Command::new(env!("CARGO_BIN_EXE_offercast"));
    command.args(words).current_dir(world.path(".")).env_clear().stdin(Stdio::null());
    let cost = measure::run(&mut command, &output).expect("offercast runs");
    let said = std::fs::read(&output).expect("it wrote there");
    let said = String::from_utf8(said).expect("the program writes UTF-8");
    let code = cost.status.code();
    let shown: String = said.chars().take(2_000).collect();
    assert!(code.is_some_and(|code| exits.contains(&code)), "{what}: {:?}\n{shown}", cost.status);
    assert!(cost.peak < most_memory, "{what}: {} bytes\n{shown}", cost.peak);
    assert!(said.len() < 1 << 20, "{what}: {} bytes of output", said.len());
    println!("{what}: exit {code:?}, {:?} CPU, {:?}, {} KiB", cost.cpu, cost.wall, cost.peak >> 10);
    cost.cpu
}

fn world() -> World {
    World::new().campaign("harmless", CAMPAIGN).audience("people.csv", &people(3))
}

/// A text ten times as often in every level.
fn laughs(levels: usize) -> String {
    let mut yaml = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..levels {
        let below = format!("*a{}, ", level - 1).repeat(9);
        writeln!(yaml, "a{level}: &a{level} [{below}]").expect("a String takes all text");
    }
    yaml
}

#[test]
fn yaml_bombs_are_refused_in_no_time() {
    let bombs = [
        ("nine to the ninth texts", laughs(10)),
        ("an alias of itself", "a: &a [*a]\n".to_owned()),
        ("lists in lists", "[".repeat(2_000)),
        ("mappings in mappings", "{a: ".repeat(1_000)),
        ("blocks in blocks", "- ".repeat(2_000)),
        ("keys of keys", "? ".repeat(2_000)),
        ("one key a thousand times", "name: x\n".repeat(1_000)),
        ("merged mappings", format!("a: &a {{x: 1}}\n<<: *a\n{CAMPAIGN}")),
        ("a type of Python's", "name: !!python/object/apply:os.system [id]\n".to_owned()),
        ("an included file", "name: !include /etc/passwd\n".to_owned()),
        ("a thousand documents", "---\n".repeat(1_000)),
        ("a number without end", format!("version: {}\n", "9".repeat(2_000))),
        ("a float out of range", "version: 1e999999999\n".to_owned()),
        ("a directive", "%YAML 9.9\n%TAG ! tag:x,2000:\n---\nversion: 1\n".to_owned()),
        ("a byte order mark and zeros", "\u{feff}version: \0\0\0\n".to_owned()),
        ("tabs", "version:\t1\n\tname:\t\tx\n".repeat(50)),
    ];
    for (what, yaml) in bombs {
        assert!(yaml.len() < 10_000, "{what} is small");
        let world = world().campaign("bomb", &yaml);
        bounded(MOST_MEMORY, SHORT, &world, what, &["validate", "campaigns/bomb.yaml"], &[65]);
    }
}

#[test]
fn files_as_long_as_can_be_are_read_in_bounded_memory() {
    let mebibyte = 1 << 20;
    let fill = |text: &str| text.repeat(mebibyte / text.len());
    let many = |count: u32, line: &dyn Fn(u32) -> String| -> String {
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    let many_keys = many(90_000, &|n| format!("k{n}: 1\n"));
    let many_anchors = many(60_000, &|n| format!("- &a{n} x\n"));
    let files: [(&str, Vec<u8>); 11] = [
        ("a text of a mebibyte", format!("name: {}", fill("x")).into_bytes()[..mebibyte].to_vec()),
        ("escapes", format!("name: \"{}\"", &fill("\\x41")[8..]).into_bytes()),
        ("comments", fill("# nothing\n").into_bytes()),
        ("many keys", many_keys.into_bytes()),
        ("many anchors", many_anchors.into_bytes()),
        ("one line of brackets", fill("[],").into_bytes()),
        ("open brackets", fill("[").into_bytes()),
        ("open braces with quotes", fill("{\"a\":").into_bytes()),
        ("a folded text", format!("name: >\n{}", &fill("  a\n\n")[8..]).into_bytes()),
        ("no text at all", vec![0xff; mebibyte]),
        ("one byte too many", vec![b'#'; mebibyte + 1]),
    ];
    for (what, bytes) in files {
        let world = world().bytes("campaigns/long.yaml", &bytes);
        let words = ["validate", "campaigns/long.yaml"];
        bounded(MOST_MEMORY_FOR_LONG, LONG, &world, what, &words, &[65]);
    }
}

#[test]
fn a_file_without_end_and_a_pipe_are_refused_unread() {
    let world = world();
    let endless = world.path("campaigns/endless.yaml");
    let file = std::fs::File::create(&endless).expect("the world is ours");
    file.set_len(1 << 33).expect("a file with nothing in it takes no room");
    bounded(MOST_MEMORY, LONG, &world, "8 GiB", &["validate", "campaigns/endless.yaml"], &[65]);
    let made = Command::new("mkfifo").arg(world.path("campaigns/pipe.yaml")).status();
    assert!(made.expect("every Unix has `mkfifo`").success());
    for command in ["validate", "plan"] {
        bounded(MOST_MEMORY, SHORT, &world, "a pipe", &[command, "campaigns/pipe.yaml"], &[1]);
    }
    bounded(MOST_MEMORY, SHORT, &world, "a device", &["validate", "/dev/zero"], &[1]);
}

/// Patterns that want to run for ever, grow for ever or nest for ever.
fn patterns() -> Vec<(&'static str, String)> {
    let nest = |open: &str, close: &str, times: usize| {
        format!("{{{{ {}first_name{} }}}}", open.repeat(times), close.repeat(times))
    };
    let mut patterns = Vec::new();
    for times in [390, 50_000] {
        patterns.extend([
            ("conditions", "{% if first_name %}".repeat(times) + &"{% endif %}".repeat(times)),
            ("open conditions", "{% if first_name %}".repeat(times)),
            ("parentheses", nest("(", ")", times)),
            ("lists", nest("[", "]", times)),
            ("negations", nest("not ", "", times)),
            ("signs", nest("-", "", times)),
            ("choices", nest("first_name if (", ") else 1", times)),
            ("filters", nest("", "|upper", times)),
            ("attributes", nest("", ".a", times)),
            ("indices", nest("", "[0]", times)),
            ("sums", nest("", " ~ first_name", times)),
            ("products", nest("", " * 9", times)),
            ("comparisons", nest("", " < 1", times)),
        ]);
    }
    let single = [
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x\
         {% endfor %}{% endfor %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ ('a' * 1000) * 1000000 }}",
        "{{ 'aaaaaaaaaa'|replace('a', 'aaaaaaaaaa')|replace('a', 'aaaaaaaaaa')|replace('a', \
         'aaaaaaaaaa')|replace('a', 'aaaaaaaaaa')|replace('a', 'aaaaaaaaaa')|replace('a', \
         'aaaaaaaaaa')|replace('a', 'aaaaaaaaaa')|replace('a', 'aaaaaaaaaa') }}",
        "{{ range(1000000000)|list|join }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ first_name|indent(1000000000) }}",
        "{{ first_name|center(1000000000) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = [1] %}{% set x = [x, x, x, x, x, x, x, x] %}{{ x }}",
        "{% include '/etc/passwd' %}",
        "{% extends first_name %}",
        "{{ lipsum(1000000) }}",
        "{{ debug() }}",
        "{{ self }}",
        "{{ {}.__class__ }}",
    ];
    patterns.extend(single.into_iter().map(|pattern| (pattern, pattern.to_owned())));
    patterns
}

#[test]
fn patterns_cannot_run_grow_or_nest_for_ever() {
    for (what, pattern) in patterns() {
        let quoted = serde_json::to_string(&pattern).expect("a text is JSON");
        let expression = pattern.trim_start_matches("{{ ").trim_end_matches(" }}");
        let filter = serde_json::to_string(expression).expect("a text is JSON");
        let filter = format!("id: customer_id\n    where: {filter}");
        // As a message's text and as a row's filter. Some short ones are legal; only rows can
        // tell of others.
        let world = World::new()
            .campaign("param", &CAMPAIGN.replace("\"25%\"", &quoted))
            .campaign("where", &CAMPAIGN.replace("id: customer_id", &filter))
            .audience("people.csv", &people(3));
        let paths = ["param", "where"].map(|name| format!("campaigns/{name}.yaml"));
        for path in &paths {
            let words = ["plan", "--sandbox", path];
            bounded(MOST_MEMORY, PATTERN, &world, what, &words, &[0, 4, 65]);
        }
    }
}

#[test]
fn audiences_cannot_fill_the_memory() {
    let size = 8 << 20;
    let fill = |text: &str| text.repeat(size / text.len());
    let header = "customer_id,first_name,phone\n";
    let deep = format!("{{\"phone\":{}", fill("["));
    let keys: Vec<_> = (0..500_000).map(|n| format!("\"k{n}\":1,")).collect();
    let keys = format!("{{{}", keys.concat());
    let files = [
        ("csv", "a quote that is never closed", format!("{header}c1,\"{}", fill("a\n"))),
        ("csv", "one row", format!("{header}{}", fill("a"))),
        ("csv", "one header", fill("column,")),
        ("csv", "rows of nothing", format!("{header}{}", fill("\n,\n"))),
        ("csv", "rows of quotes", format!("{header}{}", fill("\"\"\"\"\n"))),
        ("csv", "cells with zeros", format!("{header}{}", fill("\0,\0,\0\n"))),
        ("ndjson", "nested lists", deep),
        ("ndjson", "many keys", keys),
        ("ndjson", "one text", format!("{{\"phone\":\"{}", fill("9"))),
        ("ndjson", "one number", format!("{{\"phone\":{}}}", fill("9"))),
        ("ndjson", "rows that are no JSON", fill("{]\n")),
    ];
    for (ending, what, text) in files {
        let yaml = CAMPAIGN.replace("people.csv", &format!("hostile.{ending}"));
        let world = world().campaign("diwali", &yaml);
        let place = world.path("campaigns/audiences").join(format!("hostile.{ending}"));
        std::fs::write(place, text).expect("the world is ours");
        let words = ["plan", "--sandbox", "campaigns/diwali.yaml"];
        bounded(MOST_MEMORY, AUDIENCE, &world, what, &words, &[0, 4, 65]);
    }
}
