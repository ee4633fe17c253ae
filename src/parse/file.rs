//! The campaign file as typed structs: what stands in it, before it means anything.
//!
//! Sections are read one by one, so that a fault in one does not hide those in another.

use serde::Deserialize;
use serde_yaml::Value;

use crate::model::{Allowance, GuardRule};

/// The top level.
#[derive(Deserialize, Default)]
pub(super) struct CampaignFile {
    pub(super) version: Option<Value>,
    pub(super) name: Option<Value>,
    pub(super) description: Option<Value>,
    pub(super) status: Option<Value>,
    pub(super) sender: Option<Value>,
    pub(super) template: Option<Value>,
    pub(super) offer: Option<Value>,
    pub(super) recipients: Option<Value>,
    pub(super) on_duplicate: Option<Value>,
    pub(super) exclude: Option<Value>,
    pub(super) callback: Option<Value>,
    pub(super) delivery: Option<Value>,
    pub(super) limits: Option<Value>,
    pub(super) allow: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StatusWord {
    Active,
    Paused,
    Ended,
}

#[derive(Deserialize)]
pub(super) struct SenderSection {
    pub(super) from: String,
    pub(super) region: Option<RegionWord>,
    pub(super) api_domain: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RegionWord {
    In,
    Sg,
    Eu,
    Na,
}

#[derive(Deserialize)]
pub(super) struct TemplateSection {
    pub(super) name: String,
    pub(super) language: Option<String>,
    pub(super) header: Option<HeaderSection>,
    pub(super) params: Option<Vec<String>>,
    pub(super) url_suffix: Option<String>,
    pub(super) has_expiration: Option<bool>,
    pub(super) text: Option<TextSection>,
}

#[derive(Deserialize)]
pub(super) struct HeaderSection {
    pub(super) url: Option<String>,
    pub(super) file: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TextSection {
    pub(super) offer: Option<String>,
    pub(super) body: Option<String>,
    pub(super) button: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OfferSection {
    pub(super) coupon_code: String,
    pub(super) unique: Option<bool>,
    pub(super) code_key: Option<String>,
    pub(super) window: Option<String>,
    pub(super) ends_at: Option<String>,
    pub(super) starts_at: Option<String>,
    pub(super) anchor: Option<AnchorWord>,
    pub(super) expiration: Option<ExpirationWord>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnchorWord {
    FirstApply,
    EachSend,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExpirationWord {
    UnixMs,
    DurationMs,
}

#[derive(Deserialize)]
pub(super) struct RecipientsEntry {
    pub(super) file: Option<String>,
    pub(super) format: Option<FormatWord>,
    pub(super) phone: Option<String>,
    pub(super) id: Option<String>,
    pub(super) country: Option<String>,
    #[serde(rename = "where")]
    pub(super) filter: Option<String>,
    /// The people themselves are read from the span tree, which knows their lines and texts.
    pub(super) list: Option<Vec<Value>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatWord {
    Csv,
    Tsv,
    Ndjson,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnDuplicateWord {
    First,
    Error,
}

#[derive(Deserialize, Default)]
pub(super) struct AllowSection {
    mixed_content: Option<MixedContentAllowance>,
    growth: Option<GrowthAllowance>,
    exclude_shrank: Option<ExcludeShrankAllowance>,
    failed: Option<FailedAllowance>,
}

#[derive(Deserialize)]
struct MixedContentAllowance {
    sent: u64,
    reason: String,
}

#[derive(Deserialize)]
struct GrowthAllowance {
    people: u64,
    reason: String,
}

#[derive(Deserialize)]
struct ExcludeShrankAllowance {
    gone: u64,
    reason: String,
}

#[derive(Deserialize)]
struct FailedAllowance {
    people: u64,
    reason: String,
}

impl AllowSection {
    /// The overrides, in the order of [`GuardRule::ALL`].
    pub(super) fn allowances(self) -> Vec<Allowance> {
        let allowance = |rule, figure, reason| Allowance { rule, figure, reason };
        let mixed =
            self.mixed_content.map(|a| allowance(GuardRule::MixedContent, a.sent, a.reason));
        let growth = self.growth.map(|a| allowance(GuardRule::Growth, a.people, a.reason));
        let shrank =
            self.exclude_shrank.map(|a| allowance(GuardRule::ExcludeShrank, a.gone, a.reason));
        let failed = self.failed.map(|a| allowance(GuardRule::Failed, a.people, a.reason));
        [mixed, growth, shrank, failed].into_iter().flatten().collect()
    }
}

#[derive(Deserialize)]
pub(super) struct ExcludeEntry {
    pub(super) file: Option<String>,
    pub(super) format: Option<FormatWord>,
    pub(super) phone: Option<String>,
    pub(super) country: Option<String>,
    pub(super) late: Option<bool>,
    pub(super) min_rows: Option<u64>,
    pub(super) campaign: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CallbackSection {
    pub(super) profile_id: Option<String>,
    pub(super) url: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct DeliverySection {
    pub(super) rate: Option<String>,
    pub(super) max_in_flight: Option<u16>,
    pub(super) daily: Option<u64>,
    pub(super) recipients_per_request: Option<u8>,
    pub(super) max_attempts: Option<u8>,
    pub(super) min_remaining: Option<String>,
    pub(super) number_format: Option<NumberFormatWord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum NumberFormatWord {
    Digits,
    E164,
}

#[derive(Deserialize, Default)]
pub(super) struct LimitsSection {
    pub(super) recipients: Option<u64>,
    pub(super) invalid: Option<String>,
    pub(super) failures: Option<String>,
    pub(super) cost: Option<String>,
}
