//! Text to campaign: spans, schema, meaning.
//!
//! [`campaign`] takes a file's bytes and gives a [`Parsed`]: the [`Document`], which knows
//! the place of everything in the text, the campaign when nothing is wrong, and all findings.
//! The steps are the modules: bytes to text, text to a tree with spans, the comparison with
//! the second reader, the schema, and the lowering to [`crate::model::Campaign`].
//!
//! [`policy`] takes a policy file's bytes through the same first steps.
//!
//! Patterns (`params`, `url_suffix`, `header.url`, `coupon_code`, `where`) are carried as they
//! are, bounded in length: `compose` and `audience` compile them. No file is read here but the
//! header's, by [`read_header_file`].

mod agreement;
mod campaign;
mod document;
mod file;
mod lower;
mod media;
mod policy;
mod position;
mod quotes;
mod reader;
mod schema;
mod syntax;
mod text;
mod times;
mod tree;

#[cfg(test)]
mod tests;

pub use campaign::{Parsed, campaign};
pub use document::Document;
pub use media::{MediaFault, read_header_file};
pub use policy::{POLICY_SCHEMA, policy};
pub use schema::CAMPAIGN_SCHEMA;
pub use text::MAX_FILE_BYTES;
