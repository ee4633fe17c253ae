//! `ledger check`: checksums and the ledger's own rules. The server watches its pages itself.

use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::forgotten::Whose;
use crate::ledger::rows::{ALL_COLUMNS, deciding_columns, plan_columns, text_columns};

use super::address::ServerAddress;
use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{read_plan, read_recipient, read_texts};
use super::session::Session;

/// The most findings listed; a broken table could have millions.
const MOST_FINDINGS: usize = 100;

const RECIPIENTS: &str = concat!(
    "SELECT ",
    deciding_columns!("r"),
    ", ",
    text_columns!(),
    ", r.person FROM offercast.recipients AS r"
);
const PLANS: &str = concat!("SELECT ", plan_columns!(), " FROM offercast.plans AS p ORDER BY p.id");

/// Each finds rows that cannot be, by the table named.
const RULES: [(&str, &str); 7] = [
    // A row may have moved on to a newer plan, so a plan has at most as many as it planned.
    (
        "plans",
        "SELECT p.id FROM offercast.plans AS p JOIN (SELECT plan, count(*) AS people
           FROM offercast.recipients GROUP BY plan) AS r ON r.plan = p.id
         WHERE r.people > p.planned ORDER BY 1",
    ),
    (
        "recipients",
        "SELECT r.id FROM offercast.recipients AS r LEFT JOIN offercast.plans AS p ON p.id = r.plan
         WHERE p.campaign IS DISTINCT FROM r.campaign ORDER BY 1",
    ),
    (
        "recipients",
        "SELECT r.id FROM offercast.recipients AS r WHERE r.state IN ('pending', 'attempting')
           AND r.plan < (SELECT max(p.id) FROM offercast.plans AS p WHERE p.campaign = r.campaign)
         ORDER BY 1",
    ),
    (
        "recipients",
        "SELECT min(id) FROM offercast.recipients WHERE message_id IS NOT NULL
         GROUP BY campaign, message_id HAVING count(*) > 1 ORDER BY 1",
    ),
    (
        "recipients",
        "SELECT r.id FROM offercast.recipients AS r CROSS JOIN offercast.meta AS m
         WHERE r.epoch > m.epoch OR (r.state = 'attempting' AND r.epoch IS NULL) ORDER BY 1",
    ),
    (
        "recipients",
        "SELECT r.id FROM offercast.recipients AS r WHERE r.person < 0 AND NOT EXISTS
           (SELECT 1 FROM offercast.forgotten AS f WHERE f.person = r.person) ORDER BY 1",
    ),
    (
        "issued_codes",
        "SELECT i.id FROM offercast.issued_codes AS i
         WHERE NOT EXISTS (SELECT 1 FROM offercast.campaigns AS c WHERE c.id = i.campaign)
         ORDER BY 1",
    ),
];

impl ReadLedger {
    /// Checks a whole ledger and lists what is wrong; nothing means sound.
    pub(in crate::ledger) fn check(address: &ServerAddress) -> Result<Vec<Damage>, LedgerError> {
        let ledger = Self::open_any(address)?;
        ledger.reading("check it", findings)
    }
}

fn findings(session: &Session) -> Result<Vec<Damage>, Fault> {
    let mut findings = Vec::new();
    session.each(PLANS, &[], &mut |row| keep_damage(read_plan(row).map(drop), &mut findings))?;
    session.each(RECIPIENTS, &[], &mut |row| {
        let checked = read_recipient(row).and_then(|verified| {
            let texts = read_texts(&verified, row)?;
            if let Whose::Number(_) = verified.whose {
                verified.message(&texts)?;
            }
            if verified.is_of_person(&texts, row.get(ALL_COLUMNS)) {
                Ok(())
            } else {
                Err(Fault::row("recipients", verified.id))
            }
        });
        keep_damage(checked, &mut findings)
    })?;
    for (table, sql) in RULES {
        session.each(sql, &[], &mut |row| {
            note(&mut findings, Damage::Row { table, row: row.get(0) });
            Ok(())
        })?;
    }
    Ok(findings)
}

fn keep_damage(checked: Result<(), Fault>, findings: &mut Vec<Damage>) -> Result<(), Fault> {
    match checked {
        Err(Fault::Damaged(damage)) => note(findings, damage),
        other => return other,
    }
    Ok(())
}

fn note(findings: &mut Vec<Damage>, damage: Damage) {
    if findings.len() < MOST_FINDINGS {
        findings.push(damage);
    }
}
