//! Campaign files found, read and checked against everything they name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::CommandError;
use super::findings::{from_fault, from_finding};
use crate::audience::{Audience, Roots};
use crate::cli::variables;
use crate::compose::{self, SourceColumns};
use crate::diagnostic::{Diagnostic, Sources};
use crate::model::Campaign;
use crate::parse::{self, Document};

/// Everything a command was pointed at, read.
pub(super) struct Loaded {
    /// The files' texts, for showing faults in them.
    pub(super) sources: Sources,
    /// The campaigns that can be used, in path order.
    pub(super) campaigns: Vec<LoadedCampaign>,
    /// All faults found so far.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How many files were read.
    pub(super) files: usize,
}

/// One usable campaign with the places of its nodes.
pub(super) struct LoadedCampaign {
    pub(super) campaign: Campaign,
    pub(super) document: Document,
}

/// Reads and checks all campaign files below `paths`.
///
/// # Errors
/// When a path cannot be read or holds no campaign; faults inside the files are returned.
pub(super) fn load(context: &Context, paths: &[PathBuf]) -> Result<Loaded, CommandError> {
    let files = campaign_files(paths)?;
    let mut loaded = Loaded {
        sources: Sources::default(),
        campaigns: Vec::with_capacity(files.len()),
        diagnostics: Vec::new(),
        files: files.len(),
    };
    let mut names = HashMap::new();
    for path in files {
        let bytes =
            read(&path).map_err(|source| CommandError::Read { path: path.clone(), source })?;
        let parsed = parse::campaign(&bytes, &path, context.clock.now(), &mut loaded.sources);
        loaded.diagnostics.extend(parsed.diagnostics);
        let (Some(campaign), Some(document)) = (parsed.campaign, parsed.document) else { continue };
        let place = document.place("/name", None);
        if let Some(first) = names.insert(campaign.name.clone(), place.clone()) {
            loaded.diagnostics.push(
                Diagnostic::error(
                    "campaign/duplicate-name",
                    place,
                    format!("another campaign is already named `{}`", campaign.name),
                )
                .related(first, "the first one")
                .hint("a name is a campaign's identity in the ledger: give each its own"),
            );
        }
        loaded.campaigns.push(LoadedCampaign { campaign, document });
    }
    for entry in &loaded.campaigns {
        let diagnostics = check(context, entry);
        loaded.diagnostics.extend(diagnostics);
    }
    Ok(loaded)
}

impl Loaded {
    /// Whether a fault stands in the way.
    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The folders a campaign's files are looked for in.
pub(super) fn roots(context: &Context, campaign: &Campaign) -> Roots {
    let extra = context
        .environment
        .get(variables::AUDIENCE_DIR)
        .map(|folders| std::env::split_paths(folders).collect())
        .unwrap_or_default();
    Roots { folder: campaign.folder(), extra }
}

/// A campaign against its audience's columns and the rules of its patterns.
fn check(context: &Context, entry: &LoadedCampaign) -> Vec<Diagnostic> {
    let LoadedCampaign { campaign, document } = entry;
    // Without the columns, only what does not hang on them is checked.
    let (columns, findings) = match Audience::open(campaign, &roots(context, campaign)) {
        Ok(audience) => (columns_of(&audience), audience.warnings().to_vec()),
        Err(findings) => (Vec::new(), findings),
    };
    let findings = findings.into_iter().map(|finding| from_finding(document, finding));
    let faults = compose::check(campaign, &columns).into_iter();
    findings.chain(faults.map(|fault| from_fault(document, fault))).collect()
}

/// The same columns, in the words of the patterns' checker.
fn columns_of(audience: &Audience<'_>) -> Vec<SourceColumns> {
    let named = (0u16..).map(|source| audience.source_name(source));
    named
        .zip(audience.columns())
        .map(|(name, columns)| SourceColumns {
            name,
            names: columns.names.clone(),
            complete: !columns.guessed,
        })
        .collect()
}

/// The `.yaml` and `.yml` files that `paths` name or hold, sorted, each once.
fn campaign_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        let read_error = |source| CommandError::Read { path: path.clone(), source };
        if !fs::metadata(path).map_err(read_error)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        collect(path, &mut files).map_err(read_error)?;
        if files.len() == before {
            return Err(CommandError::NoCampaigns(path.clone()));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Campaign files stand in the folder itself or in folders below it; hidden ones are not
/// looked at.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads a campaign file, or as much of it as shows that it is too long. Pipes and devices
/// are refused: they may never end.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(parse::MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
