//! `offercast codes`: every code a plan would give, for the shop, before anyone else knows
//! them.

use std::io::BufWriter;
use std::ops::ControlFlow;
use std::time::Duration;

use super::context::Context;
use super::error::CommandError;
use super::ledger::private_file;
use super::ledgers::{address, expect_lineage, lock, tell_opened};
use super::load;
use super::plan::endpoint;
use super::planning::{Decided, Means, Prepared, decide, prepare};
use super::report::{report_diagnostics, write_diagnostics};
use super::secrets;
use crate::audience::Item;
use crate::cli::{CodesArgs, Exit, variables};
use crate::ledger::IssuedCode;
use crate::model::{Campaign, CouponCode, OfferEnd};
use crate::view::export::csv_cell;
use crate::view::text::plural;

/// Runs the command. The file is complete before the ledger marks its codes as issued: cut
/// off in between, the same codes come out again.
pub(super) fn codes(context: &mut Context, args: &CodesArgs) -> Result<Exit, CommandError> {
    let loaded = load::load(context, std::slice::from_ref(&args.campaign))?;
    report_diagnostics(context, &loaded);
    let [entry] = loaded.campaigns.as_slice() else {
        return Err(CommandError::Invalid("the campaign"));
    };
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaign"));
    }
    let address = address(context, &args.ledger)?;
    let opened = lock(context, &address, Duration::ZERO)?;
    tell_opened(context, &opened);
    let mut ledger = opened.ledger;
    expect_lineage(ledger.read(), std::slice::from_ref(&args.campaign))?;
    let code_key = secrets::code_key(&context.environment)?;
    let endpoint = endpoint(context)?;
    let means = Means {
        code_key: code_key.as_ref(),
        ledger: Some(ledger.read()),
        endpoint: endpoint.as_ref(),
        rates: None,
        policies: &[],
        earlier: None,
        reveal: false,
        approved: false,
        marks: false,
    };
    let mut diagnostics = Vec::new();
    let prepared = prepare(context, entry, &means, &mut diagnostics)?;
    let decided = match &prepared {
        Some(prepared) => decide(context, prepared, &means, &mut diagnostics)?,
        None => None,
    };
    write_diagnostics(context, &loaded.sources, &diagnostics, 1);
    let (Some(prepared), Some(decided)) = (prepared, decided) else {
        return Err(CommandError::Invalid("the audience"));
    };
    if !prepared.composer.can_draw() {
        return Err(CommandError::MissingKey {
            name: variables::CODE_KEY,
            why: "to draw the coupon codes",
        });
    }
    let issued = collect(&prepared, &decided)?;
    write_file(context, args, &entry.campaign, &decided, &issued)?;
    let count = issued.len() as u64;
    let key = prepared.composer.key_fingerprint();
    ledger.mark_issued(&entry.campaign.name, key, context.clock.now(), issued)?;
    ledger.close()?;
    context.tell(&format!(
        "Wrote {} to `{}` (mode 0600); the ledger keeps them as issued.",
        plural(count, "code", "codes"),
        args.out.display()
    ));
    Ok(Exit::Done)
}

/// The codes of everybody the plan sends to, in the audience's order.
fn collect(prepared: &Prepared<'_>, decided: &Decided) -> Result<Vec<IssuedCode>, CommandError> {
    let changed = || CommandError::AudienceChanged(prepared.entry.campaign.name.to_string());
    let sends = &decided.plan.sends;
    let mut issued = Vec::with_capacity(sends.len());
    let mut failed = false;
    let read = prepared.audience.read(&prepared.exclusions, &mut |item| {
        let Item::Kept(recipient, ()) = item else { return ControlFlow::Continue(()) };
        if sends.binary_search_by_key(&recipient.number, |planned| planned.number).is_err() {
            return ControlFlow::Continue(());
        }
        let counter = decided.codes.as_ref().map_or(0, |codes| codes.counter_for(recipient.number));
        let Ok(code) = prepared.composer.code(recipient, counter) else {
            failed = true;
            return ControlFlow::Break(());
        };
        issued.push(IssuedCode { number: recipient.number, id: recipient.id.clone(), code });
        ControlFlow::Continue(())
    });
    if failed || read.is_err() || issued.len() != sends.len() {
        return Err(changed());
    }
    Ok(issued)
}

fn write_file(
    context: &Context,
    args: &CodesArgs,
    campaign: &Campaign,
    decided: &Decided,
    issued: &[IssuedCode],
) -> Result<(), CommandError> {
    let plan = &decided.plan;
    let ends_at = match plan.schedule.offer_end {
        OfferEnd::At(instant) if is_fixed(campaign, plan) => instant.rfc3339(campaign.offer.offset),
        // Counted from the first apply or from each message: not known yet.
        OfferEnd::At(_) | OfferEnd::AfterSend(_) => String::new(),
    };
    let plan_id = plan.id.map(|id| id.to_string()).unwrap_or_default();
    let write = || -> std::io::Result<()> {
        let mut csv = csv::Writer::from_writer(BufWriter::new(private_file(&args.out)?));
        csv.write_record(["code", "id", "offer_ends_at", "plan_id"])?;
        for IssuedCode { id, code, .. } in issued {
            let id = id.as_deref().map(csv_cell).unwrap_or_default();
            csv.write_record([
                csv_cell(CouponCode::as_str(code)),
                id,
                ends_at.clone(),
                plan_id.clone(),
            ])?;
        }
        let buffered = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
        buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    let _ = context;
    write().map_err(|source| CommandError::Write { path: args.out.clone(), source })
}

fn is_fixed(campaign: &Campaign, plan: &crate::plan::Plan) -> bool {
    use crate::model::{Anchor, OfferWindow};
    use crate::plan::Progress;
    let from_first_apply =
        matches!(campaign.offer.window, OfferWindow::For { anchor: Anchor::FirstApply, .. });
    !from_first_apply || plan.progress != Progress::New
}
