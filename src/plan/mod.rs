//! The decision who gets what, pure.
