//! Messages, faults of rows, masks and hashes.
//!
//! Tests of the composer: long, because each rule of a message has its own row.

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::super::CodeBook;
use super::super::fixture::{asha, campaign, campaign_with, key, person};
use super::*;
use crate::model::{
    Anchor, ExpirationForm, Header, Language, MediaFile, OfferWindow, PhoneNumber, Rate,
    TemplateName, TemplateText, Timestamp,
};

fn composer(campaign: &Campaign) -> Composer {
    Composer::new(campaign, Some(&key())).expect("patterns without faults")
}

fn rendered(param: &str, who: &Recipient) -> Result<String, RowFault> {
    let composer = composer(&campaign_with(param, "DIW{{ code(9) }}"));
    composer.message(who, 0).map(|message| message.params[0].clone())
}

fn fault(param: &str, who: &Recipient) -> String {
    rendered(param, who).expect_err("a fault").message
}

#[test]
fn patterns_render_a_persons_message() {
    for (pattern, text) in [
        ("25%", "25%"),
        ("{{ first_name }}", "Asha"),
        ("{{ first_name|upper }} of {{ city|lower }}", "ASHA of pune"),
        ("{{ 'asha devi'|title }} {{ 'ASHA'|capitalize }}", "Asha Devi Asha"),
        ("{{ '  a '|trim }}|{{ first_name|truncate(2) }}", "a|As"),
        ("{{ first_name|truncate(3, '…') }}", "As…"),
        ("{{ nickname|default('friend') }}", "friend"),
        ("{{ nickname|d('friend') }}", "friend"),
        ("{{ first_name|replace('a', 'o') }}", "Asho"),
        ("{{ 'a b&c'|urlencode }}", "a%20b%26c"),
        ("{{ city|first }}{{ city|last }}{{ city|length }}", "Pe4"),
        ("{{ first_name[:2] }}{{ city[-2:] }}", "Asne"),
        ("{{ phone }} {{ campaign }}", "919812345678 diwali-2026"),
        ("{% if vip == 'yes' %}VIP{% else %}all{% endif %}", "VIP"),
        ("{% if nickname is defined %}{{ nickname }}{% else %}you{% endif %}", "you"),
        ("{{ 'north' if city in ['Delhi', 'Agra'] else 'south' }}", "south"),
        ("{% for n in range(3) %}{{ loop.index }}{% endfor %}", "123"),
        ("{{ (first_name ~ city)|upper }}", "ASHAPUNE"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("a & b < c", "a & b < c"),
    ] {
        assert_eq!(rendered(pattern, &asha()).as_deref(), Ok(text), "{pattern}");
    }
}

#[test]
fn cells_are_data_and_arrive_as_they_stand() {
    for cell in ["{{7*7}}", "{%", "{{ code(9) }}", "<b>&amp;</b>", "'}", "0012", "True"] {
        let who = person(919_812_345_678, &[("first_name", cell)]);
        assert_eq!(rendered("{{ first_name }}", &who).as_deref(), Ok(cell));
    }
}

#[test]
fn a_row_that_gives_no_message_is_told_by_column_and_never_by_value() {
    let who = |cell: &str| person(919_812_345_678, &[("first_name", cell)]);
    for (pattern, cell, message) in [
        ("{{ first_name }}", "", "`first_name` is empty"),
        ("{{ nickname }}", "Asha", "the row has no `nickname`"),
        ("{{ first_name }}", "Asha \"A\" Rao", "parameter 1 contains a quote"),
        ("{{ first_name }}", "Asha\\", "parameter 1 contains a backslash"),
        ("{{ first_name }}", "Asha\nRao", "parameter 1 contains a newline"),
        ("{{ first_name }}", "Asha\tRao", "parameter 1 contains a tab"),
        ("{{ first_name }}", "Asha     Rao", "parameter 1 contains five spaces in a row"),
        ("{{ first_name }}", &"é".repeat(1_025), "parameter 1 has more than 1024 characters"),
        ("{{ first_name }}", &"x".repeat(5_000), "`first_name` has more than 4096 bytes"),
        (
            "{{ first_name }}{{ first_name }}",
            &"x".repeat(4_000),
            "parameter 1 grows beyond 4096 bytes",
        ),
        ("{{ first_name == 'x' }}", "Asha", "parameter 1 cannot be rendered: not a primitive"),
    ] {
        assert_eq!(fault(pattern, &who(cell)), message, "{pattern}");
    }
}

#[test]
fn a_code_follows_the_rules_of_codes() {
    let code = |pattern: &str, cell: &str| {
        let who = person(919_812_345_678, &[("city", cell)]);
        let composer = composer(&campaign_with("x", pattern));
        composer.code(&who, 0).map_err(|fault| fault.message)
    };
    assert_eq!(code("{{ city|upper }}", "Pune").expect("a code").as_str(), "PUNE");
    assert_eq!(
        code("{{ city }}-20", "Thiruvananthapuram"),
        Err("the coupon code has 21 characters, at most 15 are allowed".to_owned())
    );
    assert_eq!(code("{{ city }}", ""), Err("`city` is empty".to_owned()));
    assert_eq!(
        code("{{ city }}", "New Delhi"),
        Err("the coupon code contains ' ', which is not allowed in a code".to_owned())
    );
}

#[test]
fn a_drawn_code_belongs_to_the_person_and_the_counter() {
    let composer = composer(&campaign_with("{{ coupon_code }}", "DIW{{ code(9) }}"));
    let message = composer.message(&asha(), 0).expect("a message");
    assert_eq!(message.params, [message.coupon_code.as_str()]);
    assert_eq!(message.coupon_code, composer.code(&asha(), 0).expect("a code"));
    let other = composer.message(&asha(), 1).expect("a message");
    assert_ne!(message.coupon_code, other.coupon_code);
    assert_eq!(message.content, other.content, "the code itself is not in the content hash");
    assert_eq!(message.coupon_code.as_str().len(), 12);
    assert_eq!(composer.code_space(), Some(32_u128.pow(9)));
}

#[test]
fn the_composer_knows_what_a_campaign_depends_on() {
    for (param, code, depends, unique, needs_key) in [
        ("25%", "happy76", false, false, false),
        ("{{ campaign }} {{ coupon_code }}", "happy76", false, false, false),
        ("{{ first_name }}", "happy76", true, false, false),
        ("25%", "{{ city }}", true, true, false),
        ("25%", "DIW{{ code(9) }}", true, true, true),
    ] {
        let composer = composer(&campaign_with(param, code));
        let found = (composer.depends_on_recipient(), composer.unique(), composer.needs_key());
        assert_eq!(found, (depends, unique, needs_key), "{param} {code}");
    }
    let branches = "{% if vip == 'yes' %}{{ code(9) }}{% else %}A{{ code(4) }}{% endif %}";
    assert_eq!(composer(&campaign_with("x", branches)).code_space(), Some(32_u128.pow(4)));
}

#[test]
fn without_the_key_the_content_is_the_same_and_no_code_is_rendered() {
    let mut campaign =
        campaign_with("{{ first_name }} {{ coupon_code }}", "{{ city }}{{ code(9) }}");
    assert_eq!(Composer::new(&campaign, None).err(), Some(ComposeError::KeyMissing));
    campaign.offer.code_key = Some(key().fingerprint());
    let keyless = Composer::new(&campaign, None).expect("the fingerprint is stated");
    let keyed = composer(&campaign);
    let content = keyed.message(&asha(), 3).expect("a message").content;
    assert_eq!(keyless.content(&asha()), Ok(content));
    assert_eq!(keyed.content(&asha()), Ok(content));
    assert!(!keyless.can_draw());
    assert_eq!(
        keyless.message(&asha(), 0).expect_err("no key").message,
        "the coupon code cannot be drawn without the code key"
    );
    let given = KeyFingerprint::from_bytes([1; 4]);
    campaign.offer.code_key = Some(given);
    let error = Composer::new(&campaign, Some(&key())).expect_err("another key");
    assert_eq!(error, ComposeError::OtherKey { stated: given, given: key().fingerprint() });
}

fn content(campaign: &Campaign, who: &Recipient) -> ContentHash {
    composer(campaign).message(who, 0).expect("a message").content
}

fn rich() -> Campaign {
    let mut campaign = campaign_with("Hi {{ first_name }}", "{{ city }}{{ code(8) }}");
    campaign.template.params.push("25%".to_owned());
    campaign.template.url_suffix = Some("login?c={{ coupon_code }}".to_owned());
    campaign.template.header = Some(Header::Link("https://cdn.example.com/d.mp4".to_owned()));
    campaign
}

#[test]
fn content_hashes_never_change_between_versions() {
    assert_eq!(content(&campaign(), &asha()).to_string(), "c5788420944357554c07d4da140460fc");
    assert_eq!(content(&rich(), &asha()).to_string(), "33717b0d18b9304db03cfa0396acf491");
}

#[test]
fn every_term_changes_the_content_hash() {
    type Edit = fn(&mut Campaign);
    let edits: [(&str, Edit); 19] = [
        ("from", |c| c.sender.from = PhoneNumber::from_digits(919_876_543_211).expect("one")),
        ("template", |c| c.template.name = TemplateName::new("other").expect("a name")),
        ("language", |c| c.template.language = Language::new("en")),
        ("param", |c| c.template.params[0] = "Hello {{ first_name }}".to_owned()),
        ("fixed param", |c| c.template.params[1] = "30%".to_owned()),
        ("one param more", |c| c.template.params.push("x".to_owned())),
        ("params moved", |c| c.template.params.swap(0, 1)),
        ("params joined", |c| c.template.params = vec!["Hi {{ first_name }}25%".to_owned()]),
        ("suffix", |c| c.template.url_suffix = Some("login?d={{ coupon_code }}".to_owned())),
        ("no suffix", |c| c.template.url_suffix = None),
        ("header", |c| {
            c.template.header = Some(Header::Link("https://cdn.example.com/e.mp4".to_owned()));
        }),
        ("header file", |c| {
            c.template.header = Some(Header::File(MediaFile {
                base_name: "d.mp4".to_owned(),
                content_type: "video/mp4",
                bytes: Bytes::new(),
                sha256: [3; 32],
            }));
        }),
        ("expiration", |c| c.template.has_expiration = false),
        ("form", |c| c.offer.expiration = ExpirationForm::DurationMs),
        ("window", |c| {
            let window = Duration::from_hours(24);
            c.offer.window = OfferWindow::For { window, anchor: Anchor::FirstApply };
        }),
        ("anchor", |c| {
            let window = Duration::from_hours(14 * 24);
            c.offer.window = OfferWindow::For { window, anchor: Anchor::EachSend };
        }),
        ("starts_at", |c| {
            let window = Duration::from_hours(14 * 24);
            let anchor = Anchor::StartsAt(Timestamp::from_millis(1_796_095_800_000));
            c.offer.window = OfferWindow::For { window, anchor };
        }),
        ("ends_at", |c| {
            let ends_at = Timestamp::from_millis(1_796_095_800_000);
            c.offer.window = OfferWindow::Until { ends_at, starts_at: None };
        }),
        ("code", |c| c.offer.coupon_code = "{{ city }}{{ code(9) }}".to_owned()),
    ];
    let mut seen = vec![content(&rich(), &asha())];
    for (what, edit) in edits {
        let mut campaign = rich();
        edit(&mut campaign);
        let hash = content(&campaign, &asha());
        assert!(!seen.contains(&hash), "{what} does not show in the hash");
        seen.push(hash);
    }
    let other = person(919_812_345_678, &[("first_name", "Asha"), ("city", "Goa")]);
    assert!(!seen.contains(&content(&rich(), &other)), "a value the code uses");
    let key = CodeKey::new(vec![8; 32]).expect("32 bytes");
    let rekeyed = Composer::new(&rich(), Some(&key)).expect("patterns without faults");
    assert!(!seen.contains(&rekeyed.content(&asha()).expect("a hash")), "the key");
}

#[test]
fn what_is_no_term_leaves_the_content_hash_alone() {
    let before = content(&rich(), &asha());
    let mut campaign = rich();
    campaign.description = Some("two weeks".to_owned());
    campaign.delivery.rate = Rate::parse("80/s").expect("a rate");
    campaign.delivery.max_in_flight = 4;
    campaign.offer.code_key = Some(key().fingerprint());
    campaign.template.text = Some(TemplateText::default());
    assert_eq!(content(&campaign, &asha()), before);
    // The same text for the same person is the same content, wherever it comes from.
    campaign.template.params[1] = "{{ discount }}".to_owned();
    let who =
        person(919_812_345_678, &[("first_name", "Asha"), ("city", "Pune"), ("discount", "25%")]);
    assert_eq!(content(&campaign, &who), before);
}

#[test]
fn a_masked_message_shows_first_letters_and_takes_the_real_branches() {
    let mut campaign = rich();
    campaign.template.params.push("{% if vip == 'yes' %}VIP {{ city }}{% endif %}".to_owned());
    campaign.template.params.push("{{ phone }} {{ campaign }}".to_owned());
    campaign.offer.coupon_code = "DIW{{ code(9) }}".to_owned();
    let masked = composer(&campaign).masked(&asha()).expect("a message");
    assert_eq!(masked.params, ["Hi A•••", "25%", "VIP P•••", "91••••••••78 diwali-2026"]);
    assert_eq!(masked.code, "DIW•••••••••");
    assert_eq!(masked.url_suffix.as_deref(), Some("login?c=DIW•••••••••"));
    assert_eq!(masked.header_url.as_deref(), Some("https://cdn.example.com/d.mp4"));

    campaign.offer.coupon_code = "happy76".to_owned();
    let masked = composer(&campaign).masked(&asha()).expect("a message");
    assert_eq!(masked.code, "•••••76");
    assert_eq!(masked.url_suffix.as_deref(), Some("login?c=•••••76"));
}

#[test]
fn a_fixed_text_that_cannot_be_sent_is_refused_at_once() {
    let refusal = |param: &str, code: &str| {
        Composer::new(&campaign_with(param, code), None).expect_err("a fault").to_string()
    };
    assert_eq!(refusal("{{ '' }}", "x"), "`/template/params/0`: parameter 1 is empty");
    assert_eq!(
        refusal("x", "{{ 'A' ~ 'BCDEFGHIJKLMNOP' }}"),
        "`/offer/coupon_code`: the coupon code has 16 characters, at most 15 are allowed"
    );
}

#[test]
fn hostile_patterns_end_as_errors_within_a_moment() {
    #[expect(clippy::disallowed_methods, reason = "measures the test itself")]
    let started = Instant::now();
    let loops = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}\
                 {% endfor %}{% endfor %}{% endfor %}";
    for pattern in [
        "(".repeat(4_000),
        format!("{{{{ {}", "(".repeat(300)),
        format!("{{{{ {}x", "-".repeat(380)),
        format!("{{{{ {}x", "not ".repeat(380)),
        format!("{{{{ x{} }}}}", "|upper".repeat(210)),
        format!("{{{{ x{} }}}}", ".a".repeat(190)),
        format!("{{{{ x{} }}}}", "[0]".repeat(140)),
        format!("{{{{ {}x }}}}", "[".repeat(300)),
        "{% if x %}".repeat(50_000),
        format!("{{% if x %}}{}", "{% elif x %}".repeat(90)),
        "{{ 'a' * 1000000000 }}".to_owned(),
        "{{ 10 ** 10 ** 10 }}".to_owned(),
        "{% set x = 'a' %}{% set x = x ~ x %}{{ x }}".to_owned(),
        "{% for x in [x ~ x] %}{% for x in [x ~ x] %}{{ x }}{% endfor %}{% endfor %}".to_owned(),
        "{{ range(100000000) }}".to_owned(),
        format!("{{{{ first_name{} }}}}", "|replace('', first_name)".repeat(60)),
        format!("{{{{ first_name{} }}}}", "|urlencode".repeat(190)),
        loops.to_owned(),
        "{% include 'x' %}".to_owned(),
        "{% import 'x' as y %}".to_owned(),
        "{% extends 'x' %}".to_owned(),
        "{% macro m() %}{% endmacro %}".to_owned(),
        "{% for x in first_name recursive %}{{ loop(first_name) }}{% endfor %}".to_owned(),
    ] {
        let campaign = campaign_with(&pattern, "happy76");
        let who = person(919_812_345_678, &[("first_name", &"%".repeat(1_000)), ("x", "x")]);
        let result = Composer::new(&campaign, None).map(|composer| composer.message(&who, 0));
        let start: String = pattern.chars().take(40).collect();
        assert!(matches!(result, Err(_) | Ok(Err(_))), "{start} gives a message");
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn many_threads_can_use_one_composer() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&composer(&rich()));
}

#[test]
fn a_thousand_people_have_codes_of_their_own() {
    let composer = composer(&campaign_with("x", "{{ code(4) }}"));
    let people: Vec<_> = (0..1_000).map(|at| person(919_800_000_000 + at, &[])).collect();
    let mut book = CodeBook::new(composer.code_space());
    for who in &people {
        book.add(who.number, composer.code(who, 0).expect("a code").digest());
    }
    while let Some(number) = book.collisions().expect("room").first().copied() {
        let who = person(number.as_u64(), &[]);
        let mut draw = |counter| composer.code(&who, counter).map(|code| code.digest());
        book.redraw(number, &mut draw).expect("a free code");
    }
    let codes: std::collections::BTreeSet<_> = people
        .iter()
        .map(|who| composer.code(who, book.counter_for(who.number)).expect("a code"))
        .collect();
    assert_eq!(codes.len(), people.len());
}

/// The same without the short way.
fn by_the_engine(mut composer: Composer) -> Composer {
    composer.code.pieces = None;
    for part in &mut composer.parts {
        part.pieces = None;
    }
    composer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_short_way_gives_what_the_engine_gives(
        parts in prop::collection::vec(
            prop_oneof![
                Just("{{ city }}".to_owned()), Just("{{- phone -}}".to_owned()),
                Just("{{ campaign }}".to_owned()), Just("{{ nobody }}".to_owned()),
                Just("{{ coupon_code }}".to_owned()), "[ a-c\n{}]{0,4}",
            ],
            0..6,
        ),
        code in prop_oneof![Just("{{ code(4) }}-{{ code(5) }}"), Just("{{ city }}{{ code(4) }}")],
        cell in prop_oneof![".{0,8}", "x{4000}"],
    ) {
        let campaign = campaign_with(&parts.concat(), code);
        let who = person(919_812_345_678, &[("city", &cell)]);
        if let Ok(short) = Composer::new(&campaign, Some(&key())) {
            let engine = by_the_engine(composer(&campaign));
            prop_assert_eq!(short.message(&who, 1), engine.message(&who, 1));
            prop_assert_eq!(short.content(&who), engine.content(&who));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_pattern_and_no_cell_makes_rendering_panic(
        pattern in prop::collection::vec(
            prop_oneof![
                Just("{{ ".to_owned()), Just(" }}".to_owned()), Just("{% if ".to_owned()),
                Just(" %}".to_owned()), Just("{% endif %}".to_owned()), Just("city".to_owned()),
                Just("|upper".to_owned()), Just("|truncate(2)".to_owned()), Just("code(4)".to_owned()),
                Just("{% for c in city %}".to_owned()), Just("{% endfor %}".to_owned()),
                Just("[1:]".to_owned()), Just(" ~ ".to_owned()), ".{0,12}",
            ],
            0..12,
        ),
        cell in ".{0,40}",
    ) {
        let text = pattern.concat();
        let who = person(919_812_345_678, &[("city", &cell)]);
        for campaign in [campaign_with(&text, "happy76"), campaign_with("x", &text)] {
            let faults = super::super::check(&campaign, &[]);
            for fault in &faults {
                if let Some(range) = &fault.range {
                    let pattern = if fault.pointer == "/offer/coupon_code" {
                        &campaign.offer.coupon_code
                    } else {
                        &campaign.template.params[0]
                    };
                    prop_assert!(pattern.get(range.clone()).is_some(), "{:?}", fault);
                }
            }
            if let Ok(composer) = Composer::new(&campaign, Some(&key())) {
                let _ = composer.message(&who, 0);
                let _ = composer.masked(&who);
                let _ = composer.content(&who);
            }
        }
    }
}

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture time_per_message"]
fn time_per_message() {
    let mut campaign = campaign_with("{{ first_name }}", "DIW{{ code(9) }}");
    campaign.template.params.push("25%".to_owned());
    campaign.template.url_suffix = Some("login?c={{ coupon_code }}".to_owned());
    let composer = composer(&campaign);
    let who = asha();
    #[expect(clippy::disallowed_methods, reason = "measures the test itself")]
    let started = Instant::now();
    for counter in 0..100_000 {
        composer.message(&who, counter).expect("a message");
    }
    println!("{:?} per message", started.elapsed() / 100_000);
}
