//! The environment, read once at the door.

use std::collections::HashMap;

/// The names of all variables the program reads.
pub mod names {
    /// The account's API key.
    pub const API_KEY: &str = "KALEYRA_API_KEY";
    /// A file with the account's API key.
    pub const API_KEY_FILE: &str = "KALEYRA_API_KEY_FILE";
    /// The account's security identifier.
    pub const SID: &str = "KALEYRA_SID";
    /// A file with the account's security identifier.
    pub const SID_FILE: &str = "KALEYRA_SID_FILE";
    /// The key coupon codes are drawn with.
    pub const CODE_KEY: &str = "OFFERCAST_CODE_KEY";
    /// A file with the key coupon codes are drawn with.
    pub const CODE_KEY_FILE: &str = "OFFERCAST_CODE_KEY_FILE";
    /// The ledger.
    pub const LEDGER: &str = "OFFERCAST_LEDGER";
    /// A file with the ledger's address.
    pub const LEDGER_FILE: &str = "OFFERCAST_LEDGER_FILE";
    /// The password for a ledger in PostgreSQL whose address has none.
    pub const PGPASSWORD: &str = "PGPASSWORD";
    /// The password file for the same: `~/.pgpass` unless it is said.
    pub const PGPASSFILE: &str = "PGPASSFILE";
    /// The home folder.
    pub const HOME: &str = "HOME";
    /// Folders, separated by `:`, in which audience files are looked for after the
    /// campaign's own.
    pub const AUDIENCE_DIR: &str = "OFFERCAST_AUDIENCE_DIR";
    /// What messages cost: a rate card.
    pub const RATES: &str = "OFFERCAST_RATES";
    /// Another address of the API: https, or http on loopback.
    pub const API_URL: &str = "OFFERCAST_API_URL";
    /// Most people a plan may send to, whatever its campaign says.
    pub const MAX_RECIPIENTS: &str = "OFFERCAST_MAX_RECIPIENTS";
    /// Most that a plan may cost, such as `600 USD`, whatever its campaign says.
    pub const MAX_COST: &str = "OFFERCAST_MAX_COST";
    /// A policy file: what no campaign may exceed.
    pub const POLICY: &str = "OFFERCAST_POLICY";
    /// How long a reply is waited for, 5 s to 10 min: a minute unless it is said.
    pub const RESPONSE_TIMEOUT: &str = "OFFERCAST_RESPONSE_TIMEOUT";
    /// How long other machines wait for one that does not renew its lease on a shared ledger,
    /// 1 s to 10 min: a minute unless it is said.
    pub const LEASE: &str = "OFFERCAST_LEASE";
    /// The wall time at which the program starts, RFC 3339: for reproducible output.
    pub const NOW: &str = "OFFERCAST_NOW";
    /// `github-hosted` on a runner that GitHub lends for one job.
    pub const RUNNER_ENVIRONMENT: &str = "RUNNER_ENVIRONMENT";
    /// Set by CI systems.
    pub const CI: &str = "CI";
    /// Who started a GitHub workflow: named in the ledger beside what `resolve` settles.
    pub const GITHUB_ACTOR: &str = "GITHUB_ACTOR";
    /// The file that takes a GitHub step's outputs.
    pub const GITHUB_OUTPUT: &str = "GITHUB_OUTPUT";
    /// The file that takes a GitHub step's summary.
    pub const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";
    /// Who started a GitLab pipeline, for the same.
    pub const GITLAB_USER_LOGIN: &str = "GITLAB_USER_LOGIN";
    /// The login, for the same.
    pub const USER: &str = "USER";
    /// No colour, when not empty.
    pub const NO_COLOR: &str = "NO_COLOR";
    /// Colour also off a terminal, when not empty and not 0.
    pub const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
    /// `0` means no colour.
    pub const CLICOLOR: &str = "CLICOLOR";
    /// `dumb` means no colour and no bar.
    pub const TERM: &str = "TERM";
    /// The width of the output.
    pub const COLUMNS: &str = "COLUMNS";
}

/// The variables the program may read.
#[derive(Clone, Default)]
pub struct Environment {
    values: HashMap<String, String>,
}

impl Environment {
    /// Reads the process's environment; what is not UTF-8 counts as not set.
    pub fn of_process() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { values }
    }

    /// A variable's value; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a CI system runs the program (`CI` is not empty): no prompt, no bar, no
    /// assumed ledger.
    pub fn is_ci(&self) -> bool {
        self.get(names::CI).is_some()
    }

    /// Whether the machine is thrown away after the job, with its disk. GitHub says so of its
    /// own runners (its page on variables, "Default environment variables"). GitLab has no such
    /// variable: `CI_DISPOSABLE_ENVIRONMENT` is set in every container, also in those of a
    /// runner of one's own that has a volume.
    pub fn is_hosted_runner(&self) -> bool {
        self.get(names::RUNNER_ENVIRONMENT) == Some("github-hosted")
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
