//! What may be used in one place only: each outside thing has a home in the crate.

use super::source::library;
use super::{none, paths};

/// Words of code, and the modules in which they may stand.
const HOMES: [(&str, &[&str], &[&str]); 11] = [
    ("HTTP clients", &["reqwest"], &["kaleyra"]),
    ("HTTP servers", &["hyper", "hyper_util", "multer", "socket2"], &["sandbox"]),
    (
        "sockets",
        &["TcpListener", "TcpStream", "TcpSocket", "UdpSocket", "UnixStream", "UnixListener"],
        &["sandbox"],
    ),
    ("names looked up", &["ToSocketAddrs", "lookup_host"], &["kaleyra"]),
    ("SQL", &["rusqlite", "tokio_postgres"], &["ledger"]),
    ("encryption", &["rustls", "tokio_postgres_rustls"], &["kaleyra", "ledger"]),
    ("YAML", &["granit_parser", "serde_yaml", "jsonschema"], &["parse"]),
    ("numbering plans", &["rlibphonenumber"], &["audience"]),
    ("the command line", &["clap", "clap_complete", "clap_mangen"], &["", "cli", "commands"]),
    ("terminals", &["indicatif", "anstream", "anstyle", "terminal_size"], &["view"]),
    ("system randomness", &["getrandom"], &["clock"]),
];

#[test]
fn outside_things_are_used_where_they_live() {
    let mut offenders = Vec::new();
    for file in library() {
        for (what, words, homes) in &HOMES {
            let at_home = homes.contains(&file.layer());
            for (_, word) in paths::words(&file.product).filter(|(_, word)| words.contains(word)) {
                if !at_home {
                    offenders.push(format!("{}: `{word}` ({what})", file.path));
                }
            }
        }
    }
    none("used outside its home", offenders);
}

#[test]
fn files_are_touched_where_the_design_says() {
    let homes = ["ledger", "audience", "commands", "parse::media", "sandbox"];
    let touches = |product: &str| ["std::fs", "tokio::fs"].iter().any(|fs| product.contains(fs));
    let offenders = library()
        .iter()
        .filter(|file| touches(&file.product) && !homes.iter().any(|home| file.is_in(home)));
    none("files are touched in", offenders.map(|file| &file.path));
}

#[test]
fn only_the_clock_reads_the_time() {
    let reads = |product: &str| {
        ["SystemTime::now", "Instant::now", "Zoned::now", "jiff::Timestamp::now", "Utc::now"]
            .iter()
            .any(|now| product.contains(now))
    };
    let offenders = library().iter().filter(|file| reads(&file.product) && !file.is_in("clock"));
    none("the time is read in", offenders.map(|file| &file.path));
}
