//! The ledger in a PostgreSQL database, in a schema of its own. All SQL is here, one file for
//! each concern; rows and checksums are those of the file's format.

mod address;
mod away;
mod check;
mod company;
mod consume;
mod fault;
mod forget;
mod history;
mod hold;
mod import;
mod init;
mod issued;
mod marks;
mod moving;
mod open;
mod open_plan;
mod passfile;
mod range;
mod rates;
mod rows;
mod schema;
mod session;
mod settings;
mod settle;
mod snapshot;
mod status;
mod store;
mod tls;
mod write;

pub use address::{ServerAddress, ServerAddressError};
pub use passfile::PassfileError;

pub(super) use fault::ServerFault;
pub(super) use init::{init, sql};
pub(super) use moving::Incoming;
pub(super) use open::{LockedLedger, Opened, ReadLedger};
