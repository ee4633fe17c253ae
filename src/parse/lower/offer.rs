//! The offer: code, start and end.

use std::time::Duration;

use super::context::Context;
use crate::model::{
    Anchor, ExpirationForm, KeyFingerprint, Offer, OfferEnd, OfferWindow, Timestamp, UtcOffset,
    format_duration,
};
use crate::parse::file::{AnchorWord, ExpirationWord, OfferSection};

/// A shorter offer has nothing to expire: Meta shows minutes.
const SHORTEST_WINDOW: Duration = Duration::from_mins(1);
/// Below this, delivery alone may take longer than the offer lasts.
const SHORT: Duration = Duration::from_mins(15);
/// Beyond this, WhatsApp has stopped trying to deliver (30 days).
const LONG: Duration = Duration::from_hours(30 * 24);

pub(super) fn lower(
    context: &mut Context<'_>,
    section: OfferSection,
    ended: bool,
) -> Option<Offer> {
    let code_key = match &section.code_key {
        Some(text) => Some(KeyFingerprint::parse(text)?),
        None => None,
    };
    let starts_at = section.starts_at.as_deref().map(|t| context.instant("/offer/starts_at", t));
    let ends_at = section.ends_at.as_deref().map(|t| context.instant("/offer/ends_at", t));
    let window = section.window.as_deref().map(|t| context.duration("/offer/window", t));
    judge_combinations(context, &section);

    let starts_at = starts_at.transpose().ok()?;
    let ends_at = ends_at.transpose().ok()?;
    let window = window.transpose().ok()?;
    let offset = ends_at.or(starts_at).map_or(UtcOffset::UTC, |(_, offset)| offset);
    let starts_at = starts_at.map(|(instant, _)| instant);
    let (window, pointer) = match (window, ends_at) {
        (Some(window), _) => {
            (self::window(context, window, starts_at, section.anchor)?, "/offer/window")
        }
        (None, Some((ends_at, _))) => (until(context, ends_at, starts_at)?, "/offer/ends_at"),
        (None, None) => return None,
    };
    if !ended {
        warn_about_the_end(context, &window, offset, pointer);
    }
    Some(Offer {
        coupon_code: section.coupon_code,
        unique: section.unique,
        code_key,
        window,
        expiration: match section.expiration {
            None | Some(ExpirationWord::UnixMs) => ExpirationForm::UnixMs,
            Some(ExpirationWord::DurationMs) => ExpirationForm::DurationMs,
        },
        offset,
    })
}

fn judge_combinations(context: &mut Context<'_>, section: &OfferSection) {
    if section.expiration == Some(ExpirationWord::DurationMs) {
        for (given, key) in [(&section.ends_at, "ends_at"), (&section.starts_at, "starts_at")] {
            if given.is_some() {
                context.refuse(
                    "campaign/duration-ms",
                    "/offer/expiration",
                    format!(
                        "`duration_ms` sends the length of the window and cannot go with `{key}`"
                    ),
                    "use `unix_ms`, or only `window`",
                );
            }
        }
    }
    if section.anchor.is_some() {
        let other = if section.ends_at.is_some() {
            Some("ends_at")
        } else {
            section.starts_at.as_ref().map(|_| "starts_at")
        };
        if let Some(other) = other {
            context.refuse_key(
                "campaign/anchor",
                "/offer/anchor",
                format!(
                    "`anchor` says where `window` is counted from and cannot go with `{other}`"
                ),
                "remove one of the two",
            );
        }
    }
}

fn window(
    context: &mut Context<'_>,
    window: Duration,
    starts_at: Option<Timestamp>,
    anchor: Option<AnchorWord>,
) -> Option<OfferWindow> {
    if window < SHORTEST_WINDOW {
        context.refuse(
            "campaign/window-too-short",
            "/offer/window",
            format!("an offer of {} is shorter than a minute", format_duration(window)),
            "give it at least `1min`",
        );
        return None;
    }
    let anchor = match (starts_at, anchor) {
        (Some(instant), _) => Anchor::StartsAt(instant),
        (None, Some(AnchorWord::EachSend)) => Anchor::EachSend,
        (None, Some(AnchorWord::FirstApply) | None) => Anchor::FirstApply,
    };
    Some(OfferWindow::For { window, anchor })
}

fn until(
    context: &mut Context<'_>,
    ends_at: Timestamp,
    starts_at: Option<Timestamp>,
) -> Option<OfferWindow> {
    if starts_at.is_some_and(|starts_at| starts_at >= ends_at) {
        context.refuse(
            "campaign/starts-after-end",
            "/offer/starts_at",
            "the offer starts when it is over",
            "`starts_at` comes before `ends_at`",
        );
        return None;
    }
    Some(OfferWindow::Until { ends_at, starts_at })
}

fn warn_about_the_end(
    context: &mut Context<'_>,
    window: &OfferWindow,
    offset: UtcOffset,
    pointer: &str,
) {
    let now = context.now;
    let left = match window.end(now) {
        OfferEnd::At(end) if end <= now => {
            context.warn(
                "campaign/offer-over",
                pointer,
                format!("the offer was over on {}", end.human(offset)),
                "plan and apply refuse it while anyone is left to send to; \
                 `status: ended` says it is meant so",
            );
            return;
        }
        OfferEnd::At(end) => end.since(now),
        OfferEnd::AfterSend(window) => window,
    };
    if left < SHORT {
        context.warn(
            "campaign/offer-short",
            pointer,
            format!("the offer ends in {}, which delivery alone may take", format_duration(left)),
            "give people at least 15 minutes; `delivery.min_remaining` (15min) stops sending before",
        );
    } else if left > LONG {
        context.warn(
            "campaign/offer-long",
            pointer,
            format!("the offer ends in {}, more than 30 days ahead", format_duration(left)),
            "a limited-time offer is usually shorter; check the date",
        );
    }
}
