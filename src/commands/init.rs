//! `offercast init`: the files of a new user. They are this repository's own examples, which
//! the tests run.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use super::quote::command_line;
use crate::cli::{CiService, Exit, InitArgs};
use crate::parse::CAMPAIGN_SCHEMA;

const CAMPAIGN: &str = include_str!("../../examples/start/campaigns/first-offer.yaml");
const AUDIENCE: &str = include_str!("../../examples/start/campaigns/audiences/first-offer.csv");
/// The name that the example has, and a campaign of another name has not.
const NAME: &str = "first-offer";
const GITATTRIBUTES: &str = include_str!("../../examples/start/gitattributes");
const GITIGNORE: &str = include_str!("../../examples/start/gitignore");

const GITHUB: [(&str, &str); 3] = [
    (
        ".github/workflows/offercast-plan.yml",
        include_str!("../../examples/ci/github/offercast-plan.yml"),
    ),
    (
        ".github/workflows/offercast-apply.yml",
        include_str!("../../examples/ci/github/offercast-apply.yml"),
    ),
    (
        ".github/workflows/offercast-resume.yml",
        include_str!("../../examples/ci/github/offercast-resume.yml"),
    ),
];
const GITLAB: [(&str, &str); 1] =
    [(".gitlab-ci.yml", include_str!("../../examples/ci/gitlab/.gitlab-ci.yml"))];

/// Runs the command.
pub(super) fn init(context: &mut Context, args: &InitArgs) -> Result<Exit, CommandError> {
    let name = args.name.as_str();
    let campaign = format!("campaigns/{name}.yaml");
    let own = [
        (campaign.as_str(), CAMPAIGN.replace(NAME, name)),
        (&format!("campaigns/audiences/{name}.csv"), AUDIENCE.to_owned()),
    ];
    // Before anything is written: a refusal leaves no half of a campaign behind.
    for (path, _) in &own {
        let path = args.folder.join(path);
        if fs::symlink_metadata(&path).is_ok() {
            let source = io::Error::new(ErrorKind::AlreadyExists, "it exists already");
            return Err(CommandError::Write { path, source });
        }
    }
    for (path, text) in &own {
        create(&args.folder, path, text)?;
        context.print(&format!("created  {path}\n"))?;
    }
    let pipelines: &[_] = match args.ci {
        Some(CiService::Github) => &GITHUB,
        Some(CiService::Gitlab) => &GITLAB,
        None => &[],
    };
    let shared = [
        ("schemas/campaign.schema.json", CAMPAIGN_SCHEMA),
        ("campaigns/.gitattributes", GITATTRIBUTES),
        (".gitignore", GITIGNORE),
    ];
    for (path, text) in shared.iter().chain(pipelines) {
        match create(&args.folder, path, text) {
            Ok(()) => context.print(&format!("created  {path}\n"))?,
            Err(CommandError::Write { source, .. })
                if source.kind() == ErrorKind::AlreadyExists =>
            {
                context.print(&format!("kept     {path}\n"))?;
            }
            Err(error) => return Err(error),
        }
    }
    warn_of_ledger_in_git(context, &args.folder);
    tell_next_steps(context, args, &campaign);
    Ok(Exit::Done)
}

/// Makes a file that must not exist, and its folders.
fn create(folder: &Path, path: &str, text: &str) -> Result<(), CommandError> {
    let path = folder.join(path);
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(text.as_bytes())
    };
    write().map_err(|source| CommandError::Write { path: path.clone(), source })
}

/// A ledger holds numbers and codes, and a `.gitignore` that was kept may let it in.
fn warn_of_ledger_in_git(context: &mut Context, folder: &Path) {
    let kept = fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
    let ignored = |line: &str| matches!(line.trim().trim_matches('/'), ".offercast");
    if !kept.lines().any(ignored) {
        context.warn("`.gitignore` has no line `.offercast/`: the ledger must never go into git");
    }
}

fn tell_next_steps(context: &mut Context, args: &InitArgs, campaign: &str) {
    context.tell("\nNext: change the campaign to yours, and see what it would send:");
    if args.folder != Path::new(".") {
        let folder = args.folder.to_string_lossy().into_owned();
        context.tell(&format!("  {}", command_line(&["cd".to_owned(), folder])));
    }
    context.tell(&format!("  offercast validate {campaign}"));
    context.tell(&format!("  offercast plan --sandbox {campaign}"));
    if args.ci.is_some() {
        context.tell("The pipelines' own comments say which secrets and which ledger they need.");
    }
}
