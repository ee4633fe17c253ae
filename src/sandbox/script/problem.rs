//! Why a script cannot be used.

use std::io;
use std::path::PathBuf;

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("cannot read the sandbox script `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is over 1 MiB.
    #[error("the sandbox script is larger than 1 MiB")]
    TooLong,
    /// Not JSON, or keys and values that no script has.
    #[error("the sandbox script cannot be read")]
    Json(#[from] serde_json::Error),
    /// A setting beside the rules is wrong.
    #[error("the sandbox script is wrong: {problem}")]
    Head {
        /// What is wrong with it.
        problem: ScriptProblem,
    },
    /// One rule is wrong.
    #[error("rule {number} of the sandbox script is wrong: {problem}")]
    Rule {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: ScriptProblem,
    },
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptProblem {
    /// Two keys that exclude each other.
    #[error("`{0}` and `{1}` exclude each other")]
    Both(&'static str, &'static str),
    /// A key that only makes sense beside another.
    #[error("`{0}` needs `{1}`")]
    Needs(&'static str, &'static str),
    /// A value outside its range.
    #[error("`{0}` must be {1}")]
    Range(&'static str, &'static str),
}
