//! Files that are not as they were written: refused, or read right, never a panic.

use std::fs;

use super::*;
use crate::ledger::{Known, Who};

/// Small numbers from a seed, the same on every machine (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).expect("below a usize")
    }
}

/// What decides who gets what.
fn essence(ledger: &ReadLedger) -> Result<(Vec<Known>, Vec<String>), LedgerError> {
    let snapshot = ledger.snapshot(&name("diwali"))?;
    let known = snapshot.campaign.map(|campaign| campaign.known).unwrap_or_default();
    let mut rows = Vec::new();
    any(ledger).history(&Who::All, None, |row| -> Result<(), LedgerError> {
        let code = row.coupon_code.map(|code| code.as_str().to_owned());
        rows.push(format!(
            "{} {:?} {} {code:?}",
            row.whose.number().expect("nobody is forgotten").digits(),
            row.id,
            row.state
        ));
        Ok(())
    })?;
    Ok((known, rows))
}

#[test]
fn a_damaged_ledger_is_refused_or_read_right() {
    let world = World::new();
    let mut ledger = world.lock();
    let plan = consume(&mut ledger, &record("diwali", 1), (1..=150).map(person)).expect("consumed");
    let rows: Vec<RowId> = rows(&ledger, plan).into_values().collect();
    for row in &rows[..40] {
        ledger.write(&[intend(*row), conclude(*row, accepted(*row))]).expect("accepted");
    }
    let messages: Vec<_> = pending(&ledger, plan).iter().map(|row| row.message.clone()).collect();
    ledger.close().expect("closed");
    let sound = fs::read(world.path()).expect("readable");
    let truth = essence(&world.read()).expect("sound");
    let copy = World { folder: TempDir::new().expect("a temporary folder") };
    let (mut refused, mut right) = (0, 0);
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let mut bytes = sound.clone();
        if seed % 5 == 0 {
            bytes.truncate(dice.below(sound.len()));
        } else {
            for _ in 0..=dice.below(3) {
                let place = dice.below(bytes.len());
                bytes[place] ^= 1 << dice.below(8);
            }
        }
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(copy.folder.path().join(format!("ledger.db{ending}")));
        }
        fs::write(copy.path(), &bytes).expect("written");
        fs::copy(world.beside(".serial"), copy.beside(".serial")).expect("copied");
        let read = ReadLedger::open(&copy.path()).and_then(|ledger| essence(&ledger));
        match &read {
            Ok(found) => assert!(*found == truth, "seed {seed}: read wrongly"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let opened = LockedLedger::open(&copy.path(), LockWait::default(), &holder());
        // What an apply would do: everybody who is left, each after a durable intent.
        let sent = opened.and_then(|opened| {
            let mut ledger = opened.ledger;
            ledger.read().snapshot(&name("diwali"))?;
            let page = ledger.pending(plan, None, 1000)?;
            for row in page.iter().take(3) {
                ledger.write(&[intend(row.row), conclude(row.row, accepted(row.row))])?;
            }
            Ok(page)
        });
        match sent {
            Ok(page) => {
                let found: Vec<_> = page.into_iter().map(|row| row.message).collect();
                assert!(found == messages, "seed {seed}: would be sent wrongly");
                right += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{refused} refused, {right} right");
    assert!(refused > 200 && right > 50, "both happen: {refused} refused, {right} right");
}

#[test]
fn a_changed_value_is_found_by_its_checksum() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    ledger.close().expect("closed");
    let deciding = [
        "UPDATE recipients SET number = number + 100, person = person + 100 WHERE id = 2",
        "UPDATE recipients SET code_digest = code_digest + 1 WHERE id = 2",
        "UPDATE recipients SET round = 1 WHERE id = 2",
        "UPDATE plans SET offer_ends_at = offer_ends_at + 1",
    ];
    let texts = [
        "UPDATE recipients SET coupon_code = 'CODE9' WHERE id = 2",
        "UPDATE recipients SET params = '[]' WHERE id = 2",
        "UPDATE recipients SET plan = 1, params = NULL WHERE id = 3",
        "UPDATE recipients SET (params, text_checksum) =
          (SELECT params, text_checksum FROM recipients WHERE id = 3) WHERE id = 2",
    ];
    let changes = deciding.map(|sql| (sql, true)).into_iter().chain(texts.map(|sql| (sql, false)));
    for (change, decides) in changes {
        assert_eq!(ReadLedger::check(&world.path()).expect("checked"), []);
        let copy = world.changed(change);
        assert_eq!(ReadLedger::check(&copy.path()).expect("checked").len(), 1, "{change}");
        // Plans read what decides; whoever sends or shows a message reads its texts too.
        let planned = copy.read().snapshot(&name("diwali"));
        assert_eq!(planned.as_ref().is_err_and(damaged), decides, "{change}");
        let sent = copy.lock().pending(PlanRow(1), None, 10);
        let plan_is_changed = change.starts_with("UPDATE plans");
        assert_eq!(sent.as_ref().is_err_and(damaged), !plan_is_changed, "{change}");
    }
}

#[test]
fn a_row_that_fell_out_of_its_campaign_or_plan_is_missed() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali", 1), (1..=3).map(person)).expect("consumed");
    consume(&mut ledger, &record("holi", 2), (1..=3).map(person)).expect("consumed");
    ledger.close().expect("closed");
    for change in ["campaign = 2", "campaign = 77", "plan = 2", "plan = 77"] {
        let drop_index = "DELETE FROM recipients WHERE campaign = 2 AND number = 919800000002;";
        let sql = format!("{drop_index} UPDATE recipients SET {change} WHERE id = 2");
        let copy = world.changed(&sql);
        let read = copy.read();
        let snapshot = read.snapshot(&name("diwali"));
        assert!(matches!(snapshot, Err(LedgerError::Damaged { .. })), "{change}");
        let numbers = read.numbers_of(&name("diwali"), &[crate::model::State::Pending]);
        assert!(matches!(numbers, Err(LedgerError::Damaged { .. })), "{change}");
    }
}

#[test]
fn a_campaign_whose_name_lost_a_bit_is_not_taken_for_a_new_one() {
    let world = World::new();
    let mut ledger = world.lock();
    consume(&mut ledger, &record("diwali-of-the-year", 1), [person(1)]).expect("consumed");
    ledger.close().expect("closed");
    let sound = fs::read(world.path()).expect("readable");
    let wanted = b"diwali-of-the-year";
    let places: Vec<_> = (0..sound.len()).filter(|&at| sound[at..].starts_with(wanted)).collect();
    assert!(places.len() >= 2, "in the table and in its index: {places:?}");
    for place in places {
        let mut bytes = sound.clone();
        bytes[place + 3] ^= 1;
        fs::write(world.path(), &bytes).expect("written");
        let opened = ReadLedger::open(&world.path()).map(drop);
        assert!(matches!(opened, Err(LedgerError::Damaged { .. })), "byte {place}");
        assert!(matches!(world.try_open(), Err(LedgerError::Damaged { .. })), "byte {place}");
    }
}
