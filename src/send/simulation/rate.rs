//! A rate that means rate, measured where writing starts.

use std::time::Duration;

use super::job;
use super::weather::Weather;
use super::world::World;

fn fair(latency_ms: u64) -> Weather {
    let latency = Duration::from_millis(latency_ms);
    Weather { latency: (latency, latency * 3 / 2), ..Weather::fair() }
}

/// Sends for more than a minute; instants of writing.
fn minute(rate: &str, per_second: u64, slots: u16, latency_ms: u64) -> Vec<Duration> {
    let mut world = World::new(job(per_second * 65, rate, slots), fair(latency_ms), latency_ms);
    world.start();
    while world.step().is_none() {}
    world.writes.iter().map(|&(at, _)| at).collect()
}

#[test]
fn over_a_second_never_above_and_over_a_minute_within_one_percent_below() {
    for (rate, per_second, latencies) in
        [("20/s", 20, [5, 50, 500]), ("80/s", 80, [5, 100, 500]), ("1200/s", 1_200, [5, 20, 40])]
    {
        for latency_ms in latencies {
            // Twice what carries the rate at the longest latency.
            let slots = per_second * latency_ms * 3 / 1_000 + 16 + per_second / 20;
            let slots = u16::try_from(slots).expect("a small number");
            let writes = minute(rate, per_second, slots, latency_ms);
            let mut first = 0;
            for (last, &at) in writes.iter().enumerate() {
                while at - writes[first] >= Duration::from_secs(1) {
                    first += 1;
                }
                let held = last + 1 - first;
                assert!(held as u64 <= per_second, "{rate} at {latency_ms} ms: {held} at {at:?}");
            }
            let minute = writes
                .iter()
                .filter(|&&at| at >= Duration::from_secs(1) && at < Duration::from_secs(61));
            let (sent, ideal) = (minute.count() as u64, per_second * 60);
            assert!(sent * 100 >= ideal * 99, "{rate} at {latency_ms} ms: {sent} of {ideal}");
        }
    }
}
