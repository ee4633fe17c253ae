//! A made world for the program to run in: a folder, an environment, a clock, a far side.

mod canary;
mod command;
mod contracts;
mod host;
mod postgres;
mod process;
mod redact;
mod relay;
mod run;
mod samples;
mod schemas;
mod terminal;
mod world;

pub(crate) use crate::bench::server::free_port;
pub(crate) use canary::{API_KEY, CODE_KEY, SID};
pub(crate) use command::Command;
pub(crate) use contracts::expect_report;
pub(crate) use host::can;
pub(crate) use postgres::{Database, is_missing, skips, tell_of_skipping};
pub(crate) use process::Process;
pub(crate) use relay::{Cut, Relay, Statement};
pub(crate) use run::Run;
pub(crate) use samples::{CAMPAIGN, SHARED, people, phone, plan_id};
pub(crate) use world::World;
