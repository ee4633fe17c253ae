//! Text to campaign: spans, schema, meaning.

mod document;
mod media;
mod position;
mod quotes;
mod reader;
mod syntax;
mod text;
mod tree;

pub use document::Document;
pub use media::{MediaFault, read_header_file};
pub use text::MAX_FILE_BYTES;
