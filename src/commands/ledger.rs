//! `offercast ledger init / check / adopt / copy / export`; `forget` has a file of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use super::forget::forget;
use super::ledgers::{
    LINEAGE_FILE, address, expect_lineage, open_to_read, tell_opened, typed_address,
};
use super::status::campaign_name;
use crate::cli::{
    Exit, LedgerAdoptArgs, LedgerCheckArgs, LedgerCommand, LedgerCopyArgs, LedgerExportArgs,
    LedgerExportFormat, LedgerInitArgs,
};
use crate::clock::random_bytes;
use crate::ledger::{HistoryRow, Holder, LedgerAddress, LockWait, Moved, NewLedger, Who};
use crate::model::{LedgerSecret, Lineage};
use crate::view::export::{CsvExport, NdjsonExport};
use crate::view::text::{number, plural};

/// Runs the command.
pub(super) fn ledger(context: &mut Context, command: &LedgerCommand) -> Result<Exit, CommandError> {
    match command {
        LedgerCommand::Init(args) => init(context, args),
        LedgerCommand::Check(args) => check(context, args),
        LedgerCommand::Adopt(args) => adopt(context, args),
        LedgerCommand::Copy(args) => copy(context, args),
        LedgerCommand::Export(args) => export(context, args),
        LedgerCommand::Forget(args) => forget(context, args),
    }
}

/// Creates the ledger first and names it in the campaigns folder second: cut off in
/// between, the next `init` finds the ledger and says so.
fn init(context: &mut Context, args: &LedgerInitArgs) -> Result<Exit, CommandError> {
    if args.print_sql {
        context.print(&LedgerAddress::sql())?;
        return Ok(Exit::Done);
    }
    let address = address(context, &args.ledger)?;
    let name_file = args.campaigns.join(LINEAGE_FILE);
    refuse_to_forget(&name_file, args.replace.as_deref())?;
    let system = |source: crate::clock::NoRandomness| CommandError::System {
        what: "no ledger could be made",
        source: source.into(),
    };
    let new = NewLedger {
        lineage: Lineage::from_bytes(random_bytes().map_err(system)?),
        secret: LedgerSecret::new(random_bytes().map_err(system)?),
        created_at: context.clock.now(),
    };
    let filesystem = address.init(&new)?;
    if let Some(kind) = filesystem {
        context.warn(&format!("the ledger is on {kind}: it may be gone after a restart"));
    }
    write_lineage(&name_file, &new.lineage)?;
    context.print(&format!("{}\n", new.lineage))?;
    context.tell(&format!(
        "Created the ledger `{address}` and wrote its lineage to `{}`: commit that file.",
        name_file.display()
    ));
    Ok(Exit::Done)
}

/// A folder that names a ledger already is given another one only by somebody who names
/// the old one: whoever it sent to can be sent to again.
fn refuse_to_forget(name_file: &Path, replace: Option<&str>) -> Result<(), CommandError> {
    let named = match fs::read_to_string(name_file) {
        Ok(text) => text.trim().to_ascii_lowercase(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(CommandError::Read { path: name_file.to_path_buf(), source }),
    };
    match replace {
        Some(lineage) if lineage.trim().eq_ignore_ascii_case(&named) => Ok(()),
        Some(_) => Err(CommandError::Usage {
            message: format!("`--replace` must be the lineage in `{}`", name_file.display()),
            hint: None,
        }),
        None => Err(CommandError::LedgerNamed(name_file.to_path_buf())),
    }
}

fn write_lineage(file: &Path, lineage: &Lineage) -> Result<(), CommandError> {
    let write = || {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, format!("{lineage}\n"))
    };
    write().map_err(|source| CommandError::Write { path: file.to_path_buf(), source })
}

fn check(context: &mut Context, args: &LedgerCheckArgs) -> Result<Exit, CommandError> {
    let address = address(context, &args.ledger)?;
    let findings = address.check()?;
    if findings.is_empty() {
        context.print(&format!("The ledger `{address}` is sound.\n"))?;
        return Ok(Exit::Done);
    }
    let list: Vec<_> = findings.iter().map(|finding| format!("- {finding}\n")).collect();
    context.print(&format!("The ledger `{address}` is damaged:\n{}", list.concat()))?;
    Ok(Exit::Ledger)
}

fn adopt(context: &mut Context, args: &LedgerAdoptArgs) -> Result<Exit, CommandError> {
    let address = address(context, &args.ledger)?;
    expect_lineage(&*address.read_any_copy()?, std::slice::from_ref(&args.campaigns))?;
    let holder = Holder::this_process(context.clock.now());
    let opened = address.adopt(args.serial, LockWait::default(), &holder)?;
    tell_opened(context, &opened);
    opened.ledger.close()?;
    context.tell(&format!(
        "The ledger `{address}` is the newest copy from here on. Whoever was sent to after \
         serial {} can be sent to again.",
        args.serial
    ));
    Ok(Exit::Done)
}

fn copy(context: &mut Context, args: &LedgerCopyArgs) -> Result<Exit, CommandError> {
    let (from, to) = (typed_address(context, &args.from)?, typed_address(context, &args.to)?);
    let holder = Holder::this_process(context.clock.now());
    let moved = from.move_to(&to, LockWait::default(), &holder, &mut |table, rows| {
        context.tell(&format!("copied {} rows of {table}", number(rows)));
    })?;
    context.tell(&match moved {
        Moved::Now { recipients } => format!(
            "The ledger is in `{to}` now, with {} of recipients; `{from}` refuses from here on.",
            plural(recipients, "row", "rows")
        ),
        Moved::Before => format!("The ledger was moved to `{to}` before."),
    });
    context.tell("Name it with `--ledger` or `OFFERCAST_LEDGER` from now on.");
    Ok(Exit::Done)
}

fn export(context: &mut Context, args: &LedgerExportArgs) -> Result<Exit, CommandError> {
    let terminal = context.output.interaction().stdout_is_terminal;
    if args.show_recipients && args.out.is_none() && !terminal {
        return Err(CommandError::Usage {
            message: "`--show-recipients` needs `--out FILE` off a terminal".to_owned(),
            hint: Some("numbers and codes must not end up in a log".to_owned()),
        });
    }
    let campaign = args.campaign.as_deref().map(campaign_name).transpose()?;
    let ledger = open_to_read(context, &args.ledger, &[])?;
    let each = |visit: &mut dyn FnMut(&HistoryRow) -> io::Result<()>| {
        ledger.history::<CommandError>(&Who::All, campaign.as_ref(), |row| {
            visit(&row).map_err(CommandError::Output)
        })
    };
    match &args.out {
        None => {
            let (out, _) = context.output.data();
            write_export(out, args, each)?;
            context.output.flush().map_err(CommandError::Output)?;
        }
        Some(path) => {
            let write_error = |source| CommandError::Write { path: path.clone(), source };
            let file = private_file(path).map_err(write_error)?;
            let mut out = io::BufWriter::new(file);
            write_export(&mut out, args, each)?;
            let file = out.into_inner().map_err(|error| write_error(error.into_error()))?;
            file.sync_all().map_err(write_error)?;
            context.tell(&format!("Wrote `{}` (mode 0600).", path.display()));
        }
    }
    Ok(Exit::Done)
}

fn write_export(
    out: &mut dyn Write,
    args: &LedgerExportArgs,
    each: impl Fn(&mut dyn FnMut(&HistoryRow) -> io::Result<()>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    match args.format {
        LedgerExportFormat::Csv => {
            let mut csv =
                CsvExport::new(out, args.show_recipients).map_err(CommandError::Output)?;
            each(&mut |row| csv.row(row))?;
            csv.finish().map_err(CommandError::Output)
        }
        LedgerExportFormat::Ndjson => {
            let mut lines = NdjsonExport::new(out, args.show_recipients);
            each(&mut |row| lines.row(row))?;
            lines.finish().map_err(CommandError::Output)
        }
    }
}

/// A new file that only its owner can read. An existing one is never written over.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
