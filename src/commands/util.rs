//! `offercast schema` and `offercast util …`: texts made from the program itself.

use clap::CommandFactory;
use data_encoding::BASE64;

use super::context::Context;
use super::error::CommandError;
use super::reference;
use crate::cli::{Cli, Exit, SchemaArgs, SchemaName, UtilCommand};
use crate::clock::random_bytes;
use crate::model::CodeKey;
use crate::parse::{CAMPAIGN_SCHEMA, POLICY_SCHEMA};
use crate::plan::document::PLAN_SCHEMA;
use crate::view::run::{EVENTS_SCHEMA, REPORT_SCHEMA};

/// Prints a schema.
pub(super) fn schema(context: &mut Context, args: &SchemaArgs) -> Result<Exit, CommandError> {
    let text = match args.name {
        SchemaName::Campaign => CAMPAIGN_SCHEMA,
        SchemaName::Plan => PLAN_SCHEMA,
        SchemaName::Policy => POLICY_SCHEMA,
        SchemaName::Events => EVENTS_SCHEMA,
        SchemaName::Report => REPORT_SCHEMA,
    };
    context.print(text)?;
    Ok(Exit::Done)
}

/// Prints one of the other texts.
pub(super) fn util(context: &mut Context, command: &UtilCommand) -> Result<Exit, CommandError> {
    let mut bytes = Vec::new();
    match command {
        UtilCommand::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "offercast", &mut bytes);
        }
        UtilCommand::Man => {
            clap_mangen::Man::new(Cli::command())
                .render(&mut bytes)
                .map_err(CommandError::Output)?;
        }
        UtilCommand::Reference => bytes = reference::markdown(&mut Cli::command()).into_bytes(),
        UtilCommand::CodeKey => {
            let key: [u8; 32] = random_bytes().map_err(|source| CommandError::System {
                what: "no key could be made",
                source: source.into(),
            })?;
            let text = BASE64.encode(&key);
            if let Some(key) = CodeKey::new(text.clone().into_bytes()) {
                context.tell(&format!("Its fingerprint is {}.", key.fingerprint()));
            }
            bytes = format!("{text}\n").into_bytes();
        }
    }
    context.print(&String::from_utf8_lossy(&bytes))?;
    Ok(Exit::Done)
}
