//! The offer: a code per recipient and the time it is good for.

use std::time::Duration;

use super::ids::KeyFingerprint;
use super::time::{Timestamp, UtcOffset};

/// The code and the window of one campaign.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Pattern of the coupon code.
    pub coupon_code: String,
    /// Whether no two recipients may get the same code. `None`: they may not when the
    /// pattern depends on the recipient (`compose` finds out).
    pub unique: Option<bool>,
    /// Fingerprint of the code key in use, when the campaign states it.
    pub code_key: Option<KeyFingerprint>,
    /// When the offer starts and ends.
    pub window: OfferWindow,
    /// What `expiration_time_ms` holds.
    pub expiration: ExpirationForm,
    /// The offset the author wrote times in, else UTC: for showing times only.
    pub offset: UtcOffset,
}

/// When an offer starts and ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferWindow {
    /// A stretch of time.
    For {
        /// How long, at least a minute.
        window: Duration,
        /// Where the stretch is counted from.
        anchor: Anchor,
    },
    /// A fixed end.
    Until {
        /// The instant the offer ends.
        ends_at: Timestamp,
        /// `apply` before this instant is refused.
        starts_at: Option<Timestamp>,
    },
}

/// Where a window is counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// The instant the plan is consumed: one deadline for everybody.
    FirstApply,
    /// The instant of each send.
    EachSend,
    /// A stated instant; `apply` before it is refused.
    StartsAt(Timestamp),
}

/// What `expiration_time_ms` holds on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExpirationForm {
    /// The absolute instant the offer ends (Meta's parameter table).
    #[default]
    UnixMs,
    /// The length of the window, as the LTO page's sample reads when taken literally.
    DurationMs,
}

/// The end of the offer for one send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferEnd {
    /// One instant for all.
    At(Timestamp),
    /// This long after each send.
    AfterSend(Duration),
}

impl OfferWindow {
    /// The earliest instant `apply` may send at, if the campaign states one.
    pub fn starts_at(&self) -> Option<Timestamp> {
        match *self {
            Self::For { anchor: Anchor::StartsAt(instant), .. } => Some(instant),
            Self::For { .. } => None,
            Self::Until { starts_at, .. } => starts_at,
        }
    }

    /// When the offer ends if the plan is (or was) consumed at `first_apply`.
    pub fn end(&self, first_apply: Timestamp) -> OfferEnd {
        match *self {
            Self::For { window, anchor: Anchor::FirstApply } => {
                OfferEnd::At(first_apply.plus(window))
            }
            Self::For { window, anchor: Anchor::StartsAt(start) } => {
                OfferEnd::At(start.plus(window))
            }
            Self::For { window, anchor: Anchor::EachSend } => OfferEnd::AfterSend(window),
            Self::Until { ends_at, .. } => OfferEnd::At(ends_at),
        }
    }
}

impl OfferEnd {
    /// The end of the offer for a message sent at `send`.
    pub fn instant(self, send: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::AfterSend(window) => send.plus(window),
        }
    }
}
