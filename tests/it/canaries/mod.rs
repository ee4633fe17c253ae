//! Every secret, number, name and code is a canary: every command is run, in every format and
//! to every kind of end, and no byte that it writes anywhere may hold one of them, in any
//! encoding.

mod search;
mod tour;

use std::fs;

use rustix::process::Signal;
use tour::{TESTER, Tour, name};

use crate::support::{API_KEY, CODE_KEY, Command, SID, can, phone, skips};

const LATER: &str = "2026-12-01T11:00:00Z";

#[test]
fn no_command_shows_a_secret_a_number_a_name_or_a_code() {
    if skips("it changes the file") {
        return;
    }
    let mut tour = Tour::new();
    before_anything_is_sent(&mut tour);
    what_is_refused(&mut tour);
    sending_that_is_stopped_in_every_way(&mut tour);
    what_is_told_afterwards(&mut tour);
    // Not here: `sandbox`, whose log is there to hold what it was sent, and `util code-key`,
    // which prints the key it makes.
    tour.expect_every_command_but(&["sandbox", "util code-key"]);
    let (places, bytes) = tour.looked_at;
    println!("looked at {places} streams and files, {bytes} bytes");
    assert!(places > 100, "{places}");
}

fn before_anything_is_sent(tour: &mut Tour) {
    let _ = tour.step("init started --ci github", 0);
    let _ = tour.step("codes campaigns/diwali.yaml --out codes.csv", 0);
    tour.learn_codes("codes.csv");
    for format in ["human", "json", "github", "gitlab", "sarif"] {
        let _ = tour.step(&format!("validate --format {format}"), 0);
    }
    for format in ["human", "json"] {
        let _ = tour.step(&format!("plan --detailed-exitcode --format {format}"), 2);
        let _ = tour.step(&format!("plan --no-ledger --format {format}"), 0);
        let _ = tour.step(&format!("plan --sandbox --format {format} --color always"), 0);
    }
    let _ = tour.step("plan --out plan.json", 0);
    let _ = tour.step("plan --against plan.json", 0);
    for format in ["human", "json", "markdown", "html", "github", "gitlab"] {
        let _ = tour.step(&format!("plan --samples 20 --format {format}"), 0);
        let _ = tour.step(&format!("show plan.json --samples 20 --format {format}"), 0);
    }
    // The request names its sender, whose number is also one of the thousand people's.
    let yaml = fs::read_to_string(tour.world.path("campaigns/diwali.yaml")).expect("there");
    let yaml = yaml.replace("+12025550100", "+46701740605");
    fs::write(tour.world.path("campaigns/sender.yaml"), yaml).expect("the world is ours");
    for format in ["human", "json", "html", "curl"] {
        let _ = tour.step(&format!("preview campaigns/sender.yaml --row 7 --format {format}"), 0);
    }
    fs::remove_file(tour.world.path("campaigns/sender.yaml")).expect("the world is ours");
    for line in [
        "schema plan",
        "schema policy",
        "util completions bash",
        "--help",
        "apply --help",
        "schema campaign",
        "util man",
        "util reference",
    ] {
        let _ = tour.step(line, 0);
    }
    let _ = tour.step(&format!("test campaigns/diwali.yaml --to {TESTER}"), 0);
    let _ = tour.step("ledger check", 0);
    let _ = tour.step("ledger init", 6);
}

/// Files that are wrong in ways that make the program quote them.
fn what_is_refused(tour: &mut Tour) {
    let number = phone(500);
    let person = name(500);
    // A fault in a campaign file is shown on its line; of that only numbers are masked, so the
    // name on it is nobody's.
    let list = format!("  - list:\n      - {{ phone: \"{number}\", first_name: Asha, bad: [1] }}");
    for (file, from, to) in [
        ("list", "  - file: audiences/people.csv\n    id: customer_id", list.as_str()),
        ("param", "\"{{ first_name }}\"", "\"{{ frist_name }}\""),
        ("column", "id: customer_id", "id: customer_key"),
        ("filter", "id: customer_id", "where: first_name > 3"),
        ("quote", "description: Two", "description: \"Two"),
    ] {
        let yaml = fs::read_to_string(tour.world.path("campaigns/diwali.yaml")).expect("there");
        tour.world.write(&format!("campaigns/inputs/{file}.yaml"), &yaml.replace(from, to));
        let rows = fs::read(tour.world.path("campaigns/audiences/people.csv")).expect("there");
        let folder = tour.world.path("campaigns/inputs/audiences");
        fs::create_dir_all(&folder).expect("the world is ours");
        fs::write(folder.join("people.csv"), rows).expect("the world is ours");
        for line in ["validate", "validate --format json", "validate --format sarif", "plan"] {
            let run = tour.world.run(&format!("{line} campaigns/inputs/{file}.yaml"));
            assert!(matches!(run.code(), Some(0 | 4 | 65)), "{run}");
            tour.look_after(&run);
        }
    }
    // Rows that cannot be used, and an exclude list that cannot be read.
    let rows = format!(
        "customer_id,first_name,phone\nc1,{person},{number}x\nc2,\"{person}\"{person},{number}\n\
         c3,{person},{number},{number}\nc4,{number},{person}\nc5,{person},9.19877E+11\n\
         c6,Asha,{}\n",
        phone(0)
    );
    tour.world.write("campaigns/inputs/audiences/people.csv", &rows);
    let yaml = fs::read_to_string(tour.world.path("campaigns/diwali.yaml")).expect("there");
    tour.world.write("campaigns/inputs/rows.yaml", &yaml.replace("name: diwali", "name: rows"));
    let strict = yaml.replace("name: diwali", "name: strict")
        + "exclude:\n  - { file: audiences/people.csv }\n";
    tour.world.write("campaigns/inputs/strict.yaml", &strict);
    for (line, exit) in [
        ("plan campaigns/inputs/rows.yaml", 4),
        ("plan campaigns/inputs/rows.yaml --format json", 4),
        ("plan campaigns/inputs/strict.yaml", 65),
        ("validate campaigns/inputs/strict.yaml", 0),
        ("apply --auto-approve campaigns/inputs/rows.yaml", 4),
    ] {
        let _ = tour.step(line, exit);
    }
    fs::remove_dir_all(tour.world.path("campaigns/inputs")).expect("the world is ours");

    let _ = tour.step("apply", 4);
    let _ = tour.step("apply --approve 00000000000000000000000000000000", 3);
    let _ = tour.step("apply --no-such-flag", 64);
    let _ = tour.step("apply --auto-approve --ledger nowhere.db", 6);
    for (variable, value, exit) in [
        ("CI", "true", 4),
        ("KALEYRA_API_KEY", &*format!("{API_KEY} with blanks"), 1),
        ("KALEYRA_SID", &*format!("{SID}/.."), 1),
        ("OFFERCAST_CODE_KEY", &CODE_KEY[..20], 1),
        ("OFFERCAST_CODE_KEY", &*format!("another {CODE_KEY}"), 4),
        ("OFFERCAST_API_URL", &*format!("https://{API_KEY}@api.kaleyra.io"), 1),
        ("OFFERCAST_API_URL", &*format!("http://{SID}.example.com"), 1),
    ] {
        let run = tour.world.command("apply --auto-approve").env(variable, value).run();
        tour.look_after(&run);
        assert_eq!(run.code(), Some(exit), "{variable}{run}");
    }
    assert_eq!(tour.world.requests(), 1, "only the test message");
}

fn sending_that_is_stopped_in_every_way(tour: &mut Tour) {
    // The far side quotes keys and numbers: halted.
    let github = [("GITHUB_OUTPUT", "output.txt"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let halted = tour.world.command("apply --auto-approve --report report.json");
    let run = github.iter().fold(halted, |run, (name, file)| run.env(name, file)).run().exits(8);
    tour.look_after(&run);
    let _ = tour.step("status", 0);
    // Keys from files: then they do not stand in the process's environment either.
    for (name, value) in [("key", API_KEY), ("sid", SID), ("code-key", CODE_KEY)] {
        fs::create_dir_all(tour.world.path("inputs")).expect("the world is ours");
        fs::write(tour.world.path(&format!("inputs/{name}")), value).expect("the world is ours");
    }
    for (signal, exit) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let start = tour.world.received().len();
        let mut command = tour.world.command("apply --auto-approve --format json");
        for (variable, file) in
            [("KALEYRA_API_KEY", "key"), ("KALEYRA_SID", "sid"), ("OFFERCAST_CODE_KEY", "code-key")]
        {
            let path = tour.world.path(&format!("inputs/{file}")).display().to_string();
            command = command.without(variable).env(&format!("{variable}_FILE"), &path);
        }
        let apply =
            command.spawn().until("some are sent to", |world| world.received().len() > start + 40);
        let of_process = |file: &str| {
            let id = apply.id().as_raw_nonzero();
            fs::read(format!("/proc/{id}/{file}")).unwrap_or_default()
        };
        // It is looked at while it stands still, so that it cannot end meanwhile.
        apply.signal(Signal::STOP);
        let seen = [of_process("cmdline"), of_process("environ")];
        let second = tour.world.run("apply --auto-approve");
        apply.signal(signal);
        apply.signal(Signal::CONT);
        let run = apply.wait().exits(exit);
        if cfg!(target_os = "linux") {
            assert!(seen.iter().all(|bytes| !bytes.is_empty()), "the process was looked at");
        }
        tour.look_at("/proc of the process", &seen.concat());
        tour.look_after(&second.exits(6));
        tour.look_after(&run);
    }
    let start = tour.world.received().len();
    let apply = tour.world.spawn("apply --auto-approve");
    let apply = apply.until("some more", |world| world.received().len() > start + 20);
    apply.signal(Signal::KILL);
    let run = apply.wait().was_killed();
    tour.look_after(&run);
    let _ = tour.step("status --unknown", 0);
    for format in ["human", "json", "csv"] {
        let _ = tour.step(&format!("report --format {format}"), 0);
    }
    // The ledger fails in the middle: what it does not take is written elsewhere.
    if can(&["strace", "-f", "-o", "/dev/null"]) {
        let mut kept = 0;
        // How many writes come before the first request depends on what was left open.
        for nth in [14, 30, 50, 80] {
            let inject = format!("inject=pwrite64:error=ENOSPC:when={nth}+");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let run = tour.world.command("apply --auto-approve --limit 40").under(&strace).run();
            tour.look_after(&run);
            kept += usize::from(run.code() == Some(8) && run.stderr().contains(".journal"));
        }
        assert!(kept > 0, "it failed in the middle");
    }
    let requests = tour.world.requests();
    let run = tour.world.command("apply --auto-approve --limit 20").stdout(full()).run();
    tour.look_after(&run.exits(1));
    assert!(tour.world.requests() > requests, "it failed in the middle");
    let run = tour.world.run("apply --auto-approve");
    tour.look_after(&run);
    assert!(matches!(run.code(), Some(0 | 7)), "{run}");
    assert_eq!(tour.world.most_per_person(), 1);
}

fn what_is_told_afterwards(tour: &mut Tour) {
    for format in ["human", "json", "markdown", "csv"] {
        let _ = tour.step(&format!("status --format {format}"), 0);
    }
    for format in ["human", "json", "csv"] {
        let _ = tour.step(&format!("status --unknown --format {format}"), 0);
        let _ = tour.step(&format!("status --id c7 --format {format}"), 0);
    }
    let asked = phone(0);
    let _ =
        tour.step_with("status --recipient -", 0, |command| command.input(&asked).may_show_codes());
    for format in ["csv", "ndjson"] {
        let _ = tour.step(&format!("ledger export --format {format}"), 0);
        let _ = tour.step(&format!("ledger export --show-recipients --format {format}"), 64);
        let line = format!("ledger export --show-recipients --format {format} --out full.{format}");
        let _ = tour.step(&line, 0);
    }
    tour.world.write("inputs/report.csv", &format!("To,Status\n{},failed\n", phone(40)));
    let _ = tour.step("resolve diwali --as sent --all", 4);
    let run =
        tour.world.run("resolve diwali --from inputs/report.csv --map number=To,status=Status");
    tour.look_after(&run);
    let _ = tour.step_with("resolve diwali --as unsent --id c10 --confirm 1", 0, later);
    let _ = tour.step_with("plan", 0, later);
    let _ = tour.step("ledger adopt --serial 1", 6);
    let _ = tour.step("ledger check", 0);
    let gone: String = (20..30).map(|index| phone(index) + "\n").collect();
    let forget = "ledger forget --recipient -";
    for (line, exit) in [
        (format!("{forget} --dry-run"), 0),
        (format!("{forget} --confirm 9"), 4),
        (format!("{forget} --confirm 10 --format json"), 0),
        ("status --recipient -".to_owned(), 0),
    ] {
        let _ = tour.step_with(&line, exit, |command| command.input(&gone));
    }
    let _ = tour.step(&format!("test campaigns/diwali.yaml --to {}", phone(20)), 4);
    let _ = tour.step("ledger copy .offercast/ledger.db moved/ledger.db", 0);
    let _ = tour.step("status", 6);
}

fn later(command: Command<'_>) -> Command<'_> {
    command.env("OFFERCAST_NOW", LATER)
}

fn full() -> fs::File {
    fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full device")
}
