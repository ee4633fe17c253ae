//! Where an apply sends to: Kaleyra, or a stand-in inside this process with a ledger and
//! keys of its own that are gone at exit.

use std::path::Path;

use data_encoding::HEXLOWER;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::secrets;
use crate::cli::{ApplyArgs, Environment, variables};
use crate::clock::random_bytes;
use crate::kaleyra::Endpoint;
use crate::ledger::{LedgerAddress, NewLedger};
use crate::model::{ApiKey, CodeKey, LedgerSecret, Lineage, Sid};
use crate::sandbox::{Sandbox, SandboxConfig, SandboxHandle};

/// Where an apply sends to.
pub(in crate::commands) enum FarSide {
    /// The real thing, or whatever `OFFERCAST_API_URL` names.
    Kaleyra,
    /// The stand-in.
    Sandbox(Box<Playground>),
}

/// The account requests are made for.
pub(in crate::commands) struct Account {
    pub(in crate::commands) sid: Sid,
    pub(in crate::commands) key: ApiKey,
}

/// A sandbox with everything an apply needs; all of it is gone when it is dropped.
pub(in crate::commands) struct Playground {
    handle: SandboxHandle,
    folder: tempfile::TempDir,
    code_key: CodeKey,
}

impl FarSide {
    /// What the arguments ask for.
    pub(super) fn of(context: &Context, args: &ApplyArgs) -> Result<Self, CommandError> {
        if args.sandbox { Self::sandbox(context) } else { Ok(Self::Kaleyra) }
    }

    /// Starts a sandbox and creates its ledger.
    pub(in crate::commands) fn sandbox(context: &Context) -> Result<Self, CommandError> {
        let system = |source: Box<dyn std::error::Error + Send + Sync>| CommandError::System {
            what: "the sandbox could not be started",
            source,
        };
        let config = SandboxConfig { keep: false, ..SandboxConfig::new(context.clock) };
        let handle = Sandbox::start(&config).map_err(|error| system(error.into()))?;
        let folder = tempfile::Builder::new()
            .prefix("offercast-sandbox-")
            .tempdir()
            .map_err(|error| system(error.into()))?;
        let random = || random_bytes::<32>().map_err(|error| system(error.into()));
        let lineage: [u8; 16] = random_bytes().map_err(|error| system(error.into()))?;
        let new = NewLedger {
            lineage: Lineage::from_bytes(lineage),
            secret: LedgerSecret::new(random()?),
            created_at: context.clock.now(),
        };
        ledger_address(folder.path()).init(&new)?;
        let code_key = CodeKey::new(random()?.to_vec()).expect("32 bytes are enough");
        Ok(Self::Sandbox(Box::new(Playground { handle, folder, code_key })))
    }

    pub(in crate::commands) fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }

    /// The sandbox's own ledger.
    pub(in crate::commands) fn ledger(&self) -> Option<LedgerAddress> {
        match self {
            Self::Kaleyra => None,
            Self::Sandbox(playground) => Some(ledger_address(playground.folder.path())),
        }
    }

    /// The key codes are drawn with, if there is one.
    pub(in crate::commands) fn code_key(
        &self,
        environment: &Environment,
    ) -> Result<Option<CodeKey>, CommandError> {
        match self {
            Self::Kaleyra => secrets::code_key(environment),
            Self::Sandbox(playground) => Ok(Some(playground.code_key.clone())),
        }
    }

    /// Another address than the campaigns' own.
    pub(in crate::commands) fn endpoint(
        &self,
        environment: &Environment,
    ) -> Result<Option<Endpoint>, CommandError> {
        let text = match self {
            Self::Kaleyra => environment.get(variables::API_URL).map(str::to_owned),
            Self::Sandbox(playground) => Some(playground.handle.url()),
        };
        text.map(|text| Endpoint::parse(&text).map_err(CommandError::Endpoint)).transpose()
    }

    /// The account. Asked for only once there is something to send.
    pub(in crate::commands) fn account(
        &self,
        environment: &Environment,
    ) -> Result<Account, CommandError> {
        match self {
            Self::Kaleyra => {
                let (sid, key) = secrets::account(environment)?;
                Ok(Account { sid, key })
            }
            Self::Sandbox(_) => {
                let random: [u8; 16] = random_bytes().map_err(|source| CommandError::System {
                    what: "no key could be made for the sandbox",
                    source: source.into(),
                })?;
                let text = HEXLOWER.encode(&random);
                let sid = Sid::new(text.clone()).expect("hexadecimal digits are a SID");
                let key = ApiKey::new(text).expect("hexadecimal digits are a key");
                Ok(Account { sid, key })
            }
        }
    }
}

const LEDGER_FILE: &str = "ledger.db";

fn ledger_address(folder: &Path) -> LedgerAddress {
    LedgerAddress::File(folder.join(LEDGER_FILE))
}
