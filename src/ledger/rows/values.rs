//! Single values.

use std::time::Duration;

use crate::model::{ContentHash, OfferEnd, PhoneNumber, Timestamp};

/// An offer's end as stored: an instant or a time from each send, never both.
pub(super) fn offer_end(ends_at: Option<i64>, window_ms: Option<i64>) -> Option<OfferEnd> {
    match (ends_at, window_ms) {
        (Some(instant), None) => Some(OfferEnd::At(Timestamp::from_millis(instant))),
        (None, Some(window)) => {
            let millis = u64::try_from(window).ok()?;
            Some(OfferEnd::AfterSend(Duration::from_millis(millis)))
        }
        _ => None,
    }
}

/// A number as stored.
pub(in crate::ledger) fn phone(stored: i64) -> Option<PhoneNumber> {
    PhoneNumber::from_digits(u64::try_from(stored).ok()?)
}

/// A content hash as stored.
pub(super) fn content_hash(stored: &[u8]) -> Option<ContentHash> {
    Some(ContentHash::from_bytes(stored.try_into().ok()?))
}

/// An unsigned number that fits a store's signed one: telephone numbers have 15 digits.
pub(in crate::ledger) fn stored(value: u64) -> i64 {
    value.cast_signed()
}
