//! Settling what could not be known: by a person's word or by Kaleyra's report. Each
//! settlement leaves an audit row, in the transaction that makes it.

use std::collections::HashMap;

use crate::ledger::error::LedgerError;
use crate::ledger::rows::{phone, stored};
use crate::ledger::serial::Occasion;
use crate::ledger::settlement::UNSENT;
use crate::ledger::settlement::{AuditRow, Decision, Settlement, TestSendRow, Verdict};
use crate::model::{CampaignName, MessageId, PersonKey, PlanId, State, Timestamp};

use super::fault::Fault;
use super::marks;
use super::open::{LockedLedger, ReadLedger};
use super::rows::instant;
use super::session::{Session, int, ints, text, texts};

/// Settlements written in one statement.
const AT_ONCE: usize = 5_000;

const STATES: &str = "SELECT id, state, cause FROM offercast.recipients
  WHERE id = ANY ($1) FOR UPDATE";

// Written before the change, so that it tells what was.
const AUDIT: &str = "INSERT INTO offercast.audit (campaign, plan, number, person, attempted_at,
    from_state, from_cause, to_state, reason, evidence, done_by, done_at)
  SELECT r.campaign, r.plan, r.number, r.person, r.attempted_at, r.state, r.cause,
    s.to_state, s.reason, $4, $5, $6
  FROM unnest($1, $2, $3) WITH ORDINALITY AS s (id, to_state, reason, place)
    JOIN offercast.recipients AS r ON r.id = s.id
  ORDER BY s.place";

const SENT: &str = "UPDATE offercast.recipients SET state = 'accepted', cause = 'resolved',
    accepted_at = coalesce(attempted_at, $2), updated_at = $2
  WHERE id = ANY ($1) AND state = 'unknown'";
// No plan has those who are forgotten.
const NOT_SENT: &str = "UPDATE offercast.recipients SET state = 'skipped',
    cause = CASE WHEN number < 0 THEN 'forgotten' ELSE 'unsent' END, updated_at = $2
  WHERE id = ANY ($1) AND state = 'unknown'";
const REPORTED: &str = "UPDATE offercast.recipients AS r SET state = 'accepted',
    cause = CASE r.state WHEN 'accepted' THEN r.cause ELSE 'reported' END,
    message_id = coalesce(r.message_id, s.message_id), receipt = s.receipt,
    accepted_at = coalesce(r.accepted_at, r.attempted_at, $2), updated_at = $2
  FROM unnest($1, $3, $4) AS s (id, message_id, receipt)
  WHERE r.id = s.id
    AND (r.state IN ('unknown', 'accepted') OR (r.state = 'skipped' AND r.cause = 'unsent'))";

const DECISIONS: &str = "SELECT a.id, c.name, p.plan_id, a.attempted_at, a.from_state,
    a.from_cause, a.to_state, a.reason, a.evidence, a.done_by, a.done_at
  FROM offercast.audit AS a LEFT JOIN offercast.campaigns AS c ON c.id = a.campaign
    LEFT JOIN offercast.plans AS p ON p.id = a.plan
  WHERE a.person = $1 ORDER BY a.id";

const TESTS: &str = "SELECT id, campaign, number, state, cause, message_id, request_id, sent_at
  FROM offercast.test_sends ORDER BY id";

impl LockedLedger {
    pub(super) fn settle_all(
        &mut self,
        settlements: &[Settlement],
        decision: &Decision,
    ) -> Result<(), LedgerError> {
        self.writing("settle outcomes", |session| {
            for settlements in settlements.chunks(AT_ONCE) {
                settle(session, settlements, decision)?;
            }
            marks::add(session, decision.at, Occasion::Settled)
        })
    }
}

fn settle(session: &Session, settlements: &[Settlement], decision: &Decision) -> Result<(), Fault> {
    expect_open(session, settlements)?;
    let at = decision.at.as_millis();
    let ids: Vec<_> = settlements.iter().map(|one| one.row.0).collect();
    let to: Vec<_> = settlements.iter().map(|one| end(&one.verdict).as_str()).collect();
    let why: Vec<_> = settlements.iter().map(|one| one.verdict.reason()).collect();
    let params = [
        ints(&ids),
        texts(&to),
        texts(&why),
        text(&decision.evidence),
        text(&decision.by),
        int(&at),
    ];
    session.run(AUDIT, &params)?;
    let of = |wanted: fn(&Verdict) -> bool| -> Vec<i64> {
        let wanted = settlements.iter().filter(|one| wanted(&one.verdict));
        wanted.map(|one| one.row.0).collect()
    };
    let sent = of(|verdict| matches!(verdict, Verdict::Sent));
    let unsent = of(|verdict| matches!(verdict, Verdict::Unsent));
    let reported = of(|verdict| matches!(verdict, Verdict::Reported { .. }));
    let (messages, receipts): (Vec<_>, Vec<_>) = settlements
        .iter()
        .filter_map(|one| match &one.verdict {
            Verdict::Reported { receipt, message_id } => {
                Some((message_id.as_ref().map(MessageId::as_str), receipt.as_str()))
            }
            Verdict::Sent | Verdict::Unsent => None,
        })
        .unzip();
    session.run(SENT, &[ints(&sent), int(&at)])?;
    session.run(NOT_SENT, &[ints(&unsent), int(&at)])?;
    session.run(REPORTED, &[ints(&reported), int(&at), texts(&messages), texts(&receipts)])?;
    Ok(())
}

/// Locks the rows, and refuses all when one cannot be settled so.
fn expect_open(session: &Session, settlements: &[Settlement]) -> Result<(), Fault> {
    let ids: Vec<_> = settlements.iter().map(|one| one.row.0).collect();
    let mut states = HashMap::with_capacity(ids.len());
    session.each(STATES, &[ints(&ids)], &mut |row| {
        let id: i64 = row.get(0);
        let state = State::parse(row.get(1)).ok_or_else(|| Fault::row("recipients", id))?;
        states.insert(id, (state, row.get::<_, Option<&str>>(2) == Some(UNSENT)));
        Ok(())
    })?;
    for Settlement { row, verdict } in settlements {
        // Taken out: one person settled twice in one call is as wrong as one not there.
        let found = states.remove(&row.0);
        let is_open = match (verdict, found) {
            (_, None) => false,
            (Verdict::Sent | Verdict::Unsent, Some((state, _))) => state == State::Unknown,
            (Verdict::Reported { .. }, Some((state, unsent))) => {
                matches!(state, State::Unknown | State::Accepted)
                    || (state == State::Skipped && unsent)
            }
        };
        if !is_open {
            let (row, expected) = (*row, State::Unknown);
            let found = found.map(|(state, _)| state);
            return Err(LedgerError::UnexpectedState { row, expected, found }.into());
        }
    }
    Ok(())
}

fn end(verdict: &Verdict) -> State {
    match verdict {
        Verdict::Sent | Verdict::Reported { .. } => State::Accepted,
        Verdict::Unsent => State::Skipped,
    }
}

impl ReadLedger {
    pub(super) fn read_decisions(&self, person: PersonKey) -> Result<Vec<AuditRow>, LedgerError> {
        self.reading("read what was settled", |session| {
            let mut decisions = Vec::new();
            let person = stored(person.as_u64());
            session.each(DECISIONS, &[int(&person)], &mut |row| {
                let damaged = || Fault::row("audit", row.get(0));
                let word = |column: usize| row.get::<_, Option<&str>>(column);
                let state = |column: usize| word(column).and_then(State::parse).ok_or_else(damaged);
                let campaign = word(1).and_then(|name| CampaignName::new(name).ok());
                decisions.push(AuditRow {
                    campaign: campaign.ok_or_else(damaged)?,
                    plan: word(2).and_then(PlanId::parse).ok_or_else(damaged)?,
                    attempted_at: instant(row, 3),
                    from: state(4)?,
                    from_cause: row.get(5),
                    to: state(6)?,
                    reason: row.get(7),
                    evidence: row.get(8),
                    by: row.get(9),
                    at: Timestamp::from_millis(row.get(10)),
                });
                Ok(())
            })?;
            Ok(decisions)
        })
    }

    pub(super) fn read_test_sends(&self) -> Result<Vec<TestSendRow>, LedgerError> {
        self.reading("read the test messages", |session| {
            let mut tests = Vec::new();
            session.each(TESTS, &[], &mut |row| {
                let damaged = || Fault::row("test_sends", row.get(0));
                tests.push(TestSendRow {
                    campaign: CampaignName::new(row.get::<_, &str>(1)).map_err(|_| damaged())?,
                    number: phone(row.get(2)).ok_or_else(damaged)?,
                    state: State::parse(row.get(3)).ok_or_else(damaged)?,
                    cause: row.get(4),
                    message_id: row.get(5),
                    request_id: row.get(6),
                    at: Timestamp::from_millis(row.get(7)),
                });
                Ok(())
            })?;
            Ok(tests)
        })
    }
}
