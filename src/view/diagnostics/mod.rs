//! Diagnostics in four forms: for people, for scripts, for GitHub's annotations and for
//! code scanning. One file each; the forms for machines are frozen copies of the type.

mod excerpt;
mod github;
mod human;
mod json;
mod located;
mod sarif;

#[cfg(test)]
mod samples;

pub use github::write_github;
pub use human::{Checked, write_human};
pub(crate) use json::DiagnosticJson;
pub use json::write_json;
pub use sarif::write_sarif;
