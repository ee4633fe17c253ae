//! A ledger in a file and one in PostgreSQL beside each other, on this machine: what a large
//! plan costs in each, and what several sending processes on one plan cost the database.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::measure::{self, Cost};
use super::server::{INSTALL, Server, programs};
use super::table::{Table, float, machine, megabytes, milliseconds, seconds};
use super::{Bench, Result, data, history};

/// How many processes send one plan.
const SENDERS: [usize; 3] = [1, 2, 4];

const STORES: &str = "| step | file: wall | CPU | peak memory | PostgreSQL: wall | CPU | peak memory \
    | CPU of the database |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";
const SENDERS_OF_ONE: &str = "| sending processes | messages | CPU of offercast, each message \
    | CPU of the database, each message |\n| ---: | ---: | ---: | ---: |";

/// What a step cost, and what the database's processes did meanwhile.
struct Step {
    cost: Cost,
    database: Duration,
}

/// A ledger of a campaign in the benchmark's folder.
struct Store<'s> {
    ledger: String,
    server: Option<(&'s Server, &'s str)>,
}

impl Bench<'_> {
    /// Both tables.
    pub(super) fn stores(&mut self) -> Result<Table> {
        let mut table = Table::at("stores");
        let title =
            format!("{} rows, seed {}; {}", self.options.rows, self.options.seed, machine());
        table.begin(&title, STORES);
        if programs().is_none() {
            table.skip("a ledger in PostgreSQL", INSTALL);
            return Ok(table);
        }
        let server = Server::start();
        data::write(&self.folder, self.options.rows, self.options.seed)?;
        let file = Store { ledger: "stores.db".to_owned(), server: None };
        let database = Store::database(&server, "stores");
        let (one, other) = self.watching_messages(|bench| {
            Ok((bench.life(&file, "stores-file")?, bench.life(&database, "stores-database")?))
        })?;
        for ((name, one), (_, other)) in one.into_iter().zip(other) {
            table.line(&format!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} |",
                seconds(one.cost.told()),
                seconds(one.cost.cpu),
                megabytes(one.cost.peak),
                seconds(other.cost.told()),
                seconds(other.cost.cpu),
                megabytes(other.cost.peak),
                seconds(other.database),
            ));
        }
        table.begin("", SENDERS_OF_ONE);
        let messages = self.options.rows.min(super::sending::MOST_MESSAGES);
        data::write(&self.folder, messages, self.options.seed)?;
        for senders in SENDERS {
            self.send_together(&mut table, &server, senders, messages)?;
        }
        Ok(table)
    }

    /// A campaign's life up to the second time that there is nothing to do.
    fn life(&self, store: &Store<'_>, home: &str) -> Result<Vec<(&'static str, Step)>> {
        self.init_in(&store.ledger, home)?;
        let run = |words: &[&str], exit| self.step(store, words, exit);
        let apply_one = ["apply", "--auto-approve", "--limit", "1", "scale.yaml"];
        let plan = run(&["plan", "scale.yaml"], 0)?;
        let mut consume = run(&apply_one, 5)?;
        consume.cost.wall = consume.cost.told().saturating_sub(plan.cost.wall);
        consume.cost.grew = None;
        consume.cost.cpu = consume.cost.cpu.saturating_sub(plan.cost.cpu);
        consume.database = consume.database.saturating_sub(plan.database);
        let rest = (self.options.rows / 100).max(2);
        store.accept_all_but(&self.folder, rest)?;
        let known = run(&["plan", "scale.yaml"], 0)?;
        let resume = run(&apply_one, 5)?;
        run(&["apply", "--auto-approve", "scale.yaml"], 0)?;
        let again = run(&["apply", "--auto-approve", "scale.yaml"], 0)?;
        Ok(vec![
            ("plan, nothing sent yet", plan),
            ("consumption alone, with the first message", consume),
            ("plan, 99 % of them accepted", known),
            ("resume at 99 %: plan, first message", resume),
            ("apply again when all is done", again),
        ])
    }

    fn step(&self, store: &Store<'_>, words: &[&str], exit: i32) -> Result<Step> {
        let before = store.database_cpu();
        let cost = self.run_with(&store.ledger, words, exit)?;
        Ok(Step { cost, database: store.database_cpu().saturating_sub(before) })
    }

    /// Some processes send one plan. What they cost beyond finding nothing to do is told.
    fn send_together(
        &self,
        table: &mut Table,
        server: &Server,
        senders: usize,
        messages: u64,
    ) -> Result<()> {
        let name = format!("senders_{senders}");
        let store = Store::database(server, &name);
        self.init_in(&store.ledger, &format!("senders-{senders}"))?;
        self.step(&store, &["apply", "--auto-approve", "--limit", "1", "scale.yaml"], 5)?;
        self.rest();
        let apply = ["apply", "--auto-approve", "scale.yaml"];
        let before = store.database_cpu();
        let started = measure::now();
        let costs = thread::scope(|scope| {
            let running: Vec<_> = (0..senders)
                .map(|at| {
                    let mut command = self.command(&store.ledger, &apply);
                    let output = self.folder.join(format!("sender-{at}.txt"));
                    scope.spawn(move || -> std::result::Result<Cost, String> {
                        let cost = measure::run(&mut command, &output);
                        let cost = cost.map_err(|error| error.to_string())?;
                        match cost.status.code() {
                            Some(0) => Ok(cost),
                            _ => Err(fs::read_to_string(&output).unwrap_or_default()),
                        }
                    })
                })
                .collect();
            let ended = running.into_iter().map(|sender| sender.join().expect("it ends"));
            ended.collect::<std::result::Result<Vec<_>, _>>()
        })?;
        let wall = started.elapsed();
        let database = store.database_cpu().saturating_sub(before);
        let nothing = self.step(&store, &apply, 0)?;
        let times = u32::try_from(senders)?;
        let cpu: Duration = costs.iter().map(|cost| cost.cpu).sum();
        let rest = |all: Duration, less: Duration| all.saturating_sub(less).as_secs_f64();
        let messages = messages.saturating_sub(1).max(1);
        let each = |seconds: f64| milliseconds(seconds / float(messages));
        table.line(&format!(
            "| {senders} | {:.0}/s | {} | {} |",
            float(messages) / rest(wall, nothing.cost.wall).max(1e-6),
            each(rest(cpu, nothing.cost.cpu * times)),
            each(rest(database, nothing.database * times)),
        ));
        Ok(())
    }
}

impl<'s> Store<'s> {
    /// A new database of a server.
    fn database(server: &'s Server, name: &'s str) -> Self {
        server.psql("postgres", &format!("CREATE DATABASE {name}"));
        Self { ledger: server.url("owner", name), server: Some((server, name)) }
    }

    fn accept_all_but(&self, folder: &Path, pending: u64) -> Result<()> {
        match self.server {
            None => history::accept_all_but(&folder.join(&self.ledger), pending)?,
            Some((server, name)) => history::accept_all_but_in(server, name, pending),
        }
        Ok(())
    }

    /// What the database's processes have cost so far.
    fn database_cpu(&self) -> Duration {
        self.server.map(|(server, _)| server.cpu()).unwrap_or_default()
    }
}
