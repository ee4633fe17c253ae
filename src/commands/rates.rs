//! The rate card that the command line or the environment names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::CommandError;
use super::report::write_diagnostics;
use crate::cli::{RatesOption, variables};
use crate::diagnostic::Sources;
use crate::rates::{MAX_CARD_BYTES, RateCard, read_card};

/// Reads the card, if one is named; its faults are told.
///
/// # Errors
/// When it cannot be read, or is faulty (exit 65).
pub(super) fn rate_card(
    context: &mut Context,
    option: &RatesOption,
) -> Result<Option<RateCard>, CommandError> {
    let named = option.rates.clone();
    let named = named.or_else(|| context.environment.get(variables::RATES).map(PathBuf::from));
    let Some(path) = named else { return Ok(None) };
    let bytes = match read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(CommandError::Read { path, source }),
    };
    match read_card(&path.display().to_string(), &bytes) {
        Ok(card) => Ok(Some(card)),
        Err(faults) => {
            write_diagnostics(context, &Sources::default(), &faults, 0);
            Err(CommandError::Invalid("the rate card"))
        }
    }
}

/// At most one byte more than a card may have: the reader tells that it is too long.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe or device could keep the program waiting for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_CARD_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
