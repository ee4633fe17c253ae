//! The same messages as curl sends them: one process for all, 64 at a time, and one process
//! for each.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::Result;
use super::data::{API_KEY, SENDER, SID, TEMPLATE};

const MESSAGES: &str =
    "SELECT number, coupon_code, params, url_suffix FROM recipients ORDER BY id LIMIT ?1";

/// Writes a configuration file for curl with the messages that stand in a ledger; returns
/// how many.
pub(super) fn write_config(ledger: &Path, url: &str, most: u64, file: &Path) -> Result<u64> {
    let connection = Connection::open(ledger)?;
    let mut statement = connection.prepare(MESSAGES)?;
    let mut rows = statement.query([most.cast_signed()])?;
    let (mut config, mut count) = (String::new(), 0);
    while let Some(row) = rows.next()? {
        if count > 0 {
            config.push_str("next\n");
        }
        let (number, code, suffix): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let params: String = row.get(2)?;
        write!(config, "url = \"{url}/v1/{SID}/messages\"\nsilent\noutput = \"/dev/null\"\n")?;
        writeln!(config, "write-out = \"%{{http_code}}\\n\"")?;
        writeln!(config, "header = \"api-key: {API_KEY}\"")?;
        let params = params.trim_matches(['[', ']']);
        let offer = r#"[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1796095800000}}]"#;
        for (name, value) in [
            ("to", number.to_string().as_str()),
            ("type", "mediatemplate"),
            ("template_name", TEMPLATE),
            ("channel", "whatsapp"),
            ("from", SENDER),
            ("coupon_code", &format!("\"{code}\"")),
            ("limited_time_offer", offer),
            ("param_url", &suffix),
            ("params", params),
        ] {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(config, "form-string = \"{name}={value}\"")?;
        }
        count += 1;
    }
    fs::write(file, config)?;
    Ok(count)
}

/// All of the file, 64 at a time.
pub(super) fn parallel(curl: &Path, config: &Path) -> Command {
    let mut command = Command::new(curl);
    command.args(["-q", "--no-progress-meter", "--parallel", "--parallel-max", "64", "-K"]);
    command.arg(config).env_clear().stdin(Stdio::null());
    command
}

/// One process for each of the first `count` messages, one after the other.
pub(super) fn one_by_one(
    curl: &Path,
    config: &Path,
    count: usize,
    folder: &Path,
) -> Result<Command> {
    let text = fs::read_to_string(config)?;
    let mut script = String::from("set -e\n");
    for (at, message) in text.split("next\n").take(count).enumerate() {
        let file = folder.join(format!("message-{at}.curl"));
        fs::write(&file, message)?;
        writeln!(script, "\"$1\" -q -K '{}'", file.display())?;
    }
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script, "sh"]).arg(curl).env_clear().stdin(Stdio::null());
    Ok(command)
}

/// Where curl is, if it is.
pub(super) fn curl() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("curl")).find(|file| file.is_file())
}

/// How many of curl's answers were 2xx.
pub(super) fn accepted(output: &Path) -> Result<u64> {
    let said = fs::read_to_string(output)?;
    Ok(said.lines().filter(|line| line.len() == 3 && line.starts_with('2')).count() as u64)
}
