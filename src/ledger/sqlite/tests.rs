//! What the ledger promises, as sentences.

mod consuming;
mod copies;
mod damage;
mod deliveries;
mod golden;
mod migrating;
mod opening;
mod people;
mod reading;
mod sending;
mod settling;
mod unrecorded;
mod writing;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::consume::Consumption;
use super::{LockedLedger, Opened, ReadLedger, init};
use crate::ledger::{
    Change, Decision, Holder, LedgerError, LockWait, NewLedger, NewRecipient, PendingRow,
    PlanRecord, PlanRow, RowId, store,
};
use crate::model::{
    CampaignName, ContentHash, CouponCode, LedgerSecret, Lineage, Message, MessageId, OfferEnd,
    Outcome, PhoneNumber, PlanId, SidFingerprint, Timestamp,
};

/// A ledger in a folder of its own, gone with the test.
struct World {
    folder: TempDir,
}

impl World {
    /// With a ledger just made.
    fn new() -> Self {
        let world = Self { folder: TempDir::new().expect("a temporary folder") };
        init(&world.path(), &new_ledger()).expect("a new ledger");
        world
    }

    /// A copy of its closed ledger in which somebody changed something.
    fn changed(&self, change: &str) -> Self {
        let copy = Self { folder: TempDir::new().expect("a temporary folder") };
        std::fs::copy(self.path(), copy.path()).expect("copied");
        std::fs::copy(self.beside(".serial"), copy.beside(".serial")).expect("copied");
        let connection = rusqlite::Connection::open(copy.path()).expect("a database");
        let change = format!("PRAGMA foreign_keys = OFF; {change}");
        connection.execute_batch(&change).expect("changed");
        copy
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// A file beside the ledger, such as its `.serial`.
    fn beside(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("ledger.db{ending}"))
    }

    fn try_open(&self) -> Result<Opened, LedgerError> {
        LockedLedger::open(&self.path(), LockWait::default(), &holder())
    }

    fn open(&self) -> Opened {
        self.try_open().expect("the ledger opens for writing")
    }

    fn lock(&self) -> LockedLedger {
        self.open().ledger
    }

    fn read(&self) -> ReadLedger {
        ReadLedger::open(&self.path()).expect("the ledger opens for reading")
    }

    /// What the `sqlite3` program would answer.
    fn query(&self, sql: &str) -> String {
        let connection = rusqlite::Connection::open(self.path()).expect("SQLite opens it");
        let mut statement = connection.prepare(sql).expect("plain SQL");
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                let cells = (0..columns).map(|column| match row.get_ref(column)? {
                    rusqlite::types::ValueRef::Null => Ok(String::new()),
                    rusqlite::types::ValueRef::Integer(value) => Ok(value.to_string()),
                    rusqlite::types::ValueRef::Text(text) => {
                        Ok(String::from_utf8_lossy(text).into_owned())
                    }
                    other => Ok(format!("{:?}", other.data_type())),
                });
                Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
            })
            .expect("rows");
        rows.collect::<rusqlite::Result<Vec<_>>>().expect("readable rows").join("\n")
    }
}

fn new_ledger() -> NewLedger {
    NewLedger {
        lineage: Lineage::from_bytes([7; 16]),
        secret: LedgerSecret::new([42; 32]),
        created_at: at(0),
    }
}

fn holder() -> Holder {
    Holder { pid: 4711, host: "build-7".to_owned(), since: at(1) }
}

fn decision() -> Decision {
    Decision { by: "user:asha".to_owned(), at: at(9_000), evidence: None }
}

fn damaged(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Damaged { .. })
}

/// A number of seconds after the tests' epoch.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_796_095_800_000 + seconds * 1000)
}

fn name(text: &str) -> CampaignName {
    CampaignName::new(text).expect("a campaign name")
}

fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("a number of 7 to 15 digits")
}

fn plan_id(byte: u8) -> PlanId {
    PlanId::from_bytes([byte; 16])
}

fn record(campaign: &str, id: u8) -> PlanRecord {
    PlanRecord {
        campaign: name(campaign),
        id: plan_id(id),
        sender: number(919_876_543_210),
        offer_end: OfferEnd::At(at(86_400)),
        terms: vec![("template.name".to_owned(), "lto \"diwali\"".to_owned())],
        code_key: None,
        approval: "id",
        api_host: "api.in.kaleyra.io".to_owned(),
        sid: SidFingerprint::new("00112233445566aa"),
        consumed_at: at(10),
        again_after_failure: false,
    }
}

fn message(n: u64) -> Message {
    Message {
        coupon_code: CouponCode::new(format!("CODE{n}")).expect("a short code"),
        params: vec!["Asha".to_owned(), format!("{n}%")],
        url_suffix: Some(format!("login?c=CODE{n}")),
        header_url: None,
        content: ContentHash::from_bytes([u8::try_from(n % 251).expect("below 251"); 16]),
    }
}

/// The n-th person: an Indian mobile number.
fn person(n: u64) -> NewRecipient {
    NewRecipient::new(number(919_800_000_000 + n), Some(&format!("C-{n}")), &message(n))
}

/// Consumes one plan.
fn consume(
    ledger: &mut LockedLedger,
    record: &PlanRecord,
    people: impl IntoIterator<Item = NewRecipient>,
) -> Result<PlanRow, LedgerError> {
    let mut consumption: Consumption<'_> = ledger.begin_consumption(0)?;
    let plan = consumption.plan(record)?;
    for person in people {
        consumption.recipient(plan, &person)?;
    }
    consumption.commit()?;
    Ok(plan)
}

/// The ledger as callers see it.
fn any(ledger: &ReadLedger) -> &dyn store::ReadLedger {
    ledger
}

fn pending(ledger: &LockedLedger, plan: PlanRow) -> Vec<PendingRow> {
    ledger.pending(plan, None, 1_000_000).expect("pending rows")
}

/// The rows of a plan by the recipient's number.
fn rows(ledger: &LockedLedger, plan: PlanRow) -> BTreeMap<u64, RowId> {
    pending(ledger, plan).into_iter().map(|row| (row.number.as_u64(), row.row)).collect()
}

fn intend(row: RowId) -> Change {
    Change::Intend { row, at: at(20), offer_ends_at: at(86_400) }
}

fn conclude(row: RowId, outcome: Outcome) -> Change {
    Change::Conclude { row, at: at(21), outcome }
}

fn accepted(row: RowId) -> Outcome {
    Outcome::Accepted {
        message_id: MessageId::new(&format!("req-1:{}", row.0)).expect("an id"),
        request_id: None,
    }
}
