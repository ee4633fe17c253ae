//! The table: what was measured, what was wanted, and the machine.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::measure::Runs;

/// The columns of [`Table::row`].
pub(super) const STEPS: &str = "| step | wall | CPU | peak memory | ratio | wanted | |\n\
    | --- | ---: | ---: | ---: | ---: | --- | --- |";

/// Lines of a Markdown table, printed as they come.
pub(crate) struct Table {
    /// The name of its place in docs/performance.md.
    place: &'static str,
    text: String,
}

/// What is said about one measurement besides its costs.
#[derive(Default)]
pub(super) struct Note {
    /// What is wanted.
    pub(super) wanted: String,
    /// Whether it was reached; `None` where the size does not tell, or nothing is wanted.
    pub(super) reached: Option<bool>,
    /// What it is held against.
    pub(super) ratio: String,
}

impl Table {
    /// None yet, for a place between `<!-- PLACE: begin -->` and `<!-- PLACE: end -->`.
    pub(super) fn at(place: &'static str) -> Self {
        Self { place, text: String::new() }
    }

    /// Begins one under a title, if it has any, with these columns.
    pub(super) fn begin(&mut self, title: &str, columns: &str) {
        let gap = if title.is_empty() { "" } else { "\n" };
        self.line(&format!("{title}{gap}"));
        self.line(columns);
    }

    /// A step, by the run in the middle.
    pub(super) fn runs(&mut self, name: &str, runs: &Runs, note: &Note) {
        let cost = runs.median();
        let mut time = seconds(cost.told());
        if let Some((least, most)) = runs.spread() {
            let _ = write!(time, " ({:.2} to {:.2})", least.as_secs_f64(), most.as_secs_f64());
        }
        self.row(name, [&time, &seconds(cost.cpu), &megabytes(cost.peak)], note);
    }

    /// Any other figures.
    pub(super) fn row(&mut self, name: &str, cells: [&str; 3], note: &Note) {
        let Note { wanted, reached, ratio } = note;
        let verdict = match reached {
            Some(true) => "reached",
            Some(false) => "**missed**",
            None => "",
        };
        let [wall, cpu, peak] = cells;
        self.line(&format!(
            "| {name} | {wall} | {cpu} | {peak} | {ratio} | {wanted} | {verdict} |"
        ));
    }

    /// A step that cannot be measured here.
    pub(super) fn skip(&mut self, name: &str, why: &str) {
        self.line(&format!("| {name} | SKIP | SKIP | SKIP | | {why} | |"));
    }

    #[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
    pub(super) fn line(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }

    /// Puts the table into a document, in the place of the last one.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has no place for a table.
    pub(crate) fn record(&self, document: &Path) -> io::Result<()> {
        let text = fs::read_to_string(document)?;
        let begin = format!("<!-- {}: begin -->", self.place);
        let end = format!("<!-- {}: end -->", self.place);
        let place = text
            .split_once(&begin)
            .and_then(|(before, rest)| rest.split_once(&end).map(|(_, after)| (before, after)));
        let Some((before, after)) = place else {
            return Err(io::Error::other(format!("no `{begin}` in {}", document.display())));
        };
        fs::write(document, format!("{before}{begin}\n\n{}\n{end}{after}", self.text))
    }
}

/// The processor and how many cores of it there are.
pub(super) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    format!("{cores} cores of {model}, load {load} before the start")
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

pub(super) fn milliseconds(seconds: f64) -> String {
    format!("{:.4} ms", 1_000.0 * seconds)
}

pub(super) fn megabytes(count: u64) -> String {
    format!("{} MB", count.div_ceil(1_000_000))
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
