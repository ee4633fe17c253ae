//! `offercast apply`: plan again, compare with what was approved, consume, send, sum up.
//!
//! The order is the promise: the lock first, then the plans, then approval, then one
//! durable consumption for all campaigns, and only then the first request.

mod approval;
mod consume;
mod ending;
mod engine;
mod far_side;
mod heart;
mod late;
mod patience;
mod record;
mod store;
mod telling;
mod together;
mod wire;

use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::time::Duration;

use approval::{Approval, approve};
use consume::consume;
use ending::{Ending, end};
use engine::{Engine, Times};
pub(super) use engine::{runtime, timeouts};
pub(super) use far_side::FarSide;
use heart::Heart;
use patience::Patience;
use record::Record;
pub(super) use wire::KaleyraWire;

use super::context::Context;
use super::error::CommandError;
use super::ledgers::{address, expect_lineage, tell_opened, waits_for};
use super::load::{self, Loaded};
use super::plan_document::{Item, Presentation};
use super::planning::{Decided, Means, Prepared, decide, prepare};
use super::policy::policies;
use super::rates::rate_card;
use super::report::report_diagnostics;
use crate::cli::{ApplyArgs, ApplyFormat, Environment, Exit, variables};
use crate::ledger::{Holder, Journal, LedgerError, LockWait, LockedLedger};
use crate::model::{CampaignStatus, Policy, Sid};
use crate::plan::Progress;
use crate::rates::RateCard;

/// See [`variables::LEASE`].
const LEASE: Duration = Duration::from_mins(1);
const LEASES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(10);

/// A campaign on its way through an apply.
struct Work<'a> {
    prepared: Prepared<'a>,
    decided: Decided,
}

impl Work<'_> {
    /// Whether there is anything to send, and the campaign may.
    fn is_open(&self) -> bool {
        let plan = &self.decided.plan;
        plan.tally.send > 0 && plan.status == CampaignStatus::Active
    }

    fn is_new(&self) -> bool {
        self.decided.plan.progress == Progress::New
    }
}

/// Runs the command. Whether anybody still reads what it says changes nothing about what it
/// sends: a reader who leaves is free to, a stream that is full is an error at the end.
pub(super) fn apply(context: &mut Context, args: &ApplyArgs) -> Result<Exit, CommandError> {
    context.output.outlive_readers();
    let mut record = Record::begin(context, args)?;
    let done = carry_out(context, args, &mut record);
    if let Err(error) = &done {
        record.failed(error);
    }
    let exit = done.as_ref().map_or_else(CommandError::exit, |exit| *exit);
    let exit = record.end(context, exit);
    done?;
    match context.output.lost() {
        None | Some(ErrorKind::BrokenPipe) => Ok(exit),
        Some(kind) => {
            context.warn(&format!(
                "standard output could not be written ({kind}); the ledger is complete, \
                 `offercast status` shows it"
            ));
            Ok(exit.worse(Exit::Error))
        }
    }
}

fn carry_out(
    context: &mut Context,
    args: &ApplyArgs,
    record: &mut Record,
) -> Result<Exit, CommandError> {
    let approval = Approval::of(context, args)?;
    let args = &ApplyArgs { paths: approval.paths(args), ..args.clone() };
    record.goes_on_with(args);
    let timeouts = timeouts(&context.environment)?;
    let lease = lease(&context.environment)?;
    let started = context.clock.monotonic();
    let loaded = load::load(context, &args.paths)?;
    report_diagnostics(context, &loaded);
    record.diagnostics(&loaded.diagnostics, &loaded.sources);
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaigns"));
    }
    let rates = rate_card(context, &args.rates)?;
    let policies = policies(context, &args.policy)?;
    let far_side = FarSide::of(context, args)?;
    let mut ledger = open_ledger(context, args, &far_side)?;
    let held_since = context.clock.monotonic();
    approval.verify(ledger.read())?;
    let rates = rates.as_ref();
    let known = (rates, policies.as_slice());
    let Some(work) = plan_all(context, &loaded, &far_side, &*ledger, &approval, known, record)?
    else {
        return Err(CommandError::Invalid("the audience"));
    };
    let presentation = presentation(context, &work);
    record.planned(&work, &presentation);
    show(context, args, &presentation)?;
    approval.expect_current(context, &work, ledger.read())?;
    refuse_blocked(&work)?;
    if !work.iter().any(Work::is_open) {
        ledger.close()?;
        return Ok(Exit::Done);
    }
    approval.expect_possible(context, &work)?;
    expect_codes(&work)?;
    for item in work.iter().filter(|item| item.is_open()) {
        context.expect_real_time(&item.prepared.endpoint)?;
    }
    let account = far_side.account(&context.environment)?;
    expect_same_account(&*ledger, &work, &account.sid)?;
    let approved_by = approve(context, &approval, &work)?;
    let mut journal = ledger.journal(most_on_the_wire(&work))?;
    let patience = Patience::new(context.clock, lease);
    consume(context, &mut *ledger, &work, &account.sid, approved_by, &patience)?;
    let joins = ledger.is_shared();
    let mut heart = None;
    if joins {
        heart = let_others_in(context, &mut *ledger, lease)?;
    }
    keep_rates(context, &mut *ledger, &work, rates)?;
    ledger.mark_run(context.clock.now())?;
    if !joins {
        // A machine that joins leaves out those whom it claims.
        for item in work.iter().filter(|item| item.is_open()) {
            late::leave_out(context, &mut *ledger, item)?;
        }
    }
    let events = record.events();
    let times = Times { started, held_since, timeouts, lease };
    let mut engine = Engine::start(context, args, &work, &*ledger, times, events)?;
    record.sending(context)?;
    engine.heart = match heart {
        None if !joins => let_others_in(context, &mut *ledger, lease)?,
        heart => heart,
    };
    send(context, &work, ledger, &mut journal, engine, &account, record)
}

/// From here on only what is consumed is sent: where the ledger is a server's, other machines
/// may help.
fn let_others_in(
    context: &Context,
    ledger: &mut dyn LockedLedger,
    lease: Duration,
) -> Result<Option<Heart>, CommandError> {
    let since = context.clock.monotonic();
    let Some(company) = ledger.let_others_in(lease)? else { return Ok(None) };
    let heart = Heart::start(company, since, context.clock).map_err(|source| {
        CommandError::System { what: "no thread could be started", source: source.into() }
    })?;
    Ok(Some(heart))
}

/// How long a machine is waited for that does not renew its lease.
fn lease(environment: &Environment) -> Result<Duration, CommandError> {
    let Some(text) = environment.get(variables::LEASE) else { return Ok(LEASE) };
    match humantime::parse_duration(text) {
        Ok(lease) if LEASES.contains(&lease) => Ok(lease),
        _ => Err(CommandError::Usage {
            message: format!("`{}` is not a time to wait", variables::LEASE),
            hint: Some("a duration from `1s` to `10min`; unset it to wait for a minute".into()),
        }),
    }
}

/// Remembers what the plans' messages are priced with, for `report`.
fn keep_rates(
    context: &Context,
    ledger: &mut dyn LockedLedger,
    work: &[Work<'_>],
    rates: Option<&RateCard>,
) -> Result<(), CommandError> {
    let Some(card) = rates.map(RateCard::to_text) else { return Ok(()) };
    for item in work.iter().filter(|item| item.is_open()) {
        let plan = &item.decided.plan;
        let Some(id) = plan.id else { continue };
        if let Some(found) = ledger.read().consumed(&plan.campaign, id)? {
            ledger.keep_rates(found.row, &card, context.clock.now())?;
        }
    }
    Ok(())
}

/// The most outcomes that can be on their way to the ledger at once. For each person on the
/// wire there may be one more whose outcome is with the ledger's writer already.
fn most_on_the_wire(work: &[Work<'_>]) -> u64 {
    let each = work.iter().filter(|item| item.is_open()).map(|item| {
        let delivery = &item.prepared.entry.campaign.delivery;
        2 * u64::from(delivery.max_in_flight) * u64::from(delivery.recipients_per_request)
    });
    each.max().unwrap_or_default()
}

/// Carries out one campaign after the other, in path order.
fn send(
    context: &mut Context,
    work: &[Work<'_>],
    mut ledger: Box<dyn LockedLedger>,
    journal: &mut Journal,
    mut engine: Engine<'_>,
    account: &far_side::Account,
    record: &mut Record,
) -> Result<Exit, CommandError> {
    let mut ending = Ending::default();
    for item in work.iter().filter(|item| item.is_open()) {
        let before = ending.people();
        let ran = match engine.heart {
            None => engine.run(item, account, ledger, journal, before, &engine.telling()),
            Some(_) => together::run(context, &engine, item, account, ledger, journal, before),
        };
        let ran = match ran {
            Ok(ran) => ran,
            Err(error) => return ending.cut_short(context, record, error),
        };
        record.ran(&ran.report);
        let stops_all = end(context, record.args(), &ran, journal, &mut ending)?;
        // After a failed write nothing more is written: what is on disk is not known.
        let Some(store) = ran.store.filter(|_| ran.is_recorded) else { return Ok(ending.exit()) };
        ledger = store;
        if let Err(error) = ending::record(context, &mut *ledger, &ran.report, &engine.patience()) {
            return ending.cut_short(context, record, error);
        }
        if stops_all {
            break;
        }
    }
    let patience = engine.patience();
    let left = engine.heart.take().map_or(Ok(()), |heart| heart.leave(&patience));
    match left.and_then(|()| ledger.close()) {
        Ok(()) => Ok(ending.exit()),
        Err(error) => ending.cut_short(context, record, error.into()),
    }
}

/// Takes the lock. What a process that died left open is unknown from here on.
fn open_ledger(
    context: &mut Context,
    args: &ApplyArgs,
    far_side: &FarSide,
) -> Result<Box<dyn LockedLedger>, CommandError> {
    let address = match far_side.ledger() {
        Some(address) => address,
        None => address(context, &args.ledger)?,
    };
    let holder = Holder::this_process(context.clock.now());
    let mut say = |by: Option<&Holder>| context.tell(&waits_for(&address, by));
    let opened = address.lock_or_join(LockWait::at_most(args.lock_timeout, &mut say), &holder)?;
    if !far_side.is_sandbox() {
        expect_lineage(opened.ledger.read(), &args.paths)?;
        if let Some(kind) = opened.warning {
            context.warn(&format!(
                "the ledger is on {kind}: it may be gone after a restart, and with it the \
                 memory of who was sent to"
            ));
        }
    }
    tell_opened(context, &opened);
    Ok(opened.ledger)
}

/// All plans, or `None` after faults that have been reported.
fn plan_all<'a>(
    context: &mut Context,
    loaded: &'a Loaded,
    far_side: &FarSide,
    ledger: &dyn LockedLedger,
    approval: &Approval,
    (rates, policies): (Option<&RateCard>, &[Policy]),
    record: &Record,
) -> Result<Option<Vec<Work<'a>>>, CommandError> {
    let code_key = far_side.code_key(&context.environment)?;
    let endpoint = far_side.endpoint(&context.environment)?;
    let means = Means {
        code_key: code_key.as_ref(),
        ledger: Some(ledger.read()),
        endpoint: endpoint.as_ref(),
        rates,
        policies,
        earlier: None,
        reveal: false,
        approved: approval.is_given(),
        marks: approval.has_files(),
    };
    let mut work = Vec::with_capacity(loaded.campaigns.len());
    let mut diagnostics = Vec::new();
    for entry in &loaded.campaigns {
        if let Some(prepared) = prepare(context, entry, &means, &mut diagnostics)?
            && let Some(decided) = decide(context, &prepared, &means, &mut diagnostics)?
        {
            work.push(Work { prepared, decided });
        }
    }
    super::report::write_diagnostics(context, &loaded.sources, &diagnostics, loaded.files);
    record.diagnostics(&diagnostics, &loaded.sources);
    let complete = !diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
    Ok(complete.then_some(work))
}

fn presentation(context: &Context, work: &[Work<'_>]) -> Presentation {
    let items = work.iter().map(|Work { prepared, decided }| Item { prepared, decided });
    Presentation::of(items, context.clock.now())
}

fn show(
    context: &mut Context,
    args: &ApplyArgs,
    presentation: &Presentation,
) -> Result<(), CommandError> {
    let (out, look) = match args.format {
        ApplyFormat::Human => context.output.data(),
        ApplyFormat::Json => context.output.messages(),
    };
    presentation.human(out, look, usize::from(args.samples))
}

/// One refused campaign refuses the whole invocation: consumption is for all or none.
fn refuse_blocked(work: &[Work<'_>]) -> Result<(), CommandError> {
    let blocked: Vec<_> = work
        .iter()
        .filter(|item| item.decided.plan.is_refused())
        .map(|item| format!("`{}`", item.decided.plan.campaign))
        .collect();
    if blocked.is_empty() { Ok(()) } else { Err(CommandError::Blocked(blocked.join(", "))) }
}

/// A new plan's codes are proven to be everybody's own before the first of them goes out. A
/// plan that was consumed has its codes in the ledger.
fn expect_codes(work: &[Work<'_>]) -> Result<(), CommandError> {
    let mut new = work.iter().filter(|item| item.is_open() && item.is_new());
    if new.any(|item| !item.prepared.composer.can_draw()) {
        return Err(CommandError::MissingKey {
            name: variables::CODE_KEY,
            why: "to draw the coupon codes and to prove that nobody shares one",
        });
    }
    Ok(())
}

/// The ledger belongs to the account of its first apply, also on resume. (That it belongs to
/// the API host is seen when planning.)
fn expect_same_account(
    ledger: &dyn LockedLedger,
    work: &[Work<'_>],
    sid: &Sid,
) -> Result<(), CommandError> {
    let fingerprint = sid.fingerprint(ledger.read().secret());
    let mut known = work.iter().filter_map(|item| item.prepared.snapshot.as_ref()?.sid.as_ref());
    if known.any(|known| *known != fingerprint) {
        return Err(LedgerError::OtherAccount.into());
    }
    Ok(())
}
