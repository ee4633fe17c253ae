//! Servers that are there and do not do what is asked: a full disk, a read-only database, a
//! pooler in between; and machines that do not agree on the time.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command as System, Stdio};

use super::{IN_FLIGHT, Life};
use crate::machines::SENDERS;
use crate::support::{World, is_missing, people, tell_of_skipping};

#[test]
fn a_server_whose_disk_is_full_stops_the_apply_and_gets_the_outcomes_later() {
    if is_missing() {
        return;
    }
    let mut life = Life::long(World::new().on_postgres());
    let database = life.world.database();
    let process = Life::midway(life.apply());
    // The words of a server without room, at the write of an outcome or an intent.
    database.query(
        "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE UPDATE ON offercast.recipients
           FOR EACH ROW EXECUTE FUNCTION public.full()",
    );
    let run = process.wait().exits(8).shows("could not extend file (SQLSTATE 53100)");
    let run = run.shows("nothing more was sent").shows(".journal");
    assert!(life.world.requests() < life.people as u64, "{run}");
    let refused = life.healthy(1).exits(6);
    database.query("DROP TRIGGER full_disk ON offercast.recipients; DROP FUNCTION public.full()");
    life.hurry();
    let next = life.healthy(2);
    assert_eq!(life.look(&next).count("accepted"), life.people as u64, "{run}{refused}{next}");
    assert_eq!(life.settle(&next), 0);
}

/// A disk of a megabyte, gone when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// In the folder of a server; `None` where nobody may make one.
    fn mount(life: &Life) -> Option<Self> {
        let folder = life.world.database().folder().join("small");
        fs::create_dir(&folder).ok()?;
        let mount = |options: &str| {
            let mut mount = System::new("mount");
            mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder);
            mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        // The server's own user writes there.
        let is_there = mount("size=1m,mode=0700,uid=nobody,gid=nogroup");
        is_there.then_some(Self(folder))
    }

    fn grow(&self) {
        let grown = System::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(grown.is_ok_and(|status| status.success()), "it can grow");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = System::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_plan_that_a_full_disk_does_not_take_is_not_sent() {
    if is_missing() {
        return;
    }
    let mut life = Life::slow(World::new().on_its_own_postgres());
    let Some(disk) = SmallDisk::mount(&life) else {
        return tell_of_skipping("no small disk can be mounted (only root may)");
    };
    let tablespace = format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display());
    life.world.database().query(&tablespace);
    life.world.database().query("ALTER TABLE offercast.recipients SET TABLESPACE small");
    life.world.database().query(
        "CREATE TABLE public.filler (words text) TABLESPACE small;
         INSERT INTO public.filler SELECT repeat(md5(n::text), 60) FROM generate_series(1, 350) AS n",
    );
    life.world.write("campaigns/audiences/people.csv", &people(1_000));
    life.people = 1_000;
    let run = life.apply().run().exits(6).shows("No space left on device");
    assert_eq!(life.world.requests(), 0, "{run}");
    disk.grow();
    let yaml = crate::support::CAMPAIGN;
    life.world.write("campaigns/diwali.yaml", yaml);
    assert_eq!(life.settle(&run), 0);
}

#[test]
fn a_server_that_comes_back_read_only_is_refused_and_the_outcomes_are_kept() {
    if is_missing() {
        return;
    }
    let mut life = Life::long(World::new().on_postgres());
    let (database, name) = (life.world.database(), life.world.database().name());
    let process = Life::midway(life.apply());
    database.query(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    life.relay.cut_all();
    let run = process.wait().exits(8).shows("default_transaction_read_only");
    assert!(life.world.requests() < life.people as u64, "{run}");
    let refused = life.healthy(1).exits(6).shows("default_transaction_read_only");
    database.query(&format!("SET transaction_read_only = off; ALTER DATABASE {name} RESET ALL"));
    life.hurry();
    let next = life.healthy(2);
    assert_eq!(life.look(&next).count("accepted"), life.people as u64, "{run}{refused}{next}");
    assert_eq!(life.settle(&next), 0);
}

#[test]
fn a_server_that_was_failed_over_is_not_gone_on_with() {
    if is_missing() {
        return;
    }
    let mut life = Life::long(World::new().on_postgres());
    let database = life.world.database();
    let process = Life::midway(life.apply());
    let server = database.query("SELECT DISTINCT server FROM offercast.marks");
    // As if the one that answers now had been another one, or on another timeline, before.
    database.query("UPDATE offercast.marks SET server = '7/00000001'");
    life.relay.cut_all();
    let run = process.wait().exits(8).shows("cannot be told").shows(".journal");
    assert!(life.world.requests() < life.people as u64, "{run}");
    let refused = life.healthy(1).exits(6);
    database.query(&format!("UPDATE offercast.marks SET server = '{server}'"));
    life.hurry();
    let next = life.healthy(2);
    assert_eq!(life.look(&next).count("accepted"), life.people as u64, "{run}{refused}{next}");
    assert_eq!(life.settle(&next), 0);
}

#[test]
fn machines_that_are_days_apart_share_a_plan_by_the_clock_of_the_server() {
    if is_missing() {
        return;
    }
    let life = Life::new(World::new().on_postgres(), 300, "20/s", "[5, 25]");
    let times = ["2026-12-01T09:00:00Z", "2026-11-29T03:30:00Z", "2026-12-03T21:00:00Z"];
    let begin = |machine: usize| {
        let folder = format!("machine-{machine}");
        let apply = life.world.command("apply --auto-approve --samples 0 ../campaigns");
        apply.env("OFFERCAST_NOW", times[machine]).in_folder(&folder).spawn()
    };
    let first = begin(0).until("somebody is sent to", |world| world.requests() > 0);
    let machines = [first, begin(1), begin(2)];
    for machine in machines {
        let _ = machine.wait().exits(0);
    }
    let look = crate::kills::checker::Look::in_database(life.world.database());
    look.expect_order(&life.world.received(), life.people);
    assert_eq!((look.count("accepted"), look.count("unknown")), (300, 0));
    assert_eq!(life.world.database().query(SENDERS), "3");
    assert_eq!(life.world.most_per_person(), 1);
    life.world.expect_rate(20, 3 * IN_FLIGHT);
}

/// `PgBouncer` in front of a server, as its own user.
struct Pooler {
    child: Child,
    port: u16,
}

impl Pooler {
    fn start(life: &Life, rest: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
        let program = program.into_iter().find(|program| fs::exists(program).unwrap_or(false))?;
        let port = crate::support::free_port();
        let server = life.world.database().port();
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n{rest}"
        );
        // Auth `any` needs a user for the server's side.
        let config = config.replace("* = host", "* = user=owner host");
        let file = life.world.temporary().join(format!("pgbouncer-{port}.ini"));
        fs::write(&file, config).expect("the world is ours");
        let mut command = System::new(program);
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let log = file.with_extension("log");
        let log = fs::File::create(log).expect("the world is ours");
        let child = command.arg(&file).stdout(Stdio::null()).stderr(log).spawn().ok()?;
        Some(Self { child, port })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pgbouncer_in_transaction_mode_is_refused() {
    if is_missing() {
        return;
    }
    let life = Life::slow(World::new().on_postgres());
    let name = life.world.database().name();
    for (rest, words) in [
        ("", "unsupported startup parameter"),
        ("ignore_startup_parameters = options\n", "connection pooler"),
    ] {
        let Some(pooler) = Pooler::start(&life, rest) else {
            return tell_of_skipping(
                "PgBouncer is not installed (on Debian: apt install pgbouncer)",
            );
        };
        let url = format!("postgres://owner@127.0.0.1:{}/{name}", pooler.port);
        let apply = || {
            let apply = life.world.command("apply --auto-approve --samples 0");
            apply.env("OFFERCAST_LEDGER", &url).run()
        };
        let mut run = apply();
        for _ in 0..100 {
            if !run.all_bytes().windows(7).any(|window| window == b"refused") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            run = apply();
        }
        let _ = run.exits(6).shows(words);
    }
    assert_eq!(life.world.requests(), 0);
}
