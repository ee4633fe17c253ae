//! `offercast status`: where every campaign stands, or one person's history.

use std::io::BufRead;

use super::context::Context;
use super::error::CommandError;
use super::ledgers::open_to_read;
use crate::audience::parse_cli_number;
use crate::cli::{Exit, StatusArgs, StatusFormat};
use crate::ledger::{HistoryRow, ReadLedger, Who};
use crate::model::{CampaignName, PersonKey};
use crate::view::history::{History, InDoubt};
use crate::view::{export, history, status};

/// A person's history is short; more than this is not one person's.
const MOST_HISTORY_ROWS: usize = 10_000;

/// Runs the command.
pub(super) fn status(context: &mut Context, args: &StatusArgs) -> Result<Exit, CommandError> {
    let campaign = args.campaign.as_deref().map(campaign_name).transpose()?;
    let who = who(args)?;
    let ledger = open_to_read(context, &args.ledger, &[])?;
    match who {
        None if args.unknown => write_unknown(context, args.format, &*ledger, campaign.as_ref())?,
        Some(who) => write_history(context, args.format, &*ledger, &who, campaign.as_ref())?,
        None => write_campaigns(context, args.format, &*ledger, campaign.as_ref())?,
    }
    context.output.flush().map_err(CommandError::Output)?;
    Ok(Exit::Done)
}

/// Reads a campaign's name from the command line.
pub(super) fn campaign_name(text: &str) -> Result<CampaignName, CommandError> {
    CampaignName::new(text).map_err(|error| CommandError::Usage {
        message: error.to_string(),
        hint: Some("this is the campaign's `name`, not its file".to_owned()),
    })
}

/// Whom the question is about. A number is read from standard input only: arguments are
/// visible to everybody on the machine and end up in the shell's history.
fn who(args: &StatusArgs) -> Result<Option<Who>, CommandError> {
    if let Some(recipient) = &args.recipient {
        if recipient != "-" {
            return Err(CommandError::Usage {
                message: "`--recipient` reads the number from standard input".to_owned(),
                hint: Some("type `--recipient -` and give the number on a line".to_owned()),
            });
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(CommandError::Output)?;
        let number = parse_cli_number(line.trim()).map_err(|fault| CommandError::Usage {
            message: format!("standard input does not begin with a number: {fault}"),
            hint: None,
        })?;
        return Ok(Some(Who::Number(number)));
    }
    let by_id = args.id.clone().map(Who::Id);
    Ok(by_id.or_else(|| args.code.clone().map(Who::Code)))
}

fn write_campaigns(
    context: &mut Context,
    format: StatusFormat,
    ledger: &dyn ReadLedger,
    campaign: Option<&CampaignName>,
) -> Result<(), CommandError> {
    let mut rows = ledger.status()?;
    if let Some(wanted) = campaign {
        rows.retain(|row| row.campaign == *wanted);
        if rows.is_empty() {
            return Err(CommandError::Ledger(crate::ledger::LedgerError::NoSuchCampaign {
                campaign: wanted.clone(),
            }));
        }
    }
    let (out, look) = context.output.data();
    match format {
        StatusFormat::Human => status::write_human(out, look, &rows),
        StatusFormat::Json => status::write_json(out, &rows),
        StatusFormat::Markdown => status::write_markdown(out, &rows),
        StatusFormat::Csv => status::write_csv(out, &rows),
    }
    .map_err(CommandError::Output)
}

fn write_history(
    context: &mut Context,
    format: StatusFormat,
    ledger: &dyn ReadLedger,
    who: &Who,
    campaign: Option<&CampaignName>,
) -> Result<(), CommandError> {
    let mut rows: Vec<HistoryRow> = Vec::new();
    ledger.history::<CommandError>(who, campaign, |row| {
        if rows.len() < MOST_HISTORY_ROWS {
            rows.push(row);
        }
        Ok(())
    })?;
    let people = people_of(who, &rows);
    let mut decisions = Vec::new();
    for person in &people {
        decisions.extend(ledger.decisions(*person)?);
    }
    let mut tests = ledger.test_sends()?;
    tests.retain(|test| people.contains(&test.number.person()));
    if let Some(campaign) = campaign {
        decisions.retain(|row| row.campaign == *campaign);
        tests.retain(|row| row.campaign == *campaign);
    }
    let forgotten = match who {
        Who::Number(number) => ledger.forgotten()?.since(number.person()),
        _ => None,
    };
    let found = History { rows: &rows, decisions: &decisions, tests: &tests, forgotten };
    let (out, look) = context.output.data();
    match format {
        StatusFormat::Human => history::write_human(out, look, found, false),
        StatusFormat::Json => history::write_json(out, found, false),
        StatusFormat::Csv => write_history_csv(out, &rows),
        StatusFormat::Markdown => {
            return Err(CommandError::Usage {
                message: "a person's history has no Markdown form".to_owned(),
                hint: Some("use `--format human`, `json` or `csv`".to_owned()),
            });
        }
    }
    .map_err(CommandError::Output)
}

/// Whom a question was about, for what is kept by person.
fn people_of(who: &Who, rows: &[HistoryRow]) -> Vec<PersonKey> {
    let mut people: Vec<_> =
        rows.iter().filter_map(|row| Some(row.whose.number()?.person())).collect();
    if let Who::Number(number) = who {
        people.push(number.person());
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// Everybody in doubt, by cause and time of the attempt.
fn write_unknown(
    context: &mut Context,
    format: StatusFormat,
    ledger: &dyn ReadLedger,
    campaign: Option<&CampaignName>,
) -> Result<(), CommandError> {
    let each = |visit: &mut dyn FnMut(&HistoryRow) -> std::io::Result<()>| {
        ledger.history::<CommandError>(&Who::Unknown, campaign, |row| {
            visit(&row).map_err(CommandError::Output)
        })
    };
    let (out, look) = context.output.data();
    match format {
        StatusFormat::Human => {
            let mut list = InDoubt::new();
            each(&mut |row| {
                list.row(row);
                Ok(())
            })?;
            list.write(out, look).map_err(CommandError::Output)
        }
        StatusFormat::Csv => {
            let mut csv = export::CsvExport::new(out, false).map_err(CommandError::Output)?;
            each(&mut |row| csv.row(row))?;
            csv.finish().map_err(CommandError::Output)
        }
        StatusFormat::Json => {
            let mut rows: Vec<HistoryRow> = Vec::new();
            each(&mut |row| {
                if rows.len() < MOST_HISTORY_ROWS {
                    rows.push(row.clone());
                }
                Ok(())
            })?;
            let found = History { rows: &rows, decisions: &[], tests: &[], forgotten: None };
            history::write_json(out, found, false).map_err(CommandError::Output)
        }
        StatusFormat::Markdown => Err(CommandError::Usage {
            message: "the list of unknown people has no Markdown form".to_owned(),
            hint: Some("use `--format human`, `json` or `csv`".to_owned()),
        }),
    }
}

fn write_history_csv(out: &mut dyn std::io::Write, rows: &[HistoryRow]) -> std::io::Result<()> {
    let mut csv = export::CsvExport::new(out, false)?;
    rows.iter().try_for_each(|row| csv.row(row))?;
    csv.finish()
}
