//! Limits in one line: what the plan has, what is allowed, and who says so.

use crate::plan::document::{LimitObject, LimitSourceWord};
use crate::view::text::{figure, safe};

/// `recipients 1,000 of 5,000 · recipients 10 of 50 (set by the policy) · invalid 0.00% of 5%`.
pub(super) fn limit_words(limits: &[LimitObject]) -> String {
    // That the campaign states none is no news beside the figure that somebody else set.
    let is_idle = |check: &LimitObject| {
        check.allowed.is_none()
            && limits.iter().any(|other| other.limit == check.limit && other.allowed.is_some())
    };
    let words: Vec<_> = limits
        .iter()
        .filter(|check| !is_idle(check))
        .map(|check| {
            let set_by = match check.set_by {
                LimitSourceWord::Campaign => "",
                LimitSourceWord::Environment => " (set by the environment)",
                LimitSourceWord::Policy => " (set by the policy)",
            };
            let actual = check.actual.as_deref().map(figure);
            let allowed = check.allowed.as_deref().map(figure);
            match (actual, allowed) {
                (Some(actual), Some(allowed)) => {
                    format!("{} {actual} of {allowed}{set_by}", check.limit)
                }
                (Some(actual), None) => format!("{} {actual} (no limit)", check.limit),
                (None, allowed) => {
                    format!("{} {}{set_by}", check.limit, allowed.unwrap_or_else(|| "-".to_owned()))
                }
            }
        })
        .collect();
    safe(&words.join(" · ")).into_owned()
}
