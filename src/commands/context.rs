//! What every command has at hand: the environment, the clock, the two streams.

use super::error::CommandError;
use crate::cli::{ColorChoice, Environment, variables};
use crate::clock::Clock;
use crate::kaleyra::Endpoint;
use crate::model::Timestamp;
use crate::view;

/// What every command has at hand.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) environment: Environment,
    pub(super) clock: Clock,
    pub(super) output: view::Output,
}

impl Context {
    /// Reads what the process was given.
    pub(super) fn of_process(color: ColorChoice) -> Result<Self, CommandError> {
        let environment = Environment::of_process();
        let clock = match environment.get(variables::NOW) {
            Some(text) => Clock::starting_at(instant(text)?),
            None => Clock::system(),
        };
        let choice = match color {
            ColorChoice::Auto => view::ColourChoice::Auto,
            ColorChoice::Always => view::ColourChoice::Always,
            ColorChoice::Never => view::ColourChoice::Never,
        };
        let output = view::Output::of_process(choice, &view::Environment::of_process());
        Ok(Self { environment, clock, output })
    }

    /// Refuses to send anywhere but to this machine under a pretended time: offers that are
    /// over could go out.
    pub(super) fn expect_real_time(&self, endpoint: &Endpoint) -> Result<(), CommandError> {
        if self.environment.get(variables::NOW).is_some() && !endpoint.is_this_machine() {
            return Err(CommandError::PretendedTime { host: endpoint.identity() });
        }
        Ok(())
    }

    /// Writes data to standard output.
    pub(super) fn print(&mut self, text: &str) -> Result<(), CommandError> {
        let (out, _) = self.output.data();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(CommandError::Output)
    }

    /// Writes a line for people to standard error. A closed standard error stops nothing:
    /// what the program does matters more than what it says.
    pub(super) fn tell(&mut self, text: &str) {
        let (out, _) = self.output.messages();
        let _ = writeln!(out, "{text}");
    }

    /// Writes a warning to standard error.
    pub(super) fn warn(&mut self, text: &str) {
        let (out, look) = self.output.messages();
        let label = look.palette.paint(view::Role::Warning, "warning:");
        let _ = writeln!(out, "{label} {text}");
    }
}

fn instant(text: &str) -> Result<Timestamp, CommandError> {
    text.parse::<jiff::Timestamp>()
        .map(|instant| Timestamp::from_millis(instant.as_millisecond()))
        .map_err(|_| CommandError::Usage {
            message: format!("`{}` is not an RFC 3339 instant", variables::NOW),
            hint: Some("such as `2026-12-01T09:00:00Z`; unset it to use the system's clock".into()),
        })
}
