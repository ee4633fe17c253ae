//! The plan as data: the text of a plan file, and the same with what it comes to now.

use serde::Serialize;

use super::PlanView;
use crate::plan::document::{Finding, Moment, PlanDocument, VerdictWord};
use crate::view::text::json_pretty;

/// The text of a plan file: one value has one text, byte for byte.
pub fn file_text(document: &PlanDocument) -> Result<String, serde_json::Error> {
    json_pretty(document)
}

/// `offercast plan --format json`: what a plan file holds, and what each plan comes to now.
pub fn printed(
    document: &PlanDocument,
    views: &[PlanView<'_>],
) -> Result<String, serde_json::Error> {
    let now = views.iter().map(NowObject::of).collect();
    json_pretty(&Printed { document, now })
}

#[derive(Debug, Serialize)]
struct Printed<'d> {
    #[serde(flatten)]
    document: &'d PlanDocument,
    now: Vec<NowObject<'d>>,
}

/// What depends on when somebody looks.
#[derive(Debug, Serialize)]
struct NowObject<'d> {
    campaign: &'d str,
    verdict: VerdictWord,
    starts_at: String,
    done_at: String,
    offer_ends_at: Option<String>,
    end_is_fixed_by_first_apply: bool,
    too_late: u64,
    daily: Option<DailyObject>,
    refused: &'d [Finding],
    warnings: &'d [Finding],
    apply_command: Option<&'d str>,
}

/// What `delivery.daily` makes of the sending.
#[derive(Debug, Serialize)]
struct DailyObject {
    most: u64,
    sent_in_last_24_hours: u64,
    days: u64,
}

impl<'d> NowObject<'d> {
    fn of(view: &PlanView<'d>) -> Self {
        let moment: &'d Moment = view.moment;
        Self {
            campaign: &view.plan.campaign,
            verdict: moment.verdict,
            starts_at: moment.schedule.starts_at.rfc3339(moment.offset),
            done_at: moment.schedule.ends_at.rfc3339(moment.offset),
            offer_ends_at: moment.offer_ends_at().map(|end| end.rfc3339(moment.offset)),
            end_is_fixed_by_first_apply: moment.end_is_open,
            too_late: moment.schedule.too_late,
            daily: moment.schedule.daily.map(|daily| DailyObject {
                most: daily.most,
                sent_in_last_24_hours: daily.sent,
                days: daily.days,
            }),
            refused: &moment.refused,
            warnings: &moment.warnings,
            apply_command: view.apply_command.filter(|_| moment.verdict == VerdictWord::Ready),
        }
    }
}
