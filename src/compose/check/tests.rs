//! Every fault a pattern can have, by rule and place.

use super::super::fixture::{campaign, campaign_with};
use super::*;
use crate::model::Header;

fn sources() -> Vec<SourceColumns> {
    vec![SourceColumns {
        name: "lapsed.csv".to_owned(),
        names: ["first_name", "city"].map(str::to_owned).to_vec(),
        complete: true,
    }]
}

/// `rule severity [text at the place] message (hint)`, one line for each fault.
fn told(campaign: &Campaign, sources: &[SourceColumns]) -> Vec<String> {
    let texts = patterns(campaign);
    let line = |fault: &TemplateFault| {
        let (_, text) = texts
            .iter()
            .find(|(slot, _)| slot.pointer() == fault.pointer)
            .expect("a fault of a pattern");
        let place = fault.range.clone().map_or("", |range| &text[range]);
        let word = if fault.is_error() { "error" } else { "warning" };
        format!("{} {word} [{place}] {}", fault.rule.0, fault.message)
    };
    check(campaign, sources).iter().map(line).collect()
}

fn param(pattern: &str) -> Vec<String> {
    told(&campaign_with(pattern, "happy76"), &sources())
}

fn code(pattern: &str) -> Vec<String> {
    told(&campaign_with("x", pattern), &sources())
}

#[test]
fn sound_patterns_have_no_faults() {
    for pattern in [
        "Hi {{ first_name }}",
        "{{ first_name|default('you') }} {{ coupon_code }} {{ phone }} {{ campaign }}",
        "{% if city == 'Pune' %}a{% elif city is defined %}b{% else %}c{% endif %}",
        "{% for c in city %}{{ c }}{{ loop.index }}{% endfor %}",
    ] {
        assert_eq!(param(pattern), [""; 0], "{pattern}");
    }
    for pattern in
        ["DIW{{ code(9) }}", "{{ code(9)|lower }}", "{{ city|truncate(5) }}{{ code(10) }}"]
    {
        assert_eq!(code(pattern), [""; 0], "{pattern}");
    }
}

#[test]
fn faults_of_the_language_are_found_in_branches_never_reached() {
    for (pattern, fault) in [
        ("{{ first_name", "template/syntax error"),
        ("{% if false %}{{ city|uper }}{% endif %}", "template/unknown-filter error [uper]"),
        ("{{ city|tojson }}", "template/unknown-filter error"),
        ("{{ city is odd }}", "template/unknown-test error"),
        ("{% if false %}{{ now() }}{% endif %}", "template/unknown-function error [now()]"),
        ("{{ city.upper() }}", "template/unavailable error"),
        ("{{ city.x }}", "template/unavailable error"),
        ("{{ city|truncate }}", "template/filter-arguments error"),
        ("{{ 1 + 1 }}", "template/unavailable error [1 + 1]"),
        ("{% set x = 1 %}", "template/unavailable error"),
        ("{% include 'x' %}", "template/unavailable error"),
        ("{{ frist_name }}", "template/unknown-variable error [frist_name]"),
        ("{{ code(9) }}", "template/code-misplaced error [code(9)]"),
        ("say \"hi\"", "template/param-text error [say \"hi\"] parameter 1 contains a quote"),
    ] {
        let found = param(pattern);
        assert!(found.len() == 1 && found[0].starts_with(fault), "{pattern}: {found:?}");
    }
}

#[test]
fn hints_name_what_was_probably_meant() {
    let hint = |pattern: &str| {
        let found = check(&campaign_with(pattern, "happy76"), &sources());
        found[0].hint.clone().expect("a hint")
    };
    assert_eq!(hint("{{ frist_name }}"), "did you mean `first_name`?");
    assert_eq!(hint("{{ city|uper }}"), "did you mean `upper`?");
    assert_eq!(hint("{{ code(9) }}"), "write `{{ coupon_code }}` for the recipient's code");
    assert_eq!(hint("{{ upper(city) }}"), "`upper` is a filter: write `{{ value|upper }}`");
    assert_eq!(hint("{% endfi %}"), "did you mean `{% endif %}`?");
}

#[test]
fn a_variable_must_be_in_every_source_unless_its_absence_is_allowed_for() {
    let mut two = sources();
    two.push(SourceColumns {
        name: "vip.ndjson".to_owned(),
        names: vec!["first_name".to_owned()],
        complete: true,
    });
    let found = |pattern: &str, sources: &[SourceColumns]| {
        told(&campaign_with(pattern, "happy76"), sources)
    };
    assert_eq!(
        found("{{ city }}", &two),
        ["template/unknown-variable error [city] `vip.ndjson` has no column `city`"]
    );
    assert_eq!(found("{{ city|default('x') }}", &two), [""; 0]);
    assert_eq!(found("{% if city is defined %}{{ city }}{% endif %}x", &two), [""; 0]);
    assert_eq!(
        found("{{ zip|default('x') }}", &two),
        ["template/unknown-variable warning [zip] no source has a column `zip`"]
    );
    two[1].complete = false;
    assert_eq!(found("{{ city }}", &two), [""; 0]);
    assert_eq!(found("{{ anything }}", &[]), [""; 0]);
}

#[test]
fn codes_fit_differ_and_can_be_typed() {
    for (pattern, fault) in [
        (
            "DIWALI2026{{ code(9) }}",
            "template/code-too-long error [] the coupon code has at least 19",
        ),
        ("{{ city }}{{ code(9) }}", "template/code-may-be-too-long warning"),
        ("{{ code(3) }}", "template/code-argument error [code(3)]"),
        ("{{ code(16) }}", "template/code-argument error [code(16)]"),
        ("{{ code('9') }}", "template/code-argument error"),
        ("{{ code() }}", "template/code-argument error"),
        ("A.{{ code(9) }}", "template/code-characters warning [A.]"),
        ("A {{ code(9) }}", "template/code-characters error [A ]"),
        ("{{ code(9)|first }}", "template/code-position error"),
        ("{{ coupon_code }}", "template/unknown-variable error"),
        ("{% for c in city %}{{ code(4) }}{% endfor %}", "template/code-position error"),
    ] {
        let found = code(pattern);
        assert!(found.first().is_some_and(|line| line.starts_with(fault)), "{pattern}: {found:?}");
    }
    let mut campaign = campaign_with("x", "happy76");
    campaign.offer.unique = Some(true);
    assert_eq!(
        told(&campaign, &[]),
        [
            "template/code-not-unique error [] the coupon code is the same for everybody, but `unique` is true"
        ]
    );
    let mut campaign = campaign_with("x", "{{ code(9) }}");
    campaign.offer.unique = Some(false);
    assert_eq!(
        told(&campaign, &[]),
        [
            "template/code-repeats warning [] codes are drawn for each recipient, but `unique` is false"
        ]
    );
}

#[test]
fn groups_take_the_same_message_for_all() {
    let mut campaign = campaign_with("{{ first_name }}", "DIW{{ code(9) }}");
    campaign.delivery.recipients_per_request = 100;
    let found = told(&campaign, &sources());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| line.starts_with("template/grouped error")), "{found:?}");
    let mut campaign = campaign_with("{{ campaign }} {{ coupon_code }}", "happy76");
    campaign.delivery.recipients_per_request = 100;
    assert_eq!(told(&campaign, &sources()), [""; 0]);
}

#[test]
fn header_links_are_public_https_and_end_in_an_extension() {
    let found = |link: &str| {
        let mut campaign = campaign();
        campaign.template.header = Some(Header::Link(link.to_owned()));
        told(&campaign, &sources())
    };
    for good in [
        "https://cdn.example.com/diwali.mp4",
        "https://cdn.example.com/{{ city|urlencode }}.png",
        "https://cdn.example.com/{{ city|urlencode }}",
    ] {
        assert_eq!(found(good), [""; 0], "{good}");
    }
    for (bad, fault) in [
        ("http://cdn.example.com/a.png", "template/header-url error [] the header link must start"),
        ("{{ city }}", "template/header-url error [] the header link must start"),
        ("https://localhost/a.png", "template/header-private error [localhost]"),
        ("https://10.1.2.3/{{ city }}.png", "template/header-private error [10.1.2.3]"),
        ("https://me@cdn.example.com/a.png", "template/header-private error [me@cdn.example.com]"),
        ("https://cdn.example.com/{{ city }}/offer", "template/header-url error [/offer]"),
        ("https://cdn.example.com/a.gif", "template/header-extension warning [gif]"),
    ] {
        let found = found(bad);
        assert!(found.len() == 1 && found[0].starts_with(fault), "{bad}: {found:?}");
    }
}

#[test]
fn a_column_hidden_by_a_built_in_name_is_warned_about() {
    let mut sources = sources();
    sources[0].names.push("campaign".to_owned());
    assert_eq!(
        told(&campaign_with("{{ campaign }}", "happy76"), &sources),
        [
            "template/shadowed-column warning [campaign] `campaign` is not the column of `lapsed.csv` here"
        ]
    );
}
