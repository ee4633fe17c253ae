//! What can go wrong in a command: the exit code and the hint that go with each fault.
//!
//! Layers below raise their own typed errors; the words on what to do next are found here,
//! from the variant, where the error meets the person.

use std::io;
use std::path::PathBuf;

use super::ledger_hint::ledger_hint;
use super::plan_file::PlanFileFault;
use crate::cli::{Exit, variables};
use crate::compose::ComposeError;
use crate::kaleyra::EndpointError;
use crate::ledger::{AddressError, LedgerError, PassfileError};
use crate::model::{KeyFingerprint, Lineage, PhoneNumber, PlanId};
use crate::sandbox::ScriptError;

/// A command's failure.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Faults in what people wrote; they have been reported one by one already.
    #[error("{0} must be mended first")]
    Invalid(&'static str),
    /// A folder without campaigns.
    #[error("there is no campaign file (`*.yaml`, `*.yml`) in `{}`", .0.display())]
    NoCampaigns(PathBuf),
    /// A file that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output or error is gone or full.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
    /// `OFFERCAST_NOW` must not decide when real people are sent an offer.
    #[error("`{}` is set, and messages would go to `{host}`", variables::NOW)]
    PretendedTime {
        /// The API host.
        host: String,
    },
    /// `--script` cannot be used.
    #[error("`--script` cannot be used")]
    Script(#[source] ScriptError),
    /// Something about the arguments that clap cannot see.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A key that is needed is not set.
    #[error("`{name}` is not set")]
    MissingKey {
        /// The variable.
        name: &'static str,
        /// What it is needed for.
        why: &'static str,
    },
    /// A key that is set, but cannot be used.
    #[error("`{name}` cannot be used: {why}")]
    UnusableKey {
        /// The variable.
        name: &'static str,
        /// Why not, without its value.
        why: &'static str,
    },
    /// The code key is not the one the campaign began with.
    #[error("the campaign `{campaign}` began with code key {began}, this is code key {now}")]
    OtherCodeKey {
        /// Which campaign.
        campaign: String,
        /// The fingerprint in the ledger.
        began: KeyFingerprint,
        /// The fingerprint of the key in use.
        now: KeyFingerprint,
        /// Whether a plan was approved by its id.
        approved: bool,
    },
    /// A campaign's patterns do not go with the code key.
    #[error(transparent)]
    Compose(ComposeError),
    /// `OFFERCAST_API_URL` cannot be used.
    #[error("`{}` cannot be used", variables::API_URL)]
    Endpoint(#[source] EndpointError),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// In CI the ledger must be named.
    #[error("no ledger is named, and in CI none is assumed")]
    NoLedgerInCi,
    /// A file cannot be the memory of a machine that is thrown away.
    #[error(
        "the ledger `{}` is a file on a hosted runner, whose disk is thrown away after the job",
        .0.display()
    )]
    FileOnHostedRunner(PathBuf),
    /// `campaigns/.ledger` names another ledger.
    #[error(
        "`{}` names the ledger with lineage {expected}, this one has lineage {found}",
        file.display()
    )]
    OtherLineage {
        /// The file.
        file: PathBuf,
        /// The lineage it names.
        expected: Lineage,
        /// The lineage of the ledger at hand.
        found: Lineage,
    },
    /// `ledger init` where the campaigns name a ledger already.
    #[error("`{}` names a ledger already", .0.display())]
    LedgerNamed(PathBuf),
    /// Another plan of the campaign was consumed since.
    #[error("another plan of `{0}` was consumed since: nothing was sent")]
    Superseded(String),
    /// A `.ledger` file without a lineage in it.
    #[error("`{}` does not name a ledger: its first line must be 32 hexadecimal digits", .0.display())]
    BadLineageFile(PathBuf),
    /// `--ledger` or `OFFERCAST_LEDGER` is no usable address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The file with the database's password cannot be used.
    #[error(transparent)]
    Passfile(#[from] PassfileError),
    /// A plan file that cannot be relied on.
    #[error("`{}` is no plan to rely on: {fault}", path.display())]
    PlanFile {
        /// Which.
        path: PathBuf,
        /// Why not.
        fault: PlanFileFault,
    },
    /// A plan file that was made against another ledger.
    #[error(
        "`{}` was planned against the ledger {planned}, and this is the ledger {found}: nothing \
         was sent",
        path.display()
    )]
    PlanOfOtherLedger {
        /// Which file.
        path: PathBuf,
        /// The ledger it names.
        planned: Lineage,
        /// The ledger at hand.
        found: Lineage,
    },
    /// An approval that came too late.
    #[error("the plan of `{campaign}` could be applied until {expired_at}: nothing was sent")]
    PlanExpired {
        /// Which campaign.
        campaign: String,
        /// The end of the approval.
        expired_at: String,
    },
    /// The approved plan is not the one there is now.
    #[error(
        "the plan of `{campaign}` is not the approved one any more: nothing was sent\n{}",
        changes.join("\n")
    )]
    StalePlan {
        /// Which campaign.
        campaign: String,
        /// What changed, from what to what.
        changes: Vec<String>,
    },
    /// The approved plan was carried out, and another one since.
    #[error(
        "the approved plan {approved} of `{campaign}` was consumed, and {by} since: nothing was \
         sent"
    )]
    ApprovalSuperseded {
        /// Which campaign.
        campaign: String,
        /// The plan that was approved.
        approved: PlanId,
        /// The plan consumed last.
        by: PlanId,
    },
    /// The campaign states another code key than is at hand.
    #[error("`offer.code_key` of `{campaign}` is {stated}, this is code key {given}")]
    OtherCodeKeyStated {
        /// Which campaign.
        campaign: String,
        /// The fingerprint it states.
        stated: KeyFingerprint,
        /// The fingerprint of the key in use.
        given: KeyFingerprint,
        /// Whether plans were approved.
        approved: bool,
    },
    /// Nobody approved.
    #[error("{0}")]
    NotApproved(&'static str),
    /// The person said no.
    #[error("not approved: nothing was sent")]
    Declined,
    /// A guard or limit refuses; the plan was shown with the reason.
    #[error("{0} is refused: nothing was sent")]
    Blocked(String),
    /// The plan is not the approved one.
    #[error("the plan of `{campaign}` is {found}, which was not approved: nothing was sent")]
    NotTheApproved {
        /// Which campaign.
        campaign: String,
        /// Its id now.
        found: PlanId,
    },
    /// An approval that fits no campaign.
    #[error("no campaign here has the plan {0}: nothing was sent")]
    UnknownApproval(PlanId),
    /// A file changed between the plan and its consumption.
    #[error("the audience of `{0}` changed while it was read: nothing was sent")]
    AudienceChanged(String),
    /// `resolve` was not told to settle exactly what it showed.
    #[error("not confirmed: nothing was settled")]
    NotConfirmed {
        /// How many people it would settle.
        people: u64,
    },
    /// `ledger forget` was not told to forget exactly the people it showed.
    #[error("not confirmed: nobody was forgotten")]
    NotConfirmedToForget {
        /// How many people it would forget.
        people: u64,
    },
    /// A tester was forgotten: nobody sends to them.
    #[error("{0} is forgotten: nothing is sent to them, and nothing was sent to anybody")]
    ForgottenTester(PhoneNumber),
    /// `resolve` was named people who cannot be settled.
    #[error("{people}: nothing was settled")]
    NotSettleable {
        /// Who, in a few words.
        people: String,
    },
    /// `resolve --as unsent` came too early.
    #[error("the last attempt is {age} old, less than {min_age}: nothing was settled")]
    TooYoung {
        /// Its age.
        age: String,
        /// The least age.
        min_age: String,
        /// Until it is reached.
        wait: String,
    },
    /// The random generator, the runtime or the like.
    #[error("{what}")]
    System {
        /// What failed.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl CommandError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_) | Self::Compose(_) => Exit::Invalid,
            Self::Ledger(LedgerError::NoSuchCampaign { .. })
            | Self::NoCampaigns(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Output(_)
            | Self::MissingKey { .. }
            | Self::UnusableKey { .. }
            | Self::Endpoint(_)
            | Self::System { .. } => Exit::Error,
            Self::Usage { .. } | Self::Script(_) | Self::PretendedTime { .. } => Exit::Usage,
            Self::PlanFile { .. }
            | Self::PlanOfOtherLedger { .. }
            | Self::PlanExpired { .. }
            | Self::StalePlan { .. }
            | Self::ApprovalSuperseded { .. }
            | Self::OtherCodeKeyStated { approved: true, .. }
            | Self::OtherCodeKey { approved: true, .. }
            | Self::NotTheApproved { .. }
            | Self::UnknownApproval(_)
            | Self::Superseded(_)
            | Self::AudienceChanged(_) => Exit::Stale,
            Self::OtherCodeKey { approved: false, .. }
            | Self::OtherCodeKeyStated { approved: false, .. }
            | Self::NotApproved(_)
            | Self::Declined
            | Self::NotConfirmed { .. }
            | Self::NotConfirmedToForget { .. }
            | Self::ForgottenTester(_)
            | Self::NotSettleable { .. }
            | Self::TooYoung { .. }
            | Self::Blocked(_) => Exit::Refused,
            Self::Ledger(_)
            | Self::NoLedgerInCi
            | Self::FileOnHostedRunner(_)
            | Self::BadLineageFile(_)
            | Self::LedgerNamed(_)
            | Self::Address(_)
            | Self::Passfile(_)
            | Self::OtherLineage { .. } => Exit::Ledger,
        }
    }

    /// What to do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Usage { hint, .. } => return hint.clone(),
            Self::MissingKey { why, .. } => {
                return Some(format!(
                    "it is needed {why}; a file may be named by `…_FILE` instead"
                ));
            }
            Self::PretendedTime { .. } => {
                "unset it: a pretended time is for reproducible output and stand-ins on this machine"
            }
            Self::Script(_) => "docs/sandbox.md describes scripts",
            Self::NotConfirmed { people } => {
                let count = crate::view::text::people(*people);
                return Some(format!(
                    "it would settle {count}: to agree, add `--confirm {people}`"
                ));
            }
            Self::NotConfirmedToForget { people } => {
                let count = crate::view::text::people(*people);
                return Some(format!(
                    "it would forget {count}, for good: to agree, add `--confirm {people}`"
                ));
            }
            Self::TooYoung { wait, .. } => {
                return Some(format!(
                    "a late delivery may still come; run it again in {wait}, or look the \
                     messages up in Kaleyra's report and use `--from`"
                ));
            }
            Self::NoCampaigns(_) => "name a campaign file, or a folder that holds some",
            Self::PlanOfOtherLedger { .. } => {
                "bring back the ledger it was planned against: another one does not know who was \
                 sent to; a new plan for this ledger needs a new review"
            }
            Self::OtherCodeKeyStated { .. } => {
                "use the key that the campaign states, or state this one and plan anew"
            }
            Self::OtherCodeKey { .. } => {
                "use the key the campaign began with: codes already given out belong to it"
            }
            Self::Write { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                "an existing file is never written over: name another one"
            }
            Self::LedgerNamed(_) => {
                "give that ledger up only if it is lost for good: with `--replace LINEAGE`, \
                 whoever it sent to can be sent to again"
            }
            Self::NoLedgerInCi => {
                "name it with `--ledger` or `OFFERCAST_LEDGER`; it must outlive the job"
            }
            Self::FileOnHostedRunner(_) => {
                "keep it in PostgreSQL (`OFFERCAST_LEDGER=postgres://…`), or run the job on a \
                 self-hosted runner with a persistent volume; docs/ci.md says more"
            }
            Self::OtherLineage { .. } => {
                "bring back the ledger that the campaigns were applied with: another one does \
                 not know who was sent to"
            }
            Self::PlanFile { .. } => "write it anew with `offercast plan --out FILE`",
            Self::NotTheApproved { .. }
            | Self::UnknownApproval(_)
            | Self::PlanExpired { .. }
            | Self::StalePlan { .. }
            | Self::ApprovalSuperseded { .. } => {
                "run `offercast plan`, review what changed, and approve that plan"
            }
            Self::AudienceChanged(_) => "run it again once the file is complete",
            Self::Ledger(error) => return ledger_hint(error),
            _ => return None,
        };
        Some(text.to_owned())
    }
}
