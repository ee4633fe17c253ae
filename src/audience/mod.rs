//! Recipients as a stream: read, normalised, filtered, excluded, deduplicated.
//!
//! [`Audience::open`] finds the sources of a campaign and checks all that can be known
//! before a row is read; [`Audience::read`] streams the rows, as often as needed.
//! [`Exclusions`] are the people who must not get a message. [`NumberReader`] makes a
//! written number one that exists. Faults are [`Finding`]s, whose places in the campaign
//! file are JSON pointers, since this module does not know the document.
//!
//! Rows are judged on all processors, a block at a time, and handed on in their order.
//! Memory is bounded by the people (8 bytes each), never by the rows: nothing here keeps
//! more than a few blocks.

mod block;
mod delimited;
mod dropped;
mod exclude;
mod faults;
mod files;
mod filter;
mod finding;
mod header;
mod in_order;
mod lines;
mod ndjson;
mod number;
mod pass;
mod people;
mod receipts;
mod report;
mod row;
mod sanctions;
mod source;
mod stream;
#[cfg(test)]
mod testing;

pub use dropped::{DropCounts, DropKind, DropReason, Dropped};
pub use exclude::{Exclusions, Late};
pub use files::Roots;
pub use finding::{CampaignPlace, Finding};
pub use number::{NumberFault, NumberReader, Reading, UnknownCountry, parse_cli_number};
pub use receipts::{ReceiptColumns, ReceiptFile, ReceiptRow, read_receipts};
pub use report::{AudienceReport, SourceCounts};
pub use row::RowFault;
pub use source::Columns;
pub use stream::{Audience, Item, PlacesOf};
