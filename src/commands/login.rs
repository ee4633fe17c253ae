//! Who decides, for the audit.

use super::context::Context;
use crate::cli::variables;

/// Longest login kept.
const LONGEST_LOGIN: usize = 64;

/// The login that the environment gives, for the audit. Nobody is asked for a name.
pub(super) fn decided_by(context: &Context) -> String {
    let sources = [
        ("github", variables::GITHUB_ACTOR),
        ("gitlab", variables::GITLAB_USER_LOGIN),
        ("user", variables::USER),
    ];
    let found = sources
        .into_iter()
        .find_map(|(source, name)| Some((source, context.environment.get(name)?)));
    let fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']');
    match found {
        Some((source, login)) => {
            let login: String = login.chars().filter(fit).take(LONGEST_LOGIN).collect();
            format!("{source}:{login}")
        }
        None => "unnamed".to_owned(),
    }
}
