//! The totals of an invocation: what exit code and last line are made from.

use super::RunListener;
use crate::event::{RunEvent, RunReport};
use crate::model::{CampaignName, State, StateCounts};

/// Counts along; holds no more than one entry per campaign.
#[derive(Debug, Default)]
pub struct Totals {
    running: Option<(CampaignName, StateCounts)>,
    reports: Vec<RunReport>,
}

impl Totals {
    /// The reports of the campaigns that are over, in the order they ended.
    pub fn reports(&self) -> &[RunReport] {
        &self.reports
    }

    /// Where everybody planned stands, over all campaigns, the running one included.
    pub fn all(&self) -> StateCounts {
        let ended = self.reports.iter().map(|report| report.counts);
        sum(ended.chain(self.running.iter().map(|(_, counts)| *counts)))
    }

    /// What this invocation itself concluded in the campaigns that are over.
    pub fn this_run(&self) -> StateCounts {
        sum(self.reports.iter().map(|report| report.this_run))
    }
}

impl RunListener for Totals {
    fn on(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started { campaign, counts, .. } => {
                self.running = Some((campaign.clone(), *counts));
            }
            RunEvent::Progress(progress) => {
                if let Some((_, counts)) = &mut self.running {
                    *counts = progress.counts;
                }
            }
            RunEvent::Finished(report) => {
                self.running = None;
                self.reports.push(report.clone());
            }
            RunEvent::Paused { .. } | RunEvent::Resumed | RunEvent::Draining { .. } => {}
        }
    }
}

fn sum(counts: impl Iterator<Item = StateCounts>) -> StateCounts {
    counts.fold(StateCounts::default(), |mut total, counts| {
        for state in State::ALL {
            total.add(state, counts.get(state));
        }
        total
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{progress, report, started};
    use super::*;
    use crate::event::StopReason;

    #[test]
    fn a_campaign_counts_once_running_or_over() {
        let mut totals = Totals::default();
        totals.on(&started("diwali-2026"));
        assert_eq!(totals.all().planned(), 287_412);
        totals.on(&progress(12_480));
        assert_eq!((totals.all().planned(), totals.all().accepted), (287_412, 12_440));
        totals.on(&RunEvent::Finished(report(StopReason::Limit)));
        assert_eq!(totals.all(), report(StopReason::Limit).counts);
        assert_eq!(totals.this_run(), report(StopReason::Limit).this_run);
        totals.on(&started("holi"));
        assert_eq!(totals.all().planned(), 2 * 287_412);
        assert_eq!(totals.reports().len(), 1);
    }
}
