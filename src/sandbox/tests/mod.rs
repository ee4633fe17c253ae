//! The sandbox as a raw client sees it.

mod client;
mod faults;
mod page;
mod record;
