//! The words: everything that is shown, printed or written for people and their tools.
//!
//! Nothing here decides anything. Every form takes finished values (diagnostics, events,
//! rows of the ledger) and a handle to write to; text that somebody else wrote passes
//! through [`text`] and does nothing to a terminal, a CI log or a page it ends up on.

pub mod diagnostics;
pub mod error;
pub mod export;
pub mod forgetting;
mod forgiving;
pub mod history;
mod html;
pub mod message;
mod output;
pub mod plan;
pub mod resolve;
pub mod run;
pub mod spending;
pub mod status;
mod style;
pub mod text;

pub use output::{ColourChoice, DataStream, Environment, Interaction, Look, Output};
pub use style::{Palette, Role};

#[cfg(test)]
mod hostile;
