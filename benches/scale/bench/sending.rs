//! Messages per second: offercast with its ledger, and curl, against one server in one run.

use std::path::Path;
use std::time::Duration;

use super::measure::{self, Cost};
use super::table::{Note, float, milliseconds};
use super::{Bench, Result, curl, data};

/// Messages sent one by one, at most.
pub(super) const MOST_MESSAGES: u64 = 40_000;
/// People sent to in groups, at most.
const MOST_GROUPED: u64 = 200_000;
/// Messages that get a process of their own.
const PROCESSES: usize = 100;

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

impl Bench<'_> {
    /// One by one, with curl beside it, and in groups.
    pub(super) fn sending(&mut self) -> Result<()> {
        let messages = self.options.rows.min(MOST_MESSAGES);
        data::write(&self.folder, messages, self.options.seed)?;
        data::write_grouped(&self.folder)?;
        let sent = self.send_all("sending.db", "scale.yaml", messages)?;
        self.tell("send, one recipient per request", sent, &Note::default());
        self.curl_beside(sent)?;
        let people = self.options.rows.min(MOST_GROUPED);
        data::write(&self.folder, people, self.options.seed)?;
        let grouped = self.send_all("grouped.db", "grouped.yaml", people)?;
        let times = grouped.per_second() / sent.per_second();
        let note = Note {
            ratio: format!("{times:.1} x one recipient per request"),
            ..self.wanted(">= 20 x", times >= 20.0)
        };
        self.tell("send, 100 recipients per request", grouped, &note);
        Ok(())
    }

    /// Consumes with the first message, then sends the others. What is told is the difference
    /// to an apply that plans as much and finds nothing to do.
    fn send_all(&mut self, ledger: &str, campaign: &str, people: u64) -> Result<Sent> {
        self.init(ledger)?;
        let apply = ["apply", "--auto-approve", campaign];
        self.run_with(ledger, &["apply", "--auto-approve", "--limit", "1", campaign], 5)?;
        let all = self.run_with(ledger, &apply, 0)?;
        let nothing = self.run_with(ledger, &apply, 0)?;
        let rest = |of: fn(&Cost) -> Duration| of(&all).saturating_sub(of(&nothing)).as_secs_f64();
        let (wall, cpu) = (rest(|cost| cost.wall).max(1e-6), rest(|cost| cost.cpu));
        Ok(Sent { wall, cpu, messages: people.saturating_sub(1).max(1) })
    }

    fn curl_beside(&mut self, sent: Sent) -> Result<()> {
        let Some(curl) = curl::curl() else {
            self.table.skip("curl with the same messages", "curl is not installed");
            return Ok(());
        };
        let config = self.folder.join("messages.curl");
        let ledger = self.folder.join("sending.db");
        let messages = curl::write_config(&ledger, &self.sandbox.url(), sent.messages, &config)?;
        let cost = measure::run(&mut curl::parallel(&curl, &config), &self.output())?;
        let by_curl = self.expect_accepted(&cost, messages)?;
        let faster = sent.per_second() / by_curl.per_second();
        let good = sent.cpu_each() <= 0.000_04 && faster >= 1.5;
        let cheaper = by_curl.cpu_each() / sent.cpu_each().max(1e-9);
        self.tell("the same with `curl --parallel --parallel-max 64`", by_curl, &Note::default());
        let note = Note {
            ratio: format!("{faster:.2} x as fast, {cheaper:.1} x less CPU"),
            ..self.wanted("CPU <= 0.04 ms a message, >= 1.5 x as fast", good)
        };
        self.table.row("offercast beside it", ["", "", ""], &note);
        let mut one_by_one = curl::one_by_one(&curl, &config, PROCESSES, &self.folder)?;
        let cost = measure::run(&mut one_by_one, &self.output())?;
        let slowest = self.expect_accepted(&cost, messages.min(PROCESSES as u64))?;
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
