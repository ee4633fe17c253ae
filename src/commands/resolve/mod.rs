//! `offercast resolve`: settles what could not be known, by a person's word or by Kaleyra's
//! report.
//!
//! The order is the promise: everything is read and checked first, then shown, then
//! confirmed, and only then written, all of it in one transaction.

mod report;
mod word;

use std::path::PathBuf;

use super::confirm::confirm;
use super::context::Context;
use super::error::CommandError;
use super::ledgers::{address, expect_lineage, lock};
use super::login::decided_by;
use super::status::campaign_name;
use crate::cli::{Exit, ResolveArgs, variables};
use crate::kaleyra::Endpoint;
use crate::ledger::{Decision, LedgerError, LockedLedger, ReadLedger, Settlement};
use crate::model::{CampaignName, State};
use crate::view::text::people;

/// Where the campaigns are, and with them the name of their ledger.
const CAMPAIGNS: &str = "campaigns";

/// What would be written, shown already.
struct Proposal {
    settlements: Vec<Settlement>,
    /// SHA-256 of the report it comes from.
    evidence: Option<String>,
}

/// Runs the command.
pub(super) fn resolve(context: &mut Context, args: &ResolveArgs) -> Result<Exit, CommandError> {
    let campaign = campaign_name(&args.campaign)?;
    let word = word::Word::of(args)?;
    let mut ledger = open_ledger(context, args, &campaign)?;
    let proposal = match (&word, &args.from) {
        (Some(word), _) => word.propose(context, &*ledger, &campaign)?,
        (None, Some(file)) => report::propose(context, args, file, &*ledger, &campaign)?,
        (None, None) => unreachable!("clap requires one of them"),
    };
    let count = proposal.settlements.len() as u64;
    if count > 0 {
        let question = format!("Settle {} so? Only `yes` settles: ", people(count));
        confirm(context, args.confirm, count, &question, || CommandError::NotConfirmed {
            people: count,
        })?;
        let at = context.clock.now();
        let by = decided_by(context);
        let decision = Decision { by, at, evidence: proposal.evidence };
        ledger.settle(&proposal.settlements, &decision)?;
    }
    ledger.close()?;
    context.tell(&if count > 0 {
        format!("Settled {} of `{campaign}`.", people(count))
    } else {
        format!("Nothing to settle in `{campaign}`.")
    });
    Ok(Exit::Done)
}

fn open_ledger(
    context: &mut Context,
    args: &ResolveArgs,
    campaign: &CampaignName,
) -> Result<Box<dyn LockedLedger>, CommandError> {
    let address = address(context, &args.ledger)?;
    let opened = lock(context, &address, args.lock_timeout)?;
    expect_lineage(opened.ledger.read(), &[PathBuf::from(CAMPAIGNS)])?;
    if opened.recovered > 0 {
        context.warn(&format!(
            "an apply died while {} on the wire: unknown now",
            crate::view::text::plural(opened.recovered, "message was", "messages were")
        ));
    }
    if opened.ledger.read().numbers_of(campaign, &[State::Unknown])?.is_none() {
        return Err(LedgerError::NoSuchCampaign { campaign: campaign.clone() }.into());
    }
    expect_real_time(context, opened.ledger.read(), campaign)?;
    Ok(opened.ledger)
}

/// Under a pretended time no attempt would be too young.
fn expect_real_time(
    context: &Context,
    ledger: &dyn ReadLedger,
    campaign: &CampaignName,
) -> Result<(), CommandError> {
    if context.environment.get(variables::NOW).is_none() {
        return Ok(());
    }
    let host = ledger.snapshot(campaign)?.api_host.unwrap_or_default();
    match Endpoint::parse(&format!("https://{host}")) {
        Ok(endpoint) => context.expect_real_time(&endpoint),
        Err(_) => Ok(()),
    }
}
