//! Who may write. A session lock tells who is alive: the server frees it when the connection
//! ends. Whoever plans, records or settles holds it alone; machines that only send what is
//! recorded hold it together. The fence is in the ledger: whoever takes it alone raises its
//! epoch and deletes the machines' rows, and those before can write nothing any more, also if
//! they live on without knowing.

use std::time::Duration;

use crate::ledger::error::LedgerError;
use crate::ledger::holder::Holder;
use crate::ledger::lock_wait::LockWait;
use crate::model::Lineage;

use super::company::DECIDE;
use super::fault::Fault;
use super::session::{Session, int, text};

/// How long the server may take to notice that a process of this machine has died.
const NOTICE: Duration = Duration::from_secs(10);

const TRY: &str = "SELECT pg_try_advisory_lock($1)";
const HELD_BY: &str = "SELECT h.held_by FROM offercast.meta AS m
  JOIN offercast.holders AS h ON h.epoch = m.epoch WHERE m.id = 1";

const RAISE: &str = "UPDATE offercast.meta SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch";
const NAME: &str = "INSERT INTO offercast.holders (epoch, mark, held_by)
  VALUES ($1, replace(gen_random_uuid()::text, '-', ''), $2) RETURNING mark";
const EXPECT: &str = "SELECT 1 FROM offercast.meta WHERE id = 1 AND epoch = $1 FOR SHARE";

const TRY_SHARED: &str = "SELECT pg_try_advisory_lock_shared($1)";
const UNLOCK_SHARED: &str = "SELECT pg_advisory_unlock_shared($1)";
const UNLOCK: &str = "SELECT pg_advisory_unlock($1)";

const STAY: &str = "UPDATE offercast.meta SET epoch = epoch WHERE id = 1 AND epoch = $1";
const STAY_AS_MACHINE: &str = "UPDATE offercast.machines SET wants = wants WHERE epoch = $1";

/// How long somebody who would only send waits for one who plans or records.
const SHORT_WORK: Duration = Duration::from_mins(1);

const SENDING: &str = "SELECT h.held_by FROM offercast.machines AS m
  JOIN offercast.holders AS h ON h.epoch = m.epoch WHERE m.epoch <> $1 ORDER BY m.epoch LIMIT 1";

const EXPECT_MACHINE: &str = "SELECT 1 FROM offercast.machines WHERE epoch = $1 FOR KEY SHARE";

/// Who else may write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Company {
    /// Nobody.
    None,
    /// Other machines that send.
    Machines,
}

/// The ledger, held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hold {
    /// Who else may write.
    pub(super) company: Company,
    /// Rises by one with each holder.
    pub(super) epoch: i64,
    /// 32 random hexadecimal digits.
    pub(super) mark: String,
}

/// Takes the session lock, waiting at most as long as asked.
pub(super) fn wait(
    session: &Session,
    lineage: &Lineage,
    wait: LockWait<'_>,
) -> Result<(), LedgerError> {
    wait_until(session, wait, || {
        let is_ours = ask(session, TRY, lineage)?;
        Ok(is_ours.then_some(()))
    })
}

/// Takes the session lock alone, or with the machines that are sending. One who plans or
/// records is waited for: that is soon done.
pub(super) fn wait_or_join(
    session: &Session,
    lineage: &Lineage,
    wait: LockWait<'_>,
) -> Result<Company, LedgerError> {
    wait_until(session, wait.at_least(SHORT_WORK), || {
        if ask(session, TRY, lineage)? {
            return Ok(Some(Company::None));
        }
        if !ask(session, TRY_SHARED, lineage)? {
            return Ok(None);
        }
        // The last machine may have gone in between.
        if ask(session, TRY, lineage)? {
            ask(session, UNLOCK_SHARED, lineage)?;
            return Ok(Some(Company::None));
        }
        Ok(Some(Company::Machines))
    })
}

/// Lets other machines in, without a moment at which somebody else could take the ledger.
pub(super) fn let_in(session: &Session, lineage: &Lineage) -> Result<(), Fault> {
    let damaged = || LedgerError::TakenOver { place: session.place().clone() };
    if ask(session, TRY_SHARED, lineage)? && ask(session, UNLOCK, lineage)? {
        return Ok(());
    }
    Err(damaged().into())
}

/// Takes the session lock on a new connection as it was held on one that was lost. Whether
/// it could be had.
pub(super) fn take_again(
    session: &Session,
    lineage: &Lineage,
    company: Company,
) -> Result<bool, Fault> {
    let question = match company {
        Company::None => TRY,
        Company::Machines => TRY_SHARED,
    };
    ask(session, question, lineage)
}

fn ask(session: &Session, question: &str, lineage: &Lineage) -> Result<bool, Fault> {
    let row = session.row(question, &[int(&key(lineage))])?;
    Ok(row.is_some_and(|row| row.get(0)))
}

fn wait_until<T>(
    session: &Session,
    mut wait: LockWait<'_>,
    mut attempt: impl FnMut() -> Result<Option<T>, Fault>,
) -> Result<T, LedgerError> {
    let at = |fault: Fault| fault.at(session.place(), "lock it");
    let mut noticing = LockWait::silently(NOTICE);
    loop {
        if let Some(taken) = attempt().map_err(at)? {
            return Ok(taken);
        }
        let line: Option<String> = session.row(HELD_BY, &[]).map_err(at)?.map(|row| row.get(0));
        let holder = line.and_then(|line| Holder::parse_line(&line));
        let is_dead = holder.as_ref().is_some_and(Holder::has_died_here);
        let wait = if is_dead { &mut noticing } else { &mut wait };
        if wait.is_over() {
            return Err(LedgerError::Locked { place: session.place().clone(), holder });
        }
        wait.pause(|| holder);
    }
}

/// Raises the fence, as part of the caller's transaction.
pub(super) fn begin(session: &Session, holder: &Holder, company: Company) -> Result<Hold, Fault> {
    let damaged = || Fault::row("meta", 1);
    let epoch: i64 = session.row(RAISE, &[])?.ok_or_else(damaged)?.get(0);
    let line = holder.to_line();
    let row = session.row(NAME, &[int(&epoch), text(&line)])?.ok_or_else(damaged)?;
    Ok(Hold { company, epoch, mark: row.get(0) })
}

impl Hold {
    /// Refuses to go on when another process has taken over; nobody can until the caller's
    /// transaction ends.
    pub(super) fn expect(&self, session: &Session) -> Result<(), Fault> {
        let expect = match self.company {
            Company::None => EXPECT,
            Company::Machines => {
                // What is written beside outcomes, machines write one after the other.
                session.batch(DECIDE)?;
                EXPECT_MACHINE
            }
        };
        match session.row(expect, &[int(&self.epoch)])? {
            Some(_) => Ok(()),
            None => Err(LedgerError::TakenOver { place: session.place().clone() }.into()),
        }
    }
}

impl Hold {
    /// The same after a connection was lost, with a change of its own that changes nothing:
    /// once this is on stable storage, so is all that was committed before it.
    pub(super) fn stay(&self, session: &Session) -> Result<(), Fault> {
        let stay = match self.company {
            Company::None => STAY,
            Company::Machines => STAY_AS_MACHINE,
        };
        match session.run(stay, &[int(&self.epoch)])? {
            0 => Err(LedgerError::TakenOver { place: session.place().clone() }.into()),
            _ => Ok(()),
        }
    }

    /// The same for what only one process may do at a time.
    pub(super) fn expect_alone(&self, session: &Session) -> Result<(), Fault> {
        match self.company {
            Company::None => self.expect(session),
            Company::Machines => {
                let row = session.row(SENDING, &[int(&self.epoch)])?;
                let holder = row.and_then(|row| Holder::parse_line(row.get(0)));
                Err(LedgerError::Locked { place: session.place().clone(), holder }.into())
            }
        }
    }
}

/// A ledger's number among the locks of its database.
fn key(lineage: &Lineage) -> i64 {
    let digits = &lineage.as_str()[..16];
    u64::from_str_radix(digits, 16).expect("a lineage has hexadecimal digits").cast_signed()
}
