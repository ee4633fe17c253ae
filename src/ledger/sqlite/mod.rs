//! The ledger in one SQLite file. All SQL is here, one file for each concern.

mod check;
mod checksum;
mod consume;
mod fault;
mod history;
mod import;
mod init;
mod issued;
mod marks;
mod migrate;
mod open;
mod pragmas;
mod rows;
mod schema;
mod settle;
mod snapshot;
mod statements;
mod status;
mod write;

#[cfg(test)]
mod tests;

pub use consume::Consumption;
pub use import::Imported;
pub use init::init;
pub use open::{LockedLedger, Opened, ReadLedger};
