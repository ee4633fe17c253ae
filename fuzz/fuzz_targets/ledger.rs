#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "one of several targets")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::ledger(bytes));
