//! Blockers and notices as findings: the rule, the figure, the words.

use super::object::{Finding, LimitSourceWord};
use crate::model::{
    CampaignName, CampaignStatus, GuardRule, Timestamp, UtcOffset, figure, number, people, plural,
};
use crate::plan::guard::{Blocker, Notice};

/// A notice as a finding.
pub(super) fn notice_finding(notice: &Notice) -> Finding {
    let (rule, text) = match notice {
        Notice::NotActive(CampaignStatus::Ended) => {
            ("not_active", "`status` is `ended`: apply sends nothing".to_owned())
        }
        Notice::NotActive(_) => {
            ("not_active", "`status` is `paused`: apply sends nothing".to_owned())
        }
        &Notice::UsNumbers(count) => (
            "us_numbers",
            format!(
                "{} with a US number: WhatsApp has not delivered marketing to the US since \
                 April 2025",
                people(count)
            ),
        ),
        &Notice::Duplicates(count) => {
            let rows = plural(count, "row repeats", "rows repeat");
            ("duplicates", format!("{rows} a person; the first row counts"))
        }
        &Notice::TooLate(count) => (
            "too_late",
            format!(
                "{} would be sent the offer too late and will be left out: raise \
                 `delivery.rate` or the window",
                people(count)
            ),
        ),
        &Notice::Days(days) => (
            "days",
            format!(
                "`delivery.daily` spreads this over {} days: apply stops with exit code 5 when \
                 a day is full, and goes on when it is run again",
                number(days)
            ),
        ),
        &Notice::Unpriced(count) => (
            "unpriced",
            format!("{} in no market of the rate card: what they cost is not known", people(count)),
        ),
        Notice::OldRates(since) => (
            "old_rates",
            format!("rates may have changed on {since}, after the date of the rate card"),
        ),
        Notice::HighRate => (
            "high_rate",
            "`delivery.rate` is above 1,000 a second, the most WhatsApp carries for one number"
                .to_owned(),
        ),
        &Notice::GuessableCodes { one_guess_in } => (
            "guessable_codes",
            format!(
                "one guess in {} hits somebody's code: draw more characters with `code(n)`",
                number(one_guess_in)
            ),
        ),
        &Notice::PendingGone(count) => (
            "pending_gone",
            format!(
                "{} planned before and still pending left the audience: this plan drops them",
                people(count)
            ),
        ),
        &Notice::Again(count) => (
            "again",
            format!(
                "{} settled as unsent: where that is wrong, this is a second message",
                plural(count, "of these people was", "of these people were")
            ),
        ),
        Notice::Lookalike { campaign, people } => ("lookalike", lookalike(campaign, *people)),
        Notice::Allowed { rule, figure, reason } => {
            ("allowed", format!("`allow.{rule}` lets {} through: {reason}", number(*figure)))
        }
        Notice::AllowedOther { rule, allowed, figure } => {
            ("allowed_other", allowed_other(*rule, *allowed, *figure))
        }
        Notice::AllowedAgainstPolicy(rule) => {
            ("allowed_against_policy", allowed_against_policy(*rule))
        }
        Notice::AllowedInVain(rule) => ("allowed_in_vain", allowed_in_vain(*rule)),
        &Notice::FailedSince(count) => (
            "failed_since",
            format!(
                "{} failed since `allow.failed` was used: it is for one plan; to send to them \
                 again, state the figure with another reason",
                people(count)
            ),
        ),
        &Notice::Drifted(count) => (
            "drifted",
            format!(
                "the content for {} changed after they were accepted: they get nothing new",
                people(count)
            ),
        ),
    };
    Finding { rule: rule.to_owned(), figure: None, text }
}

fn lookalike(campaign: &CampaignName, count: u64) -> String {
    format!(
        "{} or more got the same content from the campaign `{campaign}` in the last 30 days: \
         exclude it, or they get it twice",
        people(count)
    )
}

fn allowed_in_vain(rule: GuardRule) -> String {
    format!("`allow.{rule}` is not needed: remove it, or it may let another plan through")
}

fn allowed_against_policy(rule: GuardRule) -> String {
    format!("the policy leaves `allow.{rule}` to no campaign: it allows nothing")
}

fn allowed_other(rule: GuardRule, allowed: u64, figure: u64) -> String {
    format!(
        "`allow.{rule}` lets exactly {} through, and the plan has {}: it allows nothing",
        number(allowed),
        number(figure)
    )
}

/// A blocker as a finding: what is refused, the figures, and what to do.
pub(super) fn blocker_finding(blocker: &Blocker, offset: UtcOffset, now: Timestamp) -> Finding {
    let (rule, figure, text) = match blocker {
        Blocker::Limit(check) => (
            check.limit,
            None,
            format!(
                "{} allows {}, the plan has {}",
                match check.set_by {
                    LimitSourceWord::Campaign => format!("`limits.{}`", check.limit),
                    LimitSourceWord::Environment => {
                        format!("`OFFERCAST_MAX_{}`", check.limit.to_ascii_uppercase())
                    }
                    LimitSourceWord::Policy => "the policy".to_owned(),
                },
                check.allowed.as_deref().map_or_else(|| "any number".to_owned(), figure),
                check.actual.as_deref().map_or_else(|| "more".to_owned(), figure)
            ),
        ),
        Blocker::MixedContent { sent, fields } => (
            "mixed_content",
            Some(*sent),
            format!(
                "{} already got other content ({} changed): restore it, give the new content a \
                 campaign name of its own, or state it under `allow.mixed_content`",
                people(*sent),
                fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
            ),
        ),
        Blocker::Growth { people: now, before } => (
            "growth",
            Some(*now),
            format!(
                "the plan has {}, more than twice the {} of the plan before: where that is right, \
                 state it under `allow.growth`",
                people(*now),
                number(*before)
            ),
        ),
        Blocker::ExcludeShrank { lists, gone } => (
            "exclude_shrank",
            Some(*gone),
            format!(
                "exclude lists lost {} since they were used last ({}): restore them, or state it \
                 under `allow.exclude_shrank`",
                plural(*gone, "row", "rows"),
                lists
                    .iter()
                    .map(|(name, before, now)| {
                        format!("`{name}` from {} to {}", number(*before), number(*now))
                    })
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ),
        Blocker::Failed { people: count } => (
            "failed",
            Some(*count),
            format!(
                "{} would get the message again, because theirs failed later: state exactly so \
                 many under `allow.failed`",
                people(*count)
            ),
        ),
        Blocker::OfferOver { ends_at } => {
            let end = ends_at.human(offset);
            let text = if *ends_at <= now {
                format!("the offer ended {end}")
            } else {
                format!("the offer ends {end}, less than `delivery.min_remaining` from now")
            };
            ("offer_over", None, text)
        }
        Blocker::DayOver { most, free_at } => (
            "day_over",
            None,
            format!(
                "`delivery.daily` allows {} in 24 hours from this number, and they were sent: \
                 apply it from {} on",
                people(*most),
                free_at.human(offset)
            ),
        ),
        Blocker::NotYet { starts_at } => (
            "not_yet",
            None,
            format!("the offer starts {}: apply it then", starts_at.human(offset)),
        ),
    };
    Finding { rule: rule.to_owned(), figure, text }
}
