//! One apply at a time. A session lock tells who is alive: the server frees it when the
//! connection ends. An epoch in the ledger is the fence: whoever takes over raises it, and
//! the one before can write nothing any more, also if it lives on without knowing.

use std::time::Duration;

use crate::ledger::error::LedgerError;
use crate::ledger::types::{Holder, LockTimeout};
use crate::model::Lineage;

use super::fault::Fault;
use super::session::{Session, int, text};

/// How often a lock that is waited for is tried.
const TRY_EVERY: Duration = Duration::from_millis(50);

/// How long the server may take to notice that a process of this machine has died.
const NOTICE: Duration = Duration::from_secs(10);

const TRY: &str = "SELECT pg_try_advisory_lock($1)";
const HELD_BY: &str = "SELECT h.held_by FROM offercast.meta AS m
  JOIN offercast.holders AS h ON h.epoch = m.epoch WHERE m.id = 1";

const RAISE: &str = "UPDATE offercast.meta SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
const NAME: &str = "INSERT INTO offercast.holders (epoch, mark, held_by)
  VALUES ($1, replace(gen_random_uuid()::text, '-', ''), $2) RETURNING mark";
const EXPECT: &str = "SELECT 1 FROM offercast.meta WHERE id = 1 AND epoch = $1 FOR SHARE";

/// The ledger, held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hold {
    /// Rises by one with each holder.
    pub(super) epoch: i64,
    /// 32 random hexadecimal digits.
    pub(super) mark: String,
}

/// Takes the session lock, waiting at most as long as asked.
pub(super) fn wait(
    session: &Session,
    lineage: &Lineage,
    timeout: LockTimeout,
) -> Result<(), LedgerError> {
    let key = key(lineage);
    let at = |fault: Fault| fault.at(session.place(), "lock it");
    let (mut left, mut noticing) = (timeout.0, NOTICE);
    loop {
        let row = session.row(TRY, &[int(&key)]).map_err(at)?;
        if row.is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        let line: Option<String> = session.row(HELD_BY, &[]).map_err(at)?.map(|row| row.get(0));
        let holder = line.and_then(|line| Holder::parse_line(&line));
        let is_dead = holder.as_ref().is_some_and(Holder::has_died_here);
        let budget = if is_dead { &mut noticing } else { &mut left };
        if budget.is_zero() {
            return Err(LedgerError::Locked { place: session.place().clone(), holder });
        }
        let pause = TRY_EVERY.min(*budget);
        std::thread::sleep(pause);
        *budget -= pause;
    }
}

/// Raises the fence, as part of the caller's transaction.
pub(super) fn begin(session: &Session, holder: &Holder) -> Result<Hold, Fault> {
    let damaged = || Fault::row("meta", 1);
    let epoch: i64 = session.row(RAISE, &[])?.ok_or_else(damaged)?.get(0);
    let line = holder.to_line();
    let row = session.row(NAME, &[int(&epoch), text(&line)])?.ok_or_else(damaged)?;
    Ok(Hold { epoch, mark: row.get(0) })
}

impl Hold {
    /// Refuses to go on when another process has taken over; nobody can until the caller's
    /// transaction ends.
    pub(super) fn expect(&self, session: &Session) -> Result<(), Fault> {
        match session.row(EXPECT, &[int(&self.epoch)])? {
            Some(_) => Ok(()),
            None => Err(LedgerError::TakenOver { place: session.place().clone() }.into()),
        }
    }
}

/// A ledger's number among the locks of its database.
fn key(lineage: &Lineage) -> i64 {
    let digits = &lineage.as_str()[..16];
    u64::from_str_radix(digits, 16).expect("a lineage has hexadecimal digits").cast_signed()
}
