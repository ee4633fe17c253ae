//! Secrets from the environment, or from files that the environment names. There is no
//! flag for them: arguments are visible to everybody on the machine.

use std::fs;
use std::path::PathBuf;

use secrecy::SecretString;

use super::error::CommandError;
use crate::cli::{Environment, variables};
use crate::model::{ApiKey, CodeKey, Sid};

/// The API key and SID.
///
/// # Errors
/// When one is missing or cannot be used.
pub(super) fn account(environment: &Environment) -> Result<(Sid, ApiKey), CommandError> {
    let why = "to send";
    let sid = required(environment, variables::SID, variables::SID_FILE, why)?;
    let key = required(environment, variables::API_KEY, variables::API_KEY_FILE, why)?;
    let sid = Sid::new(sid).ok_or(CommandError::UnusableKey {
        name: variables::SID,
        why: "a SID is 1 to 64 letters, digits, `-` or `_`",
    })?;
    let key = ApiKey::new(key).ok_or(CommandError::UnusableKey {
        name: variables::API_KEY,
        why: "an API key has visible ASCII characters only",
    })?;
    Ok((sid, key))
}

/// The ledger's address, if it is set: it may hold a password.
///
/// # Errors
/// When the file that should hold it cannot be read.
pub(super) fn ledger(environment: &Environment) -> Result<Option<String>, CommandError> {
    read(environment, variables::LEDGER, variables::LEDGER_FILE)
}

/// The password of the ledger's database, and where else it may stand.
pub(super) fn database(environment: &Environment) -> (Option<SecretString>, Option<PathBuf>) {
    let password = environment.get(variables::PGPASSWORD).map(SecretString::from);
    let file = environment.get(variables::PGPASSFILE).map(PathBuf::from);
    let usual = || Some(PathBuf::from(environment.get(variables::HOME)?).join(".pgpass"));
    (password, file.or_else(usual))
}

/// The code key, if it is set.
///
/// # Errors
/// When it is set and cannot be used.
pub(super) fn code_key(environment: &Environment) -> Result<Option<CodeKey>, CommandError> {
    let Some(text) = read(environment, variables::CODE_KEY, variables::CODE_KEY_FILE)? else {
        return Ok(None);
    };
    CodeKey::new(text.into_bytes()).map(Some).ok_or(CommandError::UnusableKey {
        name: variables::CODE_KEY,
        why: "it needs at least 32 bytes; `offercast util code-key` makes one",
    })
}

fn required(
    environment: &Environment,
    name: &'static str,
    file_name: &'static str,
    why: &'static str,
) -> Result<String, CommandError> {
    read(environment, name, file_name)?.ok_or(CommandError::MissingKey { name, why })
}

/// The variable itself, else the file it names; the line break at a file's end is not part
/// of the secret.
fn read(
    environment: &Environment,
    name: &'static str,
    file_name: &'static str,
) -> Result<Option<String>, CommandError> {
    if let Some(value) = environment.get(name) {
        return Ok(Some(value.to_owned()));
    }
    let Some(path) = environment.get(file_name).map(PathBuf::from) else { return Ok(None) };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(source) => Err(CommandError::Read { path, source }),
    }
}
