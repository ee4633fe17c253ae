//! What forgetting people comes to: counts, never a number.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::output::Look;
use super::style::Role;
use super::text::{Align, Table, json_line, number, people, plural};
use crate::ledger::{CampaignTraces, Forgetting, Traces};
use crate::model::State;

/// Campaign by campaign, for whoever is to agree.
pub fn write_human(out: &mut dyn Write, look: Look, traces: &Traces) -> io::Result<()> {
    let Traces { people: named, before, campaigns, tests, .. } = traces;
    let title = format!("{} to be forgotten", people(*named));
    writeln!(out, "{}", look.palette.paint(Role::Strong, &title))?;
    let mut table = Table::new(&[Align::Left, Align::Left]);
    for (campaign, traces) in campaigns {
        table.row([campaign.as_str(), &in_words(traces)]);
    }
    for line in table.lines(2) {
        writeln!(out, "{line}")?;
    }
    if *tests > 0 {
        writeln!(out, "  {}", plural(*tests, "test message", "test messages"))?;
    }
    if *before > 0 {
        writeln!(out, "  {} forgotten before", people(*before))?;
    }
    let strangers = strangers(traces);
    if strangers > 0 {
        writeln!(
            out,
            "  {} not in the ledger: kept from later plans all the same",
            people(strangers)
        )?;
    }
    Ok(())
}

/// One JSON object on one line. `done` is `None` where nothing was forgotten.
pub fn write_json(
    out: &mut dyn Write,
    traces: &Traces,
    done: Option<&Forgetting>,
) -> io::Result<()> {
    let campaigns: Vec<Value> = traces
        .campaigns
        .iter()
        .map(|(campaign, CampaignTraces { states, issued })| {
            json!({
                "campaign": campaign.as_str(),
                "pending": states.pending,
                "accepted": states.accepted,
                "rejected": states.rejected,
                "unknown": states.unknown,
                "skipped": states.skipped,
                "issued_codes": issued,
            })
        })
        .collect();
    let document = json!({
        "format_version": "1.0",
        "people": traces.people,
        "in_ledger": traces.named,
        "forgotten_before": traces.before,
        "not_in_ledger": strangers(traces),
        "campaigns": campaigns,
        "test_sends": traces.tests,
        "forgotten": done.is_some(),
        "rewritten": done.map(|done| done.remains.is_none()),
    });
    writeln!(out, "{}", json_line(&document)?)
}

/// People of whom there is nothing, not even that they were forgotten.
fn strangers(traces: &Traces) -> u64 {
    traces.people.saturating_sub(traces.named + traces.before)
}

fn in_words(traces: &CampaignTraces) -> String {
    let CampaignTraces { states, issued } = traces;
    let each = State::ALL.into_iter().filter(|state| states.get(*state) > 0).map(|state| {
        let left_out = if state == State::Pending { ", skipped from now on" } else { "" };
        format!("{} {state}{left_out}", number(states.get(state)))
    });
    let issued = (*issued > 0).then(|| plural(*issued, "code given out", "codes given out"));
    each.chain(issued).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CampaignName, StateCounts};

    fn traces() -> Traces {
        let states = StateCounts { pending: 1, accepted: 1_200, ..StateCounts::default() };
        let campaign = CampaignName::new("diwali-2026").expect("a name");
        Traces {
            people: 1_206,
            named: 1_201,
            before: 2,
            campaigns: [(campaign, CampaignTraces { states, issued: 1 })].into(),
            tests: 3,
        }
    }

    #[test]
    fn what_there_is_of_people_is_told_in_counts() {
        let mut out = Vec::new();
        write_human(&mut out, Look::PLAIN, &traces()).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        1,206 people to be forgotten
          diwali-2026  1 pending, skipped from now on; 1,200 accepted; 1 code given out
          3 test messages
          2 people forgotten before
          3 people not in the ledger: kept from later plans all the same
        ");
    }

    #[test]
    fn a_program_reads_the_same() {
        let mut out = Vec::new();
        let remains = Some(crate::ledger::Remains::Read);
        let done = Forgetting { traces: traces(), remains };
        write_json(&mut out, &traces(), Some(&done)).expect("memory takes all");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r#"{"format_version":"1.0","people":1206,"in_ledger":1201,"forgotten_before":2,"not_in_ledger":3,"campaigns":[{"campaign":"diwali-2026","pending":1,"accepted":1200,"rejected":0,"unknown":0,"skipped":0,"issued_codes":1}],"test_sends":3,"forgotten":true,"rewritten":false}"#);
    }
}
