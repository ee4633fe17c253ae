//! Text to campaign: spans, schema, meaning.

mod media;

pub use media::{MediaFault, read_header_file};
