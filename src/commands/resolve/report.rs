//! Settling by Kaleyra's report. A report only ever adds knowledge: it makes no one unsent.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::report::write_diagnostics;
use super::Proposal;
use crate::audience::{ReceiptColumns, ReceiptRow, read_receipts};
use crate::cli::ResolveArgs;
use crate::diagnostic::{Place, Sources};
use crate::ledger::{HistoryRow, LockedLedger, Settlement, Verdict, Who};
use crate::model::{CampaignName, MessageId, PhoneNumber, Receipt, State};
use crate::view::resolve::{Reported, write_report};

/// The most messages to one person that a report is believed about.
const MOST_PER_PERSON: usize = 64;

/// Reads the report, holds it against the ledger, and shows what it changes.
pub(super) fn propose(
    context: &mut Context,
    args: &ResolveArgs,
    file: &Path,
    ledger: &dyn LockedLedger,
    campaign: &CampaignName,
) -> Result<Proposal, CommandError> {
    let columns = columns(args.map.as_deref().unwrap_or_default())?;
    let planned = planned(ledger, campaign)?;
    let mut told = Told::default();
    let mut strangers = 0;
    let read = read_receipts(file, &columns, &mut |row| {
        if planned.contains(&row.number.person().as_u64()) {
            told.add(row);
        } else {
            strangers += 1;
        }
    });
    let read = match read {
        Ok(read) => read,
        Err(findings) => {
            let findings: Vec<_> =
                findings.into_iter().map(|f| f.into_diagnostic(|_| Place::Nowhere)).collect();
            write_diagnostics(context, &Sources::default(), &findings, 1);
            return Err(CommandError::Invalid("the report"));
        }
    };
    let mut reported = Reported {
        file: file.display().to_string(),
        rows: read.rows,
        sha256: read.sha256.clone(),
        campaign: campaign.as_str(),
        strangers,
        ..Reported::default()
    };
    told.forget_other_messages(ledger, campaign)?;
    let settlements = told.settle(ledger, campaign, &mut reported)?;
    let (out, look) = context.output.data();
    write_report(out, look, &reported).map_err(CommandError::Output)?;
    Ok(Proposal { settlements, evidence: Some(read.sha256) })
}

fn planned(
    ledger: &dyn LockedLedger,
    campaign: &CampaignName,
) -> Result<HashSet<u64>, CommandError> {
    let numbers = ledger.read().numbers_of(campaign, &State::ALL)?.unwrap_or_default();
    Ok(numbers.into_iter().map(|number| number.person().as_u64()).collect())
}

/// `number=To,status=Status,message_id=Id`
fn columns(map: &str) -> Result<ReceiptColumns, CommandError> {
    let usage = |message: String| CommandError::Usage {
        message,
        hint: Some("such as `--map number=To,status=Status,message_id=Id`".to_owned()),
    };
    let (mut number, mut status, mut message_id) = (None, None, None);
    for part in map.split(',') {
        let (key, column) = part
            .split_once('=')
            .ok_or_else(|| usage("`--map` is a list of `key=column`".to_owned()))?;
        let slot = match key.trim() {
            "number" => &mut number,
            "status" => &mut status,
            "message_id" => &mut message_id,
            _ => return Err(usage("`--map` knows number, status and message_id".to_owned())),
        };
        if slot.replace(column.trim().to_owned()).is_some() {
            return Err(usage(format!("`--map` names {} twice", key.trim())));
        }
    }
    match (number, status) {
        (Some(number), Some(status)) => Ok(ReceiptColumns { number, status, message_id }),
        _ => Err(usage("`--map` must name the columns of number and status".to_owned())),
    }
}

/// What the report tells of each person of the campaign.
#[derive(Default)]
struct Told {
    people: HashMap<u64, Vec<Evidence>>,
    /// Ids that the ledger has for somebody's message already.
    taken: HashSet<String>,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Evidence {
    receipt: Receipt,
    message_id: Option<MessageId>,
}

impl Evidence {
    /// Whether it is about the message with either of these ids; where the report gives no
    /// id, the number has to do.
    fn is_about(&self, row: &HistoryRow) -> bool {
        self.message_id.is_none() || self.has_id_of(row)
    }

    fn has_id_of(&self, row: &HistoryRow) -> bool {
        let Some(id) = self.message_id.as_ref().map(MessageId::as_str) else { return false };
        row.message_id.as_deref() == Some(id) || row.request_id.as_deref() == Some(id)
    }
}

impl Told {
    /// Reports repeat themselves in any order: the weightiest word about a message stays.
    fn add(&mut self, row: ReceiptRow) {
        let ReceiptRow { number, receipt, message_id } = row;
        let messages = self.people.entry(number.person().as_u64()).or_default();
        let same = messages.iter().position(|message| message.message_id == message_id);
        if let Some(index) = same {
            messages[index].receipt = messages[index].receipt.max(receipt);
        } else if messages.len() < MOST_PER_PERSON {
            messages.push(Evidence { receipt, message_id });
        }
    }

    /// A person may have got other messages: those that the ledger knows by their ids, from
    /// other campaigns or tests, tell nothing about this one.
    fn forget_other_messages(
        &mut self,
        ledger: &dyn LockedLedger,
        campaign: &CampaignName,
    ) -> Result<(), CommandError> {
        let ids: HashSet<_> =
            self.people.values().flatten().filter_map(|e| e.message_id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let Self { people, taken } = self;
        ledger.read().history(&Who::All, None, |row| -> Result<(), CommandError> {
            if let Some(id) = row.message_id.as_deref()
                && MessageId::new(id).is_some_and(|id| ids.contains(&id))
            {
                taken.insert(id.to_owned());
            }
            if row.campaign != *campaign
                && let Some(number) = row.whose.number()
                && let Some(messages) = people.get_mut(&person(number))
            {
                messages.retain(|message| !message.has_id_of(&row));
            }
            Ok(())
        })?;
        for test in ledger.read().test_sends()? {
            if let Some(messages) = people.get_mut(&test.number.person().as_u64()) {
                messages.retain(|message| {
                    let id = message.message_id.as_ref().map(MessageId::as_str);
                    id.is_none()
                        || (id != test.message_id.as_deref() && id != test.request_id.as_deref())
                });
            }
        }
        Ok(())
    }

    fn settle(
        mut self,
        ledger: &dyn LockedLedger,
        campaign: &CampaignName,
        reported: &mut Reported<'_>,
    ) -> Result<Vec<Settlement>, CommandError> {
        let mut settlements = Vec::new();
        ledger.read().history(&Who::All, Some(campaign), |row| -> Result<(), CommandError> {
            // Of those whom the ledger forgot a report cannot tell which they are.
            if let Some(number) = row.whose.number()
                && let Some(messages) = self.people.remove(&person(number))
            {
                settlements.extend(judge(&row, messages, reported));
            }
            Ok(())
        })?;
        // An id of several messages is that of their request: it would not tell them apart.
        let mut uses: HashMap<String, u32> = HashMap::new();
        for id in settlements.iter().filter_map(id_of) {
            *uses.entry(id.as_str().to_owned()).or_default() += 1;
        }
        for settlement in &mut settlements {
            let Verdict::Reported { message_id, .. } = &mut settlement.verdict else { continue };
            let is_own = |id: &MessageId| {
                uses.get(id.as_str()) == Some(&1) && !self.taken.contains(id.as_str())
            };
            *message_id = message_id.take().filter(is_own);
        }
        Ok(settlements)
    }
}

fn person(number: PhoneNumber) -> u64 {
    number.person().as_u64()
}

fn id_of(settlement: &Settlement) -> Option<&MessageId> {
    match &settlement.verdict {
        Verdict::Reported { message_id, .. } => message_id.as_ref(),
        Verdict::Sent | Verdict::Unsent => None,
    }
}

/// What the report's words about one person change, if anything; counted either way.
fn judge(
    row: &HistoryRow,
    mut messages: Vec<Evidence>,
    reported: &mut Reported<'_>,
) -> Option<Settlement> {
    let unsent = row.state == State::Skipped && row.cause.as_deref() == Some("unsent");
    if row.state == State::Accepted && row.message_id.is_some() {
        messages.retain(|message| message.is_about(row));
    }
    let Some(best) = messages.into_iter().max_by_key(|message| message.receipt) else {
        reported.other_messages += 1;
        return None;
    };
    let Evidence { receipt, message_id } = best;
    match row.state {
        State::Unknown if receipt == Receipt::Failed => reported.unknown_failed += 1,
        State::Unknown => reported.unknown_sent += 1,
        State::Skipped if unsent => reported.unsent_after_all += 1,
        State::Accepted if row.receipt >= Some(receipt) => {
            reported.known += 1;
            return None;
        }
        State::Accepted if receipt == Receipt::Failed => reported.accepted_failed += 1,
        State::Accepted => reported.accepted_confirmed += 1,
        State::Pending | State::Attempting | State::Rejected | State::Skipped => {
            reported.contradicted += 1;
            return None;
        }
    }
    Some(Settlement { row: row.row, verdict: Verdict::Reported { receipt, message_id } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_named_in_any_order_and_each_once() {
        let read = columns("status=Status, number=To ,message_id=Message ID").expect("a map");
        assert_eq!((read.number.as_str(), read.status.as_str()), ("To", "Status"));
        assert_eq!(read.message_id.as_deref(), Some("Message ID"));
        for map in
            ["", "number=To", "number=a,number=b,status=c", "number=a,status=b,x=c", "number"]
        {
            assert!(columns(map).is_err(), "{map}");
        }
    }

    #[test]
    fn the_weightiest_word_about_a_message_stays_in_whatever_order_it_comes() {
        let number = PhoneNumber::from_digits(12_025_550_123).expect("a number");
        let row = |receipt| ReceiptRow { number, receipt, message_id: MessageId::new("a:0") };
        let mut orders = vec![Receipt::ALL.to_vec(), Receipt::ALL.iter().rev().copied().collect()];
        orders.push(vec![Receipt::Delivered, Receipt::Failed, Receipt::Read, Receipt::Sent]);
        for order in orders {
            let mut told = Told::default();
            for receipt in order {
                told.add(row(receipt));
            }
            let messages = &told.people[&person(number)];
            assert_eq!(messages.len(), 1);
            assert_eq!(messages[0].receipt, Receipt::Read);
        }
    }
}
