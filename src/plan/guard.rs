//! What stops a plan, and what a reviewer should know.

use super::document::LimitSourceWord;
use super::schedule::{Schedule, Timing};
use super::summary::{AudienceSummary, Tally};
use super::terms::{FieldChange, Terms};
use crate::model::{
    Campaign, CampaignName, CampaignStatus, CardDate, DAILY_PATIENCE, GuardRule, Money, OfferEnd,
    Timestamp,
};

/// One limit with what it is held against. Printed whether or not it is breached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitCheck {
    /// The limit's key in the campaign file.
    pub limit: &'static str,
    /// What it allows; `None` when the campaign states no limit.
    pub allowed: Option<String>,
    /// What the plan has; `None` for limits that only bind while sending.
    pub actual: Option<String>,
    /// Who set it.
    pub set_by: LimitSourceWord,
    /// Whether the plan is refused for it.
    pub breached: bool,
}

/// Why a plan may not be applied (exit 4), although it is shown in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Blocker {
    /// A limit of the campaign is breached.
    Limit(LimitCheck),
    /// Part of the campaign went out with other content.
    MixedContent {
        /// People accepted (or unknown) with the old content.
        sent: u64,
        /// The fields that changed.
        fields: Vec<String>,
    },
    /// The plan has more than twice as many people as one before it.
    Growth {
        /// People to send to.
        people: u64,
        /// People of the plan before.
        before: u64,
    },
    /// Exclude lists lost more than a hundredth of the rows they had in a plan before.
    ExcludeShrank {
        /// Name, rows then and rows now of each such list.
        lists: Vec<(String, u64, u64)>,
        /// Rows they lost together.
        gone: u64,
    },
    /// People whose message failed later would get it again.
    Failed {
        /// How many.
        people: u64,
    },
    /// The offer is over, or has less than `delivery.min_remaining` left.
    OfferOver {
        /// When it ends or ended.
        ends_at: Timestamp,
    },
    /// `delivery.daily` leaves no place for a while. Binds `apply`, not `plan`.
    DayOver {
        /// What it allows.
        most: u64,
        /// When the first place is free.
        free_at: Timestamp,
    },
    /// `offer.starts_at` is still to come. Binds `apply`, not `plan`.
    NotYet {
        /// When it starts.
        starts_at: Timestamp,
    },
}

/// What a reviewer should know, although it stops nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// `status: paused` or `ended`: apply sends nothing.
    NotActive(CampaignStatus),
    /// People with US numbers: marketing templates are not delivered to them.
    UsNumbers(u64),
    /// Rows that repeat a person.
    Duplicates(u64),
    /// The last people would get the offer too late and be left out.
    TooLate(u64),
    /// `delivery.daily` spreads the sending over so many days.
    Days(u64),
    /// People who are in no market of the rate card.
    Unpriced(u64),
    /// Rates may have changed on this day, after that of the rate card.
    OldRates(CardDate),
    /// The rate is above what WhatsApp carries at its best (1,000 a second).
    HighRate,
    /// Coupon codes are easy to guess.
    GuessableCodes {
        /// One guess in so many hits.
        one_guess_in: u64,
    },
    /// People in the ledger as pending are no longer in the audience.
    PendingGone(u64),
    /// People of whom somebody settled that an earlier message was not sent: where that was
    /// wrong, they get it twice.
    Again(u64),
    /// Many of these people got the same content from another campaign lately.
    Lookalike {
        /// Which.
        campaign: CampaignName,
        /// How many of them, of the part that was looked at.
        people: u64,
    },
    /// A guard would refuse the plan, and the campaign allows exactly this.
    Allowed {
        /// The rule.
        rule: GuardRule,
        /// The figure.
        figure: u64,
        /// The campaign's reason.
        reason: String,
    },
    /// The campaign allows another figure than the plan has.
    AllowedOther {
        /// The rule.
        rule: GuardRule,
        /// The figure it allows.
        allowed: u64,
        /// The figure the plan has.
        figure: u64,
    },
    /// The campaign allows what no guard refuses.
    AllowedInVain(GuardRule),
    /// People whose message failed since the plan was consumed that `allow.failed` was for.
    FailedSince(u64),
    /// The campaign allows what the policy leaves to no campaign.
    AllowedAgainstPolicy(GuardRule),
    /// Values of people already served have changed since; they get nothing new.
    Drifted(u64),
}

/// A limit that the campaign's author does not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    /// What a plan may have at most.
    pub most: Most,
    /// Who set it.
    pub set_by: LimitSourceWord,
}

/// The limit on rows that cannot be used.
const INVALID: &str = "invalid";

/// What a cap caps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Most {
    /// People a plan sends to.
    Recipients(u64),
    /// What it costs if all of them get it; holds only with a rate card.
    Cost(Money),
}

impl Blocker {
    /// The guard behind it and the figure that `allow` would have to state.
    pub fn guard(&self) -> Option<(GuardRule, u64)> {
        match self {
            Self::MixedContent { sent, .. } => Some((GuardRule::MixedContent, *sent)),
            Self::Growth { people, .. } => Some((GuardRule::Growth, *people)),
            Self::ExcludeShrank { gone, .. } => Some((GuardRule::ExcludeShrank, *gone)),
            Self::Failed { people } => Some((GuardRule::Failed, *people)),
            Self::Limit(_)
            | Self::OfferOver { .. }
            | Self::NotYet { .. }
            | Self::DayOver { .. } => None,
        }
    }
}

/// Takes out what the campaign allows, and says what became of each override.
/// `firm` are the guards that no campaign may override.
pub(super) fn allow(
    campaign: &Campaign,
    firm: &[GuardRule],
    blockers: &mut Vec<Blocker>,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    for allowance in &campaign.allow {
        let rule = allowance.rule;
        let figure = blockers.iter().filter_map(Blocker::guard).find(|guard| guard.0 == rule);
        notices.push(match figure {
            Some(_) if firm.contains(&rule) => Notice::AllowedAgainstPolicy(rule),
            None => Notice::AllowedInVain(rule),
            Some((_, figure)) if figure != allowance.figure => {
                Notice::AllowedOther { rule, allowed: allowance.figure, figure }
            }
            Some((_, figure)) => {
                blockers.retain(|blocker| blocker.guard().is_none_or(|guard| guard.0 != rule));
                Notice::Allowed { rule, figure, reason: allowance.reason.clone() }
            }
        });
    }
    notices
}

/// The limits of a campaign against what was read and decided.
pub(super) fn limit_checks(
    campaign: &Campaign,
    audience: &AudienceSummary,
    people: u64,
    caps: &[Cap],
) -> Vec<LimitCheck> {
    let limits = &campaign.limits;
    let usable_or_not = audience.rows - audience.filtered.min(audience.rows);
    let share = if usable_or_not == 0 {
        "0%".to_owned()
    } else {
        // Shown to a hundredth; decided on the exact figures.
        let basis_points = u128::from(audience.invalid) * 10_000 / u128::from(usable_or_not);
        format!("{}.{:02}%", basis_points / 100, basis_points % 100)
    };
    let mut checks = vec![
        LimitCheck {
            limit: "recipients",
            allowed: limits.recipients.map(|most| most.to_string()),
            actual: Some(people.to_string()),
            set_by: LimitSourceWord::Campaign,
            breached: limits.recipients.is_some_and(|most| people > most),
        },
        LimitCheck {
            limit: INVALID,
            allowed: Some(limits.invalid.to_string()),
            actual: Some(share),
            set_by: LimitSourceWord::Campaign,
            breached: limits.invalid.is_exceeded_by(audience.invalid, usable_or_not),
        },
        LimitCheck {
            limit: "failures",
            allowed: Some(limits.failures.to_string()),
            actual: None,
            set_by: LimitSourceWord::Campaign,
            breached: false,
        },
    ];
    let caps = caps.iter().filter_map(|cap| {
        let Most::Recipients(most) = cap.most else { return None };
        Some(LimitCheck {
            limit: "recipients",
            allowed: Some(most.to_string()),
            actual: Some(people.to_string()),
            set_by: cap.set_by,
            breached: people > most,
        })
    });
    checks.splice(1..1, caps);
    checks
}

/// What stops a plan at any time.
pub(super) fn blockers(
    tally: &Tally,
    limits: &[LimitCheck],
    changes: &[FieldChange],
) -> Vec<Blocker> {
    // With nobody left to send to nothing can go wrong, unless it is the rows that are wrong:
    // an audience that cannot be read must not look like one that is done.
    let binds = |check: &&LimitCheck| tally.send > 0 || check.limit == INVALID;
    let breached = limits.iter().filter(|check| check.breached).filter(binds);
    let mut blockers: Vec<_> = breached.cloned().map(Blocker::Limit).collect();
    if tally.send == 0 {
        return blockers;
    }
    let sent = tally.same + tally.differs + tally.unknown + tally.attempting;
    let fields: Vec<_> = changes
        .iter()
        .filter(|change| Terms::is_content(&change.field))
        .map(|change| change.field.clone())
        .collect();
    if tally.after_failure > 0 {
        blockers.push(Blocker::Failed { people: tally.after_failure });
    }
    if sent > 0 && !fields.is_empty() {
        blockers.push(Blocker::MixedContent { sent, fields });
    }
    blockers
}

/// What stops a plan at this time only. `is_new`: it was never consumed.
pub(super) fn timely_blockers(
    timing: &Timing,
    schedule: &Schedule,
    now: Timestamp,
    is_new: bool,
) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    // Nobody could be sent to for a while: consuming it would only let the offer run.
    if let Some(daily) = schedule.daily.filter(|_| is_new)
        && let Some(free_at) = daily.free_at.filter(|at| at.since(now) > DAILY_PATIENCE)
        && timing.starts_at.is_none_or(|start| start <= now)
    {
        blockers.push(Blocker::DayOver { most: daily.most, free_at });
    }
    if let OfferEnd::At(ends_at) = schedule.offer_end
        && ends_at.minus(timing.min_remaining) < schedule.starts_at
    {
        blockers.push(Blocker::OfferOver { ends_at });
    }
    if let Some(starts_at) = timing.starts_at.filter(|&start| start > now) {
        blockers.push(Blocker::NotYet { starts_at });
    }
    blockers
}

/// What a reviewer should know of a plan.
pub(super) fn notices(
    campaign: &Campaign,
    audience: &AudienceSummary,
    tally: &Tally,
    again: u64,
    schedule: &Schedule,
    one_guess_in: Option<f64>,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    if campaign.status != CampaignStatus::Active {
        notices.push(Notice::NotActive(campaign.status));
    }
    let some = |count: u64, notice: fn(u64) -> Notice| (count > 0).then(|| notice(count));
    notices.extend(some(tally.gone_pending, Notice::PendingGone));
    if tally.send == 0 {
        // What only concerns those still to be sent to concerns nobody.
        return notices;
    }
    notices.extend(some(audience.us_numbers, Notice::UsNumbers));
    notices.extend(some(audience.duplicates, Notice::Duplicates));
    notices.extend(some(schedule.too_late, Notice::TooLate));
    if let Some(daily) = schedule.daily.filter(|daily| daily.days > 1) {
        notices.push(Notice::Days(daily.days));
    }
    notices.extend(some(again, Notice::Again));
    notices.extend(some(tally.differs, Notice::Drifted));
    if campaign.delivery.rate.per_second() > 1000.0 {
        notices.push(Notice::HighRate);
    }
    if let Some(odds) = one_guess_in.filter(|&odds| odds < 1_000_000.0) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10^6")]
        notices.push(Notice::GuessableCodes { one_guess_in: odds as u64 });
    }
    notices
}
