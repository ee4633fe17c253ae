//! A large audience in bounded memory: no figure of time, which a busy machine would turn
//! into a false alarm. What it takes is in docs/performance.md.

use std::fs;
use std::process::{Command, Stdio};

use crate::bench::{self, Options, data, measure};

/// What every run reads; a million with `OFFERCAST_SCALE=1`.
const ROWS: u64 = 200_000;
const MANY_ROWS: u64 = 1_000_000;

/// In bytes, for a million people.
const MOST_MEMORY: u64 = 400_000_000;

#[test]
fn a_plan_gives_everybody_of_a_large_audience_a_code_of_their_own_in_bounded_memory() {
    let rows = if std::env::var_os("OFFERCAST_SCALE").is_some() { MANY_ROWS } else { ROWS };
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    data::write(place.path(), rows, 7).expect("an audience");
    let output = place.path().join("output.txt");
    let mut plan = Command::new(env!("CARGO_BIN_EXE_offercast"));
    plan.args(["plan", "--no-ledger", "--format", "json", "scale.yaml"])
        .current_dir(place.path())
        .env_clear()
        .env("OFFERCAST_CODE_KEY", data::CODE_KEY)
        .stdin(Stdio::null());
    let cost = measure::run(&mut plan, &output).expect("offercast runs");
    println!("{rows} rows: {:?} wall, {:?} CPU, {} bytes", cost.wall, cost.cpu, cost.peak);
    let said = fs::read_to_string(&output).expect("text");
    assert!(cost.status.success(), "{said}");

    let (_, document) = said.split_once("{\n").expect("a JSON object");
    let document: serde_json::Value = serde_json::from_str(&format!("{{{document}")).expect("JSON");
    let plan = &document["plans"][0];
    assert_eq!(plan["counts"]["send"], rows, "{plan}");
    assert_eq!(plan["codes"]["unique"], rows, "{plan}");
    assert!(cost.peak > 0, "memory was looked at");
    assert!(cost.peak < MOST_MEMORY * rows / MANY_ROWS + 60_000_000, "{} bytes", cost.peak);
}

#[test]
fn every_view_is_of_one_size_whatever_the_audience() {
    const FORMS: [&str; 4] = ["json", "markdown", "html", "human"];
    let sizes = |rows: u64| {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        data::write(place.path(), rows, 7).expect("an audience");
        let run = |line: &[&str]| {
            let output = Command::new(env!("CARGO_BIN_EXE_offercast"))
                .args(line)
                .current_dir(place.path())
                .env_clear()
                .env("OFFERCAST_CODE_KEY", data::CODE_KEY)
                .output()
                .expect("offercast runs");
            assert!(output.status.success(), "{output:?}");
            output.stdout.len()
        };
        run(&["ledger", "init", "--ledger", "ledger.db", "--campaigns", "."]);
        run(&["plan", "--ledger", "ledger.db", "--out", "plan.json", "scale.yaml"]);
        FORMS.map(|form| run(&["show", "plan.json", "--samples", "20", "--format", form]))
    };
    let (small, large) = (sizes(1_000), sizes(20_000));
    for ((form, small), large) in FORMS.into_iter().zip(small).zip(large) {
        // Names of people and of their rows differ in length, and so do counts.
        assert!(large.abs_diff(small) < 400, "{form}: {small} bytes for 1,000, {large} for 20,000");
        assert!(large < 40_000, "{form}: {large} bytes");
    }
}

/// No figure is held to anything here: it is the benchmark that is tested.
#[test]
fn the_benchmark_goes_through_all_its_steps_with_a_small_audience() {
    let mut options = Options::new(env!("CARGO_BIN_EXE_offercast"), env!("CARGO_TARGET_TMPDIR"));
    options.rows = 300;
    // Where it is not installed, the table says so.
    options.postgres = true;
    options.measures = false;
    bench::run(&options).expect("every step ends as it should");
}
