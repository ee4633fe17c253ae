//! `offercast plan`: the dry run. No network, no lock, nothing written but `--out`.

use std::fs;
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use super::ledgers::open_to_read;
use super::load;
use super::plan_document::{Asked, Item, Presentation};
use super::plan_file;
use super::planning::{Decided, Means, Prepared, decide, prepare};
use super::policy::policies;
use super::quote::{command_line, path_option};
use super::rates::rate_card;
use super::report::{report_diagnostics, write_diagnostics};
use super::secrets;
use crate::cli::{Exit, PlanArgs, PlanFormat, variables};
use crate::clock::random_bytes;
use crate::diagnostic::Diagnostic;
use crate::kaleyra::Endpoint;
use crate::ledger::ReadLedger;
use crate::model::{CodeKey, UtcOffset};
use crate::plan::document::{
    EnvelopeEntry, Moment, PlanDocument, PlanObject, StatusWord, VerdictWord,
};

/// Runs the command.
pub(super) fn plan(context: &mut Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    if args.show_recipients && !context.output.interaction().stdout_is_terminal {
        return Err(CommandError::Usage {
            message: "`--show-recipients` works on a terminal only".to_owned(),
            hint: Some("numbers, codes and values must not end up in a log".to_owned()),
        });
    }
    if let (Some(out), Some(against)) = (&args.out, &args.against)
        && is_same_file(out, against)
    {
        return Err(CommandError::Usage {
            message: "`--out` would write over the file of `--against`".to_owned(),
            hint: Some("a refused plan would pass when it is planned a second time".to_owned()),
        });
    }
    let loaded = load::load(context, &args.campaigns.paths)?;
    report_diagnostics(context, &loaded);
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaigns"));
    }
    let rates = rate_card(context, &args.rates)?;
    let policies = policies(context, &args.policy)?;
    let ledger = if args.no_ledger || args.sandbox {
        None
    } else {
        Some(open_to_read(context, &args.ledger, &args.campaigns.paths)?)
    };
    let code_key = if args.sandbox {
        Some(throw_away_key()?)
    } else {
        secrets::code_key(&context.environment)?
    };
    let endpoint = endpoint(context)?;
    let earlier = earlier(args, ledger.as_deref())?;
    let means = Means {
        code_key: code_key.as_ref(),
        ledger: ledger.as_deref(),
        endpoint: endpoint.as_ref(),
        rates: rates.as_ref(),
        policies: &policies,
        earlier: earlier.as_ref(),
        reveal: args.show_recipients,
        approved: false,
        marks: args.out.is_some() || args.format == PlanFormat::Json,
    };
    let mut diagnostics = Vec::new();
    let mut planned: Vec<(Prepared<'_>, Decided)> = Vec::with_capacity(loaded.campaigns.len());
    for entry in &loaded.campaigns {
        if let Some(prepared) = prepare(context, entry, &means, &mut diagnostics)?
            && let Some(decided) = decide(context, &prepared, &means, &mut diagnostics)?
        {
            planned.push((prepared, decided));
        }
    }
    write_diagnostics(context, &loaded.sources, &diagnostics, loaded.files);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(CommandError::Invalid("the audience"));
    }
    let items = planned.iter().map(|(prepared, decided)| Item { prepared, decided });
    let mut presentation = Presentation::of(items, context.clock.now());
    if let Some(out) = &args.out {
        write_file(context, args, out, ledger.as_deref(), &mut presentation)?;
    }
    presentation.set_commands(|index| apply_command(args, &planned[index]));
    let asked = Asked {
        format: args.format,
        samples: usize::from(args.samples),
        max_bytes: usize::try_from(args.max_bytes).unwrap_or(usize::MAX),
    };
    let documents: Vec<_> = planned.iter().map(|(prepared, _)| &prepared.entry.document).collect();
    presentation.write(context, asked, &documents, &loaded.sources)?;
    presentation.set_outputs(context, args.out.as_deref());
    Ok(exit(args, &presentation))
}

/// Reads the plans that these are held against. With a ledger they must be of that ledger and
/// as they were written: otherwise a few digits in a file would let any plan through.
fn earlier(
    args: &PlanArgs,
    ledger: Option<&dyn ReadLedger>,
) -> Result<Option<PlanDocument>, CommandError> {
    let Some(path) = &args.against else { return Ok(None) };
    let document = plan_file::read(path)?;
    if let Some(ledger) = ledger {
        plan_file::verify(&document, path, ledger)?;
    }
    Ok(Some(document))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

/// Seals the plans and writes them to their file.
fn write_file(
    context: &mut Context,
    args: &PlanArgs,
    out: &Path,
    ledger: Option<&dyn ReadLedger>,
    presentation: &mut Presentation,
) -> Result<(), CommandError> {
    let expires_at = args.expires_in.map(|time| context.clock.now().plus(time));
    let document = presentation.document_mut();
    document.envelope.expires_at = expires_at.map(|instant| instant.rfc3339(UtcOffset::UTC));
    if let Some(ledger) = ledger {
        plan_file::seal(document, ledger.secret())?;
    }
    plan_file::write(document, out)
}

/// The exact command that applies a plan, as a reviewer would copy it.
fn apply_command(args: &PlanArgs, (prepared, decided): &(Prepared<'_>, Decided)) -> Option<String> {
    let id = decided.plan.id?;
    let mut words = vec!["offercast".to_owned(), "apply".to_owned()];
    if let Some(ledger) = &args.ledger.ledger {
        words.extend(["--ledger".to_owned(), ledger.clone()]);
    }
    words.extend(path_option("--rates", args.rates.rates.as_deref()));
    words.extend(path_option("--policy", args.policy.policy.as_deref()));
    if let Some(file) = &args.out {
        words.extend(["--plan".to_owned(), file.display().to_string()]);
    } else {
        words.push(prepared.entry.campaign.path.display().to_string());
        words.extend(["--approve".to_owned(), id.to_string()]);
    }
    Some(command_line(&words))
}

fn exit(args: &PlanArgs, presentation: &Presentation) -> Exit {
    // What passes by itself binds apply: a plan is made before.
    let passes = |rule: &str| matches!(rule, "not_yet" | "day_over");
    let refused = |moment: &Moment| {
        moment.verdict == VerdictWord::Blocked
            && moment.refused.iter().any(|finding| !passes(&finding.rule))
    };
    let has_changes = |plan: &PlanObject, entry: &EnvelopeEntry| {
        plan.counts.send > 0 && entry.status == StatusWord::Active
    };
    if presentation.moments().any(|(_, _, moment)| refused(moment)) {
        Exit::Refused
    } else if args.detailed_exitcode
        && presentation.moments().any(|(plan, entry, _)| has_changes(plan, entry))
    {
        Exit::Changes
    } else {
        Exit::Done
    }
}

/// The address of the API, when the environment names another than the campaigns do.
pub(super) fn endpoint(context: &Context) -> Result<Option<Endpoint>, CommandError> {
    let text = context.environment.get(variables::API_URL);
    text.map(|text| Endpoint::parse(text).map_err(CommandError::Endpoint)).transpose()
}

fn throw_away_key() -> Result<CodeKey, CommandError> {
    let key: [u8; 32] = random_bytes().map_err(|source| CommandError::System {
        what: "no key could be made for the sandbox",
        source: source.into(),
    })?;
    Ok(CodeKey::new(key.to_vec()).expect("32 bytes are enough"))
}
