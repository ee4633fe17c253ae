//! The house rules that hold for the repository itself.
//!
//! One binary, because linking is what costs.

mod tidy;
