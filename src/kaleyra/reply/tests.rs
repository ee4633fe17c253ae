//! Tests of the classifier: long, because every shape of a reply has its own row.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{MessageId, RequestId};

const ASHA: u64 = 919_986_127_034;
const BEN: u64 = 12_025_550_123;
const CARO: u64 = 4_915_112_345_678;

const PAGE_SUCCESS: &str = r#"{
    "id": "08a72b9e-9e0e-46af-a41b-2d87bf30e036",
    "type": "mediatemplate",
    "body": null,
    "createdDateTime": "2024-01-12 07:08:43+00:00",
    "totalCount": 1,
    "data": [
        {
            "message_id": "08a72b9e-9e0e-46af-a41b-2d87bf30e036:0",
            "recipient": "xx9986xx70xx"
        }
    ],
    "error": {}
}"#;
const PAGE_ERROR: &str = r#"{"code":"RBC201","message":"Incorrect SID or API key.","data":[],
    "error":{"error":"Incorrect SID or API key."}}"#;

fn numbers(digits: &[u64]) -> Vec<PhoneNumber> {
    digits.iter().map(|&d| PhoneNumber::from_digits(d).expect("a number")).collect()
}

fn judge(reply: &Reply, digits: &[u64]) -> RequestResult {
    let coupon_code = CouponCode::new("DIW7K2M9QXVB").expect("a code");
    let recipients = numbers(digits);
    let now = Timestamp::from_millis(1_796_095_800_000);
    classify(reply, &Asked { recipients: &recipients, coupon_code: &coupon_code, now })
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered { status, retry_after: None, body: body.as_bytes().to_vec(), complete: true }
}

fn outcome(status: u16, body: &str) -> Outcome {
    judge(&answer(status, body), &[ASHA]).outcomes.remove(0)
}

fn outcomes(status: u16, body: &Value, digits: &[u64]) -> Vec<Outcome> {
    judge(&answer(status, &body.to_string()), digits).outcomes
}

fn signal(status: u16, body: &str) -> ReplySignal {
    judge(&answer(status, body), &[ASHA]).signal
}

fn accepted(message_id: &str, request_id: &str) -> Outcome {
    Outcome::Accepted {
        message_id: MessageId::new(message_id).expect("an id"),
        request_id: RequestId::new(request_id),
    }
}

fn error(code: &str, text: &str) -> Value {
    json!({"code": code, "message": text, "data": [], "error": {"error": text}})
}

fn unknown(cause: UnknownCause) -> Outcome {
    Outcome::Unknown(cause)
}

fn rejected(code: &str, text: &str) -> Outcome {
    Outcome::Rejected(Rejection { code: code.to_owned(), text: text.to_owned() })
}

const PAUSE: ReplySignal = ReplySignal::Pause { retry_after: None };

#[test]
fn only_a_failed_connection_proves_by_itself_that_nothing_was_sent() {
    for failure in [
        ConnectFailure::Dns,
        ConnectFailure::Refused,
        ConnectFailure::TimedOut,
        ConnectFailure::CertificateExpired,
        ConnectFailure::CertificateOfOtherHost,
        ConnectFailure::CertificateUntrusted,
        ConnectFailure::Tls,
        ConnectFailure::Other,
    ] {
        let result = judge(&Reply::NotConnected(failure), &[ASHA, BEN]);
        assert_eq!(result.outcomes, vec![Outcome::NotSent(NotSent::NoConnection); 2]);
        assert_eq!(result.detail.expect("words").text, failure.to_string());
    }
    for (reply, cause) in
        [(Reply::Lost, UnknownCause::ConnectionLost), (Reply::TimedOut, UnknownCause::Timeout)]
    {
        let result = judge(&reply, &[ASHA, BEN]);
        assert_eq!(result.outcomes, vec![unknown(cause); 2]);
        assert_eq!(result.signal, ReplySignal::Continue);
    }
}

#[test]
fn the_page_s_success_is_accepted_under_any_2xx() {
    for status in [200, 201, 202, 207, 299] {
        let result = judge(&answer(status, PAGE_SUCCESS), &[ASHA]);
        let id = "08a72b9e-9e0e-46af-a41b-2d87bf30e036";
        assert_eq!(result.outcomes, [accepted(&format!("{id}:0"), id)]);
        assert_eq!((result.signal, result.detail), (ReplySignal::Continue, None));
    }
}

#[test]
fn the_page_s_error_halts_and_leaves_the_recipient_pending() {
    for status in [400, 401, 403, 404] {
        let result = judge(&answer(status, PAGE_ERROR), &[ASHA, BEN]);
        let refused = Outcome::NotSent(NotSent::Refused(HaltReason::Credentials));
        assert_eq!(result.outcomes, vec![refused; 2]);
        assert_eq!(result.signal, ReplySignal::Halt(HaltReason::Credentials));
        let words = result.detail.expect("words");
        assert_eq!(
            (words.code.as_str(), words.text.as_str()),
            ("RBC201", "Incorrect SID or API key.")
        );
    }
}

#[test]
fn a_2xx_that_does_not_list_the_recipient_is_unknown() {
    let listed = |recipient| json!({"message_id": "a:0", "recipient": recipient});
    for (body, cause) in [
        ("", UnknownCause::UnreadableReply),
        ("<html>ok</html>", UnknownCause::UnreadableReply),
        ("\"ok\"", UnknownCause::UnreadableReply),
        ("{}", UnknownCause::UnreadableReply),
        (r#"{"data":null}"#, UnknownCause::UnreadableReply),
        (r#"{"data":{"message_id":"a"}}"#, UnknownCause::UnreadableReply),
        (r#"{"data":[]}"#, UnknownCause::Unlisted),
        (r#"{"data":[{"recipient":"919986127034"}]}"#, UnknownCause::Unlisted),
        (&json!({"data": [listed("12025550123")]}).to_string(), UnknownCause::Unlisted),
        (&PAGE_SUCCESS[..PAGE_SUCCESS.len() - 1], UnknownCause::UnreadableReply),
    ] {
        assert_eq!(outcome(200, body), unknown(cause), "{body}");
    }
    let cut_off = Reply::Answered {
        status: 200,
        retry_after: None,
        body: PAGE_SUCCESS.as_bytes().to_vec(),
        complete: false,
    };
    assert_eq!(judge(&cut_off, &[ASHA]).outcomes, [unknown(UnknownCause::UnreadableReply)]);
}

#[test]
fn a_partial_success_accepts_who_is_listed_and_keeps_the_words() {
    let body = json!({
        "id": "a",
        "data": [{"message_id": "a:1", "recipient": "+12025550123"}],
        "error": {"to": "919986127034 is invalid"},
    });
    let result = judge(&answer(202, &body.to_string()), &[ASHA, BEN]);
    assert_eq!(result.outcomes, [unknown(UnknownCause::Unlisted), accepted("a:1", "a")]);
    let words = result.detail.expect("words");
    assert_eq!((words.code.as_str(), words.text.as_str()), ("HTTP 202", "to: • is invalid"));
}

#[test]
fn an_account_error_under_2xx_halts_but_proves_nothing() {
    let result = judge(&answer(200, PAGE_ERROR), &[ASHA]);
    assert_eq!(result.outcomes, [unknown(UnknownCause::Unlisted)]);
    assert_eq!(result.signal, ReplySignal::Halt(HaltReason::Credentials));
}

#[test]
fn server_errors_are_unknown_whatever_they_say() {
    for status in [408, 425, 500, 501, 502, 503, 504, 505, 599] {
        for body in ["", "<html>", &error("WA500", "x").to_string(), PAGE_ERROR] {
            assert_eq!(outcome(status, body), unknown(UnknownCause::ServerError), "{status}");
        }
    }
    assert_eq!(signal(500, ""), ReplySignal::Continue);
    assert_eq!(signal(503, ""), PAUSE);
    assert_eq!(signal(501, ""), ReplySignal::Halt(HaltReason::Payload));
    assert_eq!(signal(500, PAGE_ERROR), ReplySignal::Halt(HaltReason::Credentials));
}

#[test]
fn redirects_and_odd_statuses_come_from_somebody_else() {
    for status in [100, 101, 199, 301, 302, 307, 308, 399, 600, 999, 0] {
        for body in ["", PAGE_SUCCESS] {
            assert_eq!(outcome(status, body), unknown(UnknownCause::ForeignReply), "{status}");
        }
    }
}

#[test]
fn a_4xx_without_kaleyra_s_own_body_is_unknown() {
    for status in [400, 401, 403, 404, 413, 422] {
        for body in [
            "",
            "<html>403 Forbidden</html>",
            r#"{"message":"Forbidden"}"#,
            r#"{"error":{"to":"invalid number"}}"#,
            r#"["RBC201"]"#,
            PAGE_SUCCESS,
        ] {
            assert_eq!(
                outcome(status, body),
                unknown(UnknownCause::ForeignReply),
                "{status} {body}"
            );
        }
    }
    assert_eq!(signal(403, "<html>"), ReplySignal::Continue);
    assert_eq!(signal(413, "<html>"), ReplySignal::Halt(HaltReason::Payload));
}

#[test]
fn a_cut_off_error_is_nobody_s() {
    let body = PAGE_ERROR.as_bytes().to_vec();
    let reply = Reply::Answered { status: 401, retry_after: None, body, complete: false };
    assert_eq!(judge(&reply, &[ASHA]).outcomes, [unknown(UnknownCause::ForeignReply)]);
}

#[test]
fn a_throttled_request_was_not_sent_and_pauses() {
    let throttled = Outcome::NotSent(NotSent::Throttled);
    for (status, body) in [
        (429, String::new()),
        (429, "<html>slow down</html>".to_owned()),
        (429, error("WA429", "Too many requests").to_string()),
        (429, error("E9", "unheard of").to_string()),
        (400, error("WA429", "Too many requests").to_string()),
        (400, error("130429", "Rate limit hit").to_string()),
    ] {
        assert_eq!(outcome(status, &body), throttled, "{status} {body}");
        assert_eq!(signal(status, &body), PAUSE, "{status} {body}");
    }
    let limit = error("WAV2101", "daily limit").to_string();
    assert_eq!(signal(429, &limit), ReplySignal::Halt(HaltReason::DailyLimit));
    let listed = json!({"data": [{"message_id": "a:0", "recipient": "12025550123"}]}).to_string();
    assert_eq!(outcome(429, &listed), unknown(UnknownCause::Unlisted));
}

#[test]
fn the_server_says_how_long_to_wait() {
    for status in [429, 503] {
        for (text, wait) in [("5", Some(5)), ("-1", Some(0)), ("99999999", Some(900)), ("x", None)]
        {
            let retry_after = Some(text.to_owned());
            let reply = Reply::Answered { status, retry_after, body: Vec::new(), complete: true };
            let wait = wait.map(Duration::from_secs);
            assert_eq!(judge(&reply, &[ASHA]).signal, ReplySignal::Pause { retry_after: wait });
        }
    }
}

#[test]
fn account_errors_halt_and_leave_everybody_pending() {
    for (status, code, text, reason) in [
        (400, "E110", "Insufficient balance", HaltReason::Balance),
        (402, "E9", "Pay", HaltReason::Balance),
        (400, "WAV2101", "Daily limit reached", HaltReason::DailyLimit),
        (401, "WA401", "Template not approved", HaltReason::Template),
        (401, "E9", "No", HaltReason::Credentials),
        (403, "E9", "No", HaltReason::Credentials),
        (400, "WA400", "Incorrect payload", HaltReason::Payload),
        (413, "E9", "Too large", HaltReason::Payload),
        (415, "E9", "Unsupported", HaltReason::Payload),
        (400, "132015", "Template is paused", HaltReason::Template),
        (400, "E13001", "company id is missing", HaltReason::Credentials),
    ] {
        let result = judge(&answer(status, &error(code, text).to_string()), &[ASHA, BEN]);
        let refused = Outcome::NotSent(NotSent::Refused(reason));
        assert_eq!(result.outcomes, vec![refused; 2], "{code}");
        assert_eq!(result.signal, ReplySignal::Halt(reason), "{code}");
    }
}

#[test]
fn an_error_about_one_recipient_rejects_that_recipient() {
    for (status, code) in [(400, "E13001"), (400, "131026"), (404, "E9"), (422, "E9")] {
        let body = error(code, "Invalid number 919986127034").to_string();
        assert_eq!(outcome(status, &body), rejected(code, "Invalid number •"), "{code}");
        assert_eq!(signal(status, &body), ReplySignal::Continue, "{code}");
    }
}

#[test]
fn trouble_at_the_far_side_is_unknown_also_under_4xx() {
    let body = error("131000", "Something went wrong").to_string();
    assert_eq!(outcome(400, &body), unknown(UnknownCause::ServerError));
}

#[test]
fn a_refused_group_is_tried_one_by_one() {
    let body = error("E13001", "Invalid number 919986127034");
    let refused = Outcome::NotSent(NotSent::GroupRefused);
    assert_eq!(outcomes(400, &body, &[ASHA, BEN]), vec![refused; 2]);
}

#[test]
fn a_partly_refused_group_leaves_only_proven_outcomes() {
    let body = json!({
        "id": "a",
        "code": "E13001",
        "message": "some numbers are invalid",
        "data": [{"message_id": "a:0", "recipient": "12025550123"}],
        "error": {"919986127034": "invalid number"},
    });
    let found = outcomes(400, &body, &[ASHA, BEN, CARO]);
    assert!(matches!(found[0], Outcome::Rejected(_)));
    assert_eq!(found[1], accepted("a:0", "a"));
    assert_eq!(found[2], unknown(UnknownCause::Unlisted));
}

#[test]
fn a_group_that_ran_into_the_limit_half_way_is_unknown_where_unlisted() {
    let body = json!({
        "code": "E110",
        "message": "Insufficient balance",
        "data": [{"message_id": "a:0", "recipient": "12025550123"}],
    });
    let result = judge(&answer(400, &body.to_string()), &[ASHA, BEN]);
    assert_eq!(result.outcomes[0], unknown(UnknownCause::Unlisted));
    assert!(matches!(result.outcomes[1], Outcome::Accepted { .. }));
    assert_eq!(result.signal, ReplySignal::Halt(HaltReason::Balance));
}

#[test]
fn an_error_that_lists_somebody_else_rejects_nobody() {
    let body = json!({
        "code": "E9",
        "message": "odd",
        "data": [{"message_id": "a:0", "recipient": "12025550123"}],
    });
    assert_eq!(outcomes(400, &body, &[ASHA]), [unknown(UnknownCause::Unlisted)]);
    let no_ids = json!({"code": "E9", "message": "odd", "data": [{"recipient": "1202"}]});
    assert!(matches!(outcomes(400, &no_ids, &[ASHA])[0], Outcome::Rejected(_)));
    assert_eq!(outcomes(400, &no_ids, &[ASHA, BEN]), vec![unknown(UnknownCause::Unlisted); 2]);
    // Of a group, whoever the error names is refused, and of the others nothing is known.
    let names_one =
        json!({"code": "E9", "message": "919986127034 is odd", "data": [{"recipient": "1202"}]});
    let found = outcomes(400, &names_one, &[ASHA, BEN]);
    assert_eq!(found, [rejected("E9", "• is odd"), unknown(UnknownCause::Unlisted)]);
}

#[test]
fn no_shown_word_gives_a_code_or_a_number_away() {
    let text = "code DIW7K2M9QXVB for +91 99861 27034 is bad\u{1b}[2J\u{202e}";
    let words = judge(&answer(400, &error("E9", text).to_string()), &[ASHA]).detail;
    assert_eq!(words.expect("words").text, "code • for +• • • is bad [2J");
    let words = judge(&answer(400, &error("DIW7K2M9QXVB", "x").to_string()), &[ASHA]).detail;
    assert_eq!(words.expect("words").code, "HTTP 400");
    let shown = format!("{:?}", answer(400, text));
    assert!(!shown.contains("27034"), "{shown}");
}

#[test]
fn a_reply_is_told_by_its_kind_and_size() {
    let cut_off =
        Reply::Answered { status: 200, retry_after: None, body: vec![b'7'; 9], complete: false };
    for (reply, told) in [
        (Reply::NotConnected(ConnectFailure::Dns), "NotConnected(Dns)"),
        (Reply::Lost, "Lost"),
        (Reply::TimedOut, "TimedOut"),
        (answer(200, "7777"), "Answered(200, 4 bytes)"),
        (cut_off, "Answered(200, 9 bytes, incomplete)"),
    ] {
        assert_eq!(format!("{reply:?}"), told);
    }
}

/// JSON that looks like Kaleyra's often enough to reach every branch.
fn any_body() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(vec![
            "919986127034",
            "+12025550123",
            "xx9986xx70xx",
            "a:0",
            "RBC201",
            "E13001",
            "WA429",
            "E110",
            "WA500",
            "template",
            "recipient",
            "sender",
        ])
        .prop_map(Value::from),
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<u32>().prop_map(Value::from), text];
    let key = proptest::sample::select(vec![
        "code",
        "message",
        "error",
        "data",
        "id",
        "message_id",
        "recipient",
        "to",
    ]);
    let value = leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..5).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    });
    let item = (leaf_id(), leaf_recipient())
        .prop_map(|(id, to)| json!({"message_id": id, "recipient": to}));
    let envelope = (value.clone(), value.clone(), proptest::collection::vec(item, 0..4))
        .prop_map(|(code, error, data)| json!({"code": code, "error": error, "data": data}));
    prop_oneof![
        value.prop_map(|value| value.to_string()),
        envelope.prop_map(|value| value.to_string()),
        "(?s).{0,200}",
    ]
}

fn leaf_id() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["a:0", "a:1", "a:2", ""])
}

fn leaf_recipient() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["919986127034", "+12025550123", "xx9986xx70xx", "nobody"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_answer_proves_more_than_it_may(
        status in prop_oneof![
            any::<u16>(), 200_u16..600, Just(200_u16), Just(202), 400_u16..404, Just(429)
        ],
        body in any_body(),
        complete in proptest::bool::weighted(0.9),
        retry_after in proptest::option::of("\\PC{0,30}"),
        people in 1_usize..=3,
    ) {
        let body = body.into_bytes();
        let reply = Reply::Answered { status, retry_after, body: body.clone(), complete };
        let result = judge(&reply, &[ASHA, BEN, CARO][..people]);
        prop_assert_eq!(result.outcomes.len(), people);
        let is_object = complete
            && serde_json::from_slice::<Value>(&body).is_ok_and(|value| value.is_object());
        for outcome in &result.outcomes {
            match outcome {
                Outcome::Accepted { .. } => {
                    prop_assert!(is_object && matches!(status, 200..=299 | 400..=499));
                }
                Outcome::NotSent(NotSent::NoConnection) => prop_assert!(false, "{:?}", reply),
                Outcome::NotSent(NotSent::Throttled) => {
                    prop_assert!(status == 429 || is_object && (400..=499).contains(&status));
                }
                Outcome::NotSent(NotSent::GroupRefused) => {
                    prop_assert!(is_object && people > 1 && (400..=499).contains(&status));
                }
                Outcome::NotSent(NotSent::Refused(_)) | Outcome::Rejected(_) => {
                    prop_assert!(is_object && (400..=499).contains(&status));
                    prop_assert!(!matches!(status, 408 | 425));
                }
                Outcome::Unknown(_) => {}
            }
        }
        if let Some(words) = result.detail {
            prop_assert!(words.code.chars().count() <= 64 && !words.code.is_empty());
            prop_assert!(words.text.chars().count() <= 200);
            prop_assert!(!words.text.contains("9986127034"));
        }
    }
}
