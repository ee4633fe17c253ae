//! The ledger in one SQLite file. All SQL is here, one file for each concern.

mod accept;
mod adding;
mod ahead;
mod check;
mod checkpoints;
mod connect;
mod consume;
mod fault;
mod forget;
mod history;
mod import;
mod init;
mod issued;
mod log_room;
mod marks;
mod migrate;
mod moving;
mod older;
mod open;
mod people;
mod person_index;
mod pragmas;
mod rates;
mod rows;
mod schema;
mod settle;
mod snapshot;
mod soundness;
mod statements;
mod status;
mod store;
mod survey;
mod write;
mod write_back;

#[cfg(test)]
mod tests;

pub(super) use init::init;
pub(super) use moving::Incoming;
pub(super) use open::{LockedLedger, Opened, ReadLedger};
