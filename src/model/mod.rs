//! The words of the trade: campaign, template, offer, recipient, message, outcome.
//!
//! Everything here is valid by construction and does no I/O: no clock, no files, no
//! network, no serialisation. Whoever holds one of these values need not check it again.

mod allow;
mod campaign;
mod counting;
mod coupon;
mod delivery;
mod ids;
mod limits;
mod message;
mod money;
mod offer;
mod outcome;
mod phone;
mod policy;
mod prefix;
mod receipt;
mod recipient;
mod secret;
mod sources;
mod state;
mod template;
mod time;

pub use allow::{Allowance, GuardRule};
pub use campaign::{
    ApiDomain, Callback, Campaign, CampaignName, CampaignStatus, NameError, Region, Sender,
};
pub use counting::{figure, number, people, plural};
pub use coupon::{CodeError, CouponCode, MAX_CODE_CHARS};
pub use delivery::{DAILY_PATIENCE, DAILY_WINDOW, Delivery, NumberFormat, Rate, RateError};
pub use ids::{ContentHash, KeyFingerprint, Lineage, MessageId, PlanId, RequestId, SidFingerprint};
pub use limits::{Limits, Share};
pub use message::{MediaFile, Message, SharedContent};
pub use money::{CardDate, Currency, Money, parse_micros};
pub use offer::{Anchor, ExpirationForm, Offer, OfferEnd, OfferWindow};
pub use outcome::{
    HaltReason, NotSent, Outcome, Rejection, ReplySignal, RequestResult, UnknownCause,
};
pub use phone::{PersonKey, PhoneNumber};
pub use policy::Policy;
pub use prefix::CountryPrefix;
pub use receipt::Receipt;
pub use recipient::{Fields, Origin, Recipient};
pub use secret::{ApiKey, CodeKey, LedgerSecret, Sid};
pub use sources::{AudienceFile, Exclude, FileFormat, ListEntry, OnDuplicate, RecipientSource};
pub use state::{State, StateCounts};
pub use template::{Header, Language, Template, TemplateName, TemplateText, fill_body};
pub use time::{Timestamp, UtcOffset, format_duration};
