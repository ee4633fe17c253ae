//! A ledger in PostgreSQL: what is different from a file. That all else is the same is for
//! the whole suite to show, with `OFFERCAST_TEST_STORE=postgres`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use rustix::process::Signal;

use crate::support::{CAMPAIGN, World, is_missing, people, tell_of_skipping};

/// People at a pace that leaves time to interfere, and no ledger yet; none where no server
/// can be had.
fn bare(count: usize) -> Option<World> {
    let yaml = CAMPAIGN.replace("1000/s", "40/s");
    let world = || World::new().on_postgres().campaign("diwali", &yaml);
    (!is_missing()).then(|| world().audience("people.csv", &people(count)).kaleyra(""))
}

fn world(count: usize) -> Option<World> {
    Some(bare(count)?.ledger())
}

/// Ends the connections of all processes that hold or read the world's ledger.
fn cut_off(world: &World) {
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'offercast'";
    assert_ne!(world.database().query(sql), "0", "somebody is connected");
}

#[test]
fn a_second_apply_of_a_finished_campaign_makes_no_request() {
    let Some(world) = world(5) else { return };
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.states(), "accepted 5");
    let _ = world.run("apply --auto-approve").exits(0).shows("nothing to do");
    assert_eq!((world.requests(), world.most_per_person()), (5, 1));
    let _ = world.run("ledger check").exits(0).shows("is sound");
    let codes =
        world.database().query("SELECT count(DISTINCT coupon_code) FROM offercast.recipients");
    assert_eq!(codes, "5");
}

#[test]
fn a_database_without_a_ledger_is_never_taken_for_a_first_run() {
    let Some(world) = bare(3) else { return };
    for line in ["plan", "apply --auto-approve", "status", "ledger check"] {
        let _ = world.run(line).exits(6).shows("there is no ledger at").hides("init");
    }
    let nowhere = world.database().url().replace(world.database().name(), "nowhere");
    let run = world.command("plan").env("OFFERCAST_LEDGER", &nowhere).run();
    let _ = run.exits(6).shows("there is no ledger at").hides("init");
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_ledger_is_made_once() {
    let Some(world) = world(3) else { return };
    let _ = world.run("ledger init --campaigns elsewhere").exits(6).shows("exists already");
    assert_eq!(world.database().query("SELECT count(*) FROM offercast.meta"), "1");
}

#[test]
fn somebody_else_may_make_the_tables_and_least_rights_do() {
    let Some(world) = bare(5) else { return };
    let database = world.database();
    let sql = world.run("ledger init --print-sql").exits(0);
    database.query(sql.raw());
    let (sender, reviewer) =
        (format!("{}_sender", database.name()), format!("{}_reviewer", database.name()));
    database.query(&format!(
        "CREATE ROLE {sender} LOGIN; GRANT USAGE ON SCHEMA offercast TO {sender};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA offercast TO {sender};
         CREATE ROLE {reviewer} LOGIN; GRANT USAGE ON SCHEMA offercast TO {reviewer};
         GRANT SELECT ON ALL TABLES IN SCHEMA offercast TO {reviewer}"
    ));
    let as_role = |role: &str, line: &str| {
        world.command(line).env("OFFERCAST_LEDGER", &database.url_of(role)).run()
    };
    let _ = as_role(&sender, "ledger init").exits(0);
    let _ = as_role(&reviewer, "plan").exits(0).shows("5  to send");
    let _ = as_role(&reviewer, "apply --auto-approve").exits(6).shows("permission denied");
    assert_eq!(world.requests(), 0);
    let _ = as_role(&sender, "apply --auto-approve").exits(0);
    let _ = as_role(&reviewer, "status").exits(0).shows("nobody is left to send to");
    assert_eq!((world.requests(), world.most_per_person()), (5, 1));
}

#[test]
fn a_server_that_could_forget_is_refused() {
    let Some(world) = world(3) else { return };
    let (database, name) = (world.database(), world.database().name());
    for (setting, value) in [
        ("synchronous_commit", "off"),
        ("synchronous_commit", "local"),
        ("default_transaction_read_only", "on"),
    ] {
        database.query(&format!("ALTER DATABASE {name} SET {setting} = {value}"));
        let _ = world.run("apply --auto-approve").exits(6).shows(setting);
        let _ = world.run("plan").exits(0);
        let reset = format!("SET transaction_read_only = off; ALTER DATABASE {name} RESET ALL");
        database.query(&reset);
    }
    assert_eq!(world.requests(), 0);
    let _ = world.run("apply --auto-approve").exits(0);
}

#[test]
fn altered_tables_are_refused_and_another_index_is_not() {
    let Some(world) = world(3) else { return };
    let recipients = "ALTER TABLE offercast.recipients";
    for (alter, back) in [
        (
            format!("{recipients} DROP CONSTRAINT recipients_campaign_person_key"),
            format!("{recipients} ADD UNIQUE (campaign, person)"),
        ),
        (
            format!("{recipients} ENABLE ROW LEVEL SECURITY"),
            format!("{recipients} DISABLE ROW LEVEL SECURITY"),
        ),
        (
            format!("{recipients} ALTER COLUMN coupon_code DROP NOT NULL"),
            format!("{recipients} ALTER COLUMN coupon_code SET NOT NULL"),
        ),
        (
            "CREATE RULE quiet AS ON UPDATE TO offercast.recipients DO INSTEAD NOTHING".to_owned(),
            "DROP RULE quiet ON offercast.recipients".to_owned(),
        ),
    ] {
        world.database().query(&alter);
        for line in ["plan", "apply --auto-approve"] {
            let _ = world.run(line).exits(6).shows("its tables are not those of its format");
        }
        world.database().query(&back);
        let _ = world.run("plan").exits(0);
    }
    world.database().query("CREATE INDEX ON offercast.recipients (ext_id)");
    let _ = world.run("apply --auto-approve").exits(0);
}

#[test]
fn a_changed_row_is_damage_and_nobody_is_sent_what_stands_there() {
    let Some(world) = world(3) else { return };
    let _ = world.run("apply --auto-approve --limit 1").exits(5);
    world.database().query("UPDATE offercast.recipients SET code_digest = code_digest + 1");
    let _ = world.run("apply --auto-approve").exits(6).shows("is not as it was written");
    let _ = world.run("ledger check").exits(6);
    assert_eq!(world.requests(), 1);
}

#[test]
fn a_ledger_on_another_server_or_timeline_is_refused_until_it_is_adopted() {
    let Some(world) = world(3) else { return };
    let _ = world.run("apply --auto-approve --limit 1").exits(5);
    world.database().query("UPDATE offercast.marks SET server = '7/00000001'");
    let refused = world.run("apply --auto-approve").exits(6);
    let _ = refused.shows("cannot be told").shows("offercast ledger adopt --serial 3");
    assert_eq!(world.requests(), 1);
    let _ = world.run("plan").exits(0);
    let _ = world.run("ledger adopt --serial 2").exits(6);
    let _ = world.run("ledger adopt --serial 3").exits(0);
    let _ = world.run("apply --auto-approve").exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (3, 1));
}

#[test]
fn of_eight_applies_started_at_once_one_consumes_and_everybody_is_served_once() {
    let Some(world) = world(20) else { return };
    let line = "apply --auto-approve --lock-timeout 60s";
    let applies: Vec<_> = (0..8).map(|_| world.spawn(line)).collect();
    for apply in applies {
        let _ = apply.wait().exits(0);
    }
    assert_eq!((world.requests(), world.most_per_person()), (20, 1));
    assert_eq!(world.database().query("SELECT count(*) FROM offercast.plans"), "1");
    assert_eq!(world.states(), "accepted 20");
}

#[test]
fn a_connection_ended_by_the_server_while_sending_is_made_anew() {
    let Some(world) = world(200) else { return };
    let apply = world.spawn("apply --auto-approve");
    let apply = apply.until("the tenth request", |world| world.requests() >= 10);
    cut_off(&world);
    assert!(world.requests() < 200, "it was sending");
    let _ = apply.wait().exits(0);
    assert_eq!((world.requests(), world.most_per_person()), (200, 1));
    assert_eq!(world.states(), "accepted 200");
}

#[test]
fn a_process_that_was_taken_for_dead_begins_nothing_more_and_its_answers_count() {
    let Some(world) = world(200) else { return };
    let first = world.spawn("apply --auto-approve");
    let first = first.until("the tenth request", |world| world.requests() >= 10);
    first.signal(Signal::STOP);
    cut_off(&world);
    let second = world.run("apply --auto-approve");
    assert!(matches!(second.code(), Some(0 | 7)), "{second}");
    let requests = world.requests();
    first.signal(Signal::CONT);
    let first = first.wait().exits(8);
    // What it was writing when it was stopped, it writes to the end.
    assert!(world.requests() <= requests + 4, "{first}{second}");
    // Its answers are in its journal. Whom it was about to send to stays unknown.
    let third = world.run("apply --auto-approve").exits(0);
    assert_eq!(world.most_per_person(), 1);
    let (rows, sent) = (world.ledger_rows(), world.received().len());
    let count = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    let unknown = || world.run("status --unknown");
    assert_eq!(
        (count("accepted"), count("unknown")),
        (sent, 200 - sent),
        "{first}{second}{third}{}",
        unknown()
    );
    assert!(count("unknown") <= 4, "{}", world.states());
}

#[test]
fn killed_again_and_again_nobody_is_sent_to_twice_and_nobody_is_lost() {
    let Some(world) = world(120) else { return };
    let mut kills = 0;
    for round in 0_u64..20 {
        let before = world.requests();
        let apply = world.spawn("apply --auto-approve");
        // 1 to 9 requests further, or its end.
        let target = before + 1 + (round * 7) % 9;
        let apply = apply.until("some requests", |w| w.requests() >= target.min(120));
        apply.signal(Signal::KILL);
        kills += u64::from(apply.wait().code().is_none());
        // Some are in doubt without a request: so many are never reached.
        if world.requests() >= 80 {
            break;
        }
    }
    assert!(kills > 5, "{kills}");
    let last = world.run("apply --auto-approve");
    assert!(matches!(last.code(), Some(0 | 7)), "{last}");
    assert_eq!(world.most_per_person(), 1);
    let (rows, sent) = (world.ledger_rows(), world.received().len());
    let count = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    assert_eq!(count("accepted") + count("unknown"), 120, "{}", world.states());
    let unknown = u64::try_from(count("unknown")).expect("few");
    assert!(unknown <= 4 * kills && count("accepted") <= sent, "{}", world.states());
}

#[test]
fn a_password_is_shown_nowhere_and_refused_where_others_see_it() {
    let Some(world) = world(3) else { return };
    let url = "postgres://owner:canary-word@127.0.0.1:1/ledgers";
    for line in ["plan", "apply --auto-approve", "ledger init --campaigns elsewhere"] {
        let run = world.command(line).env("OFFERCAST_LEDGER", url).run().exits(6);
        let _ = run.shows("postgres://owner@127.0.0.1").shows("refused").hides("canary-word");
    }
    let run = world.run(&format!("plan --ledger {url}")).exits(64);
    let _ = run.shows("`OFFERCAST_LEDGER`").hides("canary-word");
    let weak = format!("{url}?sslmode=prefer");
    let run = world.command("plan").env("OFFERCAST_LEDGER", &weak).run().exits(6);
    let _ = run.shows("`sslmode=prefer`").hides("canary-word");
}

#[test]
fn a_password_comes_from_a_variable_or_a_file_that_only_its_owner_reads() {
    let Some(mut world) = world(3) else { return };
    let database = world.database();
    let role = format!("{}_named", database.name());
    database.query(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'canary-word'; GRANT USAGE ON SCHEMA offercast TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA offercast TO {role}"
    ));
    let url = database.url_of(&role);
    world.write("passwords", &format!("*:*:*:{role}:canary-word\n"));
    world.write("address", &format!("{url}\n"));
    let (passwords, address) = (world.path("passwords"), world.path("address"));
    let plan = || world.command("plan").without("OFFERCAST_LEDGER");
    let plan = || plan().env("OFFERCAST_LEDGER_FILE", &address.display().to_string());
    let _ = plan().env("PGPASSWORD", "canary-word").run().exits(0);
    let with_file = || plan().env("PGPASSFILE", &passwords.display().to_string());
    fs::set_permissions(&passwords, fs::Permissions::from_mode(0o640)).unwrap();
    let _ = with_file().run().exits(6).shows("its mode must be 0600").hides("canary-word");
    fs::set_permissions(&passwords, fs::Permissions::from_mode(0o600)).unwrap();
    let _ = with_file().run().exits(0);
}

#[test]
fn encryption_is_verified_down_to_the_name() {
    let Some(world) = world(3) else { return };
    let database = world.database();
    let Some(authority) = database.authority() else {
        return tell_of_skipping("there is no openssl for a certificate");
    };
    let plan = |host: &str, parameters: &str| {
        let url = format!("{}?{parameters}", database.url_over(host));
        world.command("plan").env("OFFERCAST_LEDGER", &url).run()
    };
    let known = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let _ = plan("localhost", &known).exits(0);
    let wrong_name = plan("127.0.0.1", &known).exits(6);
    let _ = wrong_name.shows("cannot be reached").shows("certificate");
    for mode in ["require", "verify-ca", "verify-full"] {
        let unknown = plan("localhost", &format!("sslmode={mode}")).exits(6);
        let _ = unknown.shows("cannot be reached").shows("certificate");
    }
}

#[test]
fn a_connection_pooler_in_between_is_refused() {
    let Some(world) = world(3) else { return };
    let port = pooler(world.database().port());
    let url = world.database().url_over("127.0.0.1");
    let url = url.replace(&world.database().port().to_string(), &port.to_string());
    let run = world.command("apply --auto-approve").env("OFFERCAST_LEDGER", &url).run();
    let _ = run.exits(6).shows("connection pooler");
    assert_eq!(world.requests(), 0);
}

/// Passes one connection on as a pooler does that is told to ignore what it does not know:
/// without the session's options.
fn pooler(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || -> std::io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
        client.read_exact(&mut startup)?;
        let (version, words) = startup.split_at(4);
        let words: Vec<_> = words.split(|byte| *byte == 0).take_while(|w| !w.is_empty()).collect();
        let mut kept = version.to_vec();
        for pair in words.chunks(2).filter(|pair| pair[0] != b"options") {
            kept.extend(pair.iter().flat_map(|word| word.iter().copied().chain([0])));
        }
        kept.push(0);
        let mut server = TcpStream::connect(("127.0.0.1", server))?;
        server.write_all(&u32::try_from(kept.len() + 4).expect("short").to_be_bytes())?;
        server.write_all(&kept)?;
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        let answers = thread::spawn(move || std::io::copy(&mut from, &mut to));
        std::io::copy(&mut client, &mut server)?;
        let _ = server.shutdown(std::net::Shutdown::Both);
        let _ = answers.join();
        Ok(())
    });
    port
}
