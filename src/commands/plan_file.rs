//! Plan files: written as a whole, sealed, and read back byte for byte.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use data_encoding::HEXLOWER;

use super::error::CommandError;
use super::plan_document::unwritable;
use crate::ledger::ReadLedger;
use crate::model::{LedgerSecret, Lineage};
use crate::plan::document::{DocumentError, PlanDocument};
use crate::view::plan::json::file_text;

/// No plan file is larger, whatever its audience.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why a file is no plan that can be relied on.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileFault {
    /// Longer than any plan.
    #[error("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// No JSON, or not of a plan's form.
    #[error("it does not read as a plan: {0}")]
    Form(String),
    /// Its parts do not fit together.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It reads as a plan, and is not the text that `plan --out` writes for it.
    #[error("it is not as `plan --out` wrote it")]
    Rewritten,
    /// Its seal is not the one this ledger gives it.
    #[error("its seal does not fit: it was changed after it was written")]
    Tampered,
    /// It was planned as if nothing had ever been sent.
    #[error("it was planned without a ledger")]
    NoLedger,
    /// Two files have plans of one campaign.
    #[error("another file has a plan of `{0}` too")]
    SecondPlan(String),
}

/// Seals a document: whoever has the ledger can tell whether a byte of it was changed.
pub(super) fn seal(document: &mut PlanDocument, secret: &LedgerSecret) -> Result<(), CommandError> {
    document.seal = Some(seal_of(document, secret)?);
    Ok(())
}

/// Refuses a document that was made against another ledger, or changed since.
pub(super) fn verify(
    document: &PlanDocument,
    path: &Path,
    ledger: &dyn ReadLedger,
) -> Result<(), CommandError> {
    let fault = |fault| CommandError::PlanFile { path: path.to_owned(), fault };
    let seal = document.seal.as_ref().ok_or_else(|| fault(PlanFileFault::NoLedger))?;
    if *seal == seal_of(document, ledger.secret())? {
        return Ok(());
    }
    let found = ledger.lineage();
    let other = document.plans.iter().find_map(|plan| {
        let planned = Lineage::parse(plan.lineage.as_deref()?)?;
        (planned != *found).then_some(planned)
    });
    Err(match other {
        Some(planned) => {
            CommandError::PlanOfOtherLedger { path: path.to_owned(), planned, found: found.clone() }
        }
        None => fault(PlanFileFault::Tampered),
    })
}

fn seal_of(document: &PlanDocument, secret: &LedgerSecret) -> Result<String, CommandError> {
    let unsealed = PlanDocument { seal: None, ..document.clone() };
    let text = file_text(&unsealed).map_err(unwritable)?;
    Ok(HEXLOWER.encode(&secret.mac(b"offercast plan file v1", text.as_bytes())))
}

/// Writes a document beside its place first and moves it there once it is on the disk.
pub(super) fn write(document: &PlanDocument, path: &Path) -> Result<(), CommandError> {
    let text = file_text(document).map_err(unwritable)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = || -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".offercast-plan-")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(|source| CommandError::Write { path: path.to_owned(), source })
}

/// Reads a document. What is accepted has exactly the bytes that [`write`] gave it.
pub(super) fn read(path: &Path) -> Result<PlanDocument, CommandError> {
    let fault = |fault| CommandError::PlanFile { path: path.to_owned(), fault };
    let text = text_of(path)
        .map_err(|source| CommandError::Read { path: path.to_owned(), source })?
        .ok_or_else(|| fault(PlanFileFault::TooLarge))?;
    let document: PlanDocument = serde_json::from_slice(&text)
        .map_err(|error| fault(PlanFileFault::Form(position(&error))))?;
    document.check().map_err(|error| fault(error.into()))?;
    if file_text(&document).map_err(unwritable)?.as_bytes() != text {
        return Err(fault(PlanFileFault::Rewritten));
    }
    Ok(document)
}

fn text_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    Ok((text.len() as u64 <= MAX_BYTES).then_some(text))
}

/// Where the form is broken, without the words of the file.
fn position(error: &serde_json::Error) -> String {
    format!("see line {}, column {}", error.line(), error.column())
}
