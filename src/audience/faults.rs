//! Faults of rows that stop a campaign.

use std::ops::ControlFlow;

use super::filter::RowFilterFault;
use super::finding::Finding;

/// Faults of rows listed at most; further ones are counted.
const LISTED_FAULTS: u64 = 20;

/// Faults of rows that stop the campaign, the first of them in full.
#[derive(Default)]
pub(super) struct Faults {
    findings: Vec<Finding>,
    count: u64,
}

impl Faults {
    /// Adds what was found outside the rows.
    pub(super) fn extend(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    pub(super) fn filter(
        &mut self,
        file: &str,
        line: u64,
        fault: &RowFilterFault,
    ) -> ControlFlow<()> {
        let finding = Finding::in_line("where/row", file, line, fault.to_string());
        self.add(match fault.hint() {
            Some(hint) => finding.hint(hint),
            None => finding,
        });
        ControlFlow::Continue(())
    }

    pub(super) fn duplicate(&mut self, file: &str, line: u64, first_file: &str, first_line: u64) {
        let message = "the same person appears before with different variables";
        let finding = Finding::in_line("audience/duplicate", file, line, message)
            .hint("keep one of the rows, or set `on_duplicate: first`")
            .related(first_file, first_line, "first here");
        self.add(finding);
    }

    fn add(&mut self, finding: Finding) {
        self.count += 1;
        if self.count <= LISTED_FAULTS {
            self.findings.push(finding);
        }
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        if let Some(more) = self.count.checked_sub(LISTED_FAULTS).filter(|more| *more > 0) {
            let message = format!("{} cannot be used either", count(more, "further row"));
            let finding = Finding::in_campaign(
                "audience/more-faults",
                "/recipients".to_owned(),
                None,
                message,
            );
            self.findings.push(finding);
        }
        self.findings
    }
}

/// `1 row`, `2 rows`.
pub(super) fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
