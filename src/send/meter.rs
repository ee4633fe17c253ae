//! How fast it goes and how long it will take.

use std::collections::VecDeque;
use std::time::Duration;

/// Progress is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Speed is measured over about this long.
const MEASURED_OVER: Duration = Duration::from_secs(5);

/// Measures concluded messages per second over the last seconds.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    samples: VecDeque<(Duration, u64)>,
}

impl Meter {
    pub(super) fn starting(now: Duration) -> Self {
        Self { samples: VecDeque::from([(now, 0)]) }
    }

    /// Whether it is time to tell that something happened.
    pub(super) fn is_due(&self, now: Duration, concluded: u64) -> bool {
        self.samples
            .back()
            .is_some_and(|&(at, told)| told != concluded && now.saturating_sub(at) >= TELL_EVERY)
    }

    /// Takes in where things stand; messages per second.
    pub(super) fn sample(&mut self, now: Duration, concluded: u64) -> f64 {
        let old = |&(at, _): &(Duration, u64)| now.saturating_sub(at) > MEASURED_OVER;
        while self.samples.len() > 1 && self.samples.get(1).is_some_and(old) {
            self.samples.pop_front();
        }
        let per_second = self.samples.front().map_or(0.0, |&(since, before)| {
            let seconds = now.saturating_sub(since).as_secs_f64();
            let messages = u32::try_from(concluded.saturating_sub(before)).unwrap_or(u32::MAX);
            if seconds > 0.0 { f64::from(messages) / seconds } else { 0.0 }
        });
        self.samples.push_back((now, concluded));
        per_second
    }
}

/// Time for so many messages at this speed; `None` while it cannot be told.
pub(super) fn time_left(messages: u64, per_second: f64) -> Option<Duration> {
    let messages = f64::from(u32::try_from(messages).ok()?);
    if per_second <= 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(messages / per_second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_that_of_the_last_seconds() {
        let mut meter = Meter::starting(Duration::ZERO);
        for second in 1..=20 {
            meter.sample(Duration::from_secs(second), second * 10);
        }
        let mut speed = 0.0;
        for second in 21..=30 {
            speed = meter.sample(Duration::from_secs(second), 200 + (second - 20) * 80);
        }
        assert!((speed - 80.0).abs() < 0.1, "{speed}");
        assert_eq!(time_left(800, 80.0), Some(Duration::from_secs(10)));
        assert_eq!(time_left(800, 0.0), None);
    }

    #[test]
    fn progress_is_told_only_when_something_happened_and_not_too_often() {
        let mut meter = Meter::starting(Duration::ZERO);
        assert!(!meter.is_due(Duration::from_secs(9), 0));
        assert!(!meter.is_due(Duration::from_millis(100), 5));
        assert!(meter.is_due(Duration::from_millis(250), 5));
        meter.sample(Duration::from_millis(250), 5);
        assert!(!meter.is_due(Duration::from_millis(300), 6));
    }
}
