//! What is wrong with a campaign's patterns, before anybody is read.

use std::collections::BTreeSet;

use crate::diagnostic::Severity;
use crate::model::{Campaign, CouponCode, MAX_CODE_CHARS};

use super::code::Drawer;
use super::composer::Composer;
use super::fault::{ComposeError, TemplateFault};
use super::header_url::{authority_is_public, extension, is_usual_extension};
use super::pattern::{Slot, patterns};
use super::scan::{Facts, Variable, scan};
use super::text_rules::{param_characters, url_characters};
use super::words::closest;

/// The columns of one recipient source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceColumns {
    /// The source as the person named it, for messages.
    pub name: String,
    /// Its columns.
    pub names: Vec<String>,
    /// Whether that is all of them; false for sources whose rows may differ.
    pub complete: bool,
}

/// All faults of a campaign's patterns, in the order of the patterns. Variables are held
/// against `sources`, when there are any.
pub fn check(campaign: &Campaign, sources: &[SourceColumns]) -> Vec<TemplateFault> {
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for (slot, text) in patterns(campaign) {
        let (facts, found) = scan(slot, text);
        let readable = !found.iter().any(TemplateFault::is_error);
        faults.extend(found);
        for variable in &facts.variables {
            faults.extend(variable_fault(slot, &facts, variable, sources));
        }
        if readable {
            match slot {
                Slot::Param(_) | Slot::UrlSuffix => {
                    literal_faults(slot, &facts, &mut faults);
                }
                Slot::HeaderUrl => header_faults(text, &facts, &mut faults),
                Slot::CouponCode => code_faults(campaign, &facts, &mut faults),
            }
        }
        all.push((slot, facts));
    }
    grouping_faults(campaign, &all, &mut faults);
    if !faults.iter().any(TemplateFault::is_error) {
        faults.extend(fixed_fault(campaign));
    }
    faults
}

/// Whether a pattern can give different texts for different people. `coupon_code` counts as
/// the code does, which has a fault of its own.
fn depends_on_recipient(slot: Slot, facts: &Facts) -> bool {
    let shared = |variable: &Variable| {
        variable.name == "campaign" || (variable.name == "coupon_code" && slot != Slot::CouponCode)
    };
    !facts.draws.is_empty() || !facts.variables.iter().all(shared)
}

fn variable_fault(
    slot: Slot,
    facts: &Facts,
    variable: &Variable,
    sources: &[SourceColumns],
) -> Option<TemplateFault> {
    let name = variable.name.as_str();
    let pointer = slot.pointer();
    let has = |source: &SourceColumns| source.names.iter().any(|column| column == name);
    if name == "code" && !facts.draws.is_empty() {
        let message = "`code` is the function here and cannot also be a column";
        let fault = TemplateFault::error(&pointer, "template/unknown-variable", message);
        return Some(fault.at(variable.range.clone()));
    }
    let built_in =
        matches!(name, "phone" | "campaign") || (name == "coupon_code" && slot != Slot::CouponCode);
    if built_in {
        let shadowed = sources.iter().find(|source| name != "phone" && has(source))?;
        let message = format!("`{name}` is not the column of `{}` here", shadowed.name);
        let meaning = if name == "campaign" { "the campaign's name" } else { "the rendered code" };
        let fault = TemplateFault::error(&pointer, "template/shadowed-column", message);
        let hint = format!("`{name}` is {meaning}; rename the column to use it");
        return Some(fault.into_warning().at(variable.range.clone()).hint(hint));
    }
    let lacking: Vec<_> = sources.iter().filter(|source| !has(source)).collect();
    if lacking.is_empty() || (variable.optional && lacking.len() < sources.len()) {
        return None;
    }
    let complete = lacking.iter().find(|source| source.complete);
    let source = complete.or(lacking.first())?;
    if complete.is_none() && lacking.len() < sources.len() {
        return None;
    }
    let message = if lacking.len() == sources.len() && sources.len() > 1 {
        format!("no source has a column `{name}`")
    } else if source.complete {
        format!("`{}` has no column `{name}`", source.name)
    } else {
        format!("the first rows of `{}` have no `{name}`", source.name)
    };
    let columns = sources.iter().flat_map(|source| source.names.iter().map(String::as_str));
    let mut known: BTreeSet<&str> = columns.collect();
    known.extend(["phone", "campaign"]);
    if slot != Slot::CouponCode {
        known.insert("coupon_code");
    }
    let mut fault = TemplateFault::error(&pointer, "template/unknown-variable", message)
        .at(variable.range.clone())
        .label("unknown variable");
    fault.hint = match closest(name, known.iter().copied()) {
        Some(known) => Some(format!("did you mean `{known}`?")),
        None if known.len() <= 20 => {
            let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("known are {}", names.join(", ")))
        }
        None => None,
    };
    Some(if complete.is_none() || variable.optional { fault.into_warning() } else { fault })
}

/// Literal text that no row can make good again.
fn literal_faults(slot: Slot, facts: &Facts, faults: &mut Vec<TemplateFault>) {
    for (range, text) in &facts.literals {
        let checked = match slot {
            Slot::UrlSuffix => url_characters(text),
            _ => param_characters(text),
        };
        if let Err(bad) = checked {
            let message = format!("{} {}", slot.name(), bad.what);
            let mut fault = TemplateFault::error(&slot.pointer(), bad.rule, message);
            fault.hint = bad.hint.map(str::to_owned);
            faults.push(fault.at(range.clone()));
        }
    }
}

fn header_faults(text: &str, facts: &Facts, faults: &mut Vec<TemplateFault>) {
    let pointer = Slot::HeaderUrl.pointer();
    let rule = "template/header-url";
    let Some(rest) = text.strip_prefix("https://") else {
        let message = "the header link must start with `https://`";
        faults.push(TemplateFault::error(&pointer, rule, message));
        return;
    };
    let literal_start = facts.literals.first().filter(|(range, _)| range.start == 0);
    if let Some((range, start)) = literal_start
        && let Some((authority, _)) = start["https://".len()..].split_once('/')
        && let Err(bad) = authority_is_public(authority)
    {
        let message = format!("the header link {}", bad.what);
        let fault = TemplateFault::error(&pointer, bad.rule, message);
        let fault = fault.at(8..8 + authority.len().min(range.end.saturating_sub(8)));
        faults.push(fault.hint("Meta fetches the file from the open internet"));
    }
    if rest.is_empty() {
        return;
    }
    let Some(end) = &facts.literal_end else { return };
    let whole_end = text.len() - end.len().min(text.len())..text.len();
    match extension(end) {
        None => {
            let message = "the header link must end in a file extension such as `.mp4` or `.png`";
            faults.push(TemplateFault::error(&pointer, rule, message).at(whole_end));
        }
        Some(unusual) if !is_usual_extension(unusual) => {
            let message = format!("`.{unusual}` is no picture or video that an offer can show");
            let fault = TemplateFault::error(&pointer, "template/header-extension", message);
            let fault = fault.into_warning().at(text.len() - unusual.len()..text.len());
            faults.push(fault.hint("use .jpg, .jpeg, .png, .mp4 or .3gp"));
        }
        Some(_) => {}
    }
}

fn code_faults(campaign: &Campaign, facts: &Facts, faults: &mut Vec<TemplateFault>) {
    let pointer = Slot::CouponCode.pointer();
    let new = |rule, message: String| TemplateFault::error(&pointer, rule, message);
    let bounds = facts.bounds;
    if bounds.least > MAX_CODE_CHARS {
        let message = format!(
            "the coupon code has at least {} characters, at most {MAX_CODE_CHARS} are allowed",
            bounds.least
        );
        let fault = new("template/code-too-long", message);
        faults.push(fault.hint("shorten the literal text, or the `n` of `code(n)`"));
    } else if bounds.most.is_none_or(|most| most > MAX_CODE_CHARS) {
        let message = format!("the coupon code can exceed {MAX_CODE_CHARS} characters");
        let fault = new("template/code-may-be-too-long", message).into_warning();
        faults.push(fault.hint("cut values with `truncate`, as in `{{ city|truncate(4) }}`"));
    }
    for (range, text) in &facts.literals {
        let unusual = text.chars().find(|&c| !CouponCode::is_usual(c));
        let impossible = text.chars().find(|&c| !CouponCode::may_contain(c));
        if let Some(bad) = impossible {
            let message =
                format!("the coupon code contains {bad:?}, which is not allowed in a code");
            faults.push(new("template/code-characters", message).at(range.clone()));
        } else if let Some(odd) = unusual {
            let message = format!("the coupon code contains {odd:?}, which not every shop takes");
            let fault = new("template/code-characters", message).into_warning();
            faults.push(fault.at(range.clone()).hint("use A-Z, a-z, 0-9, `-` and `_`"));
        }
    }
    let varies = depends_on_recipient(Slot::CouponCode, facts);
    match campaign.offer.unique {
        Some(true) if !varies => {
            let message = "the coupon code is the same for everybody, but `unique` is true";
            let fault = new("template/code-not-unique", message.to_owned());
            faults.push(fault.hint("draw one for each, as in `DIW{{ code(9) }}`"));
        }
        Some(false) if !facts.draws.is_empty() => {
            let message = "codes are drawn for each recipient, but `unique` is false";
            let fault = new("template/code-repeats", message.to_owned()).into_warning();
            faults.push(fault.hint("without `unique: false` no two people get the same code"));
        }
        _ => {}
    }
}

fn grouping_faults(campaign: &Campaign, all: &[(Slot, Facts)], faults: &mut Vec<TemplateFault>) {
    let most = campaign.delivery.recipients_per_request;
    if most <= 1 {
        return;
    }
    for (slot, facts) in all.iter().filter(|(slot, facts)| depends_on_recipient(*slot, facts)) {
        let message = format!(
            "{} differs from recipient to recipient, but `recipients_per_request` is {most}",
            slot.name()
        );
        let mut fault = TemplateFault::error(&slot.pointer(), "template/grouped", message)
            .hint("one request carries one message: set `recipients_per_request: 1`");
        fault.range = (facts.draws.first())
            .or(facts.variables.first().map(|variable| &variable.range))
            .cloned();
        faults.push(fault);
    }
}

/// A text that is the same for everybody and cannot be sent.
fn fixed_fault(campaign: &Campaign) -> Option<TemplateFault> {
    match Composer::compile(campaign, Some(Drawer::StandIn), None) {
        Ok(_) | Err(ComposeError::KeyMissing | ComposeError::OtherKey { .. }) => None,
        Err(ComposeError::Pattern(fault)) => Some(*fault),
        Err(ComposeError::Fixed(fault)) => Some(TemplateFault {
            pointer: fault.pointer,
            range: None,
            rule: fault.rule,
            severity: Severity::Error,
            message: fault.message,
            hint: fault.hint,
            label: None,
        }),
    }
}

#[cfg(test)]
mod tests;
