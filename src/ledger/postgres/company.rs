//! Machines that send one plan together. Each has a row with a lease by the server's clock,
//! renewed over a connection of its own. Deleting the row is the fence: every write of a
//! machine names its row, so that none can come after.
//!
//! All that decides between machines is done under one lock on the table, whose order is the
//! order of decisions; the writes of outcomes go on beside it. The file is long because one
//! renewal decides lease, rate, pause, breaker and refusals together.

use std::time::Duration;

use crate::ledger::company::{Answers, Beat, Company, Post, Standing};
use crate::ledger::error::LedgerError;
use crate::ledger::rows::stored;
use crate::model::Timestamp;

use super::address::ServerAddress;
use super::fault::Fault;
use super::range;
use super::session::{Session, flag, int, text};
use super::status::tally;

/// One decision at a time; [`super::write`] locks rows only, and goes on.
pub(super) const DECIDE: &str = "LOCK TABLE offercast.machines IN SHARE ROW EXCLUSIVE MODE";

/// Milliseconds by the server's clock.
macro_rules! server_now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}

const ADD: &str = concat!(
    "INSERT INTO offercast.machines (epoch, lease_until, share, working, wants, outcomes,
       rejected, doubts)
     VALUES ($1, ",
    server_now!(),
    " + $2, 0, false, false, 0, 0, false)"
);

const ENTER: &str = "UPDATE offercast.machines SET plan = $2, sender = $3, interval_ns = $4,
    most = $5, alone = $6, working = false, wants = true, outcomes = 0, rejected = 0,
    doubts = false, halt = NULL WHERE epoch = $1";

const RENEW: &str = concat!(
    "UPDATE offercast.machines SET lease_until = ",
    server_now!(),
    " + $2, wants = $3, working = working AND NOT $4, outcomes = $5, rejected = $6, doubts = $7
     WHERE epoch = $1
     RETURNING plan, sender, interval_ns, most, alone, working, pause_until - ",
    server_now!(),
    ", pause_until, pause_cause, halt"
);

const LAPSED: &str = concat!(
    "SELECT epoch FROM offercast.machines WHERE epoch <> $1 AND lease_until < ",
    server_now!()
);

const OTHERS: &str = "SELECT epoch, plan, sender, interval_ns, most, share, working, wants,
    outcomes, rejected, doubts
  FROM offercast.machines WHERE epoch <> $1";

const SHARE: &str = "UPDATE offercast.machines SET share = $2 WHERE epoch = $1";

const PAUSE: &str = concat!(
    "UPDATE offercast.machines SET pause_cause = $2, pause_until = ",
    server_now!(),
    " + $3 WHERE epoch <> $1
       AND sender = (SELECT sender FROM offercast.machines WHERE epoch = $1)
       AND coalesce(pause_until, 0) < ",
    server_now!(),
    " + $3"
);

const HALT: &str = "UPDATE offercast.machines AS other SET halt = $2
  FROM offercast.machines AS own
  WHERE own.epoch = $1 AND other.epoch <> $1 AND other.sender = own.sender
    AND ($3 OR other.plan = own.plan)";

const GHOST: &str = concat!(
    "UPDATE offercast.machines SET working = false, wants = false, doubts = false,
       lease_until = ",
    server_now!(),
    " + $2 WHERE epoch = $1"
);

const REMOVE: &str = "DELETE FROM offercast.machines WHERE epoch = $1";

/// A machine's place among the others.
#[derive(Debug)]
pub(super) struct Membership {
    address: ServerAddress,
    /// `None` after the connection broke.
    session: Option<Session>,
    epoch: i64,
    lease: Duration,
    /// How long an answer may take.
    patience: Duration,
    /// The newest pause that was told.
    paused_until: i64,
}

/// Writes a machine's row, as part of the caller's transaction.
pub(super) fn add(session: &Session, epoch: i64, lease: Duration) -> Result<(), Fault> {
    session.run(ADD, &[int(&epoch), int(&millis(lease))])?;
    Ok(())
}

/// Forgets all machines and what they claimed, as part of the caller's transaction.
pub(super) fn forget_all(session: &Session) -> Result<(), Fault> {
    session.batch("DELETE FROM offercast.machines; DELETE FROM offercast.ranges")
}

impl Membership {
    pub(super) fn new(
        address: &ServerAddress,
        epoch: i64,
        lease: Duration,
        patience: Duration,
    ) -> Result<Self, LedgerError> {
        let address = address.clone();
        let session = Some(connect(&address, patience)?);
        Ok(Self { address, session, epoch, lease, patience, paused_until: 0 })
    }

    /// Runs a decision in one transaction. A connection that broke is made anew next time.
    fn deciding<T>(
        &mut self,
        decide: impl FnOnce(&Session, &mut i64) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => connect(&self.address, self.patience)?,
        };
        let paused_until = &mut self.paused_until;
        let done = || -> Result<T, Fault> {
            session.batch("BEGIN")?;
            session.batch(DECIDE)?;
            let done = decide(&session, paused_until)?;
            session.batch("COMMIT")?;
            Ok(done)
        };
        match done() {
            Ok(done) => {
                self.session = Some(session);
                Ok(done)
            }
            Err(fault) => Err(fault.at(session.place(), "speak to the other machines")),
        }
    }
}

impl Company for Membership {
    fn lease(&self) -> Duration {
        self.lease
    }

    fn enter(&mut self, post: &Post) -> Result<(), LedgerError> {
        let epoch = self.epoch;
        self.deciding(|session, _| {
            let interval = i64::try_from(post.interval.as_nanos()).unwrap_or(i64::MAX);
            let entered = session.run(
                ENTER,
                &[
                    int(&epoch),
                    int(&post.plan.0),
                    int(&stored(post.sender.as_u64())),
                    int(&interval),
                    int(&stored(post.most)),
                    flag(&post.is_alone),
                ],
            )?;
            expect_member(session, entered)
        })
    }

    fn beat(&mut self, beat: &Beat) -> Result<Standing, LedgerError> {
        let (epoch, lease) = (self.epoch, self.lease);
        self.deciding(|session, paused_until| renew(session, epoch, lease, beat, paused_until))
    }

    fn halt(&mut self, reason: &'static str, whole_sender: bool) -> Result<(), LedgerError> {
        let epoch = self.epoch;
        self.deciding(|session, _| {
            session.run(HALT, &[int(&epoch), text(&reason), flag(&whole_sender)])?;
            Ok(())
        })
    }

    fn reclaim(&mut self) -> Result<bool, LedgerError> {
        let epoch = self.epoch;
        self.deciding(|session, _| range::reclaim(session, epoch))
    }

    fn leave(&mut self, now: Timestamp, window: Duration) -> Result<(), LedgerError> {
        let epoch = self.epoch;
        self.deciding(|session, _| {
            range::give_back(session, epoch, now)?;
            session.run(GHOST, &[int(&epoch), int(&millis(window))])?;
            Ok(())
        })
    }
}

fn connect(address: &ServerAddress, patience: Duration) -> Result<Session, LedgerError> {
    let session = Session::open(address)?;
    session.hurry(patience).map_err(|fault| fault.at(session.place(), "open it"))?;
    Ok(session)
}

/// What a machine's own row says.
struct Own {
    plan: Option<i64>,
    sender: Option<i64>,
    interval: Option<i64>,
    most: i64,
    is_alone: bool,
    works: bool,
}

/// Another machine's row.
struct Other {
    epoch: i64,
    share: i64,
    works: bool,
    wants: bool,
    /// Its rate is the same.
    is_alike: bool,
}

fn renew(
    session: &Session,
    epoch: i64,
    lease: Duration,
    beat: &Beat,
    paused_until: &mut i64,
) -> Result<Standing, Fault> {
    let lease = millis(lease);
    let (outcomes, rejected) = (stored(beat.answers.outcomes), stored(beat.answers.rejected));
    let params = [
        int(&epoch),
        int(&lease),
        flag(&beat.wants),
        flag(&beat.rests),
        int(&outcomes),
        int(&rejected),
        flag(&beat.doubts),
    ];
    let Some(row) = session.row(RENEW, &params)? else {
        return Err(LedgerError::TakenOver { place: session.place().clone() }.into());
    };
    let own = Own {
        plan: row.get(0),
        sender: row.get(1),
        interval: row.get(2),
        most: row.get::<_, Option<i64>>(3).unwrap_or(0),
        is_alone: row.get::<_, Option<bool>>(4).unwrap_or(false),
        works: row.get(5),
    };
    let pause = match (row.get::<_, Option<i64>>(6), row.get::<_, Option<i64>>(7)) {
        (Some(left), Some(until)) if left > 0 && until > *paused_until => {
            *paused_until = until;
            let cause: Option<String> = row.get(8);
            cause.map(|cause| (cause, Duration::from_millis(left.unsigned_abs())))
        }
        _ => None,
    };
    let halt = row.get(9);
    if let Some((cause, wait)) = beat.pause {
        session.run(PAUSE, &[int(&epoch), text(&cause), int(&millis(wait))])?;
    }
    let mut rescued = 0;
    for lapsed in session.rows(LAPSED, &[int(&epoch)])? {
        let lapsed: i64 = lapsed.get(0);
        session.run(REMOVE, &[int(&lapsed)])?;
        rescued += range::give_back(session, lapsed, beat.now)?;
    }
    let (mut on_plan, mut answers, mut is_held) = (0, Answers::default(), false);
    let mut of_sender = Vec::new();
    for row in session.rows(OTHERS, &[int(&epoch)])? {
        let other = Other {
            epoch: row.get(0),
            share: row.get(5),
            works: row.get(6),
            wants: row.get(7),
            is_alike: row.get::<_, Option<i64>>(3) == own.interval,
        };
        let is_of_plan = row.get::<_, Option<i64>>(1) == own.plan;
        on_plan += u64::from(other.works && is_of_plan);
        if is_of_plan {
            let (outcomes, rejected): (i64, i64) = (row.get(8), row.get(9));
            let (outcomes, rejected) = (outcomes.unsigned_abs(), rejected.unsigned_abs());
            answers = answers + Answers { outcomes, rejected };
        }
        if row.get::<_, Option<i64>>(2) == own.sender {
            is_held |= row.get(10) && finds_out(other.epoch, epoch, beat.doubts);
            of_sender.push(other);
        }
    }
    let held = stored(beat.held).min(own.most);
    let (share, part) = share_out(epoch, &own, beat.wants, held, &of_sender);
    session.run(SHARE, &[int(&epoch), int(&share)])?;
    let (mut has_work, mut counts) = (false, None);
    if let Some(plan) = own.plan {
        has_work = range::has_more(session, plan)?;
        if beat.counts {
            counts = Some(count(session, plan)?);
        }
    }
    let part = part.unsigned_abs();
    let others = on_plan;
    Ok(Standing { part, others, has_work, counts, pause, answers, is_held, halt, rescued })
}

/// Whether another machine that is in doubt tries for both: it does, unless this one is in doubt
/// too and came first. So two never wait for each other.
fn finds_out(other: i64, own: i64, own_doubts: bool) -> bool {
    !own_doubts || other < own
}

/// What a machine reserves of the rate's messages, and what it is to keep to: less than it
/// reserves while it still may be using more.
fn share_out(epoch: i64, own: &Own, wants: bool, held: i64, others: &[Other]) -> (i64, i64) {
    let wants_some = |other: &&Other| other.is_alike && (other.works || other.wants);
    let machines = 1 + i64::try_from(others.iter().filter(wants_some).count()).unwrap_or(i64::MAX);
    let before = others.iter().filter(wants_some).filter(|other| other.epoch < epoch).count();
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    let fair = if own.is_alone {
        own.most
    } else {
        own.most / machines + i64::from(before < own.most % machines)
    };
    let target = if own.works {
        fair.max(1)
    } else if wants {
        fair
    } else {
        0
    };
    if held > target {
        return (held, target);
    }
    let is_other_rate = others.iter().any(|other| !other.is_alike && other.share > 0);
    let taken = others.iter().map(|other| other.share).sum::<i64>();
    let free = if is_other_rate { 0 } else { (own.most - taken).max(0) };
    let share = target.min(free).max(held);
    (share, share)
}

fn count(session: &Session, plan: i64) -> Result<crate::model::StateCounts, Fault> {
    const CAMPAIGN: &str = "SELECT campaign FROM offercast.plans WHERE id = $1";
    let row = session.row(CAMPAIGN, &[int(&plan)])?.ok_or_else(|| Fault::row("plans", plan))?;
    let campaign: i64 = row.get(0);
    Ok(tally(session, Some(campaign))?.remove(&campaign).unwrap_or_default().counts)
}

/// Whether a change of a machine's own row found it.
pub(super) fn expect_member(session: &Session, changed: u64) -> Result<(), Fault> {
    match changed {
        0 => Err(LedgerError::TakenOver { place: session.place().clone() }.into()),
        _ => Ok(()),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Machines that renew in turn, in this order, all working; what each holds at the end.
    fn settle(most: i64, is_alone: bool, order: &[usize], machines: usize) -> Vec<i64> {
        let (mut shares, mut held) = (vec![0; machines], vec![0; machines]);
        for &own in order {
            let others: Vec<_> = (0..machines)
                .filter(|&other| other != own)
                .map(|other| Other {
                    epoch: i64::try_from(other).expect("few"),
                    share: shares[other],
                    works: held[other] > 0,
                    wants: true,
                    is_alike: true,
                })
                .collect();
            let state = Own {
                plan: Some(1),
                sender: Some(1),
                interval: Some(1),
                most,
                is_alone,
                works: held[own] > 0,
            };
            let (share, part) =
                share_out(i64::try_from(own).expect("few"), &state, true, held[own], &others);
            (shares[own], held[own]) = (share, part);
            assert!(shares.iter().sum::<i64>() <= most, "{shares:?} of {most}");
        }
        held
    }

    #[test]
    fn of_machines_in_doubt_exactly_one_finds_out_for_all() {
        for doubting in [vec![3], vec![2, 5], vec![1, 4, 9]] {
            let machines = [1, 2, 3, 4, 5, 9];
            let is_held = |own: i64| {
                let doubts = doubting.contains(&own);
                doubting.iter().any(|other| *other != own && finds_out(*other, own, doubts))
            };
            let free: Vec<_> = machines.into_iter().filter(|own| !is_held(*own)).collect();
            assert_eq!(free, [doubting[0]], "{doubting:?}");
        }
    }

    #[test]
    fn machines_share_out_the_rate_and_never_reserve_more_of_it() {
        let order: Vec<_> = (0..60).map(|i| i * 7 % 3).collect();
        assert_eq!(settle(20, false, &order, 3), [7, 7, 6]);
        assert_eq!(settle(2, false, &order, 3).iter().sum::<i64>(), 2);
        assert_eq!(settle(20, true, &order, 3), [20, 0, 0]);
    }
}
