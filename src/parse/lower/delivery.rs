//! Pace and limits.

use std::time::Duration;

use super::context::Context;
use crate::model::{Delivery, Limits, Money, NumberFormat, Rate, Share, format_duration};
use crate::parse::file::{DeliverySection, LimitsSection, NumberFormatWord};

const DEFAULT_RATE: &str = "20/s";
const DEFAULT_MIN_REMAINING: Duration = Duration::from_mins(15);
/// No account is known to be allowed more.
const USUAL_HIGHEST_PER_SECOND: f64 = 1_000.0;

pub(super) fn delivery(context: &mut Context<'_>, section: &DeliverySection) -> Option<Delivery> {
    let rate = Rate::parse(section.rate.as_deref().unwrap_or(DEFAULT_RATE));
    if let Err(error) = &rate {
        context.refuse("campaign/rate", "/delivery/rate", error.to_string(), "such as `20/s`");
    }
    let min_remaining = match section.min_remaining.as_deref() {
        Some(text) => context.duration("/delivery/min_remaining", text).ok(),
        None => Some(DEFAULT_MIN_REMAINING),
    };
    let rate = rate.ok()?;
    if rate.per_second() > USUAL_HIGHEST_PER_SECOND {
        context.warn(
            "campaign/rate-high",
            "/delivery/rate",
            format!("{rate} is more than 1000 messages per second"),
            "Meta's highest throughput is 1000 messages per second and number",
        );
    }
    let together = section.recipients_per_request.unwrap_or(1);
    if together > 1 && f64::from(together) > rate.per_second() {
        context.refuse(
            "campaign/group-above-rate",
            "/delivery/recipients_per_request",
            format!("one request of {together} recipients is more than one second of {rate}"),
            format!(
                "at this rate {together} messages take {}: put fewer in a request, or raise the rate",
                format_duration(rate.time_for(u64::from(together)))
            ),
        );
        return None;
    }
    Some(Delivery {
        rate,
        max_in_flight: section.max_in_flight.unwrap_or(32),
        daily: section.daily,
        recipients_per_request: together,
        max_attempts: section.max_attempts.unwrap_or(3),
        min_remaining: min_remaining?,
        number_format: match section.number_format {
            None | Some(NumberFormatWord::Digits) => NumberFormat::Digits,
            Some(NumberFormatWord::E164) => NumberFormat::E164,
        },
    })
}

pub(super) fn limits(context: &mut Context<'_>, section: &LimitsSection) -> Option<Limits> {
    let defaults = Limits::default();
    let invalid = share(context, "/limits/invalid", section.invalid.as_deref(), defaults.invalid);
    let failures =
        share(context, "/limits/failures", section.failures.as_deref(), defaults.failures);
    let cost = cost(context, section.cost.as_deref());
    Some(Limits {
        recipients: section.recipients,
        invalid: invalid?,
        failures: failures?,
        cost: cost.ok()?,
    })
}

/// `Err` after a fault: a limit must not be dropped in silence.
fn cost(context: &mut Context<'_>, text: Option<&str>) -> Result<Option<Money>, ()> {
    let Some(text) = text else { return Ok(None) };
    if let Some(money) = Money::parse(text) {
        return Ok(Some(money));
    }
    let message = "a cost is an amount and a currency";
    context.refuse("campaign/cost", "/limits/cost", message, "such as `600 USD`");
    Err(())
}

fn share(
    context: &mut Context<'_>,
    pointer: &str,
    text: Option<&str>,
    default: Share,
) -> Option<Share> {
    let Some(text) = text else { return Some(default) };
    let share = Share::parse(text);
    if share.is_none() {
        context.refuse("campaign/share", pointer, "a share is 0% to 100%", "such as `5%`");
    }
    share
}
