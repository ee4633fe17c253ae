//! `offercast sandbox`: the stand-in as a command of its own.

use super::apply::runtime;
use super::context::Context;
use super::error::CommandError;
use crate::cli::{Exit, SandboxArgs, variables};
use crate::sandbox::{Listen, Sandbox, SandboxConfig, Script};

/// Runs the command until a signal comes.
pub(super) fn sandbox(context: &mut Context, args: &SandboxArgs) -> Result<Exit, CommandError> {
    let system = |source: Box<dyn std::error::Error + Send + Sync>| CommandError::System {
        what: "the sandbox could not be started",
        source,
    };
    let script = match &args.script {
        Some(text) => Script::from_argument(text).map_err(CommandError::Script)?,
        None => Script::default(),
    };
    let config = SandboxConfig {
        listen: Listen::At(args.listen),
        log: args.log.clone(),
        script,
        seed: args.seed,
        keep: false,
        ..SandboxConfig::new(context.clock)
    };
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let sandbox = Sandbox::bind(&config)?;
        let address = sandbox.address();
        context.tell(&format!(
            "Listening on http://{address}; point apply at it with {}=http://{address}. Stop \
             with Ctrl-C.",
            variables::API_URL
        ));
        sandbox.serve(stop_signal()).await
    });
    let counts = served.map_err(|error: crate::sandbox::SandboxError| system(error.into()))?;
    context.tell(&format!(
        "Stopped after {} requests; accepted for {} recipients.",
        counts.requests, counts.accepted
    ));
    Ok(Exit::Done)
}

/// Ready on SIGINT or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
