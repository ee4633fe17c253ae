//! A stand-in for the Kaleyra endpoint, on this machine only.
//!
//! [`Sandbox::start`] runs one inside the process, [`Sandbox::serve`] as a command. It answers
//! `POST /v1/<SID>/messages` as the page "Send a Limited Time Offer (LTO) Code Template
//! Message" says, refuses what the page does not allow, remembers what it accepted, and
//! fails on purpose where a [`Script`] tells it to. The page's field names are spelled out
//! here a second time on purpose: a slip in the client's own must not go unseen.
//!
//! A request's way: `server` accepts the connection, `exchange` takes the request through
//! `form` and `checks`, asks the `script`, has the acceptance written by the `recorder`,
//! and only then answers with a text of `answer`, through a `wire` that can be cut.

mod answer;
mod checks;
mod config;
mod exchange;
mod form;
mod port;
mod recorder;
mod script;
mod server;
mod wire;

#[cfg(test)]
mod tests;

pub use config::{Account, EchoedRecipients, ExpirationRule, Listen, SandboxConfig, SandboxError};
pub use form::Content;
pub use recorder::{Accepted, Arrival, SandboxCounts};
pub use script::{Script, ScriptError, ScriptProblem};
pub use server::{Sandbox, SandboxHandle};
