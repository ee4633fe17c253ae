//! What differs from run to run, replaced by names.

use std::path::Path;

/// The text with the world's folder as `$WORLD`, ports as `$PORT`, ids as `$ID`, times taken
/// as `$TIME`, and without the warning that a test's ledger is on tmpfs or overlay.
pub(super) fn redacted(text: &str, world: &Path) -> String {
    let world = world.to_string_lossy();
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n').filter(|line| !is_about_the_filesystem(line)) {
        let line = line.replace(&*world, "$WORLD");
        let line = times(&ports(&line));
        shown.push_str(&ids(&line));
    }
    shown
}

fn is_about_the_filesystem(line: &str) -> bool {
    line.starts_with("warning: the ledger is on ")
}

/// `127.0.0.1:12345`
fn ports(line: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = line.split(HOST);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        shown.push_str(HOST);
        shown.push_str(if rest.len() < part.len() { "$PORT" } else { "" });
        shown.push_str(rest);
    }
    shown
}

/// `; 3 requests in 120 ms`, at the end of a line, and the fields of the JSON stream.
fn times(line: &str) -> String {
    for words in [" request in ", " requests in "] {
        if let Some((before, _)) = line.split_once(words) {
            return format!("{before}{words}$TIME\n");
        }
    }
    let mut line = line.to_owned();
    line = secret_marks(&line);
    for key in ["\"@timestamp\":", "\"took_seconds\":", "\"per_second\":", "\"seconds_left\":"] {
        if let Some((before, after)) = line.split_once(key) {
            let end = after.find([',', '}']).unwrap_or(after.len());
            line = format!("{before}{key}$TIME{}", &after[end..]);
        }
    }
    line
}

/// Plan ids and lineages: 32 hexadecimal digits that stand alone.
fn ids(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        shown.push_str(before);
        let name = match word.len() {
            32 if is_id(word) => "$ID",
            64 if is_hex(word) => "$SEAL",
            _ => word,
        };
        shown.push_str(name);
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// What a ledger's secret makes of values and of rows: `"tag": "1f3a9c02"`, `"sketch": "…"`.
fn secret_marks(line: &str) -> String {
    for (key, name) in [("\"tag\": \"", "$TAG"), ("\"sketch\": \"", "$SKETCH")] {
        if let Some((before, after)) = line.split_once(key)
            && let Some(end) = after.find('"')
        {
            return format!("{before}{key}{name}{}", &after[end..]);
        }
    }
    line.to_owned()
}

/// Whether a word is a plan id or a lineage.
pub(super) fn is_id(word: &str) -> bool {
    word.len() == 32 && is_hex(word)
}

fn is_hex(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[test]
fn what_varies_gets_a_name() {
    let text = "warning: the ledger is on tmpfs: x\n/tmp/w/a.yaml 127.0.0.1:8787/ \
                0123456789abcdef0123456789abcdef;\nThis run: 2 accepted; 1 request in 31 ms\n";
    assert_eq!(
        redacted(text, Path::new("/tmp/w")),
        "$WORLD/a.yaml 127.0.0.1:$PORT/ $ID;\nThis run: 2 accepted; 1 request in $TIME\n"
    );
}
