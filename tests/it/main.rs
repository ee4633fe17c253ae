//! The whole program in a made world: files, a fixed clock, a scripted server; and the
//! house rules that hold for the repository itself.
//!
//! One binary, because linking is what costs. A file is a feature, a test a sentence.

mod account;
mod again;
mod apply;
mod approval;
#[path = "../../benches/scale/bench/mod.rs"]
#[expect(dead_code, reason = "the benchmark's own program reads the floor and records the table")]
mod bench;
mod canaries;
mod codes;
mod cost;
mod daily;
mod database_faults;
mod docs;
mod examples;
mod forgetting;
mod fuzzing;
mod guards;
mod hostile;
mod init;
mod interruption;
#[cfg(target_os = "linux")]
mod kills;
mod ledger;
mod ledger_faults;
mod locks;
mod machines;
mod moving;
mod outcomes;
mod pipelines;
mod plan;
mod plan_approval;
mod plan_files;
mod plan_views;
mod plan_words;
mod postgres;
mod preview;
mod report;
mod resolve;
mod resume;
mod reviewed;
mod sandbox;
mod scale;
#[cfg(target_os = "linux")]
mod signals;
mod status;
mod support;
#[cfg(target_os = "linux")]
mod surroundings;
#[cfg(target_os = "linux")]
mod terminal;
mod test;
mod texts;
mod tidy;
mod tls;
mod validate;
