//! Whole files: fixtures named for what they are or for their fault, and the schema itself.
//!
//! Tests of the way from text to campaign: long, because each kind of fault has its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::diagnostic::{Diagnostic, Place, Sources};
use crate::model::{Anchor, ExpirationForm, Header, OfferWindow, RecipientSource, Timestamp};

/// 2026-12-01T09:00:00+05:30.
fn now() -> Timestamp {
    Timestamp::from_millis(1_796_095_800_000)
}

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/campaigns").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn parse(text: &str) -> (Parsed, Sources) {
    let mut sources = Sources::default();
    let parsed = campaign(text.as_bytes(), Path::new("a.yaml"), now(), &mut sources);
    (parsed, sources)
}

fn told(parsed: &Parsed, sources: &Sources) -> Vec<String> {
    let tell = |d: &Diagnostic| format!("{} {}", d.rule.0, sources.describe(&d.place));
    parsed.diagnostics.iter().map(tell).collect()
}

#[test]
fn every_valid_fixture_is_a_campaign_without_findings() {
    let files = fixtures("valid");
    assert!(files.len() >= 8);
    for path in files {
        let mut sources = Sources::default();
        let parsed = campaign(&fs::read(&path).unwrap(), &path, now(), &mut sources);
        assert_eq!(told(&parsed, &sources), [""; 0], "{}", name(&path));
        assert!(parsed.campaign.is_some(), "{}", name(&path));
    }
}

#[test]
fn every_invalid_fixture_is_refused_at_its_fault_and_only_there() {
    let files = fixtures("invalid");
    assert!(files.len() >= 60);
    let mut wrong = Vec::new();
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let first = text.lines().next().unwrap();
        let (rule, place) =
            first.strip_prefix("# expect: ").and_then(|rest| rest.split_once(' ')).expect(first);
        let mut sources = Sources::default();
        let parsed = campaign(&bytes, &path, now(), &mut sources);
        let expected = format!("{rule} {}:{place}", path.display());
        let told = told(&parsed, &sources);
        if told != [expected] {
            wrong.push(format!("{}: {told:?}", name(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_error_says_what_to_do_and_no_message_ends_in_a_stop() {
    for path in fixtures("invalid") {
        let mut sources = Sources::default();
        let parsed = campaign(&fs::read(&path).unwrap(), &path, now(), &mut sources);
        for diagnostic in parsed.diagnostics {
            let message = &diagnostic.message;
            assert!(!message.ends_with('.') && !message.is_empty(), "{message}");
            assert!(
                !message.starts_with(|c: char| c.is_ascii_uppercase())
                    || message.starts_with("U+")
                    || message.starts_with("YAML"),
                "{message}"
            );
            assert!(message.len() < 250, "{message}");
            for shown in [Some(message), diagnostic.hint.as_ref()].into_iter().flatten() {
                let secret = ["9876543210", "12025550101", "happy76"];
                assert!(!secret.iter().any(|secret| shown.contains(secret)), "{shown}");
            }
        }
    }
}

#[test]
fn one_run_tells_the_faults_of_all_sections() {
    let text =
        fs::read_to_string(fixtures("valid").iter().find(|p| name(p) == "every-key").unwrap())
            .unwrap()
            .replace("status: active", "status: actve")
            .replace("window: 14days", "window: 1month")
            .replace("rate: 80/s", "rate: 80")
            .replace("file: audiences/lapsed.csv", "file: ../lapsed.csv")
            .replace("profile_id:", "profil_id:")
            .replace("campaign: diwali-wave-1", "campaign: diwali-2026");
    let (parsed, sources) = parse(&text);
    let rules: Vec<&str> = parsed.diagnostics.iter().map(|d| d.rule.0).collect();
    assert_eq!(
        rules,
        [
            "campaign/choice",
            "campaign/months-and-years",
            "campaign/path",
            "campaign/excludes-itself",
            "campaign/unknown-key",
            "campaign/type",
        ],
        "{:?}",
        told(&parsed, &sources)
    );
}

#[test]
fn every_missing_key_is_told() {
    let (parsed, sources) = parse("version: 1\nname: a\nsender: {}\noffer: { windw: 1h }\n");
    assert_eq!(
        told(&parsed, &sources),
        [
            "campaign/missing-key a.yaml:1:1",
            "campaign/missing-key a.yaml:1:1",
            "campaign/exactly-one a.yaml:3:1",
            "campaign/missing-key a.yaml:3:1",
            "campaign/missing-key a.yaml:4:1",
            "campaign/unknown-key a.yaml:4:10",
        ]
    );
}

#[test]
fn all_keys_reach_the_campaign() {
    let path = fixtures("valid").into_iter().find(|p| name(p) == "every-key").unwrap();
    let (parsed, _) = parse(&fs::read_to_string(path).unwrap());
    let campaign = parsed.campaign.expect("a valid campaign");
    assert_eq!(campaign.name.as_str(), "diwali-2026");
    assert_eq!(campaign.sender.from.digits(), "919876543210");
    assert_eq!(campaign.sender.api_domain.as_str(), "api.ap.kaleyra.io");
    assert_eq!(campaign.template.params, ["{{ first_name }}", "25%"]);
    assert!(matches!(&campaign.template.header, Some(Header::Link(url)) if url.ends_with("mp4")));
    assert_eq!(
        campaign.offer.window,
        OfferWindow::For { window: Duration::from_hours(14 * 24), anchor: Anchor::FirstApply }
    );
    assert_eq!(campaign.offer.expiration, ExpirationForm::UnixMs);
    assert_eq!(campaign.delivery.rate.to_string(), "80/s");
    assert_eq!(campaign.delivery.min_remaining, Duration::from_mins(30));
    assert_eq!(campaign.limits.failures.to_string(), "2.5%");
    let [RecipientSource::File(first), _, RecipientSource::List(people)] = &campaign.recipients[..]
    else {
        panic!("two files and a list");
    };
    assert_eq!((first.phone.as_str(), first.id.as_deref()), ("mobile", Some("customer_id")));
    let fields: Vec<(&str, &str)> =
        people[0].fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("first_name", "Asha"), ("visits", "3"), ("vip", "true")]);
    assert_eq!((people[0].phone.as_str(), people[0].line), ("+919812345678", 34));
}

#[test]
fn the_offset_that_was_written_is_kept() {
    let path = fixtures("valid").into_iter().find(|p| name(p) == "fixed-end").unwrap();
    let (parsed, _) = parse(&fs::read_to_string(path).unwrap());
    let offer = parsed.campaign.expect("a valid campaign").offer;
    assert_eq!(offer.offset.to_string(), "+05:30");
    let start = offer.window.starts_at().expect("a start");
    assert_eq!(start.rfc3339(offer.offset), "2026-12-01T09:00:00+05:30");
}

#[test]
fn an_offer_near_far_or_over_is_a_warning() {
    let smallest = |window: &str| {
        format!(
            "version: 1\nname: a\nsender: {{ from: \"+919876543210\", region: in }}\n\
             template: {{ name: t }}\noffer: {{ coupon_code: c, {window} }}\n\
             recipients: [{{ file: a.csv }}]\ndelivery: {{ min_remaining: 1s }}\n"
        )
    };
    for (window, expected) in [
        ("window: 15min", ""),
        ("window: 14min", "campaign/offer-short"),
        ("window: 30days", ""),
        ("window: 31days", "campaign/offer-long"),
        ("ends_at: 2026-12-01T03:29:59Z", "campaign/offer-over"),
        ("ends_at: 2026-12-01T03:31:00Z", "campaign/offer-short"),
        ("ends_at: 2026-12-02T03:30:00Z", ""),
        ("ends_at: 2027-02-01T00:00:00Z", "campaign/offer-long"),
        ("window: 1h, starts_at: 2026-11-30T00:00:00Z", "campaign/offer-over"),
    ] {
        let (parsed, _) = parse(&smallest(window));
        let rules: Vec<&str> = parsed.diagnostics.iter().map(|d| d.rule.0).collect();
        assert_eq!(rules.join(" "), expected, "{window}");
        assert!(parsed.campaign.is_some(), "{window}");
    }
}

#[test]
fn parts_of_values_have_their_own_places() {
    let text = "version: 1\nname: a\ntemplate:\n  params: [\"Hi {{ nmae }}\"]\n";
    let (parsed, sources) = parse(text);
    let document = parsed.document.expect("readable YAML");
    let place = document.place("/template/params/0", Some(6..10));
    assert_eq!(sources.describe(&place), "a.yaml:4:19");
    let Place::Text { span, .. } = place else { panic!("a place in the text") };
    assert_eq!(&text[span.start..span.end], "nmae");
    let describe = |place| sources.describe(&place);
    assert_eq!(describe(document.place("/template/params/0", Some(99..100))), "a.yaml:4:12");
    assert_eq!(describe(document.key_place("/template/params")), "a.yaml:4:3");
    assert_eq!(describe(document.place("/template/header/url", None)), "a.yaml:3:1");
    assert_eq!(describe(document.place("", None)), "a.yaml:1:1");
}

#[test]
fn files_in_other_encodings_or_sizes_are_refused_by_name() {
    let rule = |bytes: &[u8]| {
        let mut sources = Sources::default();
        let parsed = campaign(bytes, Path::new("a.yaml"), now(), &mut sources);
        assert!(parsed.document.is_none());
        (parsed.diagnostics[0].rule.0, parsed.diagnostics[0].message.clone())
    };
    let utf16: Vec<u8> = "version: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(rule(&utf16).1.contains("UTF-16 (little-endian)"));
    assert!(rule(b"\xfe\xff\0v").1.contains("UTF-16 (big-endian)"));
    assert_eq!(rule(b"name: \xff").1, "byte 6 (0xff) is not UTF-8");
    assert_eq!(rule(&vec![b'#'; MAX_FILE_BYTES + 1]).0, "yaml/too-large");
    assert_eq!(rule(b"").0, "yaml/empty");
}

#[test]
fn aliases_cannot_multiply_a_text() {
    let long = "x".repeat(100_000);
    let text = format!("a: &a \"{long}\"\nb: [{}]\n", "*a, ".repeat(20_000));
    let (parsed, _) = parse(&text);
    assert_eq!(parsed.diagnostics[0].rule.0, "yaml/alias");
    let doubled = (1..40).map(|level| {
        let below = level - 1;
        format!("a{level}: &a{level} [*a{below}, *a{below}]")
    });
    let laughs: Vec<String> = std::iter::once("a0: &a0 [x, x]".to_owned()).chain(doubled).collect();
    let (parsed, _) = parse(&laughs.join("\n"));
    assert_eq!(parsed.diagnostics[0].rule.0, "yaml/alias");
}

#[test]
fn deep_nesting_is_refused_at_once() {
    for text in
        ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(50_000)]
    {
        let (parsed, _) = parse(&text);
        assert!(parsed.document.is_none());
        assert_eq!(parsed.diagnostics.len(), 1);
    }
}

#[test]
fn large_files_are_read_in_proportion_to_their_size() {
    let head =
        fs::read_to_string(fixtures("valid").iter().find(|path| name(path) == "smallest").unwrap())
            .unwrap();
    let people = "      - { phone: \"+12025550101\", first_name: Asha }\n".repeat(5_000);
    let (parsed, _) = parse(&format!("{head}{people}"));
    let campaign = parsed.campaign.expect("a valid campaign");
    let RecipientSource::List(list) = &campaign.recipients[0] else { panic!("a list") };
    assert_eq!((list.len(), list[5_000].line), (5_001, 5_008));
    let (parsed, _) = parse(&format!("{head}{}", people.replace("Asha", "0123")));
    assert_eq!(parsed.diagnostics.len(), 200);
    let unknown: Vec<String> = (0..20_000).map(|key| format!("widow{key}: 1")).collect();
    let (parsed, _) = parse(&format!("{head}{}", unknown.join("\n")));
    assert_eq!(parsed.diagnostics.len(), 200);
}

fn properties(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "properties" {
                    for (name, property) in value.as_object().unwrap() {
                        found.push((format!("{path}/{name}"), property.clone()));
                        properties(property, &format!("{path}/{name}"), found);
                    }
                } else {
                    properties(value, path, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, path, found)),
        _ => {}
    }
}

#[test]
fn an_editor_can_explain_and_complete_every_key() {
    let schema: Value = serde_json::from_str(CAMPAIGN_SCHEMA).unwrap();
    let mut found = Vec::new();
    properties(&schema, "", &mut found);
    assert!(found.len() > 50);
    for (path, property) in found {
        for key in ["title", "description"] {
            assert!(property.get(key).is_some_and(Value::is_string), "{path} has no {key}");
        }
        let shown = property.get("default").is_some() || property.get("examples").is_some();
        assert!(shown, "{path} has neither default nor examples");
    }
}

#[test]
fn the_schema_accepts_its_own_examples_and_defaults() {
    let schema: Value = serde_json::from_str(CAMPAIGN_SCHEMA).unwrap();
    let mut found = Vec::new();
    properties(&schema, "", &mut found);
    for (path, mut property) in found {
        let examples = property.get("examples").and_then(Value::as_array).cloned();
        let values =
            examples.unwrap_or_default().into_iter().chain(property.get("default").cloned());
        property["$defs"] = schema["$defs"].clone();
        let validator = jsonschema::options().offline().build(&property).unwrap();
        for value in values {
            assert!(validator.is_valid(&value), "{path}: {value}");
        }
    }
}

/// The field names a struct asks its deserializer for.
fn fields<T: DeserializeOwned>() -> Vec<&'static str> {
    struct Asked<'a>(&'a mut Vec<&'static str>);
    impl<'de> serde::Deserializer<'de> for Asked<'_> {
        type Error = serde::de::value::Error;
        fn deserialize_any<V: serde::de::Visitor<'de>>(
            self,
            _: V,
        ) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("only structs are asked"))
        }
        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("names are enough"))
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut names = Vec::new();
    assert!(T::deserialize(Asked(&mut names)).is_err());
    names.sort_unstable();
    names
}

#[test]
fn the_typed_structs_and_the_schema_have_the_same_keys() {
    use super::file::{
        CallbackSection, CampaignFile, DeliverySection, ExcludeEntry, HeaderSection, LimitsSection,
        OfferSection, RecipientsEntry, SenderSection, TemplateSection, TextSection,
    };
    let schema: Value = serde_json::from_str(CAMPAIGN_SCHEMA).unwrap();
    for (pointer, fields) in [
        ("", fields::<CampaignFile>()),
        ("/properties/sender", fields::<SenderSection>()),
        ("/properties/template", fields::<TemplateSection>()),
        ("/properties/template/properties/header", fields::<HeaderSection>()),
        ("/properties/template/properties/text", fields::<TextSection>()),
        ("/properties/offer", fields::<OfferSection>()),
        ("/properties/recipients/items", fields::<RecipientsEntry>()),
        ("/properties/exclude/items", fields::<ExcludeEntry>()),
        ("/properties/callback", fields::<CallbackSection>()),
        ("/properties/delivery", fields::<DeliverySection>()),
        ("/properties/limits", fields::<LimitsSection>()),
    ] {
        let object = schema.pointer(pointer).unwrap();
        let mut keys: Vec<&str> =
            object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, fields, "{pointer}");
        assert_eq!(object["additionalProperties"], Value::Bool(false), "{pointer}");
    }
}

/// Bytes that mean something to YAML.
const SIGNS: &[u8] = b"\"'{}[]:#&*!|>\t\n-,%@`\\";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_make_it_panic(
        which in 0_usize..8,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let files = fixtures("valid");
        let mut bytes = fs::read(&files[which]).unwrap();
        for (index, byte, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, SIGNS[usize::from(byte) % SIGNS.len()]),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        let mut sources = Sources::default();
        let parsed = campaign(&bytes, Path::new("a.yaml"), now(), &mut sources);
        let faulty = parsed.diagnostics.iter().any(Diagnostic::is_error);
        prop_assert!(parsed.campaign.is_some() || faulty, "nothing is lost without a word");
        for diagnostic in &parsed.diagnostics {
            sources.describe(&diagnostic.place);
        }
    }
}
