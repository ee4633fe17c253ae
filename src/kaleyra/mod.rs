//! The wire: what a request to Kaleyra looks like and what a reply proves.
//!
//! A [`Form`] is plain data before it is a request; [`Multipart`] turns it into bytes,
//! [`Client`] puts them on the wire and says what it saw as a [`Reply`], and [`classify`]
//! says what that means for each recipient. Only [`Client`] does I/O.
//!
//! The request is the one of Kaleyra's page "Send a Limited Time Offer (LTO) Code Template
//! Message"; `tests/fixtures/kaleyra/page-request.bin` is what curl sends for it.

mod client;
mod codes;
mod curl;
mod endpoint;
pub mod field;
mod form;
mod json;
mod listing;
mod multipart;
mod reply;
mod reply_body;
mod resolver;
mod retry_after;
mod words;

pub use client::{Client, ClientError, ClientOptions, Timeouts, Transport};
pub use curl::{ShownField, ShownForm, ShownValue};
pub use endpoint::{Endpoint, EndpointError};
pub use form::{Field, FieldValue, Form, FormError, expiration_time_ms};
pub use multipart::{Multipart, MultipartBody, OnStart};
pub use reply::{Asked, ConnectFailure, Reply, classify};
