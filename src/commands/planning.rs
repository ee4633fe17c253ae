//! From a campaign to its plan: reads the audience, composes everybody's message, asks the
//! ledger's memory, and lets the planner decide.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::context::Context;
use super::error::CommandError;
use super::findings::{from_finding, issued_codes_changed, row_fault, space_fault};
use super::load::{LoadedCampaign, roots};
use super::reading::ReadingProgress;
use crate::audience::{Audience, AudienceReport, DropKind, Dropped, Exclusions, Item};
use crate::compose::{CodeBook, CodeBookError, ComposeError, Composer, RowFault, preview_text};
use crate::diagnostic::{Diagnostic, Place};
use crate::kaleyra::Endpoint;
use crate::ledger::{Known, ReadLedger, Snapshot};
use crate::model::{Campaign, CodeKey, Exclude, PhoneNumber, Recipient, State};
use crate::plan::{
    Action, AudienceSummary, CodeSummary, InvalidRow, Plan, Planner, PlanningContext, Sample,
    SampleMessage, Terms,
};

/// The most faulty rows that are listed one by one.
const MOST_ROW_ERRORS: usize = 20;
/// The most unusable rows a plan names.
const MOST_INVALID_ROWS: usize = 20;

/// A campaign with everything opened that its plan needs.
pub(super) struct Prepared<'a> {
    pub(super) entry: &'a LoadedCampaign,
    pub(super) audience: Audience<'a>,
    pub(super) exclusions: Exclusions,
    pub(super) composer: Composer,
    pub(super) endpoint: Endpoint,
    pub(super) snapshot: Option<Snapshot>,
}

/// What to plan with.
pub(super) struct Means<'a> {
    /// The key codes are drawn with, if it is set.
    pub(super) code_key: Option<&'a CodeKey>,
    /// The memory; `None` plans as if nothing had ever been sent.
    pub(super) ledger: Option<&'a ReadLedger>,
    /// Another address of the API than the campaign's own.
    pub(super) endpoint: Option<&'a Endpoint>,
    /// How many people to show.
    pub(super) samples: usize,
    /// Show them in full.
    pub(super) reveal: bool,
    /// Whether plans were approved by their ids.
    pub(super) approved: bool,
}

/// A plan, and who holds which code in it.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) codes: Option<CodeBook>,
}

/// Opens what a campaign names. `None` after faults, which are added to `diagnostics`.
pub(super) fn prepare<'a>(
    context: &Context,
    entry: &'a LoadedCampaign,
    means: &Means<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Prepared<'a>>, CommandError> {
    let LoadedCampaign { campaign, document } = entry;
    let composer = Composer::new(campaign, means.code_key).map_err(compose_error)?;
    let snapshot = means.ledger.map(|ledger| ledger.snapshot(&campaign.name)).transpose()?;
    if let Some(snapshot) = &snapshot {
        expect_code_key(campaign, &composer, snapshot, means.approved)?;
    }
    let others = numbers_of_campaigns(campaign, means.ledger, entry, diagnostics)?;
    let roots = roots(context, campaign);
    let exclusions = Exclusions::load(campaign, &roots, &|name| {
        others.get(name.as_str()).cloned().unwrap_or_default()
    });
    let audience = Audience::open(campaign, &roots);
    match (audience, exclusions) {
        (Ok(audience), Ok(exclusions)) => {
            let endpoint = means
                .endpoint
                .cloned()
                .unwrap_or_else(|| Endpoint::of(&campaign.sender.api_domain));
            Ok(Some(Prepared { entry, audience, exclusions, composer, endpoint, snapshot }))
        }
        (audience, exclusions) => {
            let findings = audience.err().into_iter().chain(exclusions.err()).flatten();
            diagnostics.extend(findings.map(|finding| from_finding(document, finding)));
            Ok(None)
        }
    }
}

/// Decides for everybody. `None` after faults, which are added to `diagnostics`.
pub(super) fn decide(
    context: &Context,
    prepared: &Prepared<'_>,
    means: &Means<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Decided>, CommandError> {
    let Prepared { entry, audience, exclusions, composer, endpoint, snapshot } = prepared;
    let terms = Terms::of(&entry.campaign, &endpoint.identity(), composer.key_fingerprint());
    let planning = PlanningContext {
        campaign: &entry.campaign,
        snapshot: snapshot.as_ref(),
        terms,
        now: context.clock.now(),
        samples: means.samples,
    };
    let mut planner = Planner::new(planning);
    let mut codes = composer.unique().then(|| known_codes(composer, snapshot.as_ref()));
    let mut unusable = Unusable::default();
    let mut progress = ReadingProgress::new(context, prepared, "planning");
    let report = audience.read(exclusions, &mut |item| {
        progress.row();
        let Item::Kept(recipient) = item else { return ControlFlow::Continue(()) };
        match composer.message(recipient, 0) {
            Ok(message) => {
                let action = planner.consider(recipient.number, message.content);
                if action == Action::Send {
                    if let Some(book) = &mut codes {
                        book.add(recipient.number, message.coupon_code.digest());
                    }
                    if planner.wants_sample(recipient.number, message.content)
                        && let Ok(sample) = sample(prepared, recipient, means.reveal)
                    {
                        planner.keep_sample(message.content, sample);
                    }
                }
            }
            Err(fault) => unusable.add(prepared, recipient, fault),
        }
        ControlFlow::Continue(())
    });
    drop(progress);
    let report = match report {
        Ok(report) => report,
        Err(findings) => {
            let document = &entry.document;
            diagnostics.extend(findings.into_iter().map(|f| from_finding(document, f)));
            return Ok(None);
        }
    };
    if !unusable.errors.is_empty() {
        diagnostics.append(&mut unusable.errors);
        return Ok(None);
    }
    if let Some(book) = &mut codes
        && let Err(error) = redraw(prepared, book)
    {
        match error {
            RedrawError::Command(error) => return Err(error),
            RedrawError::Codes(error) => {
                diagnostics.push(space_fault(&entry.document, &error));
                return Ok(None);
            }
        }
    }
    let replaced = codes.as_ref().map_or(0, |book| book.report().replaced);
    if replaced > 0 {
        diagnostics.push(issued_codes_changed(&entry.document, replaced));
        return Ok(None);
    }
    let summary = summarise(prepared, &report, unusable);
    let code_summary = code_summary(composer, codes.as_ref());
    Ok(Some(Decided { plan: planner.finish(summary, code_summary), codes }))
}

/// Where a recipient's row stands, as a person would look it up.
pub(super) fn row_place(prepared: &Prepared<'_>, recipient: &Recipient) -> String {
    let (file, line) = row_position(prepared, recipient);
    format!("{file}:{line}")
}

fn row_position(prepared: &Prepared<'_>, recipient: &Recipient) -> (String, u64) {
    (prepared.audience.source_name(recipient.origin.source), recipient.origin.line)
}

/// Rows that give no message: some are the row's own fault and are left out, some show that
/// the campaign and its audience do not fit together.
#[derive(Default)]
struct Unusable {
    count: u64,
    rows: Vec<InvalidRow>,
    errors: Vec<Diagnostic>,
}

impl Unusable {
    fn add(&mut self, prepared: &Prepared<'_>, recipient: &Recipient, fault: RowFault) {
        if fault.is_of_the_row() {
            self.count += 1;
            if self.rows.len() < MOST_INVALID_ROWS {
                let place = row_place(prepared, recipient);
                self.rows.push(InvalidRow { place, reason: fault.message });
            }
        } else if self.errors.len() < MOST_ROW_ERRORS {
            let (file, line) = row_position(prepared, recipient);
            let place = Place::Line { file, line, column: None };
            self.errors.push(row_fault(&prepared.entry.document, place, fault));
        }
    }
}

/// The codes that left the house, sent or issued: each stays its person's, and nobody else
/// gets one. Codes that were only planned may still change with the campaign.
fn known_codes(composer: &Composer, snapshot: Option<&Snapshot>) -> CodeBook {
    let mut book = CodeBook::new(composer.code_space());
    if let Some(memory) = snapshot.and_then(|snapshot| snapshot.campaign.as_ref()) {
        let sent = |known: &&Known| !matches!(known.state, State::Pending | State::Skipped);
        for known in memory.known.iter().filter(sent) {
            book.know(known.number, known.code);
        }
        for (number, code) in &memory.issued {
            book.know(*number, code.digest());
        }
    }
    book
}

enum RedrawError {
    Command(CommandError),
    Codes(CodeBookError),
}

/// Reads the rows of the few people whose codes collide once more, and draws for them.
fn redraw(prepared: &Prepared<'_>, book: &mut CodeBook) -> Result<(), RedrawError> {
    let composer = &prepared.composer;
    loop {
        let waiting = book.collisions().map_err(RedrawError::Codes)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let rows = rows_of(prepared, &waiting).map_err(RedrawError::Command)?;
        for number in waiting {
            let recipient = rows.get(&number).ok_or_else(|| {
                RedrawError::Command(CommandError::AudienceChanged(
                    prepared.entry.campaign.name.to_string(),
                ))
            })?;
            book.redraw(number, &mut |counter| Ok(composer.code(recipient, counter)?.digest()))
                .map_err(RedrawError::Codes)?;
        }
    }
}

fn rows_of(
    prepared: &Prepared<'_>,
    people: &[PhoneNumber],
) -> Result<HashMap<PhoneNumber, Recipient>, CommandError> {
    let wanted: HashSet<_> = people.iter().copied().collect();
    let mut rows = HashMap::with_capacity(wanted.len());
    let read = prepared.audience.read(&prepared.exclusions, &mut |item| {
        if let Item::Kept(recipient) = item
            && wanted.contains(&recipient.number)
        {
            rows.insert(recipient.number, recipient.clone());
        }
        if rows.len() == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match read {
        Ok(_) => Ok(rows),
        Err(_) => Err(CommandError::AudienceChanged(prepared.entry.campaign.name.to_string())),
    }
}

/// A person as a reviewer reads them: masked, unless they asked on their own terminal.
fn sample(
    prepared: &Prepared<'_>,
    recipient: &Recipient,
    reveal: bool,
) -> Result<Sample, RowFault> {
    let body_of = |params: &[String]| {
        let text = prepared.entry.campaign.template.text.as_ref();
        match text.and_then(|text| text.body.as_deref()) {
            Some(body) => preview_text(body, params),
            None if params.is_empty() => String::new(),
            None => format!("parameters: {}", params.join(" · ")),
        }
    };
    let message = if reveal {
        let message = prepared.composer.message(recipient, 0)?;
        SampleMessage {
            body: format!("{}\n{}", recipient.number.e164(), body_of(&message.params)),
            code: message.coupon_code.as_str().to_owned(),
            url_suffix: message.url_suffix,
            header_url: message.header_url,
        }
    } else {
        let message = prepared.composer.masked(recipient)?;
        SampleMessage {
            body: body_of(&message.params),
            code: message.code,
            url_suffix: message.url_suffix,
            header_url: message.header_url,
        }
    };
    Ok(Sample { number: recipient.number, place: row_place(prepared, recipient), message })
}

fn summarise(
    prepared: &Prepared<'_>,
    report: &AudienceReport,
    unusable: Unusable,
) -> AudienceSummary {
    let invalid = report.first_dropped.iter().filter(|dropped| dropped.reason.kind().is_invalid());
    let mut invalid_rows: Vec<_> = invalid
        .map(|Dropped { origin, reason, .. }| InvalidRow {
            place: format!("{}:{}", prepared.audience.source_name(origin.source), origin.line),
            reason: match reason.hint() {
                Some(hint) => format!("{reason}: {hint}"),
                None => reason.to_string(),
            },
        })
        .collect();
    invalid_rows.extend(unusable.rows);
    invalid_rows.truncate(MOST_INVALID_ROWS);
    let names = (0u16..).map(|source| prepared.audience.source_name(source));
    let entries = prepared.entry.campaign.exclude.iter().map(|entry| match entry {
        Exclude::File { path, .. } => path.clone(),
        Exclude::Campaign(name) => format!("campaign {name}"),
    });
    AudienceSummary {
        rows: report.rows,
        sources: names.zip(report.sources.iter().map(|source| source.rows)).collect(),
        invalid: report.dropped.invalid() + unusable.count,
        invalid_rows,
        filtered: report.dropped.get(DropKind::Filtered),
        sanctioned: report.dropped.get(DropKind::Sanctioned),
        duplicates: report.dropped.get(DropKind::Duplicate),
        excluded: entries.zip(report.excluded_by.iter().copied()).collect(),
        us_numbers: report.in_us,
    }
}

fn code_summary(composer: &Composer, codes: Option<&CodeBook>) -> CodeSummary {
    let Some(book) = codes else {
        return if composer.code_depends_on_recipient() {
            CodeSummary::NotUnique
        } else {
            CodeSummary::Shared
        };
    };
    let report = book.report();
    #[expect(clippy::cast_precision_loss, reason = "odds are shown to two digits")]
    let one_guess_in = report.guesses_per_hit.map(|guesses| guesses as f64);
    CodeSummary::Unique { codes: report.unique, redrawn: report.redrawn, one_guess_in }
}

/// Codes already given out belong to the key they were drawn with.
fn expect_code_key(
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

/// Everybody whom the campaigns under `exclude` reached, or may have reached.
fn numbers_of_campaigns(
    campaign: &Campaign,
    ledger: Option<&ReadLedger>,
    entry: &LoadedCampaign,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<HashMap<String, Vec<PhoneNumber>>, CommandError> {
    let mut numbers = HashMap::new();
    let Some(ledger) = ledger else { return Ok(numbers) };
    let reached = [State::Attempting, State::Accepted, State::Unknown];
    for (index, exclude) in campaign.exclude.iter().enumerate() {
        let Exclude::Campaign(name) = exclude else { continue };
        match ledger.numbers_of(name, &reached)? {
            Some(people) => {
                numbers.insert(name.as_str().to_owned(), people);
            }
            None => diagnostics.push(
                Diagnostic::warning(
                    "exclude/unknown-campaign",
                    entry.document.place(&format!("/exclude/{index}/campaign"), None),
                    format!("the ledger knows no campaign `{name}`: nobody is excluded by it"),
                )
                .hint("check the name, or apply that campaign first"),
            ),
        }
    }
    Ok(numbers)
}

fn compose_error(error: ComposeError) -> CommandError {
    match error {
        ComposeError::KeyMissing => CommandError::MissingKey {
            name: crate::cli::variables::CODE_KEY,
            why: "to draw the coupon codes",
        },
        error => CommandError::Compose(error),
    }
}
