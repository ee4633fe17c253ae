//! `offercast plan`: the dry run. No network, no lock, nothing written.

use super::context::Context;
use super::error::CommandError;
use super::ledgers::open_to_read;
use super::load;
use super::planning::{Decided, Means, Prepared, decide, prepare};
use super::quote::command_line;
use super::report::{report_diagnostics, write_diagnostics};
use super::secrets;
use crate::cli::{Exit, PlanArgs, PlanFormat, variables};
use crate::clock::random_bytes;
use crate::diagnostic::Diagnostic;
use crate::kaleyra::Endpoint;
use crate::model::{Anchor, CodeKey, OfferWindow};
use crate::plan::{Plan, Progress};
use crate::view::plan::{PlanView, human, json};
use crate::view::text::json_line;

/// Runs the command.
pub(super) fn plan(context: &mut Context, args: &PlanArgs) -> Result<Exit, CommandError> {
    if args.show_recipients && !context.output.interaction().stdout_is_terminal {
        return Err(CommandError::Usage {
            message: "`--show-recipients` works on a terminal only".to_owned(),
            hint: Some("numbers, codes and values must not end up in a log".to_owned()),
        });
    }
    let loaded = load::load(context, &args.campaigns.paths)?;
    report_diagnostics(context, &loaded);
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaigns"));
    }
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
    let means = Means {
        code_key: code_key.as_ref(),
        ledger: ledger.as_deref(),
        endpoint: endpoint.as_ref(),
        samples: usize::from(args.samples),
        reveal: args.show_recipients,
        approved: false,
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
    let commands: Vec<_> =
        planned.iter().map(|(prepared, decided)| apply_command(args, prepared, decided)).collect();
    let shown: Vec<_> = planned
        .iter()
        .zip(&commands)
        .map(|((prepared, decided), command)| Shown {
            prepared,
            plan: &decided.plan,
            apply_command: command.as_deref(),
        })
        .collect();
    match args.format {
        PlanFormat::Human => show_plans(context, &shown, Stream::Data)?,
        PlanFormat::Json => {
            let rates = rates(&shown);
            let views: Vec<_> = shown.iter().zip(&rates).map(|(s, words)| s.view(words)).collect();
            let text = json_line(&json::PlanDocument::of(&views)).map_err(|source| {
                CommandError::System { what: "the plan cannot be written", source: source.into() }
            })?;
            context.print(&format!("{text}\n"))?;
        }
    }
    Ok(exit(args, &shown))
}

/// A plan to be shown, with what its words need of the campaign.
pub(super) struct Shown<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) plan: &'a Plan,
    pub(super) apply_command: Option<&'a str>,
}

/// Which stream plans go to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Data,
    /// Standard error, when standard output carries something else.
    Messages,
}

/// Texts that a view borrows.
struct Words {
    path: String,
    template: String,
    rate: String,
}

/// Shows plans to people.
pub(super) fn show_plans(
    context: &mut Context,
    shown: &[Shown<'_>],
    stream: Stream,
) -> Result<(), CommandError> {
    let words = rates(shown);
    let (out, look) = match stream {
        Stream::Data => context.output.data(),
        Stream::Messages => context.output.messages(),
    };
    for (index, (shown, words)) in shown.iter().zip(&words).enumerate() {
        if index > 0 {
            writeln!(out).map_err(CommandError::Output)?;
        }
        human::write(out, look, &shown.view(words)).map_err(CommandError::Output)?;
    }
    out.flush().map_err(CommandError::Output)
}

impl Shown<'_> {
    fn view<'v>(&'v self, words: &'v Words) -> PlanView<'v> {
        let campaign = &self.prepared.entry.campaign;
        let open =
            matches!(campaign.offer.window, OfferWindow::For { anchor: Anchor::FirstApply, .. });
        PlanView {
            plan: self.plan,
            path: &words.path,
            description: campaign.description.as_deref(),
            template: &words.template,
            offset: campaign.offer.offset,
            rate: &words.rate,
            end_is_open: open && self.plan.progress == Progress::New,
            apply_command: self.apply_command,
        }
    }
}

fn rates(shown: &[Shown<'_>]) -> Vec<Words> {
    let words = |shown: &Shown<'_>| {
        let campaign = &shown.prepared.entry.campaign;
        let template = &campaign.template;
        let language = template.language.as_ref().map(|l| format!(" ({})", l.as_str()));
        Words {
            path: campaign.path.display().to_string(),
            template: format!("{}{}", template.name.as_str(), language.unwrap_or_default()),
            rate: campaign.delivery.rate.to_string(),
        }
    };
    shown.iter().map(words).collect()
}

/// The exact command that applies a plan, as a reviewer would copy it.
fn apply_command(args: &PlanArgs, prepared: &Prepared<'_>, decided: &Decided) -> Option<String> {
    let id = decided.plan.id?;
    let mut words = vec!["offercast".to_owned(), "apply".to_owned()];
    if let Some(ledger) = &args.ledger.ledger {
        words.extend(["--ledger".to_owned(), ledger.clone()]);
    }
    words.push(prepared.entry.campaign.path.display().to_string());
    words.extend(["--approve".to_owned(), id.to_string()]);
    Some(command_line(&words))
}

fn exit(args: &PlanArgs, shown: &[Shown<'_>]) -> Exit {
    use crate::model::CampaignStatus;
    use crate::plan::Blocker;
    let open = |shown: &&Shown<'_>| {
        shown.plan.tally.send > 0 && shown.plan.status == CampaignStatus::Active
    };
    // That an offer has not started yet binds apply: a plan is made before.
    let refused = |shown: &Shown<'_>| {
        shown.plan.blockers.iter().any(|blocker| !matches!(blocker, Blocker::NotYet { .. }))
    };
    if shown.iter().filter(open).any(refused) {
        Exit::Refused
    } else if args.detailed_exitcode && shown.iter().any(|shown| open(&shown)) {
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
