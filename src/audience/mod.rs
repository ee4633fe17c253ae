//! Recipients as a stream: read, normalised, deduplicated, excluded.
