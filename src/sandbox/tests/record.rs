//! What the sandbox remembers, and how it ends.

use std::collections::HashSet;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::client::{Connection, Form, Head, config, post, scripted, start};
use crate::sandbox::{Sandbox, SandboxConfig, SandboxCounts, Script};

fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_is_complete_before_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accepted.ndjson");
    let sandbox = Sandbox::start(&SandboxConfig { log: Some(path.clone()), ..config() }).unwrap();
    let mut connection = Connection::to(&sandbox);
    for round in 1..=50 {
        let form = Form::good().with("to", "12025550123,12025550124").with("params", "\"Åsa\"");
        let id = connection.post(&form).json()["id"].as_str().unwrap().to_owned();
        let lines = lines(&path);
        assert_eq!(lines.len(), 2 * round);
        let last = lines.last().unwrap();
        assert_eq!(last["seq"], 2 * round);
        assert_eq!(last["request"], round);
        assert_eq!(last["recipient"], "12025550124");
        assert_eq!(last["coupon_code"], "happy76");
        assert_eq!(last["params"][0], "Åsa");
        assert_eq!(last["message_id"], format!("{id}:1"));
    }
}

#[test]
fn the_log_tells_acceptance_before_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accepted.ndjson");
    let script = Script::from_json(
        r#"{"rules": [{"first": 1, "drop": "after_accept"}, {"first": 2, "drop": "before_accept"}]}"#,
    )
    .unwrap();
    let config = SandboxConfig { log: Some(path.clone()), script, ..config() };
    let sandbox = Sandbox::start(&config).unwrap();
    for _ in 0..2 {
        let mut connection = Connection::to(&sandbox);
        connection.write(&Head::default().before(&Form::good().body()));
        assert!(connection.rest().0.is_empty());
    }
    post(&sandbox, &Form::good().without("to"));
    let lines = lines(&path);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["recipient"], "12025550123");
    assert_eq!(lines[1]["event"], "dropped_after_accept");
    assert_eq!(
        (&lines[2]["event"], &lines[2]["accepted"]),
        (&"dropped_before_accept".into(), &false.into())
    );
    assert_eq!(
        (&lines[3]["event"], &lines[3]["text"]),
        (&"refused".into(), &"`to` is missing".into())
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accepted.ndjson");
    let _sandbox = Sandbox::start(&SandboxConfig { log: Some(path.clone()), ..config() }).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_log_that_cannot_be_opened_is_named() {
    let log = Some("no/such/folder/log.ndjson".into());
    let error = Sandbox::start(&SandboxConfig { log, ..config() }).unwrap_err();
    assert_eq!(error.to_string(), "cannot open the sandbox log `no/such/folder/log.ndjson`");
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_is_accepted_whom_the_log_cannot_take() {
    let log = Some("/dev/full".into());
    let sandbox = Sandbox::start(&SandboxConfig { log, ..config() }).unwrap();
    assert_eq!(post(&sandbox, &Form::good()).status, 500);
    assert_eq!((sandbox.counts().accepted, sandbox.accepted().len()), (0, 0));
}

#[test]
fn counts_arrivals_and_repeats_are_kept() {
    let sandbox = start();
    post(&sandbox, &Form::good().with("to", "12025550123,12025550124"));
    post(&sandbox, &Form::good());
    post(&sandbox, &Form::good().without("from"));
    let counts = sandbox.counts();
    let expected = SandboxCounts {
        connections: 3,
        requests: 3,
        refused: 1,
        scripted: 0,
        accepted: 3,
        most_accepted_per_recipient: 2,
    };
    assert_eq!(counts, expected);
    let named: Vec<u32> = sandbox.arrivals().iter().map(|arrival| arrival.recipients).collect();
    assert_eq!(named, [2, 1, 0]);
    assert!(sandbox.arrivals().is_sorted_by_key(|arrival| arrival.at));
    assert_eq!(sandbox.most_recipients_within(Duration::from_mins(1)), 3);
}

#[test]
fn nothing_is_kept_unless_asked() {
    let sandbox = Sandbox::start(&SandboxConfig { keep: false, ..config() }).unwrap();
    post(&sandbox, &Form::good());
    assert_eq!(sandbox.counts().accepted, 1);
    assert!(sandbox.accepted().is_empty() && sandbox.arrivals().is_empty());
}

#[test]
fn ids_repeat_with_the_seed_and_differ_by_request() {
    let ids = |seed| {
        let sandbox = Sandbox::start(&SandboxConfig { seed, ..config() }).unwrap();
        [(); 2].map(|()| post(&sandbox, &Form::good()).json()["id"].as_str().unwrap().to_owned())
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
    assert_ne!(ids(1)[0], ids(1)[1]);
}

#[test]
fn stopping_leaves_no_port_open_even_with_a_request_that_hangs() {
    let sandbox = scripted(r#"{"rules": [{"hang": "after_accept"}]}"#);
    let address = sandbox.address();
    let mut waiting = Connection::to(&sandbox);
    waiting.write(&Head::default().before(&Form::good().body()));
    while sandbox.counts().accepted == 0 {
        thread::yield_now();
    }
    assert_eq!(sandbox.stop().accepted, 1);
    assert!(TcpStream::connect(address).is_err());
    assert!(waiting.rest().0.is_empty());

    let dropped = start().address();
    assert!(TcpStream::connect(dropped).is_err());
}

#[tokio::test]
async fn it_serves_on_the_callers_runtime_until_told_to_stop() {
    let sandbox = Sandbox::bind(&config()).unwrap();
    let address = sandbox.address();
    let client = async move {
        let response = tokio::net::TcpStream::connect(address).await;
        assert!(response.is_ok());
        tokio::task::yield_now().await;
    };
    let counts = sandbox.serve(client).await.unwrap();
    assert_eq!(counts.accepted, 0);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn five_thousand_requests_on_sixteen_connections_are_each_accepted_once() {
    const CONNECTIONS: u64 = 16;
    const EACH: u64 = 313;
    let sandbox = start();
    thread::scope(|scope| {
        for worker in 0..CONNECTIONS {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let mut connection = Connection::to(sandbox);
                for turn in 0..EACH {
                    let number = 4_915_110_000_000 + worker * EACH + turn;
                    let reply = connection.post(&Form::good().with("to", &number.to_string()));
                    assert_eq!(reply.json()["data"][0]["recipient"], number.to_string());
                }
            });
        }
    });
    let counts = sandbox.counts();
    assert_eq!((counts.connections, counts.accepted), (CONNECTIONS, CONNECTIONS * EACH));
    assert_eq!(counts.most_accepted_per_recipient, 1);
    let accepted = sandbox.accepted();
    let requests: HashSet<u64> = accepted.iter().map(|accepted| accepted.request).collect();
    assert_eq!(requests.len() as u64, CONNECTIONS * EACH);
    assert!(accepted.iter().zip(1..).all(|(accepted, seq)| accepted.seq == seq));
}

/// By hand: `cargo test --release --lib sandbox::tests::record::speed -- --ignored --nocapture`
/// (two cores: one for the sandbox, one for this client, so the figure is a lower bound).
#[test]
#[ignore = "a measurement, for a quiet machine in release mode"]
fn speed() {
    use std::io::{Read, Write};
    const CONNECTIONS: u32 = 32;
    const EACH: u32 = 6_000;
    let sandbox = Sandbox::start(&SandboxConfig { keep: false, ..config() }).unwrap();
    let body = Form::good().with("params", "\"Mike\",\"25%\"").with("param_url", "login").body();
    let request = Head::default().before(&body);
    let clock = crate::clock::Clock::system();
    let before = clock.monotonic();
    let mut streams: Vec<TcpStream> =
        (0..CONNECTIONS).map(|_| TcpStream::connect(sandbox.address()).unwrap()).collect();
    let mut reply = [0; 4096];
    for _ in 0..EACH {
        for stream in &mut streams {
            stream.write_all(&request).unwrap();
        }
        for stream in &mut streams {
            let _ = stream.read(&mut reply).unwrap();
        }
    }
    let seconds = (clock.monotonic() - before).as_secs_f64();
    println!("{:.0} requests/s", f64::from(CONNECTIONS * EACH) / seconds);
    assert_eq!(sandbox.counts().accepted, u64::from(CONNECTIONS * EACH));
}
