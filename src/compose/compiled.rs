//! One pattern of a campaign, ready to be rendered, and the rules for what it gives.

use std::sync::Arc;

use crate::diagnostic::RuleId;
use crate::model::Recipient;

use super::content::ContentHasher;
use super::fault::RowFault;
use super::header_url::header_url;
use super::pattern::Slot;
use super::scan::Facts;
use super::simple::Piece;
use super::text_rules::{TextFault, param, url_suffix};

/// One compiled pattern.
pub(super) struct Pattern {
    pub(super) slot: Slot,
    pub(super) text: String,
    /// Name of the template in the environments.
    pub(super) name: String,
    pub(super) names: Arc<[Box<str>]>,
    pub(super) optional: Vec<bool>,
    pub(super) draws: bool,
    pub(super) uses_code: bool,
    pub(super) varies: Varies,
    /// The short way, when the pattern is simple.
    pub(super) pieces: Option<Vec<Piece>>,
}

/// What a pattern's text depends on.
pub(super) enum Varies {
    /// Nothing: the text.
    Not(String),
    /// The recipient's drawn code only: the text with the code masked out.
    WithTheCode(String),
    /// The recipient.
    WithTheRow,
}

impl Pattern {
    pub(super) fn new(slot: Slot, text: &str, facts: &Facts) -> Self {
        let draws = !facts.draws.is_empty();
        // In a pattern that calls `code()`, the name is the function's; `check` refuses a
        // pattern that also wants a column of that name.
        let mut variables: Vec<_> =
            facts.variables.iter().filter(|variable| !draws || variable.name != "code").collect();
        variables.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            slot,
            text: text.to_owned(),
            name: slot.pointer(),
            names: variables.iter().map(|variable| variable.name.as_str().into()).collect(),
            optional: variables.iter().map(|variable| variable.optional).collect(),
            draws,
            uses_code: slot != Slot::CouponCode && facts.uses("coupon_code"),
            varies: Varies::WithTheRow,
            pieces: facts.pieces.clone(),
        }
    }

    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.varies, Varies::Not(_))
    }

    pub(super) fn hash(&self, hasher: &mut ContentHasher, text: &str, code_masked: bool) {
        match self.slot {
            Slot::UrlSuffix => hasher.url_suffix(text, code_masked),
            Slot::HeaderUrl => hasher.header_url(text, code_masked),
            Slot::Param(_) | Slot::CouponCode => hasher.param(text, code_masked),
        }
    }
}

/// Checks what a pattern gave for a recipient.
pub(super) fn check_text(
    pattern: &Pattern,
    recipient: Option<&Recipient>,
    text: &str,
) -> Result<(), RowFault> {
    let checked = match pattern.slot {
        Slot::UrlSuffix => url_suffix(text),
        Slot::HeaderUrl => header_url(text),
        Slot::Param(_) | Slot::CouponCode => param(text),
    };
    checked.map_err(|fault| text_fault(pattern, recipient, fault))
}

/// A rendered text that cannot be sent, told by the empty column behind it where there is one.
pub(super) fn text_fault(
    pattern: &Pattern,
    recipient: Option<&Recipient>,
    fault: TextFault,
) -> RowFault {
    let is_empty =
        |name: &str| recipient.is_some_and(|recipient| recipient.fields.get(name) == Some(""));
    let blank = pattern.names.iter().find(|name| fault.what == "is empty" && is_empty(name));
    let (subject, hint) = match blank {
        Some(column) => (
            format!("`{column}`"),
            Some(format!("`{{{{ {column}|default(\"…\", true) }}}}` stands in for an empty cell")),
        ),
        None => (pattern.slot.name(), fault.hint.map(str::to_owned)),
    };
    RowFault {
        pointer: pattern.slot.pointer(),
        rule: RuleId(fault.rule),
        message: format!("{subject} {}", fault.what),
        hint,
    }
}
