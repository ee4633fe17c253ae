//! What a script may say.

use proptest::prelude::*;

use super::*;

fn act(rule: &str) -> Act {
    let script = Script::from_json(&format!("{{\"rules\": [{rule}]}}")).unwrap();
    script.rules[0].then.act.clone()
}

fn refused(rule: &str) -> String {
    Script::from_json(&format!("{{\"rules\": [{rule}]}}")).unwrap_err().to_string()
}

#[test]
fn a_reply_is_accepted_behind_only_when_it_says_success_or_is_told_to() {
    for (rule, accepts) in [
        (r#"{"status": 200, "body": "<html>"}"#, true),
        (r#"{"status": 200, "body": "<html>", "accept": false}"#, false),
        (r#"{"status": 504}"#, false),
        (r#"{"status": 504, "accept": true}"#, true),
        (r#"{"code": "RBC201"}"#, false),
        (r#"{"raw": "HTTP/1.1 200 OK\r\n\r\n"}"#, true),
        (r#"{"drop": "after_accept"}"#, true),
        (r#"{"drop": "before_accept", "rst": true}"#, false),
        (r#"{"drop": "in_body", "after_bytes": 10}"#, false),
        (r#"{"hang": "before_accept"}"#, false),
        (r#"{"truncate": 10}"#, true),
        (r"{}", true),
    ] {
        assert_eq!(act(rule).accepts(), accepts, "{rule}");
    }
}

#[test]
fn a_code_brings_its_status_and_the_pages_body() {
    let Act::Say { reply, .. } = act(r#"{"code": "WA429", "retry_after": 5}"#) else { panic!() };
    assert_eq!(reply.status, 429);
    assert_eq!(reply.headers["retry-after"], "5");
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["error"]["error"], "Too many requests.");
}

#[test]
fn a_body_is_raw_text_or_json() {
    let body = |rule: &str| match act(rule) {
        Act::Say { reply, .. } => reply.body,
        other => panic!("{other:?}"),
    };
    assert_eq!(body(r#"{"status": 502, "body": "<h1>Bad gateway</h1>"}"#), "<h1>Bad gateway</h1>");
    assert_eq!(body(r#"{"status": 200, "body": {"id": 7}}"#), r#"{"id":7}"#);
    assert_eq!(body(r#"{"status": 200, "body": ""}"#), "");
}

#[test]
fn a_wrong_rule_is_named_with_its_fault() {
    for (rule, message) in [
        (r#"{"every": 0, "status": 500}"#, "`every` must be at least 1"),
        (r#"{"probability": 1.5}"#, "`probability` must be between 0 and 1"),
        (r#"{"status": 100}"#, "`status` must be between 200 and 599"),
        (r#"{"status": 500, "drop": "after_accept"}"#, "`status` and `drop` exclude each other"),
        (r#"{"drop": "after_accept", "accept": true}"#, "`accept` needs `status`"),
        (r#"{"drop": "in_body"}"#, "`after_bytes` needs `drop: in_body`"),
        (r#"{"drop": "after_accept", "after_bytes": 3}"#, "`after_bytes` needs `drop: in_body`"),
        (
            r#"{"drop": "in_body", "after_bytes": 3, "recipient": "1"}"#,
            "`recipient` and `drop: in_body` exclude each other",
        ),
        (r#"{"rst": true}"#, "`rst` needs `drop`"),
        (r#"{"latency_ms": [9, 3]}"#, "`a time in ms` must be at most an hour, the lesser first"),
        (r#"{"text": "no"}"#, "`text, body, headers or retry_after` needs `status or code`"),
        (
            r#"{"recipient": "0x1"}"#,
            "`recipient` must be a number with `+`, or its last 1 to 15 digits",
        ),
        (
            r#"{"status": 200, "headers": {"Content-Length": "9"}}"#,
            "`headers: content-length or transfer-encoding` and `a framed reply` exclude each other",
        ),
        (
            r#"{"truncate": 1, "truncate_head": 1}"#,
            "`truncate` and `truncate_head` exclude each other",
        ),
    ] {
        let expected = format!("rule 1 of the sandbox script is wrong: {message}");
        assert_eq!(refused(rule), expected, "{rule}");
    }
}

#[test]
fn unknown_keys_are_refused() {
    for text in [r#"{"rule": []}"#, r#"{"rules": [{"evry": 3}]}"#, "[]", ""] {
        assert!(matches!(Script::from_json(text), Err(ScriptError::Json(_))), "{text}");
    }
}

#[test]
fn a_script_comes_inline_or_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.json");
    let text = r#"{"seed": 3, "rules": [{"first": 1, "status": 503}]}"#;
    std::fs::write(&path, text).unwrap();
    let from_file = Script::from_argument(path.to_str().unwrap()).unwrap();
    assert_eq!(from_file, Script::from_argument(text).unwrap());
    let missing = Script::from_argument("no/such/script.json").unwrap_err();
    assert_eq!(missing.to_string(), "cannot read the sandbox script `no/such/script.json`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_upsets_the_reader(text in "[{\\[]?[\"a-z_:0-9,{}\\[\\] .-]{0,60}") {
        let _ = Script::from_json(&text);
    }
}
