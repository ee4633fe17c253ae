//! A campaign's terms, field by field: what the plan id covers besides people, what the
//! ledger keeps of a consumed plan, and what a reviewer sees changed.

use std::time::Duration;

use data_encoding::HEXLOWER;

use super::summary::{AudienceSummary, ExcludeSummary};
use crate::model::{
    Allowance, Anchor, Callback, Campaign, CouponCode, Exclude, ExpirationForm, GuardRule, Header,
    KeyFingerprint, NumberFormat, OfferWindow, PhoneNumber, Timestamp, UtcOffset, format_duration,
};

/// The terms of a campaign, in a fixed order, as texts.
///
/// Not among them, because they do not change who gets what: description, status,
/// `template.text`, rate, `max_in_flight`, `max_attempts`, `min_remaining`, paths.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms(Vec<(String, String)>);

/// A field whose value is not what it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// The field, as in the campaign file.
    pub field: String,
    /// The value applied last; `None` when the field was not there.
    pub before: Option<String>,
    /// The value now; `None` when the field is gone.
    pub after: Option<String>,
}

/// A term as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShownTerm<'t> {
    /// The field, as in the campaign file.
    pub field: &'t str,
    /// Its value; numbers and codes masked, milliseconds as people read them.
    pub value: String,
    /// The exact value, where it is masked or rounded.
    pub hidden: Option<&'t str>,
}

/// Starts the fields that keep how many rows an exclude list had: no terms, but kept with
/// them.
const EXCLUDE_ROWS: &str = "rows of exclude list ";
/// The field of the host that requests go to.
const API_HOST: &str = "api host";
/// The field of the fingerprint of the key that codes are drawn with.
const CODE_KEY: &str = "code key";
/// The field of the code's pattern, which may be the code itself.
const CODE: &str = "offer.coupon_code";
/// A code shorter than this is not looked for in other fields: it would be found in words.
const SHORTEST_FOUND: usize = 4;

/// The field of the sender's number, which is masked when shown.
const SENDER: &str = "sender.from";
/// Fields kept in milliseconds and shown as people read them.
const WINDOW: &str = "offer.window";
const STARTS_AT: &str = "offer.starts_at";
const ENDS_AT: &str = "offer.ends_at";

impl Terms {
    /// The terms of a campaign sent through `api_host`, its codes drawn with `key`.
    pub fn of(campaign: &Campaign, api_host: &str, key: Option<KeyFingerprint>) -> Self {
        // Taken apart field by field, so that a new field must be judged here.
        let Campaign {
            name: _,        // framed separately by the plan id
            description: _, // for people
            status: _,      // decides whether, not what
            sender,
            template,
            offer,
            recipients: _,   // the people themselves are in the id
            on_duplicate: _, // its effect is in the people
            exclude,         // the people themselves are in the id, but for late lists
            callback,
            delivery,
            limits,
            allow,
            path: _, // a renamed file is the same campaign
        } = campaign;
        let mut terms = Self(Vec::with_capacity(20));
        terms.add(SENDER, sender.from.digits());
        terms.add(API_HOST, api_host);
        terms.add("template.name", template.name.as_str());
        terms.add_some(
            "template.language",
            template.language.as_ref().map(crate::model::Language::as_str),
        );
        match &template.header {
            Some(Header::Link(url)) => terms.add("template.header.url", url),
            Some(Header::File(file)) => terms.add(
                "template.header.file",
                format!("{} sha256:{}", file.base_name, HEXLOWER.encode(&file.sha256)),
            ),
            None => {}
        }
        for (index, pattern) in template.params.iter().enumerate() {
            terms.add(format!("template.params[{index}]"), pattern);
        }
        terms.add_some("template.url_suffix", template.url_suffix.as_deref());
        terms.add("template.has_expiration", template.has_expiration.to_string());
        terms.add(CODE, &offer.coupon_code);
        terms.add_some("offer.unique", offer.unique.map(|unique| unique.to_string()));
        terms.add_some(CODE_KEY, key.map(|key| key.to_string()));
        terms.add_window(&offer.window);
        terms.add("offer.expiration", expiration_word(offer.expiration));
        match callback {
            Callback::AccountDefault => {}
            Callback::Profile(id) => terms.add("callback.profile_id", id),
            Callback::Url(url) => terms.add("callback.url", url),
        }
        terms.add("delivery.number_format", number_format_word(delivery.number_format));
        let per_request = delivery.recipients_per_request.to_string();
        terms.add("delivery.recipients_per_request", per_request);
        terms.add_some("limits.recipients", limits.recipients.map(|most| most.to_string()));
        terms.add("limits.invalid", limits.invalid.to_string());
        terms.add("limits.failures", limits.failures.to_string());
        terms.add_some("limits.cost", limits.cost.map(|most| most.to_string()));
        for entry in exclude {
            if let Exclude::File { path, min_rows, late: true, .. } = entry {
                terms.add(format!("exclude[{path}].late"), format!("at least {min_rows} rows"));
            }
        }
        for Allowance { rule, figure, reason } in allow {
            terms.add(Self::allowance_field(*rule), format!("{figure}: {reason}"));
        }
        terms
    }

    /// The field of an override.
    pub fn allowance_field(rule: GuardRule) -> String {
        format!("allow.{rule}")
    }

    /// The pairs, for the ledger and the plan id.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The pairs with the rows of the exclude lists that the plan was made with: what the
    /// ledger keeps of a plan.
    pub fn record(&self, audience: &AudienceSummary) -> Vec<(String, String)> {
        let rows =
            |list: &ExcludeSummary| (format!("{EXCLUDE_ROWS}{}", list.name), list.rows.to_string());
        self.0.iter().cloned().chain(audience.excluded.iter().map(rows)).collect()
    }

    /// The exclude lists and the rows they had, as [`Terms::record`] kept them.
    pub fn exclude_rows(record: &[(String, String)]) -> Vec<(String, u64)> {
        let kept = record.iter().filter_map(|(field, rows)| {
            Some((field.strip_prefix(EXCLUDE_ROWS)?.to_owned(), rows.parse().ok()?))
        });
        kept.collect()
    }

    /// What changed since the terms a plan was consumed with.
    pub fn changes_since(&self, before: &[(String, String)]) -> Vec<FieldChange> {
        let find = |pairs: &[(String, String)], field: &str| {
            pairs.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
        };
        let mut fields: Vec<&String> = self.0.iter().map(|(name, _)| name).collect();
        fields.extend(
            before
                .iter()
                .map(|(name, _)| name)
                .filter(|name| !self.0.iter().any(|(now, _)| now == *name))
                .filter(|name| !name.starts_with(EXCLUDE_ROWS)),
        );
        let codes = [shared_code(before), shared_code(&self.0)];
        fields
            .into_iter()
            .filter_map(|field| {
                let (old, new) = (find(before, field), find(&self.0, field));
                let shown =
                    |value: Option<String>| value.map(|value| shown_value(field, &value, &codes));
                (old != new).then(|| FieldChange {
                    field: field.clone(),
                    before: shown(old),
                    after: shown(new),
                })
            })
            .collect()
    }

    /// The terms as they may be shown.
    pub fn shown(&self) -> Vec<ShownTerm<'_>> {
        let codes = [shared_code(&self.0)];
        let shown = |(field, exact): &'_ (String, String)| shown_value(field, exact, &codes);
        self.0
            .iter()
            .map(|pair| {
                let value = shown(pair);
                let hidden = (value != pair.1).then_some(pair.1.as_str());
                ShownTerm { field: &pair.0, value, hidden }
            })
            .collect()
    }

    /// A text with the code that everybody gets masked, should it stand in it.
    pub fn without_code(&self, text: &str) -> String {
        hide_code(text, &[shared_code(&self.0)])
    }

    /// The host that requests go to.
    pub fn api_host(&self) -> &str {
        self.value(API_HOST).unwrap_or_default()
    }

    /// The fingerprint of the key that codes are drawn with.
    pub fn code_key(&self) -> Option<&str> {
        self.value(CODE_KEY)
    }

    fn value(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.as_str())
    }

    /// Whether a changed field alters what people get (and not only limits or routing).
    pub fn is_content(field: &str) -> bool {
        field.starts_with("template.")
            || field.starts_with("offer.")
            || matches!(field, SENDER | CODE_KEY)
    }

    fn add(&mut self, field: impl Into<String>, value: impl Into<String>) {
        self.0.push((field.into(), value.into()));
    }

    fn add_some(&mut self, field: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.add(field, value);
        }
    }

    fn add_window(&mut self, window: &OfferWindow) {
        match *window {
            OfferWindow::For { window, anchor } => {
                self.add(WINDOW, window.as_millis().to_string());
                match anchor {
                    Anchor::FirstApply => self.add("offer.anchor", "first_apply"),
                    Anchor::EachSend => self.add("offer.anchor", "each_send"),
                    Anchor::StartsAt(start) => self.add_instant(STARTS_AT, start),
                }
            }
            OfferWindow::Until { ends_at, starts_at } => {
                self.add_instant(ENDS_AT, ends_at);
                if let Some(start) = starts_at {
                    self.add_instant(STARTS_AT, start);
                }
            }
        }
    }

    fn add_instant(&mut self, field: &str, instant: Timestamp) {
        self.add(field, instant.as_millis().to_string());
    }
}

fn expiration_word(form: ExpirationForm) -> &'static str {
    match form {
        ExpirationForm::UnixMs => "unix_ms",
        ExpirationForm::DurationMs => "duration_ms",
    }
}

fn number_format_word(format: NumberFormat) -> &'static str {
    match format {
        NumberFormat::Digits => "digits",
        NumberFormat::E164 => "e164",
    }
}

/// The value as it may be shown: numbers masked, milliseconds as people read them. The
/// exact value is kept underneath, so that a plan id never rests on a rounded one.
fn shown_value(field: &str, value: &str, codes: &[Option<CouponCode>]) -> String {
    let shown = match field {
        CODE => {
            let code = is_one_code(value).then(|| CouponCode::new(value).ok()).flatten();
            return code.map_or_else(|| value.to_owned(), |code| code.masked());
        }
        SENDER => value.parse().ok().and_then(PhoneNumber::from_digits).map(|n| n.to_string()),
        WINDOW => value.parse().ok().map(|ms| format_duration(Duration::from_millis(ms))),
        STARTS_AT | ENDS_AT => {
            value.parse().ok().map(|ms| Timestamp::from_millis(ms).human(UtcOffset::UTC))
        }
        _ => return hide_code(value, codes),
    };
    shown.unwrap_or_else(|| "•••".to_owned())
}

fn hide_code(text: &str, codes: &[Option<CouponCode>]) -> String {
    let long = codes.iter().flatten().filter(|code| code.as_str().len() >= SHORTEST_FOUND);
    long.fold(text.to_owned(), |text, code| text.replace(code.as_str(), &code.masked()))
}

/// The code that everybody gets, where the pattern is one.
fn shared_code(pairs: &[(String, String)]) -> Option<CouponCode> {
    let (_, pattern) = pairs.iter().find(|(field, _)| field == CODE)?;
    is_one_code(pattern).then(|| CouponCode::new(pattern.as_str()).ok()).flatten()
}

/// Whether a pattern draws nothing and names nothing.
fn is_one_code(pattern: &str) -> bool {
    !pattern.contains('{')
}
