//! What goes with a plan and means nothing: it may differ without the plan being another.

use serde::{Deserialize, Serialize};

/// What goes with the plans of one file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The version of offercast that made it.
    pub tool_version: String,
    /// Until when the plans may be consumed (RFC 3339, UTC); `None` when they do not expire.
    pub expires_at: Option<String>,
    /// For each plan, in the same order.
    pub campaigns: Vec<EnvelopeEntry>,
}

/// What goes with one plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeEntry {
    /// The campaign's name.
    pub campaign: String,
    /// The campaign file as named on the command line.
    pub file: String,
    /// The campaign's description.
    pub description: Option<String>,
    /// Whether the campaign may send.
    pub status: StatusWord,
    /// What the approved template says, where stated.
    pub text: Option<TextObject>,
    /// The pace, as in the campaign file.
    pub rate: String,
    /// Most people within 24 hours and sender number, where stated.
    pub daily: Option<u64>,
    /// Nobody is sent an offer with less than this left.
    pub min_remaining_ms: u64,
    /// The most outcomes a crash can leave unknown.
    pub most_unknown: u64,
    /// The offset from UTC that times are shown in, in seconds east.
    pub utc_offset_seconds: i32,
    /// The names of `inputs.recipients`, in the same order.
    pub sources: Vec<String>,
    /// The names of `inputs.exclude`, in the same order.
    pub exclude: Vec<String>,
    /// The rows they had, those of late lists too, in the same order: for a later plan to be
    /// held against.
    pub exclude_rows: Vec<u64>,
    /// People of the plan whom late exclude lists left out when it was made.
    pub late_excluded: u64,
    /// The first unusable rows.
    pub invalid_rows: Vec<InvalidRowObject>,
    /// Where the `samples` stand, in the same order.
    pub sample_places: Vec<String>,
}

/// Whether a campaign may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// It may.
    Active,
    /// Not now.
    Paused,
    /// Never again.
    Ended,
}

/// What the approved template says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextObject {
    /// The offer's heading.
    pub offer: Option<String>,
    /// The body, with `{{1}}`, `{{2}}`, … where parameters go.
    pub body: Option<String>,
    /// The button's label.
    pub button: Option<String>,
}

/// A row that could not be used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidRowObject {
    /// `file:line`.
    pub place: String,
    /// Why, without the row's values.
    pub reason: String,
}

impl EnvelopeEntry {
    /// A sample's body as people will read it: the approved text with the parameters in
    /// their places, or the parameters alone where the text is not stated.
    pub fn body(&self, params: &[String]) -> String {
        match self.text.as_ref().and_then(|text| text.body.as_deref()) {
            Some(body) => crate::model::fill_body(body, params),
            None if params.is_empty() => String::new(),
            None => format!("parameters: {}", params.join(" · ")),
        }
    }
}
