//! Which ledger, and whether it is the right one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::error::CommandError;
use super::secrets;
use crate::cli::{LedgerOption, variables};
use crate::ledger::{Holder, Imported, LedgerAddress, LockWait, Opened, ReadLedger};
use crate::model::Lineage;
use crate::view::text::plural;

/// Where a ledger is looked for when nothing is said.
const DEFAULT_LEDGER: &str = ".offercast/ledger.db";

/// The file in a campaigns folder that names the ledger it is applied with.
pub(super) const LINEAGE_FILE: &str = ".ledger";

/// The ledger's address: the flag, else the variable, else the default; in CI nothing is
/// assumed, because a runner's disk is gone after the job; where that is certain, no file is
/// taken at all. A password is never taken from the
/// flag, which everybody on the machine can see and the printed commands repeat.
pub(super) fn address(
    context: &Context,
    option: &LedgerOption,
) -> Result<LedgerAddress, CommandError> {
    if let Some(flag) = &option.ledger {
        return typed_address(context, flag);
    }
    let address = match secrets::ledger(&context.environment)? {
        Some(text) => LedgerAddress::parse(&text)?,
        None if context.environment.is_ci() => return Err(CommandError::NoLedgerInCi),
        None => LedgerAddress::parse(DEFAULT_LEDGER)?,
    };
    usable_here(context, address)
}

/// A ledger's address as it stands on the command line.
pub(super) fn typed_address(context: &Context, text: &str) -> Result<LedgerAddress, CommandError> {
    let address = LedgerAddress::parse(text)?;
    if address.has_password() {
        return Err(CommandError::Usage {
            message: "a password on the command line can be seen by everybody on this machine"
                .to_owned(),
            hint: Some(format!(
                "put the URL in `{}`, or the password in `{}` or `~/.pgpass`",
                variables::LEDGER,
                variables::PGPASSWORD
            )),
        });
    }
    usable_here(context, address)
}

/// Completes an address with the login that the environment holds, and refuses a file where
/// files are thrown away.
fn usable_here(context: &Context, address: LedgerAddress) -> Result<LedgerAddress, CommandError> {
    if let LedgerAddress::File(path) = &address
        && context.environment.is_hosted_runner()
    {
        return Err(CommandError::FileOnHostedRunner(path.clone()));
    }
    let (password, passfile) = secrets::database(&context.environment);
    Ok(address.with_login(password, passfile.as_deref())?)
}

/// Opens the ledger for reading, and holds it against the lineage that the campaigns name.
pub(super) fn open_to_read(
    context: &Context,
    option: &LedgerOption,
    campaigns: &[PathBuf],
) -> Result<Box<dyn ReadLedger>, CommandError> {
    let ledger = address(context, option)?.read()?;
    expect_lineage(&*ledger, campaigns)?;
    Ok(ledger)
}

/// What is said to a person while another process holds the ledger.
pub(super) fn waits_for(address: &LedgerAddress, holder: Option<&Holder>) -> String {
    format!("waiting for the ledger `{address}`, {}", Holder::describe(holder))
}

/// Opens a ledger for writing, waiting at most so long for whoever holds it.
pub(super) fn lock(
    context: &mut Context,
    address: &LedgerAddress,
    longest: Duration,
) -> Result<Opened, CommandError> {
    let holder = Holder::this_process(context.clock.now());
    let mut say = |by: Option<&Holder>| context.tell(&waits_for(address, by));
    Ok(address.lock(LockWait::at_most(longest, &mut say), &holder)?)
}

/// Says what opening a ledger for writing found and settled.
pub(super) fn tell_opened(context: &mut Context, opened: &Opened) {
    let Imported { recorded, settled, unusable } = opened.imported;
    if recorded + settled + unusable > 0 {
        context.warn(&format!(
            "an apply could not write to the ledger: of the outcomes it left in `{}` \
             {recorded} are recorded now, {settled} were already, {unusable} cannot be used",
            opened.journal.display()
        ));
    }
    if opened.recovered > 0 {
        context.warn(&format!(
            "an apply died while {} on the wire: unknown now, and held",
            plural(opened.recovered, "message was", "messages were")
        ));
    }
}

/// Refuses a ledger that is not the one the campaigns' `.ledger` files name.
pub(super) fn expect_lineage(
    ledger: &dyn ReadLedger,
    campaigns: &[PathBuf],
) -> Result<(), CommandError> {
    for path in campaigns {
        if let Some((file, expected)) = committed_lineage(path)?
            && *ledger.lineage() != expected
        {
            return Err(CommandError::OtherLineage {
                file,
                expected,
                found: ledger.lineage().clone(),
            });
        }
    }
    Ok(())
}

/// The `.ledger` file nearest above a campaign file (or in a folder of campaigns), as far
/// up as the path was written.
fn committed_lineage(campaigns: &Path) -> Result<Option<(PathBuf, Lineage)>, CommandError> {
    for folder in campaigns.ancestors() {
        let file = folder.join(LINEAGE_FILE);
        match fs::read_to_string(&file) {
            Ok(text) => {
                let lineage = text.lines().next().and_then(|line| Lineage::parse(line.trim()));
                let lineage = lineage.ok_or_else(|| CommandError::BadLineageFile(file.clone()))?;
                return Ok(Some((file, lineage)));
            }
            Err(error) if is_absent(&error) => {}
            Err(source) => return Err(CommandError::Read { path: file, source }),
        }
    }
    Ok(None)
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
