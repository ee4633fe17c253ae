//! From a campaign to its plan: reads the audience, composes everybody's message, asks the
//! ledger's memory, and lets the planner decide.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::context::Context;
use super::error::CommandError;
use super::findings::{from_finding, issued_codes_changed, space_fault};
use super::load::{LoadedCampaign, roots};
use super::lookalike::lookalikes;
use super::policy::firm;
use super::preconditions::{caps, compose_error, expect_code_key, expect_host};
use super::reading::ReadingProgress;
use super::telling::{Unusable, code_summary, sample, summarise};
use super::unique_codes::{RedrawError, known_codes, put_in_order, show_redrawn};
use crate::audience::{Audience, Exclusions, Item};
use crate::compose::{CodeBook, Composer, RowFault};
use crate::diagnostic::Diagnostic;
use crate::kaleyra::Endpoint;
use crate::ledger::{ReadLedger, Sent, Snapshot};
use crate::model::{
    Campaign, CodeKey, ContentHash, DAILY_WINDOW, Exclude, PhoneNumber, Policy, Recipient, State,
};
use crate::plan::document::{PlanDocument, SAMPLES};
use crate::plan::{
    Decision, EarlierPlan, InputDigest, Past, Plan, Planned, Planner, PlanningContext, RowMark,
    RowMarker, Terms,
};
use crate::rates::RateCard;

/// A campaign with everything opened that its plan needs.
pub(super) struct Prepared<'a> {
    pub(super) entry: &'a LoadedCampaign,
    pub(super) audience: Audience<'a>,
    pub(super) exclusions: Exclusions,
    /// The digests of the exclude lists; `None` where rows are not marked.
    pub(super) excluded: Vec<Option<InputDigest>>,
    pub(super) composer: Composer,
    pub(super) endpoint: Endpoint,
    pub(super) snapshot: Option<Snapshot>,
    /// Who was sent to from this number within the last 24 hours, for `delivery.daily`.
    pub(super) sent: Vec<Sent>,
}

/// What to plan with.
pub(super) struct Means<'a> {
    /// The key codes are drawn with, if it is set.
    pub(super) code_key: Option<&'a CodeKey>,
    /// The memory; `None` plans as if nothing had ever been sent.
    pub(super) ledger: Option<&'a dyn ReadLedger>,
    /// Another address of the API than the campaign's own.
    pub(super) endpoint: Option<&'a Endpoint>,
    /// What messages cost.
    pub(super) rates: Option<&'a RateCard>,
    /// What no campaign may exceed.
    pub(super) policies: &'a [Policy],
    /// Plans made before, perhaps never applied, to hold these against.
    pub(super) earlier: Option<&'a PlanDocument>,
    /// Show them in full.
    pub(super) reveal: bool,
    /// Whether plans were approved by their ids.
    pub(super) approved: bool,
    /// Whether what is read is marked, so that it can be told from what another plan read.
    pub(super) marks: bool,
}

impl Means<'_> {
    /// Marks rows, each by its values under these columns.
    fn marker(&self, snapshot: Option<&Snapshot>, columns: Vec<String>) -> Option<RowMarker> {
        let snapshot = snapshot.filter(|_| self.marks)?;
        Some(RowMarker::new(&snapshot.secret, columns))
    }

    /// The plan of this campaign among those made before.
    fn earlier_plan(&self, campaign: &Campaign) -> Option<EarlierPlan> {
        let mut plans = self.earlier?.named();
        plans.find(|named| named.plan.campaign == campaign.name.as_str()).map(EarlierPlan::from)
    }
}

/// A plan, and who holds which code in it.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) codes: Option<CodeBook>,
}

/// What is found out about a row on any thread, before those before it are known.
struct Looked {
    found: Result<Considered, RowFault>,
    mark: Option<RowMark>,
}

/// What is decided about a row that gives a message.
struct Considered {
    content: ContentHash,
    decision: Decision,
    /// The digest of the person's code, where they may be sent to and it must be their own.
    code: Option<u64>,
}

/// Opens what a campaign names. `None` after faults, which are added to `diagnostics`.
pub(super) fn prepare<'a>(
    context: &Context,
    entry: &'a LoadedCampaign,
    means: &Means<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Prepared<'a>>, CommandError> {
    let LoadedCampaign { campaign, document } = entry;
    let endpoint =
        means.endpoint.cloned().unwrap_or_else(|| Endpoint::of(&campaign.sender.api_domain));
    let composer = Composer::new(campaign, means.code_key)
        .map_err(|error| compose_error(error, campaign, means.approved))?;
    let snapshot = means.ledger.map(|ledger| ledger.snapshot(&campaign.name)).transpose()?;
    if let Some(snapshot) = &snapshot {
        expect_code_key(campaign, &composer, snapshot, means.approved)?;
        expect_host(&endpoint, snapshot)?;
    }
    let sent = match (means.ledger, campaign.delivery.daily) {
        (Some(ledger), Some(_)) => {
            let since = context.clock.now().minus(DAILY_WINDOW);
            ledger.sent_since(campaign.sender.from, since)?
        }
        _ => Vec::new(),
    };
    let others = numbers_of_campaigns(campaign, means.ledger, entry, diagnostics)?;
    let roots = roots(context, campaign);
    let marker = means.marker(snapshot.as_ref(), Vec::new());
    let mut excluded =
        vec![marker.as_ref().map(|_| InputDigest::default()); campaign.exclude.len()];
    let exclusions = Exclusions::load(
        campaign,
        &roots,
        &|name| others.get(name.as_str()).cloned().unwrap_or_default(),
        &mut |entry, number| {
            if let (Some(marker), Some(digest)) = (&marker, &mut excluded[entry]) {
                digest.add(marker.number(number));
            }
        },
    );
    let audience = Audience::open(campaign, &roots);
    match (audience, exclusions) {
        (Ok(audience), Ok(exclusions)) => {
            let excluded = excluded.clone();
            Ok(Some(Prepared {
                entry,
                audience,
                exclusions,
                excluded,
                composer,
                endpoint,
                snapshot,
                sent,
            }))
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
    let Prepared { entry, audience, exclusions, composer, endpoint, snapshot, sent, .. } = prepared;
    let caps = caps(context, means.policies)?;
    let firm = firm(means.policies);
    let terms = Terms::of(&entry.campaign, &endpoint.identity(), composer.key_fingerprint());
    let planning = PlanningContext {
        campaign: &entry.campaign,
        snapshot: snapshot.as_ref(),
        terms,
        now: context.clock.now(),
        sent,
        caps: &caps,
        firm: &firm,
        earlier: means.earlier_plan(&entry.campaign),
        samples: SAMPLES,
        rates: means.rates,
    };
    let mut planner = Planner::new(planning);
    let provable = composer.unique() && composer.can_draw();
    let mut codes = provable.then(|| known_codes(composer, snapshot.as_ref(), &planner.past()));
    let mut unusable = Unusable::default();
    let mut progress = ReadingProgress::new(context, prepared, "planning");
    let marker = means.marker(snapshot.as_ref(), composer.columns());
    let mut digests =
        vec![marker.as_ref().map(|_| InputDigest::default()); audience.columns().len()];
    let past = planner.past();
    let place = |numbers: &[PhoneNumber], places: &mut [Option<u32>]| past.places(numbers, places);
    let look_and_mark = |recipient: &Recipient, place| {
        let mark = marker.as_ref().map(|marker| marker.recipient(recipient));
        Looked { found: look(composer, &past, provable, recipient, place), mark }
    };
    let report = audience.read_with(exclusions, &place, &look_and_mark, &mut |item| {
        progress.row();
        let Item::Kept(recipient, Looked { found, mark }) = item else {
            return ControlFlow::Continue(());
        };
        if let (Some(mark), Some(Some(digest))) =
            (mark, digests.get_mut(usize::from(recipient.origin.source)))
        {
            digest.add(mark);
        }
        match found {
            Ok(Considered { content, decision, code }) => {
                let action = planner.record(recipient.number, content, decision);
                if action.may_send() {
                    if let (Some(book), Some(code)) = (&mut codes, code) {
                        book.add(recipient.number, code);
                    }
                    if planner.wants_sample(recipient.number, content)
                        && let Ok(sample) = sample(prepared, recipient, means.reveal, 0)
                    {
                        planner.keep_sample(content, sample);
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
    if let Err(error) = put_in_order(&mut planner, codes.as_mut(), prepared) {
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
    let summary = summarise(prepared, &report, unusable, &digests);
    let code_summary = code_summary(composer, codes.as_ref());
    let mut plan = planner.finish(summary, code_summary);
    if let Some(book) = codes.as_ref().filter(|_| means.reveal) {
        show_redrawn(prepared, book, &mut plan.samples)?;
    }
    let late = |planned: &&Planned| exclusions.is_late(planned.number.person());
    if let Some(ledger) = means.ledger {
        plan.notices.extend(lookalikes(ledger, &plan, context.clock.now())?);
    }
    plan.late_excluded = plan.sends.iter().filter(late).count() as u64;
    Ok(Some(Decided { plan, codes }))
}

/// What is decided about a row, and the digest of its code where one is drawn for it.
fn look(
    composer: &Composer,
    past: &Past<'_>,
    draws: bool,
    recipient: &Recipient,
    place: Option<u32>,
) -> Result<Considered, RowFault> {
    let content = composer.content(recipient)?;
    let decision = past.decide_at(recipient.number, place, content);
    let draws = draws && decision.action.may_send();
    let code = draws.then(|| composer.code(recipient, 0)).transpose()?;
    Ok(Considered { content, decision, code: code.map(|code| code.digest()) })
}

/// Everybody whom the campaigns under `exclude` reached, or may have reached.
fn numbers_of_campaigns(
    campaign: &Campaign,
    ledger: Option<&dyn ReadLedger>,
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
