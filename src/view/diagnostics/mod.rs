//! Diagnostics in five forms: for people, for scripts, for GitHub's annotations, for code
//! scanning and for GitLab's code quality. One file each; the forms for machines are frozen copies of the type.

mod excerpt;
mod github;
mod gitlab;
mod human;
mod json;
mod located;
mod sarif;

#[cfg(test)]
mod samples;

pub use github::{write_github, write_notice};
pub use gitlab::write_gitlab;
pub use human::{Checked, write_human};
pub(crate) use json::DiagnosticJson;
pub use json::write_json;
pub use sarif::write_sarif;
