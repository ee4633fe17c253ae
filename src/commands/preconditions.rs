//! What must hold before a plan is made: the ledger's host, the code key, caps that can be
//! read.

use super::context::Context;
use super::error::CommandError;
use crate::cli::variables;
use crate::compose::{ComposeError, Composer};
use crate::kaleyra::Endpoint;
use crate::ledger::{LedgerError, Snapshot};
use crate::model::{Campaign, Money, Policy};
use crate::plan::document::LimitSourceWord;
use crate::plan::{Cap, Most};

/// A ledger belongs to the API host of its first apply: people known there are known there
/// only.
pub(super) fn expect_host(endpoint: &Endpoint, snapshot: &Snapshot) -> Result<(), CommandError> {
    let plan = endpoint.identity();
    match &snapshot.api_host {
        Some(known) if *known != plan => {
            let ledger = known.clone();
            Err(LedgerError::OtherHost { ledger, plan }.into())
        }
        _ => Ok(()),
    }
}

/// Codes already given out belong to the key they were drawn with.
pub(super) fn expect_code_key(
    campaign: &Campaign,
    composer: &Composer,
    snapshot: &Snapshot,
    approved: bool,
) -> Result<(), CommandError> {
    let began = snapshot.campaign.as_ref().and_then(|memory| memory.code_key);
    match (began, composer.key_fingerprint()) {
        (Some(began), Some(now)) if began != now => Err(CommandError::OtherCodeKey {
            campaign: campaign.name.to_string(),
            began,
            now,
            approved,
        }),
        _ => Ok(()),
    }
}

/// The limits that the campaign's author does not set.
pub(super) fn caps(context: &Context, policies: &[Policy]) -> Result<Vec<Cap>, CommandError> {
    let unusable = |name: &str, what: &str, hint: &str| CommandError::Usage {
        message: format!("`{name}` is no {what}"),
        hint: Some(hint.to_owned()),
    };
    let recipients = context.environment.get(variables::MAX_RECIPIENTS).map(|text| {
        let hint = "such as `50000`; unset it to leave people uncapped";
        let most = text.parse().map(Most::Recipients);
        most.map_err(|_| unusable(variables::MAX_RECIPIENTS, "whole number", hint))
    });
    let cost = context.environment.get(variables::MAX_COST).map(|text| {
        let hint = "such as `600 USD`; unset it to leave the cost uncapped";
        let most = Money::parse(text).map(Most::Cost);
        most.ok_or_else(|| unusable(variables::MAX_COST, "amount of money", hint))
    });
    let set_by = LimitSourceWord::Environment;
    let stated = recipients.into_iter().chain(cost).map(|most| Ok(Cap { most: most?, set_by }));
    let of_policies = policies.iter().flat_map(|policy| {
        let recipients = policy.recipients.map(Most::Recipients);
        recipients.into_iter().chain(policy.cost.map(Most::Cost))
    });
    let set_by = LimitSourceWord::Policy;
    stated.chain(of_policies.map(|most| Ok(Cap { most, set_by }))).collect()
}

pub(super) fn compose_error(
    error: ComposeError,
    campaign: &Campaign,
    approved: bool,
) -> CommandError {
    match error {
        ComposeError::OtherKey { stated, given } => CommandError::OtherCodeKeyStated {
            campaign: campaign.name.to_string(),
            stated,
            given,
            approved,
        },
        ComposeError::KeyMissing => {
            CommandError::MissingKey { name: variables::CODE_KEY, why: "to draw the coupon codes" }
        }
        error => CommandError::Compose(error),
    }
}
