//! Text to campaign: spans, schema, meaning.
