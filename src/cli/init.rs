//! `offercast init`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::CampaignName;

/// Start a folder with a campaign to change, a sample audience and pipelines
///
/// Writes `campaigns/NAME.yaml` with comments, `campaigns/audiences/NAME.csv`, the JSON
/// Schema for editors and a `.gitignore`. What it makes goes through `apply --sandbox` as it
/// is. Nothing that exists is changed: a campaign or audience of that name is refused,
/// anything else is kept.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder, usually a git repository; made when it is missing
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,

    /// The campaign's name: small letters, digits, `.`, `_` and `-`
    #[arg(long, value_name = "NAME", default_value = "first-offer", value_parser = CampaignName::new)]
    pub name: CampaignName,

    /// Pipelines that plan in the pull request and apply from main
    #[arg(long, value_enum, value_name = "SERVICE")]
    pub ci: Option<CiService>,
}

/// Whose pipelines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum CiService {
    /// Workflows in `.github/workflows`
    Github,
    /// A `.gitlab-ci.yml`
    Gitlab,
}
