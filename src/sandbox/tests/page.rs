//! What the page asks of a request.

use super::client::{Connection, Form, Head, NOW_MS, config, post, start};
use crate::model::{ApiKey, Sid};
use crate::sandbox::{Account, EchoedRecipients, ExpirationRule, Sandbox, SandboxConfig};

/// What curl 7.88.1 sends for the page's command.
const PAGE_REQUEST: &[u8] = include_bytes!("../../../tests/fixtures/sandbox/page-request.bin");

#[test]
fn the_pages_own_request_is_accepted() {
    for expiration in [ExpirationRule::DurationMs, ExpirationRule::Either] {
        let sandbox = Sandbox::start(&SandboxConfig { expiration, ..config() }).unwrap();
        let mut connection = Connection::to(&sandbox);
        connection.write(&page_head().before(PAGE_REQUEST));
        let reply = connection.reply();
        assert_eq!(reply.status, 200, "{reply:?}");
        let accepted = sandbox.accepted();
        assert_eq!(accepted[0].recipient.digits(), "12025550123");
        let content = &accepted[0].content;
        assert_eq!(content.coupon_code, "happy76");
        assert_eq!(content.expiration_time_ms, Some(1_209_600_000));
        assert_eq!(content.param_url.as_deref(), Some("login"));
        assert!(content.media_url.is_some() && content.media_sha256.is_some());
    }
}

#[test]
fn fourteen_days_are_no_unix_timestamp() {
    let expiration = ExpirationRule::UnixMs;
    let sandbox = Sandbox::start(&SandboxConfig { expiration, ..config() }).unwrap();
    let mut connection = Connection::to(&sandbox);
    connection.write(&page_head().before(PAGE_REQUEST));
    let error = connection.reply().error();
    assert_eq!(error, "400 E13001 `expiration_time_ms` is not a Unix timestamp in milliseconds");
    assert_eq!(sandbox.counts().accepted, 0);
}

fn page_head() -> Head {
    let content_type = "multipart/form-data; boundary=------------------------906c3988fc82c37c";
    Head { content_type: content_type.to_owned(), ..Head::default() }
}

#[test]
fn success_is_answered_as_on_the_page() {
    let sandbox = start();
    let reply = post(&sandbox, &Form::good().with("to", "+12025550123,12025550124"));
    let json = reply.json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "type", "body", "createdDateTime", "totalCount", "data", "error"]);
    assert_eq!(json["createdDateTime"], "2027-01-15 08:00:00+00:00");
    assert_eq!(json["totalCount"], 2);
    let id = json["id"].as_str().unwrap();
    assert_eq!(json["data"][1]["message_id"], format!("{id}:1"));
    assert_eq!(json["data"][1]["recipient"], "12025550124");
    assert!(reply.head.contains("content-type: application/json"));
}

#[test]
fn recipients_are_hidden_as_in_the_pages_sample_when_asked() {
    let echo = EchoedRecipients::Masked;
    let sandbox = Sandbox::start(&SandboxConfig { echo, ..config() }).unwrap();
    let reply = post(&sandbox, &Form::good().with("to", "919986127034"));
    assert_eq!(reply.json()["data"][0]["recipient"], "xx9986xx70xx");
}

#[test]
fn every_break_of_a_rule_is_refused_with_its_words() {
    let sandbox = start();
    let good = Form::good;
    let past = format!(
        "[{{\"type\":\"limited_time_offer\",\"limited_time_offer\":{{\"expiration_time_ms\":{}}}}}]",
        NOW_MS - 1
    );
    for (form, text) in [
        (good().without("to"), "`to` is missing"),
        (good().without("type"), "`type` is missing"),
        (good().without("template_name"), "`template_name` is missing"),
        (good().without("channel"), "`channel` is missing"),
        (good().without("from"), "`from` is missing"),
        (good().without("coupon_code"), "`coupon_code` is missing"),
        (good().with("to", "12 34"), "`to` holds something that is not an E.164 number"),
        (good().with("to", &["12025550123"; 101].join(",")), "`to` holds more than 100 numbers"),
        (good().with("type", "template"), "`type` is not `mediatemplate`"),
        (good().with("channel", "sms"), "`channel` is not `whatsapp`"),
        (good().with("from", "me"), "`from` is not an E.164 number"),
        (good().with("template_name", ""), "`template_name` is empty"),
        (
            good().with("template_name", &"x".repeat(513)),
            "`template_name` is longer than 512 characters",
        ),
        (
            good().with("coupon_code", "happy76"),
            "`coupon_code` is not a JSON string in double quotes",
        ),
        (
            good().with("coupon_code", "\"1234567890123456\""),
            "`coupon_code` is not 1 to 15 characters long",
        ),
        (good().with("limited_time_offer", &past), "`expiration_time_ms` is in the past"),
        (
            good().with("limited_time_offer", "{}"),
            "`limited_time_offer` is not an array of one object with `type` and \
             `limited_time_offer.expiration_time_ms`, an integer",
        ),
        (
            good().with("params", "Mike,25%"),
            "`params` is not a comma list of strings in double quotes",
        ),
        (
            good().with("media_url", "https://a.example/video"),
            "`media_url` is not an http(s) address with a file extension",
        ),
        (good().with("callback_url", "hooks"), "`callback_url` is not an http(s) address"),
        (good().with("media", "@/path/to/file"), "`media` is not a file part"),
        (good().file("media", "image/png", b""), "`media` is an empty file"),
        (
            good().file("media", "image/gif", b"x"),
            "`media` has a content type other than image/jpeg, image/png, video/mp4, video/3gpp \
             (with curl, add `;type=video/mp4` to the file)",
        ),
        (
            good().file("media", "image/png", b"x").file("media", "image/png", b"x"),
            "`media` is given twice",
        ),
        (good().file("param_url", "image/png", b"x"), "`param_url` is not a file field"),
        (good().with("coupon", "\"a\""), "`coupon` is not a field"),
        (good().again("to", "12025550123"), "`to` is given twice"),
    ] {
        assert_eq!(post(&sandbox, &form).error(), format!("400 E13001 {text}"));
    }
    let counts = sandbox.counts();
    assert_eq!((counts.accepted, counts.refused), (0, counts.requests));
}

#[test]
fn optional_fields_may_be_left_out_or_given() {
    let sandbox = start();
    let full = Form::good()
        .with("channel", "WhatsApp")
        .with("params", "\"Mike\",\"25%\"")
        .with("param_url", "login")
        .with("media_url", "https://a.example/b.mp4")
        .with("lang_code", "en_US")
        .with("callback_profile_id", "IN_00000000-046b-4565-892c-000000000000")
        .file("media", "video/3gpp", b"film");
    for form in [full, Form::good().without("limited_time_offer")] {
        assert_eq!(post(&sandbox, &form).status, 200);
    }
    let content = &sandbox.accepted()[0].content;
    assert_eq!(content.params.as_deref().unwrap(), ["Mike", "25%"]);
    assert_eq!(content.lang_code.as_deref(), Some("en_US"));
}

#[test]
fn key_and_sid_are_checked_as_a_pair() {
    let account = Account::Exactly {
        sid: Sid::new("HXX".into()).unwrap(),
        key: ApiKey::new("a-key".into()).unwrap(),
    };
    let exact = Sandbox::start(&SandboxConfig { account, ..config() }).unwrap();
    let body = Form::good().body();
    let other_sid = "POST /v1/HYY/messages HTTP/1.1";
    let no_sid = "POST /v1//messages HTTP/1.1";
    for (sandbox, head, lets_in) in [
        (&exact, Head::default(), true),
        (&exact, Head { key: Some("b-key"), ..Head::default() }, false),
        (&exact, Head { line: other_sid, ..Head::default() }, false),
        (&start(), Head { line: other_sid, ..Head::default() }, true),
        (&start(), Head { line: no_sid, ..Head::default() }, false),
        (&start(), Head { key: None, ..Head::default() }, false),
    ] {
        let mut connection = Connection::to(sandbox);
        connection.write(&head.before(&body));
        let reply = connection.reply();
        if lets_in {
            assert_eq!(reply.status, 200);
        } else {
            assert_eq!(reply.error(), "401 RBC201 Incorrect SID or API key.");
        }
    }
}

#[test]
fn other_paths_methods_and_types_are_turned_away() {
    let sandbox = start();
    let json = Head { content_type: "application/json".into(), ..Head::default() };
    for (head, status) in [
        (Head { line: "GET /v1/HXX/messages HTTP/1.1", ..Head::default() }, 405),
        (Head { line: "POST /v2/HXX/messages HTTP/1.1", ..Head::default() }, 404),
        (Head { line: "POST /v1/HXX/messages/ HTTP/1.1", ..Head::default() }, 404),
        (json, 415),
    ] {
        let mut connection = Connection::to(&sandbox);
        connection.write(&head.before(&Form::good().body()));
        assert_eq!(connection.reply().status, status);
    }
    assert_eq!(sandbox.counts().requests, 1, "only posts to the path count");
}

#[test]
fn a_form_that_breaks_off_is_refused() {
    let sandbox = start();
    let body = Form::good().body();
    for end in [0, 40, 100, body.len() / 2, body.len() - 6] {
        let mut connection = Connection::to(&sandbox);
        connection.write(&Head::default().before(&body[..end]));
        assert_eq!(connection.reply().status, 400, "{end}");
    }
    assert_eq!(sandbox.counts().accepted, 0);
}

#[test]
fn twenty_mebibytes_are_the_most() {
    let sandbox = start();
    let mut connection = Connection::to(&sandbox);
    connection.write(&Head::default().before(&vec![b'x'; (20 << 20) + 1]));
    assert_eq!(connection.reply().error(), "413 E13001 the request is larger than 20 MiB");
}
