//! The policy that the command line or the environment names.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::CommandError;
use super::load;
use super::report::write_diagnostics;
use crate::cli::{PolicyOption, variables};
use crate::diagnostic::Sources;
use crate::model::{GuardRule, Policy};
use crate::parse;

/// Reads the policies that are named, by the flag and by the variable: where both are, both
/// hold, so that neither can loosen the other. Their faults are told.
///
/// # Errors
/// When one cannot be read, or is faulty (exit 65).
pub(super) fn policies(
    context: &mut Context,
    option: &PolicyOption,
) -> Result<Vec<Policy>, CommandError> {
    let of_variable = context.environment.get(variables::POLICY).map(PathBuf::from);
    let paths = option.policy.iter().cloned().chain(of_variable);
    paths.collect::<Vec<_>>().iter().map(|path| read(context, path)).collect()
}

fn read(context: &mut Context, path: &Path) -> Result<Policy, CommandError> {
    let bytes =
        load::read(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    let mut sources = Sources::default();
    parse::policy(&bytes, path, &mut sources).map_err(|faults| {
        write_diagnostics(context, &sources, &faults, 0);
        CommandError::Invalid("the policy")
    })
}

/// The guards that no campaign may override.
pub(super) fn firm(policies: &[Policy]) -> Vec<GuardRule> {
    let is_firm = |rule: &GuardRule| policies.iter().any(|policy| !policy.leaves(*rule));
    GuardRule::ALL.into_iter().filter(is_firm).collect()
}
