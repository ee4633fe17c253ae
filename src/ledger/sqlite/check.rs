//! `ledger check`: SQLite's whole check and the ledger's own rules.

use std::path::Path;

use rusqlite::Connection;

use crate::ledger::error::{Damage, LedgerError};
use crate::ledger::forgotten::Whose;
use crate::ledger::rows::{ALL_COLUMNS, deciding_columns, plan_columns, text_columns};

use super::fault::Fault;
use super::open::ReadLedger;
use super::rows::{everybody, read_plan, read_recipient, read_texts};

/// The most findings listed; a broken file could have millions.
const MOST_FINDINGS: usize = 100;

const RECIPIENTS: &str = concat!(
    "SELECT ",
    deciding_columns!("d"),
    ", ",
    text_columns!(),
    ", r.person, d.detail IS NULL AND d.message_id IS NULL AND d.request_id IS NULL FROM ",
    everybody!(),
    " ORDER BY r.id"
);
const PLANS: &str = concat!("SELECT ", plan_columns!(), " FROM plans AS p ORDER BY p.id");

// A row may have moved on to a newer plan, so a plan has at most as many as it planned.
const OVERFULL: &str = "SELECT p.id FROM plans AS p
  WHERE (SELECT count(*) FROM recipients AS r WHERE r.plan = p.id) > p.planned";
const ELSEWHERE: &str = "SELECT r.id FROM recipients AS r CROSS JOIN plans AS p ON p.id = r.plan
  WHERE p.campaign <> r.campaign";
const OUTSIDE_LAST_PLAN: &str = "SELECT r.id FROM deliveries AS d
    CROSS JOIN recipients AS r ON r.id = d.id
  WHERE d.state IN ('pending', 'attempting')
    AND EXISTS (SELECT 1 FROM plans AS p WHERE p.campaign = r.campaign AND p.id > r.plan)";
const SAME_MESSAGE: &str = "SELECT min(d.id) FROM deliveries AS d
    CROSS JOIN recipients AS r ON r.id = d.id
  WHERE d.message_id IS NOT NULL GROUP BY r.campaign, d.message_id HAVING count(*) > 1";

const UNREMEMBERED: &str = "SELECT r.id FROM recipients AS r
  WHERE r.person < 0 AND NOT EXISTS (SELECT 1 FROM forgotten AS f WHERE f.person = r.person)";

impl ReadLedger {
    /// Checks a whole ledger, of any size, and lists what is wrong; nothing means sound.
    /// Errors are those of opening it.
    pub fn check(path: &Path) -> Result<Vec<Damage>, LedgerError> {
        let ledger = Self::open_checked(path, 0)?;
        ledger.reading("check it", findings)
    }
}

fn findings(connection: &Connection) -> Result<Vec<Damage>, Fault> {
    let mut findings = Vec::new();
    structure(connection, &mut findings)?;
    if findings.is_empty() {
        checksums(connection, &mut findings)?;
        for (table, sql) in [
            ("plans", OVERFULL),
            ("recipients", ELSEWHERE),
            ("deliveries", OUTSIDE_LAST_PLAN),
            ("deliveries", SAME_MESSAGE),
            ("recipients", UNREMEMBERED),
        ] {
            let mut statement = connection.prepare(sql)?;
            for row in statement.query_map([], |row| row.get(0))? {
                note(&mut findings, Damage::Row { table, row: row? });
            }
        }
    }
    Ok(findings)
}

fn structure(connection: &Connection, findings: &mut Vec<Damage>) -> Result<(), Fault> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for verdict in statement.query_map([], |row| row.get::<_, String>(0))? {
        match verdict {
            Ok(verdict) if verdict == "ok" => {}
            Ok(verdict) => note(findings, Damage::Structure(verdict)),
            Err(error) => {
                note(findings, Damage::Structure(error.to_string()));
                break;
            }
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for row in statement.query_map([], |row| row.get::<_, Option<i64>>(1))? {
        let row = row?.unwrap_or_default();
        note(findings, Damage::Structure(format!("row {row} refers to nothing")));
    }
    Ok(())
}

fn checksums(connection: &Connection, findings: &mut Vec<Damage>) -> Result<(), Fault> {
    let mut statement = connection.prepare(PLANS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        keep_damage(read_plan(row).map(drop), findings)?;
    }
    let mut statement = connection.prepare(RECIPIENTS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let person = row.get(ALL_COLUMNS)?;
        let is_wordless: bool = row.get(ALL_COLUMNS + 1)?;
        let checked = read_recipient(row).and_then(|verified| {
            let texts = read_texts(&verified, row)?;
            if let Whose::Number(_) = verified.whose {
                verified.message(&texts)?;
            }
            if !verified.is_of_person(&texts, person) {
                return Err(Fault::row("recipients", verified.id));
            }
            match verified.whose {
                Whose::Forgotten(_) if !is_wordless => Err(Fault::row("deliveries", verified.id)),
                Whose::Number(_) | Whose::Forgotten(_) => Ok(()),
            }
        });
        keep_damage(checked, findings)?;
    }
    Ok(())
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
