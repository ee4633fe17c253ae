//! The wire: what a request to Kaleyra looks like and what a reply proves.
//!
//! A [`Form`] is plain data before it is a request; [`Multipart`] turns it into bytes,
//! and [`classify`] says what a [`Reply`] means for each recipient.
//!
//! The request is the one of Kaleyra's page "Send a Limited Time Offer (LTO) Code Template
//! Message"; `tests/fixtures/kaleyra/page-request.bin` is what curl sends for it.

mod codes;
mod curl;
mod endpoint;
pub mod field;
mod form;
mod listing;
mod multipart;
mod reply;
mod reply_body;
mod retry_after;
mod words;

pub use endpoint::{Endpoint, EndpointError};
pub use form::{Field, FieldValue, Form, FormError, expiration_time_ms};
pub use multipart::{Multipart, MultipartBody};
pub use reply::{Asked, ConnectFailure, Reply, classify};
