//! The machine in a made world: a model ledger, a model server, virtual clocks, seeds.
//!
//! `seeds` runs whole campaigns with random faults, crashes and restarts and checks the
//! promises after every step; `walk` goes through every order of events of a tiny
//! campaign; `rate` measures the pace; `stories` are single
//! cases; `shell` runs the real shell against fakes.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "an underflow here is a test that fails, as it should"
)]

mod ledger;
mod rate;
mod seeds;
mod shell;
mod stories;
mod walk;
mod weather;
mod world;

use std::sync::Arc;
use std::time::Duration;

use crate::ledger::{PendingRow, RowId};
use crate::model::{
    CampaignName, ContentHash, CouponCode, Delivery, Message, MessageId, NumberFormat, OfferEnd,
    Outcome, PhoneNumber, PlanId, Rate, Rejection, Share, StateCounts, Timestamp,
};

use super::job::Job;

/// When every made world begins.
fn start() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// A pending row whose message differs from others only by its code.
pub(super) fn pending_row(row: i64, code: &str) -> PendingRow {
    let digits = 919_800_000_000 + u64::try_from(row).expect("row ids are positive");
    PendingRow {
        row: RowId(row),
        number: PhoneNumber::from_digits(digits).expect("a number of 12 digits"),
        message: Arc::new(Message {
            coupon_code: CouponCode::new(code).expect("a usable code"),
            params: Vec::new(),
            url_suffix: None,
            header_url: None,
            content: ContentHash::from_bytes([7; 16]),
        }),
        attempts: 0,
    }
}

/// A job without limit and deadline whose offer runs for a day.
fn job(people: u64, rate: &str, max_in_flight: u16) -> Job {
    Job {
        campaign: CampaignName::new("diwali").expect("a name"),
        plan: PlanId::from_bytes([1; 16]),
        delivery: Delivery {
            rate: Rate::parse(rate).expect("a rate"),
            max_in_flight,
            daily: None,
            recipients_per_request: 1,
            max_attempts: 3,
            min_remaining: Duration::from_mins(15),
            number_format: NumberFormat::Digits,
        },
        sent_before: Vec::new(),
        failures: Share::parse("100%").expect("a share"),
        offer_end: OfferEnd::At(start().plus(Duration::from_hours(24))),
        counts: StateCounts { pending: people, ..StateCounts::default() },
        limit: None,
        deadline: None,
        part: None,
        seed: 1,
    }
}

fn accepted() -> Outcome {
    let message_id = MessageId::new("m:1").expect("a usable id");
    Outcome::Accepted { message_id, request_id: None }
}

fn rejected() -> Outcome {
    Outcome::Rejected(Rejection { code: "E1".to_owned(), text: "no such number".to_owned() })
}
