//! Whom a campaign's sending is told to.

use std::sync::{Arc, Mutex, PoisonError};

use super::heart::Heart;
use super::record::Events;
use crate::event::{RunEvent, RunReport, StopReason};
use crate::view::run::RunListener;

/// Tells how a machine's part ended, after all its runs.
pub(super) fn tell_end(telling: &Telling, report: &RunReport) {
    let RunReport { campaign, plan, counts, .. } = report;
    let (campaign, plan, counts) = (campaign.clone(), *plan, *counts);
    tell(telling, &RunEvent::Started { campaign, plan, counts });
    tell(telling, &RunEvent::Finished(report.clone()));
}

/// What a campaign's run is told to. A machine beside others may take several runs for its
/// part; to the listener they are one.
pub(super) type Telling = Arc<Mutex<AsOne>>;

/// A listener that hears of one beginning.
pub(super) struct AsOne {
    listener: Box<dyn RunListener>,
    has_begun: bool,
}

/// Nothing was told yet.
pub(super) fn begin(listener: Box<dyn RunListener>) -> Telling {
    Arc::new(Mutex::new(AsOne { listener, has_begun: false }))
}

/// Tells the listener of an event.
pub(super) fn tell(telling: &Telling, event: &RunEvent) {
    let mut told = telling.lock().unwrap_or_else(PoisonError::into_inner);
    let begins = matches!(event, RunEvent::Started { .. });
    if begins && told.has_begun {
        return;
    }
    told.has_begun |= begins;
    told.listener.on(event);
}

/// Hears what happens in a run. Beside others, its end is not the end of this machine's part.
pub(super) fn listener(
    telling: &Telling,
    beside: Option<&Heart>,
) -> impl FnMut(RunEvent) + Send + 'static + use<> {
    let (telling, hears) = (Arc::clone(telling), beside.map(Heart::hears));
    move |event| {
        if let Some(hears) = &hears {
            hears(&event);
            if matches!(&event, RunEvent::Finished(report) if report.stop == StopReason::Finished) {
                return;
            }
        }
        tell(&telling, &event);
    }
}

/// The one stream of all campaigns of an invocation.
pub(super) struct Shared(pub(super) Events);

impl RunListener for Shared {
    fn on(&mut self, event: &RunEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).on(event);
    }
}
