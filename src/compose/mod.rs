//! Recipient to message: the coupon code, the parameters, the content hash.
//!
//! Patterns are minijinja, cut down to what a message needs and bounded in every way
//! ([`check`] says what is wrong with them before anybody is read). A [`Composer`] renders
//! one person's [`Message`](crate::model::Message); a [`CodeBook`] sees to it that no two
//! people hold one code.

mod bounds;
mod check;
mod code;
mod codes;
mod compiled;
mod composer;
mod content;
mod context;
mod fault;
mod filters;
mod header_url;
mod language;
mod masked;
mod pattern;
mod scan;
mod simple;
mod text_rules;
mod words;

#[cfg(test)]
mod fixture;

pub use check::{SourceColumns, check};
pub use code::CODE_ALPHABET;
pub use codes::{CodeBook, CodeBookError, CodeReport, Redraw};
pub use composer::Composer;
pub use fault::{ComposeError, RowFault, TemplateFault};
pub use masked::MaskedMessage;
