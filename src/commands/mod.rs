//! What happens: one file per command, and the only place where the layers meet.
