//! What messages cost: a rate card, read from a file, and sums over it.
//!
//! Meta charges for each delivered marketing message by the recipient's calling code. What
//! Kaleyra charges stands in the customer's contract, so the card is the user's: Meta's
//! published CSV, or two columns of their own. `docs/cost.md` has both shapes.

mod card;
mod cost;
mod markets;
mod meta;
mod read;
mod simple;

pub use card::{Market, MarketIndex, RateCard};
pub use cost::{CostEstimate, CostTally, MarketCost};
pub use read::{MAX_CARD_BYTES, read_card};
