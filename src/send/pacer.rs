//! A rate that means rate: exact pacing by reserved instants, and a record of when writing
//! really began.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::model::{Rate, Timestamp};

/// How far behind its instant a token may be handed out, so that a timer that fires a
/// little late costs no throughput. What is caught up at once is at most this much.
const CATCH_UP: Duration = Duration::from_millis(5);

/// How long after its intent a request may have begun to be written: connecting takes up
/// to 10 s.
const INTENT_TO_WRITING: Duration = Duration::from_secs(15);

/// The pace of one sender number, handed on from campaign to campaign: they share one rate.
#[derive(Clone, Debug)]
pub struct Pace {
    pub(super) pacer: Pacer,
    pub(super) origin: Instant,
}

impl Pace {
    /// A sender's pace at the start of the program.
    ///
    /// `last_send` is the newest attempt that the ledger knows of this sender number, by
    /// any run. When it is so recent that its bytes may have been written within the last
    /// window, the first message waits for a whole window, so that starting again does not
    /// reset the rate.
    pub fn new(rate: Rate, clock: &Clock, last_send: Option<Timestamp>) -> Self {
        let mut pacer = Pacer::new(rate);
        let recently = pacer.window.saturating_add(INTENT_TO_WRITING);
        if last_send.is_some_and(|last_send| clock.now().since(last_send) < recently) {
            pacer.next = pacer.window + CATCH_UP;
        }
        Self { pacer, origin: clock.monotonic() }
    }

    /// Counts the wait of a start from when whoever sent before had ended, where that is known:
    /// a plan that takes longer than the wait leaves nothing of it.
    #[must_use]
    pub fn alone_since(mut self, since: Instant) -> Self {
        let alone = self.origin.saturating_duration_since(since);
        self.pacer.next = self.pacer.next.saturating_sub(alone);
        self
    }
}

/// Reserves instants for messages and allows writing.
///
/// Two rules together: tokens are spaced evenly (a hair slower than the rate), and no
/// window of a second holds more messages than the rate, counted from when their first
/// bytes were written. A request handed to the wire whose writing has not begun (it may
/// be making a connection) counts as written now.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    /// The time one message takes up.
    interval: Duration,
    /// A second, or the interval of a slower rate, and a little margin for the way from
    /// here to the socket.
    window: Duration,
    /// Most messages in a window.
    most: u64,
    /// The same where no other machine has a part in it.
    whole: u64,
    /// The earliest instant of the next token.
    next: Duration,
    /// Instants of writing within the last window, with their messages.
    writes: VecDeque<(Duration, u32)>,
    /// Messages in `writes`.
    written: u64,
    /// Messages handed to the wire whose writing has not begun.
    connecting: u64,
}

/// The most messages that a window of a rate may hold: what machines share out.
pub fn messages_in_a_window(rate: Rate) -> u64 {
    let most = Duration::from_secs(1).as_nanos().div_ceil(rate.interval().as_nanos());
    u64::try_from(most).unwrap_or(u64::MAX)
}

/// Whether a request may be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// At once.
    Now,
    /// Not before this instant.
    At(Duration),
    /// Not before a request that is still connecting has been written or given up.
    AfterWriting,
}

impl Pacer {
    pub(super) fn new(rate: Rate) -> Self {
        let mut pacer = Self {
            interval: Duration::ZERO,
            window: Duration::ZERO,
            most: 1,
            whole: 1,
            next: Duration::ZERO,
            writes: VecDeque::new(),
            written: 0,
            connecting: 0,
        };
        pacer.set_rate(rate);
        pacer
    }

    /// The next campaign's rate, under the record of what was written so far.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        let interval = rate.interval();
        self.whole = messages_in_a_window(rate);
        self.most = self.whole;
        let window = interval.as_nanos().saturating_mul(u128::from(self.whole));
        let window = Duration::from_nanos(u64::try_from(window).unwrap_or(u64::MAX));
        self.window = window.saturating_add(window / 500);
        self.interval = interval.saturating_add(interval / 250);
    }

    /// Keeps to a part of the rate's messages in a window, at least one: other machines have
    /// the rest of them, so that no window holds more than the rate whatever their clocks say.
    pub(super) fn set_part(&mut self, part: u64) {
        self.most = part.clamp(1, self.whole);
        let interval = self.window / u32::try_from(self.most).unwrap_or(u32::MAX);
        self.interval = interval.saturating_add(interval / 500);
    }

    /// Messages that the present window holds, written or about to be.
    pub(super) fn in_window(&mut self, now: Duration) -> u64 {
        self.forget(now);
        self.written + self.connecting
    }

    /// The most messages one request may carry at this rate.
    pub(super) fn most_per_request(&self) -> u64 {
        self.most
    }

    /// The instant the next token would have.
    pub(super) fn peek(&self, now: Duration) -> Duration {
        self.next.max(now.saturating_sub(CATCH_UP))
    }

    /// Takes the next token: from its instant on, so many messages may be written.
    pub(super) fn reserve(&mut self, now: Duration, messages: u32) -> Duration {
        let instant = self.peek(now);
        self.next = instant.saturating_add(self.interval.saturating_mul(messages));
        instant
    }

    /// Whether the window has room for so many messages.
    pub(super) fn room(&mut self, now: Duration, messages: u32) -> Room {
        self.forget(now);
        let wanted = self.written + self.connecting + u64::from(messages);
        let mut surplus = wanted.saturating_sub(self.most);
        if surplus == 0 {
            return Room::Now;
        }
        for &(written_at, count) in &self.writes {
            surplus = surplus.saturating_sub(u64::from(count));
            if surplus == 0 {
                return Room::At(written_at.saturating_add(self.window));
            }
        }
        // A request larger than a second's rate is never made, but it must not wait forever.
        if self.connecting == 0 { Room::Now } else { Room::AfterWriting }
    }

    /// Leaves behind what was written before the present window.
    fn forget(&mut self, now: Duration) {
        while let Some(&(written_at, count)) = self.writes.front() {
            if written_at.saturating_add(self.window) > now {
                break;
            }
            self.writes.pop_front();
            self.written -= u64::from(count);
        }
    }

    /// The window was full: everything after moves later with what had to wait.
    pub(super) fn delay(&mut self, by: Duration) {
        self.next = self.next.saturating_add(by);
    }

    /// A request was handed to the wire.
    pub(super) fn hand_over(&mut self, messages: u32) {
        self.connecting += u64::from(messages);
    }

    /// The first byte of a request handed over is being written.
    pub(super) fn write_starts(&mut self, now: Duration, messages: u32) {
        self.never_written(messages);
        self.written += u64::from(messages);
        self.writes.push_back((now, messages));
    }

    /// A request handed over ended without a byte.
    pub(super) fn never_written(&mut self, messages: u32) {
        self.connecting = self.connecting.saturating_sub(u64::from(messages));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pacer(rate: &str) -> Pacer {
        Pacer::new(Rate::parse(rate).expect("a rate"))
    }

    /// Writes one message as soon as it is allowed, from `now` on; the instant of writing.
    fn write(pacer: &mut Pacer, now: Duration, messages: u32, late: Duration) -> Duration {
        let mut now = now.max(pacer.peek(now));
        let token = pacer.reserve(now, messages);
        while let Room::At(instant) = pacer.room(now, messages) {
            pacer.delay(instant.saturating_sub(token.max(now)));
            now = instant;
        }
        pacer.hand_over(messages);
        pacer.write_starts(now + late, messages);
        now + late
    }

    fn most_in_a_second(writes: &[(Duration, u32)]) -> u64 {
        let count_from = |start: Duration| {
            let inside = |&&(at, _): &&(Duration, u32)| at >= start && at < start + SECOND;
            writes.iter().filter(inside).map(|&(_, count)| u64::from(count)).sum()
        };
        writes.iter().map(|&(at, _)| count_from(at)).max().unwrap_or(0)
    }

    #[test]
    fn tokens_are_spaced_by_the_rate() {
        let mut pacer = pacer("20/s");
        let first = pacer.reserve(SECOND, 1);
        let second = pacer.reserve(SECOND, 1);
        let between = second.saturating_sub(first);
        assert!((50_000..51_000).contains(&between.as_micros()), "{between:?}");
    }

    #[test]
    fn a_pause_is_not_saved_up_for_a_burst() {
        let mut pacer = pacer("100/s");
        pacer.reserve(Duration::ZERO, 1);
        let after = Duration::from_mins(1);
        let tokens = (0..50).map(|_| pacer.reserve(after, 1)).filter(|at| *at <= after).count();
        assert_eq!(tokens, 1);
    }

    #[test]
    fn no_second_holds_more_than_the_rate_however_late_writing_is() {
        for (rate, most) in [("3/s", 3), ("80/s", 80), ("90/min", 2), ("1000/h", 1)] {
            let mut pacer = pacer(rate);
            let mut writes = Vec::new();
            let mut now = Duration::ZERO;
            for i in 0..600_u64 {
                let late = Duration::from_millis(i * 7_919 % 23);
                now = write(&mut pacer, now, 1, late);
                writes.push((now, 1));
            }
            assert!(most_in_a_second(&writes) <= most, "{rate}");
        }
    }

    #[test]
    fn groups_count_every_recipient() {
        let mut pacer = pacer("250/s");
        let mut writes = Vec::new();
        let mut now = Duration::ZERO;
        for _ in 0..40 {
            now = write(&mut pacer, now, 100, Duration::ZERO);
            writes.push((now, 100));
        }
        assert_eq!(most_in_a_second(&writes), 200);
    }

    #[test]
    fn requests_that_are_still_connecting_count_as_written_now() {
        let mut pacer = pacer("2/s");
        pacer.hand_over(1);
        pacer.hand_over(1);
        assert_eq!(pacer.room(SECOND * 9, 1), Room::AfterWriting);
        pacer.write_starts(SECOND * 9, 1);
        assert!(matches!(pacer.room(SECOND * 9, 1), Room::At(at) if at >= SECOND * 10));
        pacer.never_written(1);
        assert_eq!(pacer.room(SECOND * 9, 1), Room::Now);
    }

    #[test]
    fn parts_of_a_rate_together_are_never_more_than_the_rate() {
        for (rate, parts) in
            [("20/s", vec![7, 7, 6]), ("80/s", vec![1, 79]), ("90/min", vec![1, 1])]
        {
            let whole = messages_in_a_window(Rate::parse(rate).expect("a rate"));
            assert_eq!(parts.iter().sum::<u64>(), whole);
            let mut writes = Vec::new();
            for (machine, part) in parts.into_iter().enumerate() {
                let mut pacer = pacer(rate);
                pacer.set_part(part);
                let mut now = Duration::from_millis(machine as u64 * 311);
                for i in 0..300_u64 {
                    now = write(&mut pacer, now, 1, Duration::from_millis(i * 7_919 % 23));
                    writes.push((now, 1));
                }
            }
            assert!(most_in_a_second(&writes) <= whole, "{rate}");
        }
    }

    #[test]
    fn starting_again_does_not_reset_the_rate() {
        let clock = Clock::starting_at(Timestamp::from_millis(1_000_000));
        let rate = Rate::parse("20/s").expect("a rate");
        let first = |last| Pace::new(rate, &clock, last).pacer.peek(Duration::ZERO);
        assert_eq!(first(None), Duration::ZERO);
        assert_eq!(first(Some(Timestamp::from_millis(980_000))), Duration::ZERO);
        for recent in [990_000, 999_990, 9_000_000] {
            let start = first(Some(Timestamp::from_millis(recent)));
            assert!((1_000..1_010).contains(&start.as_millis()), "{start:?}");
        }
    }

    #[test]
    fn what_was_planned_since_the_last_run_ended_counts_as_waited() {
        let clock = Clock::starting_at(Timestamp::from_millis(1_000_000));
        let rate = Rate::parse("20/s").expect("a rate");
        let recent = Some(Timestamp::from_millis(999_990));
        let after = |millis| {
            let pace = Pace::new(rate, &clock, recent);
            let ended = pace.origin.checked_sub(Duration::from_millis(millis));
            pace.alone_since(ended.expect("this machine runs for longer")).pacer.next.as_millis()
        };
        assert!((1_000..1_010).contains(&after(0)), "{}", after(0));
        assert!((400..410).contains(&after(600)), "{}", after(600));
        assert_eq!(after(5_000), 0);
    }
}
