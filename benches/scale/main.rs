//! Everything that grows with the audience, measured on the real program: plan, consume,
//! send, resume, apply again; curl with the same messages beside it.
//!
//! `cargo bench --bench scale` makes the table of docs/performance.md, `-- --record` puts it
//! there. It measures, it does not judge: a run fails only when the program does.

#[expect(dead_code, reason = "tests have more done to the PostgreSQL server than the benchmark")]
mod bench;

use std::path::{Path, PathBuf};

use bench::{Options, Result};

fn main() -> Result<()> {
    let mut options = Options::new(env!("CARGO_BIN_EXE_offercast"), env!("CARGO_TARGET_TMPDIR"));
    let mut words = std::env::args().skip(1);
    let mut record = None;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` needs a value"));
        match word.as_str() {
            "--rows" => options.rows = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--no-tenfold" => options.tenfold = false,
            "--postgres" => options.postgres = true,
            "--record" => {
                record = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md"));
            }
            // Only read this file with the csv crate: the floor, in a process of its own.
            "--floor" => return bench::read_with_csv_only(&PathBuf::from(value()?)),
            // Cargo adds it.
            "--bench" => {}
            _ => return Err(format!("unknown argument `{word}`").into()),
        }
    }
    options.floor = Some(std::env::current_exe()?);
    for table in bench::run(&options)? {
        if let Some(document) = &record {
            table.record(document)?;
        }
    }
    Ok(())
}
