//! The plan as data, format version 1: a frozen copy of what a plan holds, so that the
//! inside may change while readers go on reading. Fields are added, never changed.

use serde::Serialize;

use super::human::{blocker_words, notice_words};
use super::{PlanView, verdict};
use crate::model::OfferEnd;
use crate::plan::{Blocker, CodeSummary, Notice, Progress};

/// The whole document: `offercast plan --format json`.
#[derive(Debug, Serialize)]
pub struct PlanDocument {
    format_version: &'static str,
    tool_version: &'static str,
    plans: Vec<PlanObject>,
}

impl PlanDocument {
    /// The document for these plans, in their order.
    pub fn of(views: &[PlanView<'_>]) -> Self {
        Self {
            format_version: "1.0",
            tool_version: env!("CARGO_PKG_VERSION"),
            plans: views.iter().map(PlanObject::of).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PlanObject {
    campaign: String,
    file: String,
    plan_id: Option<String>,
    /// `ready`, `blocked`, `nothing_to_do`, `paused` or `ended`.
    verdict: &'static str,
    /// `new`, `resumes` or `finished`.
    progress: &'static str,
    counts: Counts,
    sources: Vec<Source>,
    excluded: Vec<Source>,
    invalid_rows: Vec<InvalidRowObject>,
    codes: Codes,
    offer: OfferObject,
    schedule: ScheduleObject,
    limits: Vec<Limit>,
    most_unknown_after_a_crash: u64,
    upload_bytes: u64,
    changes: Vec<Change>,
    samples: Vec<SampleObject>,
    refused: Vec<Finding>,
    warnings: Vec<Finding>,
    apply_command: Option<String>,
}

#[derive(Debug, Serialize)]
struct Counts {
    rows: u64,
    send: u64,
    accepted_same: u64,
    accepted_differs: u64,
    held_unknown: u64,
    held_attempting: u64,
    rejected_before: u64,
    left_out_before: u64,
    settled_unsent: u64,
    filtered: u64,
    excluded: u64,
    duplicates: u64,
    sanctioned: u64,
    invalid: u64,
    gone: u64,
    us_numbers: u64,
}

#[derive(Debug, Serialize)]
struct Source {
    name: String,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct InvalidRowObject {
    place: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Codes {
    /// `shared`, `unique` or `not_checked`.
    kind: &'static str,
    unique: Option<u64>,
    redrawn: Option<u64>,
    one_guess_in: Option<u64>,
}

#[derive(Debug, Serialize)]
struct OfferObject {
    /// The end if applied now; `null` when it is counted from each message.
    ends_at: Option<String>,
    window_ms_after_each_message: Option<u64>,
    fixed_by_first_apply: bool,
}

#[derive(Debug, Serialize)]
struct ScheduleObject {
    rate: String,
    starts_at: String,
    ends_at: String,
    too_late: u64,
}

#[derive(Debug, Serialize)]
struct Limit {
    #[serde(rename = "limit")]
    key: &'static str,
    allowed: Option<String>,
    actual: Option<String>,
    breached: bool,
}

#[derive(Debug, Serialize)]
struct Change {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct SampleObject {
    recipient: String,
    place: String,
    body: String,
    code: String,
    url_suffix: Option<String>,
    header_url: Option<String>,
}

#[derive(Debug, Serialize)]
struct Finding {
    rule: &'static str,
    text: String,
}

impl PlanObject {
    fn of(view: &PlanView<'_>) -> Self {
        let plan = view.plan;
        let (tally, audience) = (&plan.tally, &plan.audience);
        let source = |(name, rows): &(String, u64)| Source { name: name.clone(), rows: *rows };
        Self {
            campaign: plan.campaign.to_string(),
            file: view.path.to_owned(),
            plan_id: plan.id.map(|id| id.to_string()),
            verdict: verdict(plan),
            progress: match plan.progress {
                Progress::New => "new",
                Progress::Resumes(_) => "resumes",
                Progress::Finished(_) => "finished",
            },
            counts: Counts {
                rows: audience.rows,
                send: tally.send,
                accepted_same: tally.same,
                accepted_differs: tally.differs,
                held_unknown: tally.unknown,
                held_attempting: tally.attempting,
                rejected_before: tally.rejected_before,
                left_out_before: tally.left_out_before,
                settled_unsent: tally.settled_unsent,
                filtered: audience.filtered,
                excluded: audience.excluded.iter().map(|(_, count)| count).sum(),
                duplicates: audience.duplicates,
                sanctioned: audience.sanctioned,
                invalid: audience.invalid,
                gone: tally.gone,
                us_numbers: audience.us_numbers,
            },
            sources: audience.sources.iter().map(source).collect(),
            excluded: audience.excluded.iter().map(source).collect(),
            invalid_rows: audience
                .invalid_rows
                .iter()
                .map(|row| InvalidRowObject {
                    place: row.place.clone(),
                    reason: row.reason.clone(),
                })
                .collect(),
            codes: Codes::of(&plan.codes),
            offer: OfferObject::of(view),
            schedule: ScheduleObject {
                rate: view.rate.to_owned(),
                starts_at: plan.schedule.starts_at.rfc3339(view.offset),
                ends_at: plan.schedule.ends_at.rfc3339(view.offset),
                too_late: plan.schedule.too_late,
            },
            limits: plan
                .limits
                .iter()
                .map(|check| Limit {
                    key: check.limit,
                    allowed: check.allowed.clone(),
                    actual: check.actual.clone(),
                    breached: check.breached,
                })
                .collect(),
            most_unknown_after_a_crash: plan.most_unknown,
            upload_bytes: plan.upload_bytes,
            changes: plan
                .changes
                .iter()
                .map(|change| Change {
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
                    place: sample.place.clone(),
                    body: sample.message.body.clone(),
                    code: sample.message.code.clone(),
                    url_suffix: sample.message.url_suffix.clone(),
                    header_url: sample.message.header_url.clone(),
                })
                .collect(),
            refused: plan
                .blockers
                .iter()
                .map(|blocker| Finding {
                    rule: blocker_rule(blocker),
                    text: blocker_words(blocker, view),
                })
                .collect(),
            warnings: plan
                .notices
                .iter()
                .map(|notice| Finding { rule: notice_rule(notice), text: notice_words(notice) })
                .collect(),
            apply_command: view
                .apply_command
                .filter(|_| verdict(plan) == "ready")
                .map(str::to_owned),
        }
    }
}

impl Codes {
    fn of(codes: &CodeSummary) -> Self {
        match *codes {
            CodeSummary::Shared => Self::kind("shared"),
            CodeSummary::NotUnique => Self::kind("not_checked"),
            CodeSummary::Unique { codes, redrawn, one_guess_in } => Self {
                kind: "unique",
                unique: Some(codes),
                redrawn: Some(redrawn),
                one_guess_in: one_guess_in.map(whole),
            },
        }
    }

    fn kind(kind: &'static str) -> Self {
        Self { kind, unique: None, redrawn: None, one_guess_in: None }
    }
}

impl OfferObject {
    fn of(view: &PlanView<'_>) -> Self {
        let (ends_at, window) = match view.plan.schedule.offer_end {
            OfferEnd::At(instant) => (Some(instant.rfc3339(view.offset)), None),
            OfferEnd::AfterSend(window) => (None, u64::try_from(window.as_millis()).ok()),
        };
        Self {
            ends_at,
            window_ms_after_each_message: window,
            fixed_by_first_apply: view.end_is_open,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "odds are at least 1")]
fn whole(odds: f64) -> u64 {
    odds as u64
}

fn blocker_rule(blocker: &Blocker) -> &'static str {
    match blocker {
        Blocker::Limit(check) => check.limit,
        Blocker::MixedContent { .. } => "mixed_content",
        Blocker::OfferOver { .. } => "offer_over",
        Blocker::NotYet { .. } => "not_yet",
    }
}

fn notice_rule(notice: &Notice) -> &'static str {
    match notice {
        Notice::NotActive(_) => "not_active",
        Notice::UsNumbers(_) => "us_numbers",
        Notice::Duplicates(_) => "duplicates",
        Notice::TooLate(_) => "too_late",
        Notice::HighRate => "high_rate",
        Notice::GuessableCodes { .. } => "guessable_codes",
        Notice::PendingGone(_) => "pending_gone",
        Notice::Again(_) => "again",
        Notice::Drifted(_) => "drifted",
    }
}
