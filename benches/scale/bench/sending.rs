//! Messages per second: offercast with its ledger, and curl, against one server in one run.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::measure::{self, Cost};
use super::table::{Note, float, milliseconds};
use super::{Bench, Result, TIMES, curl, data};

/// Messages sent one by one, at most.
pub(super) const MOST_MESSAGES: u64 = 40_000;
/// People sent to in groups, at most: for about as long as the messages take one by one. What a
/// run begins and ends with is a tenth of a second, which is a lot of people.
const MOST_GROUPED: u64 = 1_000_000;
/// Messages that get a process of their own.
const PROCESSES: usize = 100;
/// A run that begins so long after the last message does not wait for the rate's window, which
/// would be taken for slow sending: the window, and how long a message may have been on its way.
const AFTER_THE_LAST: Duration = Duration::from_secs(17);
/// What a message may cost, in seconds of processor time, where curl needs 0.11 ms; on a slower
/// machine the same share of what curl needs there.
const WANTED_CPU: f64 = 0.04e-3;
const WANTED_SHARE: f64 = 0.04 / 0.11;
const WANTED_BESIDE_CURL: &str =
    "CPU <= 0.04 ms, or 0.36 of curl's where it needs more than 0.11 ms; >= 1.5 x as fast";

/// What so many messages cost, planning aside.
#[derive(Clone, Copy)]
struct Sent {
    wall: f64,
    cpu: f64,
    messages: u64,
}

impl Sent {
    fn per_second(self) -> f64 {
        float(self.messages) / self.wall
    }

    fn cpu_each(self) -> f64 {
        self.cpu / float(self.messages)
    }
}

/// The one in the middle.
fn median<T: Copy>(mut all: Vec<T>, by: impl Fn(T) -> f64) -> T {
    all.sort_by(|one, other| by(*one).total_cmp(&by(*other)));
    all[all.len() / 2]
}

/// A ratio of what was sent in the same turn, in the turn in the middle. `None` without turns.
fn in_turns(these: &[Sent], others: &[Sent], ratio: impl Fn(Sent, Sent) -> f64) -> Option<f64> {
    let turns: Vec<_> =
        these.iter().zip(others).map(|(this, other)| ratio(*this, *other)).collect();
    (!turns.is_empty()).then(|| median(turns, |ratio| ratio))
}

/// How many times as fast.
fn faster(this: Sent, other: Sent) -> f64 {
    this.per_second() / other.per_second()
}

impl Bench<'_> {
    /// One by one, the same with curl, and in groups: in turns, so that all meet the machine in
    /// the same moods.
    pub(super) fn sending(&mut self) -> Result<()> {
        let (rows, seed) = (self.options.rows, self.options.seed);
        let (messages, people) = (rows.min(MOST_MESSAGES), rows.min(MOST_GROUPED));
        data::write(&self.folder, messages, seed)?;
        data::write_grouped(&self.folder.join("grouped"), people, seed)?;
        let curl = curl::curl();
        let config = self.folder.join("messages.curl");
        let (mut by_us, mut by_curl, mut grouped) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..TIMES {
            let ledger = format!("sending-{at}.db");
            by_us.push(self.send_all(&ledger, "scale.yaml", messages)?);
            if let Some(curl) = &curl {
                let ledger = self.folder.join(ledger);
                let most = messages.saturating_sub(1).max(1);
                let written = curl::write_config(&ledger, &self.sandbox.url(), most, &config)?;
                let cost = measure::run(&mut curl::parallel(curl, &config), &self.output())?;
                by_curl.push(self.expect_accepted(&cost, written)?);
            }
            let ledger = format!("grouped-{at}.db");
            grouped.push(self.send_all(&ledger, "grouped/grouped.yaml", people)?);
            std::fs::remove_file(self.folder.join(ledger))?;
        }
        let sent = median(by_us.clone(), Sent::cpu_each);
        self.tell("send, one recipient per request", sent, &Note::default());
        match curl {
            Some(curl) => self.curl_beside(&curl, &config, &by_us, &by_curl)?,
            None => self.table.skip("curl with the same messages", "curl is not installed"),
        }
        self.tell_grouped(&by_us, &by_curl, grouped);
        Ok(())
    }

    /// In groups, beside what was sent one by one in the same turn, by offercast and by curl.
    fn tell_grouped(&mut self, by_us: &[Sent], by_curl: &[Sent], grouped: Vec<Sent>) {
        let times = in_turns(&grouped, by_us, faster).unwrap_or_default();
        let beside_curl = in_turns(&grouped, by_curl, faster);
        let beside_curl = beside_curl.map(|times| format!(", {times:.1} x curl"));
        let beside_curl = beside_curl.unwrap_or_default();
        let note = Note {
            ratio: format!("{times:.1} x one recipient per request{beside_curl}"),
            ..self.wanted(">= 20 x one recipient per request", times >= 20.0)
        };
        let grouped = median(grouped, Sent::per_second);
        self.tell("send, 100 recipients per request", grouped, &note);
    }

    /// Consumes with the first message, then sends the others. What is told is the difference
    /// to an apply that plans as much and finds nothing to do.
    fn send_all(&mut self, ledger: &str, campaign: &str, people: u64) -> Result<Sent> {
        self.init(ledger)?;
        let apply = ["apply", "--auto-approve", campaign];
        self.run_with(ledger, &["apply", "--auto-approve", "--limit", "1", campaign], 5)?;
        self.rest();
        let all = self.run_with(ledger, &apply, 0)?;
        let nothing = self.run_with(ledger, &apply, 0)?;
        let rest = |of: fn(&Cost) -> Duration| of(&all).saturating_sub(of(&nothing)).as_secs_f64();
        let (wall, cpu) = (rest(|cost| cost.wall).max(1e-6), rest(|cost| cost.cpu));
        Ok(Sent { wall, cpu, messages: people.saturating_sub(1).max(1) })
    }

    /// Waits until nothing is left of the last message.
    pub(super) fn rest(&self) {
        if self.options.measures {
            thread::sleep(AFTER_THE_LAST);
        }
    }

    fn curl_beside(
        &mut self,
        curl: &Path,
        config: &Path,
        by_us: &[Sent],
        by_curl: &[Sent],
    ) -> Result<()> {
        let share = |us: Sent, curl: Sent| us.cpu_each() / curl.cpu_each().max(1e-9);
        let faster = in_turns(by_us, by_curl, faster).unwrap_or_default();
        let share = in_turns(by_us, by_curl, share).unwrap_or(f64::INFINITY);
        let by_us = median(by_us.to_vec(), Sent::cpu_each);
        let by_curl = median(by_curl.to_vec(), Sent::cpu_each);
        self.tell("the same with `curl --parallel --parallel-max 64`", by_curl, &Note::default());
        let is_cheap = share <= WANTED_SHARE || by_us.cpu_each() <= WANTED_CPU;
        let note = Note {
            ratio: format!("{faster:.2} x as fast, {share:.2} of its CPU"),
            ..self.wanted(WANTED_BESIDE_CURL, is_cheap && faster >= 1.5)
        };
        self.table.row("offercast beside it", ["", "", ""], &note);
        let mut one_by_one = curl::one_by_one(curl, config, PROCESSES, &self.folder)?;
        let cost = measure::run(&mut one_by_one, &self.output())?;
        let messages = by_curl.messages.min(PROCESSES as u64);
        let slowest = self.expect_accepted(&cost, messages)?;
        self.tell("the same with one curl process for each", slowest, &Note::default());
        Ok(())
    }

    fn expect_accepted(&self, cost: &Cost, messages: u64) -> Result<Sent> {
        let output: &Path = &self.output();
        let accepted = curl::accepted(output)?;
        if !cost.status.success() || accepted != messages {
            return Err(format!("curl: {}, {accepted} of {messages} accepted", cost.status).into());
        }
        let (wall, cpu) = (cost.wall.as_secs_f64(), cost.cpu.as_secs_f64());
        Ok(Sent { wall, cpu, messages })
    }

    fn tell(&mut self, name: &str, sent: Sent, note: &Note) {
        let speed = format!("{:.0}/s", sent.per_second());
        let each = format!("{} each", milliseconds(sent.cpu_each()));
        let name = format!("{name}: {} messages", sent.messages);
        self.table.row(&name, [&speed, &each, ""], note);
    }
}
