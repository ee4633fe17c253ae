//! One plan in every form: comment, page, annotations, reports.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag};
use scraper::{Html, Selector};

use crate::support::{CAMPAIGN, Run, World, people};

const FORMATS: [&str; 6] = ["human", "json", "markdown", "html", "github", "gitlab"];

fn world() -> World {
    World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &people(8)).ledger()
}

fn markdown(world: &World) -> Run {
    world.run("plan --format markdown")
}

#[test]
fn a_plan_file_is_shown_in_every_form_like_its_plan() {
    let world = world();
    // The JSON holds instants to the second, which pass while a test runs.
    for format in FORMATS.into_iter().filter(|format| *format != "json") {
        let planned = world.run(&format!("plan --out plan.json --format {format}")).exits(0);
        let shown = world.run(&format!("show plan.json --format {format}")).exits(0);
        assert_eq!(shown.raw(), planned.raw(), "{format}");
    }
}

#[test]
fn several_campaigns_share_one_comment() {
    let world = world().campaign("eid", &CAMPAIGN.replace("name: diwali\n", "name: eid\n"));
    let run = markdown(&world).exits(0);
    assert!(run.stdout().starts_with("### READY: 2 campaigns, 16 people, done by "), "{run}");
    assert_eq!(run.stdout().matches("<!-- offercast:plan -->").count(), 1);
    assert_eq!(run.stdout().matches("offercast apply ").count(), 2);
}

#[test]
fn a_github_step_gets_the_decision_as_an_output() {
    let world = world();
    let run = world.command("plan --out plan.json").env("GITHUB_OUTPUT", "output.txt").run();
    let _ = run.exits(0);
    let output = fs::read_to_string(world.path("output.txt")).unwrap();
    let values: Vec<_> = output.lines().filter(|line| !line.contains("offercast_")).collect();
    assert_eq!((values[0], values[2], values[3]), ("ready", "8", "plan.json"));
}

#[test]
fn the_same_meaning_has_the_same_comment_but_for_the_time() {
    let mut world = world();
    let first = markdown(&world).exits(0).raw().to_owned();
    let mut rows: Vec<_> = people(8).lines().map(str::to_owned).collect();
    rows[1..].reverse();
    world.write("campaigns/audiences/people.csv", &rows.join("\n"));
    assert_eq!(markdown(&world).exits(0).raw(), first, "another order");
    let later =
        world.command("plan --format markdown").env("OFFERCAST_NOW", "2026-12-03T07:30:00Z");
    let later = later.run().exits(0);
    let differing: Vec<_> =
        first.lines().zip(later.raw().lines()).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    assert_eq!(first.lines().count(), later.raw().lines().count());
    assert!(
        differing.iter().all(|line| line.starts_with("### ") || line.starts_with("Planned ")),
        "{differing:?}"
    );
}

/// Names that have fooled terminals, logs, Markdown, HTML and spreadsheets.
const HOSTILE: [&str; 15] = [
    "<script>document.body.dataset[`ACTED`.toLowerCase()]=1</script>",
    "<svg/onload=document.body.dataset[`ACTED`.toLowerCase()]=1>",
    "<img src=http://evil.example/x onerror=alert(1)>",
    "![x](http://evil.example/x)",
    "[click](javascript:alert(1))",
    "http://evil.example/",
    "@everyone #1 GH-1",
    "::error::pwned",
    "##[add-mask]x",
    "a | b || c",
    "```</details>",
    "`~~~*_**__\u{202e}gpj",
    "--> <!-- x",
    "=HYPERLINK(A1)",
    "&lt;b&gt;</svg></style>",
];

/// A campaign in which every text that people may write is hostile.
fn hostile_world() -> World {
    let mut rows = String::from("customer_id,first_name,phone\n");
    for (index, name) in HOSTILE.iter().enumerate() {
        let phone = crate::support::phone(index);
        writeln!(rows, "c{index},\"{name}\",{phone}").expect("memory");
    }
    writeln!(rows, "c99,{},{}", "w".repeat(900), crate::support::phone(50)).expect("memory");
    // Rows in the literal text too, where nothing is masked.
    let body = HOSTILE.join(" ").replace(['\\', '"', '\u{202e}'], "");
    let yaml = CAMPAIGN
        .replace("Two weeks off for everybody", "'<b>x</b> @team http://evil.example | `'")
        .replace("off until the lamps go out.", &body)
        .replace("Diwali 25% off", "'<i>@x</i>'");
    World::new().campaign("diwali", &yaml).audience("people.csv", &rows).ledger()
}

#[test]
fn hostile_people_do_nothing_in_a_comment() {
    let world = hostile_world();
    let run = world.run("plan --format markdown --samples 20").exits(0);
    let options = Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH;
    let mut tags = Vec::new();
    for event in Parser::new_ext(run.raw(), options) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                panic!("a link to {dest_url}{run}")
            }
            Event::Html(html) | Event::InlineHtml(html) => tags.push(html.trim().to_owned()),
            Event::Text(text) => {
                let acts = ["@", "http", "://", "#1", "www."];
                let found = acts.iter().find(|word| text.contains(**word));
                assert_eq!(found, None, "`{text}` stands outside of code{run}");
            }
            _ => {}
        }
    }
    let ours = ["<!-- offercast:plan -->", "<details>", "</details>", "<br>"];
    for tag in &tags {
        let is_ours = ours.contains(&tag.as_str()) || tag.starts_with("<details><summary>");
        assert!(is_ours, "{tag}{run}");
    }
}

#[test]
fn hostile_people_do_nothing_on_a_page() {
    let world = hostile_world();
    let run = world.run("plan --format html --samples 20").exits(0);
    let page = Html::parse_document(run.raw());
    let all = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!(all("script, img, a, link, iframe, object, embed, form, input, base, i"), 0);
    assert!(all("svg[role=img]") > 0, "the timeline is drawn");
    for element in page.select(&Selector::parse("*").unwrap()) {
        for (name, value) in element.value().attrs() {
            let is_plain = !name.starts_with("on") && !["style", "href", "src"].contains(&name);
            assert!(is_plain, "{name}={value}");
        }
    }
    let ends = all("html") == 1 && all("body > footer") == 1;
    assert!(ends, "the page ends where it should{run}");
}

#[test]
fn hostile_people_do_nothing_in_a_log() {
    let world = hostile_world();
    for format in FORMATS {
        let run = world.run(&format!("plan --format {format} --samples 20")).exits(0);
        for line in run.raw().lines() {
            let is_command = line.trim_start().starts_with("::") || line.contains("##[");
            let is_ours = format == "github"
                && (line.starts_with("::notice ") || line.starts_with("::warning "));
            assert!(!is_command || is_ours, "{format}: {line}");
            assert!(!line.contains(['\u{1b}', '\u{202e}', '\r']), "{format}: {line}");
        }
    }
}

#[test]
fn a_thousand_people_are_in_no_view_in_full() {
    let mut rows = String::from("customer_id,first_name,phone\n");
    for index in 0..1_000 {
        let phone = crate::support::phone(index);
        writeln!(rows, "c{index},Zq{index:04}canary,{phone}").unwrap();
    }
    let world = World::new().campaign("diwali", CAMPAIGN).audience("people.csv", &rows).ledger();
    let _ = world.run("codes campaigns/diwali.yaml --out codes.csv").exits(0);
    let codes = fs::read_to_string(world.path("codes.csv")).unwrap();
    let codes: Vec<_> = codes.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    assert_eq!(codes.len(), 1_000);
    for format in FORMATS {
        // Numbers are looked for in every run.
        let run = world.run(&format!("plan --format {format} --samples 20")).exits(0);
        assert!(!codes.iter().any(|code| run.raw().contains(code)), "a code is in {format}");
        assert!(!run.raw().contains("canary"), "a name is in {format}");
        let most = if format == "markdown" { 65_000 } else { 200_000 };
        assert!(run.raw().len() < most, "{format}: {} bytes", run.raw().len());
    }
}

#[test]
fn a_comment_keeps_to_its_bytes_whatever_is_in_it() {
    let world = hostile_world();
    for max in [2_000, 3_000, 5_000, 65_000] {
        let run = world.run(&format!("plan --format markdown --samples 20 --max-bytes {max}"));
        let text = run.exits(0).raw().to_owned();
        assert!(text.len() <= max, "{} of {max}", text.len());
        assert!(text.starts_with("### READY: "), "{text}");
        assert_eq!(text.matches("<details>").count(), text.matches("\n</details>\n").count());
    }
    let _ = world.run("plan --format markdown --max-bytes 10").exits(64);
}

/// Chromium without a window, a network of its own or anything that is remembered.
fn chromium(world: &World, page: &str, ask: &str) -> Option<(String, String)> {
    let Some(program) = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .into_iter()
        .find(|path| Path::new(path).exists())
    else {
        // Written past the test runner, which keeps what passing tests print.
        let words = b"SKIP pages in a browser: there is no chromium here\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), words);
        return None;
    };
    let output = std::process::Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--hide-scrollbars", "--window-size=1000,1400", "--timeout=20000"])
        .args(["--enable-logging=stderr", "--v=0"])
        .arg(format!("--user-data-dir={}", world.path("profile").display()))
        .arg(ask)
        .arg(format!("file://{}", world.path(page).display()))
        .output()
        .expect("chromium starts");
    let said = |stream: &[u8]| String::from_utf8_lossy(stream).into_owned();
    assert!(output.status.success(), "{}", said(&output.stderr));
    Some((said(&output.stdout), said(&output.stderr)))
}

#[test]
fn a_page_is_drawn_by_a_browser() {
    let world = hostile_world();
    let run = world.run("plan --format html --samples 20").exits(0);
    fs::write(world.path("plan.html"), run.raw()).unwrap();
    let picture = world.path("plan.png");
    let ask = format!("--screenshot={}", picture.display());
    let Some((_, said)) = chromium(&world, "plan.html", &ask) else { return };
    let complaints: Vec<_> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, [""; 0], "the page breaks its own policy");
    let picture = fs::read(picture).expect("a picture was taken");
    assert!(picture.len() > 20_000, "the page is drawn: {} bytes", picture.len());
}

#[test]
fn hostile_people_do_nothing_in_a_browser() {
    let world = hostile_world();
    let pages = [
        ("plan.html", "plan --format html --samples 20"),
        ("preview.html", "preview campaigns/diwali.yaml --format html"),
    ];
    for (page, line) in pages {
        let run = world.run(line).exits(0);
        // Without its own policy, a page has only its escaping to rely on.
        let policy = "http-equiv=\"Content-Security-Policy\"";
        assert!(run.raw().contains(policy), "{page}");
        let bare = run.raw().replace(policy, "name=\"was-policy\"");
        fs::write(world.path(page), bare).unwrap();
        let Some((dom, said)) = chromium(&world, page, "--dump-dom") else { return };
        assert!(dom.contains("ACTED"), "the hostile text is on {page}: {dom}");
        assert!(!dom.contains("data-acted"), "something acted on {page}: {dom}");
        let complaints: Vec<_> = said.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert_eq!(complaints, [""; 0], "{page}");
    }
    // What would have been seen, had it acted.
    let acts = format!("<!doctype html><title>x</title><p>{}", HOSTILE[0]);
    fs::write(world.path("acts.html"), acts).unwrap();
    if let Some((dom, _)) = chromium(&world, "acts.html", "--dump-dom") {
        assert!(dom.contains("data-acted"), "the browser runs scripts: {dom}");
    }
}

#[test]
fn the_decision_says_what_it_costs() {
    let card = "# as_of: 2026-10-01\n# currency: USD\nprefix,rate,market\n49,0.1365,Germany\n";
    let world = World::new()
        .campaign("diwali", CAMPAIGN)
        .audience("people.csv", &people(8))
        .file("rates.csv", card)
        .ledger();
    let run = world.run("plan --rates rates.csv --format markdown").exits(0);
    let first = run.stdout().lines().next();
    assert_eq!(first, Some("### READY: 8 people, at most 1.10 USD, done by 09:00 UTC"));
    let _ = run.shows("| cost | at most 1.10 USD by the card of 2026-10-01: 8 to Germany |");
}
