//! The campaign schema: what an editor completes, and the first check of a file's meaning.
//!
//! The schema decides, this module finds the words: every fault is told in own sentences at
//! the place it belongs to, never with the value of a whole section in it.

mod check;
mod keys;
mod words;

pub(super) use check::{SchemaFault, check};
pub(super) use keys::nearest;

/// The JSON schema of campaign files (draft 2020-12).
pub const CAMPAIGN_SCHEMA: &str = include_str!("../../../schemas/campaign.schema.json");
