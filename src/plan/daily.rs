//! When each message goes out where `delivery.daily` bounds them.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ledger::Sent;
use crate::model::{DAILY_WINDOW, Timestamp};

/// The instants of a campaign's messages, counted from its start: each at the rate, and no
/// earlier than 24 hours after the one that is `most` messages before it, counting those
/// that were sent already.
///
/// Memory: 8 bytes for each of at most `most` messages, and none where all fit in a day.
pub(super) struct Queue<'a> {
    left: u64,
    interval: u64,
    most: u64,
    /// How many messages came before the next one, those of the ledger included.
    before: u64,
    /// The earliest instant at the rate.
    next: u64,
    /// When the places of messages sent already are free, each with how many messages that
    /// are.
    sent: &'a [Sent],
    sent_seen: u64,
    from: Timestamp,
    /// The campaign's own messages whose places may be waited for.
    own: Option<VecDeque<u64>>,
}

impl<'a> Queue<'a> {
    pub(super) fn new(
        messages: u64,
        interval: Duration,
        most: u64,
        from: Timestamp,
        sent: &'a [Sent],
    ) -> Self {
        Self {
            left: messages,
            interval: nanos(interval),
            most: most.max(1),
            before: sent.iter().map(|sent| sent.people).sum(),
            next: 0,
            sent,
            sent_seen: 0,
            from,
            own: (messages > most).then(VecDeque::new),
        }
    }

    /// When the place of the message that came `most` messages before is free.
    fn free(&mut self) -> u64 {
        let Some(index) = self.before.checked_sub(self.most) else { return 0 };
        while let Some((first, rest)) = self.sent.split_first() {
            let seen = self.sent_seen + first.people;
            if index < seen {
                return nanos(first.at.plus(DAILY_WINDOW).since(self.from));
            }
            self.sent_seen = seen;
            self.sent = rest;
        }
        let own = self.own.as_mut().and_then(VecDeque::pop_front).unwrap_or_default();
        own.saturating_add(nanos(DAILY_WINDOW))
    }
}

impl Iterator for Queue<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let at = self.next.max(self.free());
        self.before += 1;
        self.next = at.saturating_add(self.interval);
        if let Some(own) = &mut self.own {
            own.push_back(at);
        }
        Some(Duration::from_nanos(at))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn sent(seconds_ago: u64, people: u64) -> Sent {
        Sent { at: FROM.minus(Duration::from_secs(seconds_ago)), people }
    }

    /// Instants in seconds, one message a second.
    fn instants(messages: u64, most: u64, sent: &[Sent]) -> Vec<u64> {
        let second = Duration::from_secs(1);
        Queue::new(messages, second, most, FROM, sent).map(|at| at.as_secs()).collect()
    }

    const DAY: u64 = 24 * 60 * 60;

    #[test]
    fn places_are_free_a_day_after_they_were_taken() {
        assert_eq!(instants(3, 5, &[]), [0, 1, 2]);
        assert_eq!(instants(5, 2, &[]), [0, 1, DAY, DAY + 1, 2 * DAY]);
        assert_eq!(instants(3, 3, &[sent(100, 2)]), [0, DAY - 100, DAY - 99]);
        assert_eq!(instants(2, 3, &[sent(100, 3), sent(50, 4)]), [DAY - 50, DAY - 49]);
        assert_eq!(instants(2, 3, &[sent(100, 3), sent(50, 1)]), [DAY - 100, DAY - 99]);
        assert_eq!(instants(2, 1, &[sent(2 * DAY, 9)]), [0, DAY]);
    }

    proptest::proptest! {
        #[test]
        fn no_day_holds_more_than_allowed(
            messages in 1_u64..60,
            most in 1_u64..20,
            ago in proptest::collection::vec((1_u64..2 * DAY, 1_u64..9), 0..6),
        ) {
            let mut ago = ago;
            ago.sort_by(|a, b| b.cmp(a));
            let before: Vec<_> = ago.iter().map(|&(ago, people)| sent(ago, people)).collect();
            let own = instants(messages, most, &before);
            proptest::prop_assert_eq!(own.len() as u64, messages);
            for (index, &at) in own.iter().enumerate() {
                let recent = own[..=index].iter().filter(|&&other| other + DAY > at).count();
                let before: u64 =
                    ago.iter().filter(|(ago, _)| at + ago < DAY).map(|(_, people)| people).sum();
                proptest::prop_assert!(recent as u64 + before <= most, "at {at}");
                if index > 0 {
                    proptest::prop_assert!(at > own[index - 1]);
                }
            }
        }
    }
}
