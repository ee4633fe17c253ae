//! Every scripted fault, as a raw client meets it.

use std::io::ErrorKind;
use std::time::Duration;

use super::client::{Connection, Form, Head, post, scripted};

fn request() -> Vec<u8> {
    Head::default().before(&Form::good().body())
}

/// Posts once and reads until the connection ends: what came, how it ended, how many the
/// sandbox accepted.
fn until_the_end(rule: &str) -> (Vec<u8>, Option<ErrorKind>, u64) {
    let sandbox = scripted(&format!("{{\"rules\": [{rule}]}}"));
    let mut connection = Connection::to(&sandbox);
    connection.write(&request());
    let (bytes, end) = connection.rest();
    (bytes, end.err().map(|error| error.kind()), sandbox.counts().accepted)
}

#[test]
fn a_connection_is_dropped_before_or_after_accepting() {
    for (rule, accepted, end) in [
        (r#"{"drop": "before_accept"}"#, 0, None),
        (r#"{"drop": "after_accept"}"#, 1, None),
        (r#"{"drop": "before_accept", "rst": true}"#, 0, Some(ErrorKind::ConnectionReset)),
        (r#"{"drop": "after_accept", "rst": true}"#, 1, Some(ErrorKind::ConnectionReset)),
        (
            r#"{"drop": "in_body", "after_bytes": 9, "rst": true}"#,
            0,
            Some(ErrorKind::ConnectionReset),
        ),
        (r#"{"drop": "in_body", "after_bytes": 100000}"#, 0, None),
    ] {
        assert_eq!(until_the_end(rule), (Vec::new(), end, accepted), "{rule}");
    }
}

#[test]
fn a_body_can_be_cut_off_before_it_is_sent_whole() {
    let sandbox = scripted(r#"{"rules": [{"drop": "in_body", "after_bytes": 50}]}"#);
    let mut connection = Connection::to(&sandbox);
    let request = request();
    connection.write(&request[..request.len() - 100]);
    let (bytes, _) = connection.rest();
    assert_eq!((bytes.len(), sandbox.counts().accepted), (0, 0));
}

#[test]
fn a_reply_can_be_cut_in_head_or_body() {
    let (bytes, end, accepted) = until_the_end(r#"{"truncate": 20}"#);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    assert_eq!((body.len(), end, accepted), (20, None, 1));

    let (bytes, end, accepted) = until_the_end(r#"{"truncate_head": 12}"#);
    assert_eq!((bytes.as_slice(), end, accepted), (&b"HTTP/1.1 200"[..], None, 1));

    let (bytes, ..) = until_the_end(r#"{"status": 502, "body": "Bad gateway", "truncate": 3}"#);
    assert!(bytes.ends_with(b"\r\n\r\nBad"));
}

#[test]
fn raw_bytes_stand_in_for_a_reply() {
    let raw = r#"{"raw": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n"}"#;
    let (bytes, end, accepted) = until_the_end(raw);
    assert_eq!(bytes, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n");
    assert_eq!((end, accepted), (None, 1));
}

#[test]
fn a_status_comes_with_the_pages_body_or_with_its_own() {
    let sandbox = scripted(
        r#"{"rules": [
            {"first": 1, "code": "RBC201"},
            {"first": 2, "status": 429, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"},
            {"first": 3, "status": 504, "body": "<html>", "accept": true},
            {"first": 4, "status": 307, "headers": {"Location": "http://127.0.0.1:9/"}},
            {"first": 5, "status": 200, "body": {"id": null}}
        ]}"#,
    );
    let mut connection = Connection::to(&sandbox);
    let mut next = || connection.post(&Form::good());
    assert_eq!(next().error(), "401 RBC201 Incorrect SID or API key.");
    let throttled = next();
    assert_eq!(throttled.error(), "429 WA429 Too many requests.");
    assert!(throttled.head.contains("retry-after: wed, 21 oct 2026"), "{}", throttled.head);
    assert_eq!(next().body, b"<html>");
    let redirect = next();
    assert_eq!(redirect.status, 307);
    assert!(redirect.head.contains("location: http://127.0.0.1:9/"));
    assert_eq!(next().body, b"{\"id\":null}");
    assert_eq!(next().status, 200);
    assert_eq!(sandbox.counts().accepted, 3, "the 504 that accepted, the odd 200 and the last");
}

#[test]
fn a_silent_server_has_or_has_not_accepted() {
    for (stage, accepted) in [("before_accept", 0), ("after_accept", 1)] {
        let sandbox = scripted(&format!("{{\"rules\": [{{\"hang\": \"{stage}\"}}]}}"));
        let mut connection = Connection::to(&sandbox).patience(Duration::from_millis(300));
        connection.write(&request());
        let (bytes, end) = connection.rest();
        assert!(bytes.is_empty() && end.is_err(), "{stage}");
        assert_eq!(sandbox.counts().accepted, accepted, "{stage}");
    }
}

#[test]
fn a_reply_is_held_back_but_the_acceptance_is_not() {
    let sandbox = scripted(r#"{"latency_ms": 600}"#);
    let mut connection = Connection::to(&sandbox).patience(Duration::from_millis(200));
    connection.write(&request());
    let (bytes, _) = connection.rest();
    assert_eq!((bytes.len(), sandbox.counts().accepted), (0, 1));
    let reply = connection.patience(Duration::from_secs(20)).reply();
    assert_eq!(reply.status, 200);
}

#[test]
fn a_reply_can_drip() {
    let sandbox = scripted(
        r#"{"rules": [{"first": 1, "status": 200, "body": "0123456789",
            "slow_drip": {"bytes": 16, "every_ms": 20}}]}"#,
    );
    let clock = crate::clock::Clock::system();
    let before = clock.monotonic();
    let mut connection = Connection::to(&sandbox);
    let reply = connection.post(&Form::good());
    assert_eq!(reply.body, b"0123456789");
    let pieces = u32::try_from((reply.head.len() + 10) / 16).unwrap();
    let took = clock.monotonic() - before;
    assert!(took >= Duration::from_millis(20) * (pieces - 1), "{took:?} for {pieces} pieces");
    assert_eq!(connection.post(&Form::good()).status, 200, "the next reply is left alone");
}

#[test]
fn an_idle_connection_is_closed() {
    let sandbox = scripted(r#"{"close_idle_after_ms": 400}"#);
    let mut connection = Connection::to(&sandbox);
    assert_eq!(connection.post(&Form::good()).status, 200);
    assert_eq!(connection.post(&Form::good()).status, 200);
    let (bytes, end) = connection.rest();
    assert!(bytes.is_empty() && end.is_ok(), "{end:?}");
}

#[test]
fn some_recipients_of_a_group_are_turned_down() {
    let sandbox = scripted(
        r#"{"rules": [{"recipient": "0199",
            "reject": {"code": "E13001", "text": "Invalid WhatsApp number"}}]}"#,
    );
    let group = Form::good().with("to", "12025550123,12025550199,12025550124");
    let reply = post(&sandbox, &group);
    let json = reply.json();
    assert_eq!((reply.status, &json["totalCount"]), (200, &2.into()));
    assert_eq!(json["data"][1]["recipient"], "12025550124");
    assert!(json["data"][1]["message_id"].as_str().unwrap().ends_with(":2"));
    assert_eq!(json["error"]["error"], "Invalid WhatsApp number");

    let alone = post(&sandbox, &Form::good().with("to", "12025550199"));
    assert_eq!(alone.error(), "400 E13001 Invalid WhatsApp number");
    assert_eq!(sandbox.counts().accepted, 2);
}

#[test]
fn success_can_be_long_and_out_of_order() {
    let sandbox = scripted(r#"{"rules": [{"pad_bytes": 100000, "reverse": true}]}"#);
    let reply = post(&sandbox, &Form::good().with("to", "12025550123,12025550124"));
    assert!(reply.body.len() > 100_000);
    assert_eq!(reply.json()["data"][0]["recipient"], "12025550124");
}

#[test]
fn a_request_that_breaks_a_rule_of_the_page_is_refused_whatever_the_script_says() {
    let sandbox = scripted(r#"{"rules": [{"drop": "after_accept"}]}"#);
    assert_eq!(post(&sandbox, &Form::good().without("to")).status, 400);
    assert_eq!(sandbox.counts().accepted, 0);
}
