//! The campaign as a whole, and what concerns more than one section.

use std::path::Path;
use std::time::Duration;

use serde_yaml::Value;

use super::context::{Context, Section};
use super::{delivery, offer, recipients, sender, template};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Campaign, CampaignName, CampaignStatus, Exclude, OfferWindow, OnDuplicate, Timestamp,
    format_duration,
};
use crate::parse::document::Document;
use crate::parse::file::{AllowSection, CampaignFile, OnDuplicateWord, StatusWord};

/// Makes the campaign, collecting what stands in the way. `faulty` names what the schema has
/// found fault with already. `None` when anything is wrong.
pub(in crate::parse) fn lower(
    value: Value,
    document: &Document,
    path: &Path,
    now: Timestamp,
    faulty: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Campaign> {
    let file: CampaignFile = serde_yaml::from_value(value).ok()?;
    let context = &mut Context { document, now, faulty, diagnostics };

    let version = context.read::<u64>("/version", file.version).required();
    let name = context.read::<String>("/name", file.name).required();
    let name = name.and_then(|name| CampaignName::new(&name).ok());
    let description = context.read::<Option<String>>("/description", file.description).or_default();
    let status = status(context, file.status);
    let sender = context.read("/sender", file.sender).required();
    let sender = sender.and_then(|section| sender::sender(context, section));
    let template = context.read("/template", file.template).required();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let template = template.and_then(|section| template::lower(context, section, folder));
    let offer = context.read("/offer", file.offer).required();
    let ended = matches!(status, Some(CampaignStatus::Ended));
    let offer = offer.and_then(|section| offer::lower(context, section, ended));
    let recipients = recipients::sources(context, file.recipients);
    let on_duplicate = match context.read("/on_duplicate", file.on_duplicate) {
        Section::Absent => Some(OnDuplicate::default()),
        Section::Faulty => None,
        Section::Given(OnDuplicateWord::First) => Some(OnDuplicate::First),
        Section::Given(OnDuplicateWord::Error) => Some(OnDuplicate::Error),
    };
    let exclude = recipients::excludes(context, file.exclude);
    let callback = sender::callback(context, file.callback);
    let delivery = context.read("/delivery", file.delivery).or_default();
    let delivery = delivery.and_then(|section| delivery::delivery(context, &section));
    let limits = context.read("/limits", file.limits).or_default();
    let limits = limits.and_then(|section| delivery::limits(context, &section));

    if let (Some(name), Some(exclude)) = (&name, &exclude) {
        refuse_excluding_itself(context, name, exclude);
    }
    if let (Some(template), Some(_)) = (&template, &offer)
        && !template.has_expiration
        && document.node("/offer/expiration").is_some()
    {
        context.refuse_key(
            "campaign/expiration-unused",
            "/offer/expiration",
            "`offer.expiration` has no effect: `template.has_expiration` is false",
            "remove one of the two",
        );
    }
    if let (Some(offer), Some(delivery)) = (&offer, &delivery) {
        judge_time_left(context, &offer.window, delivery.min_remaining);
    }

    let allow = context.read::<AllowSection>("/allow", file.allow).or_default();
    let allow = allow.map(AllowSection::allowances);
    if version != Some(1) {
        return None;
    }
    Some(Campaign {
        name: name?,
        description: description?,
        status: status?,
        sender: sender?,
        template: template?,
        offer: offer?,
        recipients: recipients?,
        on_duplicate: on_duplicate?,
        exclude: exclude?,
        callback: callback?,
        delivery: delivery?,
        limits: limits?,
        allow: allow?,
        path: path.to_path_buf(),
    })
}

fn status(context: &mut Context<'_>, value: Option<Value>) -> Option<CampaignStatus> {
    match context.read("/status", value) {
        Section::Absent => Some(CampaignStatus::default()),
        Section::Faulty => None,
        Section::Given(StatusWord::Active) => Some(CampaignStatus::Active),
        Section::Given(StatusWord::Paused) => Some(CampaignStatus::Paused),
        Section::Given(StatusWord::Ended) => Some(CampaignStatus::Ended),
    }
}

fn refuse_excluding_itself(context: &mut Context<'_>, name: &CampaignName, exclude: &[Exclude]) {
    for (index, entry) in exclude.iter().enumerate() {
        if matches!(entry, Exclude::Campaign(other) if other == name) {
            context.refuse(
                "campaign/excludes-itself",
                &format!("/exclude/{index}/campaign"),
                "the campaign excludes its own recipients",
                "remove it: nobody gets one campaign twice; or name another campaign",
            );
        }
    }
}

/// A window that `min_remaining` uses up leaves nobody to send to.
fn judge_time_left(context: &mut Context<'_>, window: &OfferWindow, min_remaining: Duration) {
    let OfferWindow::For { window, .. } = *window else { return };
    let stated = context.document.node("/delivery/min_remaining").is_some();
    if stated && min_remaining >= window {
        context.refuse(
            "campaign/min-remaining",
            "/delivery/min_remaining",
            format!(
                "nobody would be sent to: the whole window is {} and nobody is sent an offer with \
                 less than {} left",
                format_duration(window),
                format_duration(min_remaining)
            ),
            "make it shorter than `offer.window`",
        );
    }
}
