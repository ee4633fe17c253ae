//! The canonical plan of one campaign. Fields are added, never changed: format version 1.
//! `schemas/plan.v1.schema.json` says the same for other programs; change both together.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// What one campaign's plan means. Whoever approves it approves `plan_id`; everything else
/// is what the id stands for, as far as it can be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanObject {
    /// The campaign's name.
    pub campaign: String,
    /// What is approved: 32 hexadecimal digits. `None` when planned without a ledger.
    pub plan_id: Option<String>,
    /// The ledger it was made against.
    pub lineage: Option<String>,
    /// The API host requests go to.
    pub api_host: String,
    /// Whether the plan is new to the ledger.
    pub progress: ProgressWord,
    /// How many people the consumed plan had, when this one resumes or has finished it.
    pub planned_before: Option<u64>,
    /// Everybody read is in exactly one of these counts (`rows`, `gone` and `us_numbers`
    /// aside).
    pub counts: Counts,
    /// People to send to by calling code, ascending.
    pub countries: Vec<Country>,
    /// What was read, in the campaign's order.
    pub inputs: Inputs,
    /// The approved template.
    pub template: TemplateObject,
    /// What people are offered, until when.
    pub offer: OfferObject,
    /// What is known of the coupon codes.
    pub codes: CodesObject,
    /// What it costs at most; `None` without a rate card.
    pub cost: Option<CostObject>,
    /// All limits with what they are held against, breached or not.
    pub limits: Vec<LimitObject>,
    /// The campaign's reviewed overrides.
    pub allow: Vec<AllowedRule>,
    /// Everything the id covers besides the people, field by field.
    pub terms: Vec<Term>,
    /// The terms that differ from those applied last.
    pub changes: Vec<ChangeObject>,
    /// A few of the people to send to; values from the audience by their first letter.
    pub samples: Vec<SampleObject>,
    /// Bytes the uploaded header file adds up to over all requests.
    pub upload_bytes: u64,
    /// Why it may not be applied, whatever the time.
    pub refused: Vec<Finding>,
    /// What a reviewer should know, whatever the time.
    pub warnings: Vec<Finding>,
}

/// Whether a plan is new to the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgressWord {
    /// Never consumed.
    New,
    /// Consumed before, with people left.
    Resumes,
    /// Consumed before, nobody left.
    Finished,
}

/// Counts with their reasons.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Rows read from all sources.
    pub rows: u64,
    /// `+`: to send.
    pub send: u64,
    /// Of those, people who get it again: their message was accepted and failed later.
    pub after_failure: u64,
    /// `=`: accepted before, same content.
    pub accepted_same: u64,
    /// `!`: accepted before, content differs now.
    pub accepted_differs: u64,
    /// `?`: the outcome of an earlier attempt cannot be known.
    pub held_unknown: u64,
    /// `?`: on the wire of an apply that runs or died.
    pub held_attempting: u64,
    /// `·`: refused by Kaleyra before.
    pub rejected_before: u64,
    /// `·`: left out by the plan consumed last, because the offer was over.
    pub left_out_before: u64,
    /// `·`: settled as unsent, for the next plan once this one is finished.
    pub settled_unsent: u64,
    /// `·`: forgotten, so that nobody sends to them again.
    pub forgotten: u64,
    /// `·`: `where` is false.
    pub filtered: u64,
    /// `·`: in an exclude list.
    pub excluded: u64,
    /// `·`: a person who appeared before.
    pub duplicates: u64,
    /// `·`: in a country that WhatsApp does not serve.
    pub sanctioned: u64,
    /// `·`: unusable as such.
    pub invalid: u64,
    /// `-`: in the ledger, no longer in the audience.
    pub gone: u64,
    /// Of the people read, those with a US number.
    pub us_numbers: u64,
}

impl Counts {
    /// All rows left out before the ledger is asked.
    pub fn dropped(&self) -> u64 {
        self.invalid + self.filtered + self.sanctioned + self.duplicates + self.excluded
    }
}

/// People to send to under one calling code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// The calling code, without `+`.
    pub calling_code: u16,
    /// How many.
    pub people: u64,
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// By entry of the campaign's `recipients`.
    pub recipients: Vec<RecipientInput>,
    /// By entry of the campaign's `exclude`.
    pub exclude: Vec<ExcludeInput>,
}

/// One source of recipients.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientInput {
    /// Rows read.
    pub rows: u64,
    /// People kept.
    pub kept: u64,
    /// A keyed digest of the people kept with the values their messages use, in whatever
    /// order; `None` without a ledger, and in a plan that is only shown to people.
    pub digest: Option<String>,
    /// From two of these a few differences can be counted ([`Sketch`](crate::plan::Sketch)).
    pub sketch: Option<String>,
}

/// One exclude list, as far as it is part of what was approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludeInput {
    /// Whether it is read again at apply and may shrink the plan then. Of such a list
    /// nothing else stands here: it may differ every day.
    pub late: bool,
    /// Rows read.
    pub rows: Option<u64>,
    /// People of the audience it leaves out, each counted with the first list that has them.
    pub excluded: Option<u64>,
    /// A keyed digest of its numbers, in whatever order; `None` without a ledger, and in a
    /// plan that is only shown to people.
    pub digest: Option<String>,
    /// From two of these a few differences can be counted.
    pub sketch: Option<String>,
}

/// The approved template.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateObject {
    /// Its name.
    pub name: String,
    /// The translation, where stated.
    pub language: Option<String>,
    /// `image` or `video`, when there is a header file or link whose ending says so.
    pub header: Option<String>,
    /// Whether the message shows when the offer ends.
    pub has_expiration: bool,
}

/// What people are offered, until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferObject {
    /// How long it runs, unless the end is stated.
    pub window_ms: Option<u64>,
    /// What the window is counted from; `None` when the end is stated.
    pub anchor: Option<AnchorWord>,
    /// Nothing is sent before this instant.
    #[serde(with = "instant")]
    pub starts_at: Option<Timestamp>,
    /// The end, where it is known: stated, counted from a stated start, or written when the
    /// plan was consumed.
    #[serde(with = "instant")]
    pub ends_at: Option<Timestamp>,
}

/// What a window is counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorWord {
    /// The instant the plan is consumed: one deadline for all.
    FirstApply,
    /// The instant of each message.
    EachSend,
    /// `starts_at`.
    StartsAt,
}

/// What is known of the coupon codes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodesObject {
    /// How they are shared out.
    pub kind: CodesWord,
    /// People with a code of their own; `None` unless `kind` is `unique`.
    pub unique: Option<u64>,
    /// How many of them were drawn again because of a collision.
    pub redrawn: Option<u64>,
    /// One guess in so many hits somebody's code; `None` when none are drawn.
    pub one_guess_in: Option<u64>,
    /// The fingerprint of the key they are drawn with.
    pub key: Option<String>,
}

/// How coupon codes are shared out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodesWord {
    /// One code for everybody.
    Shared,
    /// Codes may repeat.
    NotChecked,
    /// Nobody shares a code: proven.
    Unique,
    /// Nobody may share a code, and without the key this is not proven yet.
    Unproven,
}

/// What a plan costs at most. Amounts are exact decimal numbers in `currency`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostObject {
    /// From when the rate card holds, `2026-10-01`.
    pub as_of: String,
    /// Three letters.
    pub currency: String,
    /// The messages still to send.
    pub total: String,
    /// What comes on top if messages with an unknown outcome were sent.
    pub held: String,
    /// People to send to who are in no market of the card.
    pub unpriced: u64,
    /// The dearest markets, at most 60.
    pub markets: Vec<CostMarket>,
    /// How many markets are not listed.
    pub more_markets: u64,
}

/// One market's part of the cost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostMarket {
    /// As the card calls it.
    pub market: String,
    /// The price of one message.
    pub rate: String,
    /// How many messages.
    pub people: u64,
    /// The price of all of them.
    pub total: String,
}

/// A limit and what it is held against.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitObject {
    /// The limit, as under `limits` in the campaign file.
    pub limit: String,
    /// What it allows; `None` when there is no such limit.
    pub allowed: Option<String>,
    /// What the plan has; `None` for limits that bind while sending.
    pub actual: Option<String>,
    /// Who set it.
    pub set_by: LimitSourceWord,
    /// Whether it is exceeded.
    pub breached: bool,
}

/// Who set a limit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitSourceWord {
    /// The campaign file, or the default it leaves standing.
    Campaign,
    /// A variable of the environment.
    Environment,
    /// The policy file.
    Policy,
}

/// A reviewed override of one rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedRule {
    /// The rule.
    pub rule: String,
    /// The exact figure that is allowed.
    pub figure: u64,
    /// Why.
    pub reason: String,
}

/// One of the terms the id covers, as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The field, as in the campaign file.
    pub field: String,
    /// Its value; numbers and codes masked.
    pub value: String,
    /// Tells two values apart that are shown alike; `None` where the value is exact.
    pub tag: Option<String>,
}

/// A term that is not what was applied last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeObject {
    /// The field.
    pub field: String,
    /// The value applied last; `None` when the field was not there.
    pub before: Option<String>,
    /// The value now; `None` when the field is gone.
    pub after: Option<String>,
}

/// One person to send to, as a reviewer may read it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleObject {
    /// The number, masked.
    pub recipient: String,
    /// The body's variables, masked.
    pub params: Vec<String>,
    /// The code, masked.
    pub code: String,
    /// The URL button's variable end, masked.
    pub url_suffix: Option<String>,
    /// The header's link, masked.
    pub header_url: Option<String>,
}

/// Something found: a rule, its figure and the words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule, in one word.
    pub rule: String,
    /// The figure an `allow` entry would have to state, where the rule can be overridden.
    pub figure: Option<u64>,
    /// In words.
    pub text: String,
}

/// Instants as RFC 3339 in UTC, to the second.
mod instant {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::{Timestamp, UtcOffset};

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(
        instant: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => serializer.serialize_some(&instant.rfc3339(UtcOffset::UTC)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let instant = Timestamp::parse(&text).ok_or_else(|| D::Error::custom("no instant"))?;
        Ok(Some(instant))
    }
}
