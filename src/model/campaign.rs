//! A campaign: what one YAML file declares, checked.

use std::fmt;
use std::path::PathBuf;

use super::allow::{Allowance, GuardRule};
use super::delivery::Delivery;
use super::limits::Limits;
use super::offer::Offer;
use super::phone::PhoneNumber;
use super::sources::{Exclude, OnDuplicate, RecipientSource};
use super::template::Template;

/// One campaign file, valid by construction: made only by `parse::lower`.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Identity in the ledger; a renamed file keeps it.
    pub name: CampaignName,
    /// For people; not part of the plan id.
    pub description: Option<String>,
    /// Whether `apply` may send.
    pub status: CampaignStatus,
    /// Who sends.
    pub sender: Sender,
    /// Which approved template, filled how.
    pub template: Template,
    /// The code and how long the offer runs.
    pub offer: Offer,
    /// Where the recipients come from, in sending order. Never empty.
    pub recipients: Vec<RecipientSource>,
    /// What a person who appears twice means.
    pub on_duplicate: OnDuplicate,
    /// Who must not get a message.
    pub exclude: Vec<Exclude>,
    /// Where Kaleyra reports delivery to.
    pub callback: Callback,
    /// How fast, in what form.
    pub delivery: Delivery,
    /// What may not be exceeded.
    pub limits: Limits,
    /// Reviewed overrides of guards, each rule at most once.
    pub allow: Vec<Allowance>,
    /// The campaign file as given on the command line, for messages.
    pub path: PathBuf,
}

impl Campaign {
    /// The folder the campaign file stands in: audience and header files are found from it.
    pub fn folder(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        }
    }

    /// Whether it has an override of a rule, whatever the figure.
    pub fn allows(&self, rule: GuardRule) -> bool {
        self.allow.iter().any(|allowance| allowance.rule == rule)
    }
}

/// A campaign's name: `[a-z0-9][a-z0-9._-]{0,63}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CampaignName(String);

/// A text that is no campaign name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a campaign's name is 1 to 64 lower-case letters, digits, `.`, `_` or `-`, \
     and starts with a letter or digit"
)]
pub struct NameError;

impl CampaignName {
    /// Checks a name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let usable = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
            && text.bytes().next().is_some_and(plain);
        if usable { Ok(Self(text.to_owned())) } else { Err(NameError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CampaignName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a campaign may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CampaignStatus {
    /// It may.
    #[default]
    Active,
    /// Not now; the file stays valid and the plan says so.
    Paused,
    /// Never again.
    Ended,
}

/// The business that sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The registered WhatsApp business number.
    pub from: PhoneNumber,
    /// The API host of the account.
    pub api_domain: ApiDomain,
}

/// Kaleyra's pods, by the names of the LTO page's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Region {
    /// IN pod.
    In,
    /// SG pod.
    Sg,
    /// EU pod.
    Eu,
    /// NA pod.
    Na,
}

impl Region {
    /// The API domain of the pod (LTO page, "API Domain and Value"; NA ends in `.ai`).
    pub fn api_domain(self) -> ApiDomain {
        let host = match self {
            Self::In => "api.in.kaleyra.io",
            Self::Sg => "api.kaleyra.io",
            Self::Eu => "api.eu.kaleyra.io",
            Self::Na => "api.na.kaleyra.ai",
        };
        ApiDomain(host.to_owned())
    }
}

/// A host the API key may be sent to: `kaleyra.io`, `kaleyra.ai` or a name below them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ApiDomain(String);

impl ApiDomain {
    /// Checks a host name. `None` when it is not below `kaleyra.io` or `kaleyra.ai`, or is
    /// no plain lower-case host name (no port, no path, no user).
    pub fn new(host: &str) -> Option<Self> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let theirs = host.ends_with(".kaleyra.io") || host.ends_with(".kaleyra.ai");
        (theirs && host.len() <= 253 && host.split('.').all(label)).then(|| Self(host.to_owned()))
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where Kaleyra reports delivery to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Callback {
    /// Whatever the sender number has in the console.
    #[default]
    AccountDefault,
    /// A callback profile of the account.
    Profile(String),
    /// An https address.
    Url(String),
}
