//! From a decision to the value that is kept and shown.

use std::time::Duration;

use super::envelope::{EnvelopeEntry, InvalidRowObject, StatusWord, TextObject};
use super::findings::{blocker_finding, notice_finding};
use super::object::{
    AllowedRule, AnchorWord, ChangeObject, CodesObject, CodesWord, CostMarket, CostObject, Country,
    Counts, ExcludeInput, Inputs, LimitObject, OfferObject, PlanObject, ProgressWord,
    RecipientInput, SampleObject, TemplateObject, Term,
};
use crate::model::{
    Anchor, Campaign, CampaignStatus, Header, LedgerSecret, OfferEnd, OfferWindow, UtcOffset,
};
use crate::plan::cost::PlanCost;
use crate::plan::guard::{Blocker, Notice};
use crate::plan::planner::{Plan, Progress};
use crate::plan::summary::{AudienceSummary, CodeSummary};

impl PlanObject {
    /// The canonical form of a campaign's plan. `secret` keys the tags of masked terms.
    pub fn of(plan: &Plan, campaign: &Campaign, secret: Option<&LedgerSecret>) -> Self {
        let consumed = match &plan.progress {
            Progress::New => None,
            Progress::Resumes(before) | Progress::Finished(before) => Some(before),
        };
        let timeless = |blocker: &&Blocker| {
            !matches!(
                blocker,
                Blocker::OfferOver { .. } | Blocker::NotYet { .. } | Blocker::DayOver { .. }
            )
        };
        let finding = |blocker| blocker_finding(blocker, UtcOffset::UTC, plan.made_at);
        let hide = |text: &String| plan.terms.without_code(text);
        let lasting = |notice: &&Notice| !matches!(notice, Notice::TooLate(_) | Notice::Days(_));
        Self {
            campaign: plan.campaign.to_string(),
            plan_id: plan.id.map(|id| id.to_string()),
            lineage: plan.lineage.as_ref().map(ToString::to_string),
            api_host: plan.terms.api_host().to_owned(),
            progress: match plan.progress {
                Progress::New => ProgressWord::New,
                Progress::Resumes(_) => ProgressWord::Resumes,
                Progress::Finished(_) => ProgressWord::Finished,
            },
            planned_before: consumed.map(|before| before.planned),
            counts: counts(plan),
            countries: plan
                .countries
                .iter()
                .map(|(&calling_code, &people)| Country { calling_code, people })
                .collect(),
            inputs: inputs(&plan.audience),
            template: template(campaign),
            offer: offer(campaign, consumed.map(|before| before.offer_end)),
            codes: codes(plan),
            cost: plan.cost.as_ref().map(cost),
            limits: plan
                .limits
                .iter()
                .map(|check| LimitObject {
                    limit: check.limit.to_owned(),
                    allowed: check.allowed.clone(),
                    actual: check.actual.clone(),
                    set_by: check.set_by,
                    breached: check.breached,
                })
                .collect(),
            allow: campaign
                .allow
                .iter()
                .map(|allowance| AllowedRule {
                    rule: allowance.rule.to_string(),
                    figure: allowance.figure,
                    reason: allowance.reason.clone(),
                })
                .collect(),
            terms: plan
                .terms
                .shown()
                .into_iter()
                .map(|term| Term {
                    tag: secret.zip(term.hidden).map(|(secret, exact)| tag(secret, exact)),
                    field: term.field.to_owned(),
                    value: term.value,
                })
                .collect(),
            changes: plan
                .changes
                .iter()
                .map(|change| ChangeObject {
                    field: change.field.clone(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                })
                .collect(),
            samples: plan
                .samples
                .iter()
                .map(|sample| SampleObject {
                    recipient: sample.number.to_string(),
                    params: sample.message.params.iter().map(hide).collect(),
                    code: sample.message.code.clone(),
                    url_suffix: sample.message.url_suffix.as_ref().map(hide),
                    header_url: sample.message.header_url.as_ref().map(hide),
                })
                .collect(),
            upload_bytes: plan.upload_bytes,
            refused: plan.blockers.iter().filter(timeless).map(finding).collect(),
            warnings: plan.notices.iter().filter(lasting).map(notice_finding).collect(),
        }
    }
}

impl EnvelopeEntry {
    /// What goes with a campaign's plan.
    pub fn of(plan: &Plan, campaign: &Campaign) -> Self {
        let text = campaign.template.text.as_ref();
        let hide = |text: &String| plan.terms.without_code(text);
        Self {
            campaign: plan.campaign.to_string(),
            file: campaign.path.display().to_string(),
            description: campaign.description.as_ref().map(hide),
            status: match plan.status {
                CampaignStatus::Active => StatusWord::Active,
                CampaignStatus::Paused => StatusWord::Paused,
                CampaignStatus::Ended => StatusWord::Ended,
            },
            text: text.map(|text| TextObject {
                offer: text.offer.as_ref().map(hide),
                body: text.body.as_ref().map(hide),
                button: text.button.as_ref().map(hide),
            }),
            rate: campaign.delivery.rate.to_string(),
            daily: campaign.delivery.daily,
            min_remaining_ms: millis(campaign.delivery.min_remaining),
            most_unknown: plan.most_unknown,
            utc_offset_seconds: campaign.offer.offset.seconds(),
            sources: plan.audience.sources.iter().map(|source| source.name.clone()).collect(),
            exclude: plan.audience.excluded.iter().map(|list| list.name.clone()).collect(),
            exclude_rows: plan.audience.excluded.iter().map(|list| list.rows).collect(),
            late_excluded: plan.late_excluded,
            invalid_rows: plan
                .audience
                .invalid_rows
                .iter()
                .map(|row| InvalidRowObject {
                    place: row.place.clone(),
                    reason: row.reason.clone(),
                })
                .collect(),
            sample_places: plan.samples.iter().map(|sample| sample.place.clone()).collect(),
        }
    }
}

fn counts(plan: &Plan) -> Counts {
    let (tally, audience) = (&plan.tally, &plan.audience);
    Counts {
        rows: audience.rows,
        send: tally.send,
        after_failure: tally.after_failure,
        accepted_same: tally.same,
        accepted_differs: tally.differs,
        held_unknown: tally.unknown,
        held_attempting: tally.attempting,
        rejected_before: tally.rejected_before,
        left_out_before: tally.left_out_before,
        settled_unsent: tally.settled_unsent,
        forgotten: tally.forgotten,
        filtered: audience.filtered,
        excluded: audience.excluded.iter().map(|list| list.people).sum(),
        duplicates: audience.duplicates,
        sanctioned: audience.sanctioned,
        invalid: audience.invalid,
        gone: tally.gone,
        us_numbers: audience.us_numbers,
    }
}

fn inputs(audience: &AudienceSummary) -> Inputs {
    Inputs {
        recipients: audience
            .sources
            .iter()
            .map(|source| RecipientInput {
                rows: source.rows,
                kept: source.kept,
                digest: source.digest.as_ref().map(ToString::to_string),
                sketch: source.digest.as_ref().map(|digest| digest.sketch().to_string()),
            })
            .collect(),
        exclude: audience
            .excluded
            .iter()
            .map(|list| {
                let digest = list.digest.as_ref().filter(|_| !list.late);
                ExcludeInput {
                    late: list.late,
                    rows: (!list.late).then_some(list.rows),
                    excluded: (!list.late).then_some(list.people),
                    digest: digest.map(ToString::to_string),
                    sketch: digest.map(|digest| digest.sketch().to_string()),
                }
            })
            .collect(),
    }
}

fn template(campaign: &Campaign) -> TemplateObject {
    let template = &campaign.template;
    let kind = template.header.as_ref().and_then(|header| match header {
        Header::Link(url) => kind_of_link(url),
        Header::File(file) => file.content_type.split_once('/').map(|(kind, _)| kind),
    });
    TemplateObject {
        name: template.name.as_str().to_owned(),
        language: template.language.as_ref().map(|language| language.as_str().to_owned()),
        header: kind.map(str::to_owned),
        has_expiration: template.has_expiration,
    }
}

fn kind_of_link(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "png" | "webp" => Some("image"),
        "mp4" | "3gp" | "3gpp" => Some("video"),
        _ => None,
    }
}

/// `written` is the end fixed by an earlier consumption of the same plan.
fn offer(campaign: &Campaign, written: Option<OfferEnd>) -> OfferObject {
    let (window_ms, anchor, stated) = match campaign.offer.window {
        OfferWindow::For { window, anchor } => {
            let (word, end) = match anchor {
                Anchor::FirstApply => (AnchorWord::FirstApply, None),
                Anchor::EachSend => (AnchorWord::EachSend, None),
                Anchor::StartsAt(start) => (AnchorWord::StartsAt, Some(start.plus(window))),
            };
            (Some(millis(window)), Some(word), end)
        }
        OfferWindow::Until { ends_at, .. } => (None, None, Some(ends_at)),
    };
    let written = match written {
        Some(OfferEnd::At(instant)) => Some(instant),
        Some(OfferEnd::AfterSend(_)) | None => None,
    };
    OfferObject {
        window_ms,
        anchor,
        starts_at: campaign.offer.window.starts_at(),
        ends_at: written.or(stated),
    }
}

fn codes(plan: &Plan) -> CodesObject {
    let kind = |kind| CodesObject {
        kind,
        unique: None,
        redrawn: None,
        one_guess_in: None,
        key: plan.terms.code_key().map(str::to_owned),
    };
    match plan.codes {
        CodeSummary::Shared => kind(CodesWord::Shared),
        CodeSummary::NotUnique => kind(CodesWord::NotChecked),
        CodeSummary::Unproven => kind(CodesWord::Unproven),
        CodeSummary::Unique { codes, redrawn, one_guess_in } => CodesObject {
            unique: Some(codes),
            redrawn: Some(redrawn),
            one_guess_in: one_guess_in.map(whole),
            ..kind(CodesWord::Unique)
        },
    }
}

/// Markets listed: the size of a plan must not grow with a card.
const MARKETS: usize = 60;

fn cost(cost: &PlanCost) -> CostObject {
    let PlanCost { sends, held, .. } = cost;
    let listed = sends.markets.iter().take(MARKETS).map(|part| CostMarket {
        market: part.market.chars().take(80).collect(),
        rate: part.rate.amount(),
        people: part.people,
        total: part.total().amount(),
    });
    CostObject {
        as_of: sends.as_of.to_string(),
        currency: sends.currency.to_string(),
        total: sends.total().amount(),
        held: held.total().amount(),
        unpriced: sends.unpriced,
        markets: listed.collect(),
        more_markets: sends.markets.len().saturating_sub(MARKETS) as u64,
    }
}

/// Tells two hidden values apart without showing either.
fn tag(secret: &LedgerSecret, exact: &str) -> String {
    let digest = secret.mac(b"offercast plan term v1", exact.as_bytes());
    data_encoding::HEXLOWER.encode(&digest[..4])
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "odds are at least 1")]
fn whole(odds: f64) -> u64 {
    odds as u64
}
