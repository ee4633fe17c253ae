//! Events that the tests of all listeners share.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Now;
use crate::event::{Progress, RunEvent, RunReport, StopReason};
use crate::model::{
    CampaignName, HaltReason, PlanId, Rejection, StateCounts, Timestamp, UnknownCause,
};

const PLANNED: u64 = 287_412;

pub(super) fn started(name: &str) -> RunEvent {
    RunEvent::Started {
        campaign: campaign(name),
        plan: plan(),
        counts: StateCounts { pending: PLANNED, ..StateCounts::default() },
    }
}

/// Progress with `settled` people settled, 31 of them rejected and 9 unknown, 32 on the wire.
pub(super) fn progress(settled: u64) -> RunEvent {
    RunEvent::Progress(Progress {
        counts: StateCounts {
            pending: PLANNED - settled - 32,
            attempting: 32,
            accepted: settled - 40,
            rejected: 31,
            unknown: 9,
            skipped: 0,
        },
        concluded: settled,
        per_second: 80.2,
        per_second_together: None,
        time_left: Some(Duration::from_mins(57)),
        in_flight: 32,
    })
}

pub(super) fn report(stop: StopReason) -> RunReport {
    let halted = matches!(stop, StopReason::Halted(HaltReason::Template));
    RunReport {
        campaign: campaign("diwali-2026"),
        plan: plan(),
        stop,
        detail: halted.then(|| Rejection {
            code: "WA401".to_owned(),
            text: "template \u{1b}[31mpaused\r".to_owned(),
        }),
        next_at: None,
        counts: StateCounts {
            pending: PLANNED - 12_500,
            attempting: 0,
            accepted: 12_440,
            rejected: 31,
            unknown: 9,
            skipped: 20,
        },
        this_run: StateCounts {
            accepted: 12_400,
            rejected: 31,
            unknown: 8,
            skipped: 20,
            ..StateCounts::default()
        },
        unknown: vec![(UnknownCause::Timeout, 6), (UnknownCause::ServerError, 2)],
        requests: 12_439,
        started_at: Timestamp::from_millis(1_796_095_800_000),
        took: Duration::from_secs(156),
    }
}

pub(super) fn campaign(name: &str) -> CampaignName {
    CampaignName::new(name).expect("a campaign name")
}

pub(super) fn plan() -> PlanId {
    PlanId::from_bytes([0xab; 16])
}

/// A clock that the test sets.
#[derive(Clone, Default)]
pub(super) struct TestClock(Arc<Mutex<i64>>);

impl TestClock {
    pub(super) fn advance(&self, millis: i64) {
        *self.0.lock().expect("not poisoned") += millis;
    }

    pub(super) fn now(&self) -> Now {
        let millis = Arc::clone(&self.0);
        Box::new(move || {
            Timestamp::from_millis(1_796_095_800_000 + *millis.lock().expect("not poisoned"))
        })
    }
}

/// A handle whose text the test reads.
#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
