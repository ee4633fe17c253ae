//! offercast runs WhatsApp limited-time-offer campaigns that live as YAML files in git.
//!
//! The way of the data, from file to send, is the list of modules: [`cli`] is what can be
//! typed and [`commands`] what then happens; [`parse`] turns a campaign file into a
//! [`model`] campaign, [`audience`] streams its recipients, [`compose`] writes each one's
//! message, [`ledger`] remembers, [`plan`] decides, [`send`] carries out through
//! [`kaleyra`] and tells about it in [`event`]s, and [`view`] finds the words.
//! [`diagnostic`] is a problem with a place, [`sandbox`] a stand-in for the far side, and
//! [`clock`] the only reader of time and chance.
//!
//! Who may import whom is drawn in `docs/architecture.md` and held by a test.

pub mod audience;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod compose;
pub mod diagnostic;
pub mod event;
pub mod kaleyra;
pub mod ledger;
pub mod model;
pub mod parse;
pub mod plan;
pub mod sandbox;
pub mod send;
pub mod view;
